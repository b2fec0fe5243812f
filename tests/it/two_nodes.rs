//! Whole nodes on a wire: each test is one story, told in states and octets.

use crate::pair::{Pair, ending, ladder, receive, states};
use smolchat::device::Side;
use smolchat::node::{ConnectError, Limits, Node, RecvError, SendError};
use smolchat::pair::Clockwork;
use smolchat::trace::{Ending, Kind, State, Timer};
use smoltcp::time::Duration;
use smoltcp::wire::{IpAddress, IpEndpoint};

#[test]
fn octets_cross_both_ways_and_the_client_closes_first() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    let (ca, cb) = (client.id(), server.id());
    assert_eq!(
        pair.a.tcp(client).unwrap().send("你好么,我好哟".as_bytes()),
        Ok(19)
    );
    pair.run_until(|pair| pair.b.tcp(server).unwrap().recv_queue() == 19);
    assert_eq!(receive(&mut pair.b, server), "你好么,我好哟".as_bytes());
    assert_eq!(pair.b.tcp(server).unwrap().send(b"hi"), Ok(2));
    pair.run_until(|pair| pair.a.tcp(client).unwrap().recv_queue() == 2);
    assert_eq!(receive(&mut pair.a, client), b"hi");

    pair.a.tcp(client).unwrap().close(pair.now);
    pair.run_until(|pair| {
        pair.b.tcp(server).unwrap().recv(&mut [0; 8]) == Err(RecvError::Finished)
    });
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.run_for(Duration::from_secs(61));
    println!("{}", ladder(&pair.a, ca, pair.now));
    println!("{}", ladder(&pair.b, cb, pair.now));
    assert_eq!(
        states(&pair.a, ca),
        [
            State::Closed,
            State::SynSent,
            State::Established,
            State::FinWait1,
            State::FinWait2,
            State::TimeWait,
            State::Closed,
        ]
    );
    assert_eq!(
        states(&pair.b, cb),
        [
            State::Listen,
            State::SynReceived,
            State::Established,
            State::CloseWait,
            State::LastAck,
            State::Closed,
        ]
    );
    assert_eq!(ending(&pair.a, ca), Some(Ending::Closed));
    assert_eq!(ending(&pair.b, cb), Some(Ending::Closed));
    pair.assert_all_legal();
    pair.assert_nothing_is_left();
}

#[test]
fn both_close_at_once_and_both_wait() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.run_for(Duration::from_secs(1));
    for (node, id) in [(&pair.a, client.id()), (&pair.b, server.id())] {
        assert!(states(node, id).ends_with(&[State::FinWait1, State::Closing, State::TimeWait]));
        assert_eq!(node.time_waiting(), 1);
        assert_eq!(node.free(), node.capacity());
    }
    pair.run_for(Duration::from_secs(60));
    pair.assert_nothing_is_left();
    pair.assert_all_legal();
}

#[test]
fn an_abort_resets_the_peer() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.abort(pair.now, client);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(ending(&pair.a, client.id()), Some(Ending::Aborted));
    assert_eq!(ending(&pair.b, server.id()), Some(Ending::ResetByPeer));
    assert_eq!(
        pair.b.tcp(server).unwrap().recv(&mut [0; 8]),
        Err(RecvError::Ended(Ending::ResetByPeer))
    );
    assert_eq!(
        pair.b.tcp(server).unwrap().send(b"x"),
        Err(SendError::Ended(Ending::ResetByPeer))
    );
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.assert_nothing_is_left();
    pair.assert_all_legal();
}

#[test]
fn nobody_listens_and_the_connection_is_refused() {
    let mut pair = Pair::default();
    let nobody = IpEndpoint::new(IpAddress::v4(192, 0, 2, 2), 1);
    let client = pair.a.connect(pair.now, nobody).unwrap();
    pair.run_for(Duration::from_secs(1));
    assert_eq!(ending(&pair.a, client.id()), Some(Ending::Refused));
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.assert_nothing_is_left();
    pair.assert_all_legal();
}

#[test]
fn what_is_no_host_cannot_be_connected_to() {
    let mut pair = Pair::default();
    let connect = |pair: &mut Pair, address, port| {
        pair.a
            .connect(pair.now, IpEndpoint::new(address, port))
            .unwrap_err()
    };
    let v4 = IpAddress::v4;
    assert_eq!(
        connect(&mut pair, v4(192, 0, 2, 255), 9),
        ConnectError::NotAHost
    );
    assert_eq!(
        connect(&mut pair, v4(255, 255, 255, 255), 9),
        ConnectError::NotAHost
    );
    assert_eq!(
        connect(&mut pair, v4(224, 0, 0, 1), 9),
        ConnectError::NotAHost
    );
    assert_eq!(
        connect(&mut pair, v4(192, 0, 2, 2), 0),
        ConnectError::NotAHost
    );
    assert_eq!(
        connect(&mut pair, v4(192, 0, 2, 1), 9),
        ConnectError::Ourselves
    );
    assert_eq!(
        connect(&mut pair, v4(198, 51, 100, 1), 9),
        ConnectError::NoRoute
    );
}

#[test]
fn a_datagram_crosses_and_is_answered() {
    let mut pair = Pair::default();
    pair.a.bind(5000).unwrap();
    pair.b.bind(9000).unwrap();
    let to = IpEndpoint::new(IpAddress::v4(192, 0, 2, 2), 9000);
    pair.a
        .udp(5000)
        .unwrap()
        .send_to(pair.now, to, b"hello")
        .unwrap();
    pair.run_for(Duration::from_secs(1));
    let mut buffer = [0; 64];
    let received = pair
        .b
        .next_udp()
        .and_then(|mut it| it.recv_from(&mut buffer))
        .unwrap();
    assert_eq!(&buffer[..received.len], b"hello");
    pair.b
        .udp(received.local.port)
        .unwrap()
        .send_from(pair.now, received.local.addr, received.remote, b"hi")
        .unwrap();
    pair.run_for(Duration::from_millis(100));
    let received = pair
        .a
        .next_udp()
        .and_then(|mut it| it.recv_from(&mut buffer))
        .unwrap();
    assert_eq!(&buffer[..received.len], b"hi");
    assert_eq!(received.remote, to);
}

#[test]
fn an_idle_peer_that_answers_probes_lives_and_one_that_does_not_is_given_up() {
    let limits = Limits {
        keep_alive: Some(Duration::from_secs(10)),
        keep_alive_timeout: Duration::from_secs(30),
        ..Limits::default()
    };
    let mut pair = Pair::new(crate::pair::sizes(8), limits);
    let (client, server) = pair.connect();
    pair.run_for(Duration::from_secs(300));
    assert_eq!(pair.a.status(client).unwrap().state, State::Established);
    let slow = |node: &Node<'_>| {
        let events = node.journal().iter();
        events
            .filter(|(_, event)| matches!(event.kind(), Kind::SlowPeer { .. }))
            .count()
    };
    assert_eq!([slow(&pair.a), slow(&pair.b)], [0, 0]);
    // The cable is cut: what is sent goes nowhere.
    for _ in 0..400 {
        pair.now += Duration::from_millis(100);
        let _ = pair.a.poll(pair.now, &mut pair.wire.end_a());
        while pair.wire.queue_mut(Side::A).remove(0) {}
    }
    assert_eq!(
        ending(&pair.a, client.id()),
        Some(Ending::TimedOut(Timer::KeepAlive))
    );
    assert_eq!(slow(&pair.a), 1, "three probes without an answer");
    let _ = server;
}

#[test]
fn nothing_wakes_an_idle_node() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().send(b"x").unwrap();
    pair.run_until(|pair| pair.b.tcp(server).unwrap().recv_queue() == 1);
    receive(&mut pair.b, server);
    // Until both have announced their addresses.
    pair.run_for(Duration::from_secs(6));
    assert_eq!(pair.step(), None);
}

#[test]
fn a_fin_that_comes_again_in_time_wait_is_acknowledged_and_the_wait_begins_anew() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.run_until(|pair| {
        pair.b.tcp(server).unwrap().recv(&mut [0; 8]) == Err(RecvError::Finished)
    });
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.run_until(|pair| pair.a.time_waiting() == 1);
    // The last acknowledgment is lost, so the FIN comes again.
    assert!(pair.wire.queue_mut(Side::A).remove(0));
    pair.run_until(|pair| pair.b.status(server).is_none());
    pair.run_for(Duration::from_secs(61));
    let ladder = ladder(&pair.a, client.id(), pair.now);
    assert!(ladder.contains("FIN,ACK seq=1 ack=2"), "{ladder}");
    assert!(ladder.contains("ACK seq=2 ack=2"), "{ladder}");
    assert_eq!(ending(&pair.b, server.id()), Some(Ending::Closed));
    pair.assert_nothing_is_left();
    pair.assert_all_legal();
    println!("{ladder}");
}

#[test]
fn a_client_that_only_waits_is_not_given_up() {
    let mut pair = Pair::default();
    let (client, _) = pair.connect();
    pair.run_for(Duration::from_secs(1000));
    let status = pair.a.status(client).unwrap();
    assert_eq!((status.state, status.timer), (State::Established, None));
}

#[test]
fn a_chosen_port_that_is_taken_is_refused() {
    let mut pair = Pair::default();
    let client = pair.a.connect_from(pair.now, 5000, Pair::server()).unwrap();
    assert_eq!(
        pair.a.connect_from(pair.now, 5000, Pair::server()),
        Err(ConnectError::NoPort)
    );
    assert_eq!(pair.a.status(client).unwrap().flow.local.port, 5000);
}

#[test]
fn a_teardown_that_drags_on_can_be_aborted() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.a.status(client).unwrap().state, State::FinWait2);
    pair.a.abort(pair.now, client);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(ending(&pair.a, client.id()), Some(Ending::Aborted));
    assert_eq!(ending(&pair.b, server.id()), Some(Ending::ResetByPeer));
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.assert_nothing_is_left();
    pair.assert_all_legal();
}
