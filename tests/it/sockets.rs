//! What a borrowed socket can do, and what becomes of it.

use crate::pair::{Pair, address, receive};
use smolchat::device::Side;
use smolchat::node::{ListenError, RecvError, SendError, SendToError};
use smolchat::trace::{Ending, Reason, State};
use smoltcp::time::Duration;
use smoltcp::wire::{IpAddress, IpEndpoint};

#[test]
fn what_is_read_and_written_in_place_is_as_much_as_its_caller_says() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    let mut socket = pair.a.tcp(client).unwrap();
    let sent = socket.send_with(|room| {
        room[..7].copy_from_slice(b"hello, ");
        (7, "seven")
    });
    assert_eq!(sent, Ok("seven"));
    assert_eq!(socket.send_queue(), 7);
    assert_eq!(socket.send_with(|_| (0, ())), Ok(()));
    assert_eq!(socket.send_queue(), 7);

    pair.run_until(|pair| pair.b.tcp(server).unwrap().recv_queue() == 7);
    let mut socket = pair.b.tcp(server).unwrap();
    assert!(socket.can_recv());
    let read = socket.recv_with(|octets| (5, octets.to_vec()));
    assert_eq!(read.as_deref(), Ok(&b"hello, "[..]));
    assert_eq!(socket.recv_queue(), 2);
    // Whoever claims more than there is has taken all there is.
    assert_eq!(socket.recv_with(|_| (100, ())), Ok(()));
    assert!(!socket.can_recv());
    assert_eq!(socket.recv_with(|_| (0, ())), Err(RecvError::WouldBlock));
}

#[test]
fn a_full_queue_is_told_without_asking_for_octets_and_there_is_news_when_it_has_room() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    while pair.a.next_ready().is_some() {}
    let mut socket = pair.a.tcp(client).unwrap();
    while socket.send_with(|room| (room.len(), room.fill(7))).is_ok() {}
    assert!(!socket.can_send());
    let unasked = |_: &mut [u8]| unreachable!("there is no room");
    assert_eq!(socket.send_with::<()>(unasked), Err(SendError::WouldBlock));
    pair.run_until(|pair| {
        receive(&mut pair.b, server);
        pair.a.next_ready() == Some(client)
    });
    assert!(pair.a.tcp(client).unwrap().can_send());
}

#[test]
fn both_ways_of_a_socket_say_when_they_are_over() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    let mut socket = pair.a.tcp(client).unwrap();
    socket.send(b"bye").unwrap();
    socket.shutdown(pair.now);
    assert!(!socket.can_send());
    assert_eq!(socket.send(b"more"), Err(SendError::Closed));
    assert!(socket.may_recv());

    pair.run_until(|pair| pair.b.tcp(server).unwrap().has_finished());
    let mut socket = pair.b.tcp(server).unwrap();
    assert_eq!(socket.state(), State::CloseWait);
    assert!(socket.may_recv());
    assert_eq!(socket.recv(&mut [0; 8]), Ok(3));
    assert!(!socket.may_recv());
    assert_eq!(socket.recv(&mut [0; 8]), Err(RecvError::Finished));
    assert_eq!(socket.recv_with(|_| (0, ())), Err(RecvError::Finished));
    socket.shutdown(pair.now);
    assert!(pair.b.tcp(server).unwrap().ended().is_none());
    pair.run_until(|pair| pair.b.tcp(server).unwrap().ended().is_some());
    let socket = pair.b.tcp(server).unwrap();
    assert_eq!(socket.ended(), Some(Ending::Closed));
    assert_eq!(socket.handle(), server);
    assert_eq!(socket.flow().local.port, 9000);
}

#[test]
fn nobody_borrows_the_socket_of_a_connection_that_was_let_go() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    assert!(pair.a.tcp(client).is_none());
    pair.run_until(|pair| pair.b.tcp(server).unwrap().has_finished());
    pair.run_for(Duration::from_millis(100));
    // It is still in its teardown, and can be ended by its handle.
    let state = pair.a.status(client).map(|it| it.state);
    assert_eq!(state, Some(State::FinWait2));
    pair.a.abort(pair.now, client);
    pair.run_until(|pair| pair.b.tcp(server).unwrap().ended() == Some(Ending::ResetByPeer));
    pair.b.tcp(server).unwrap().close(pair.now);
    assert!(pair.b.tcp(server).is_none());
    assert_eq!(pair.b.free(), pair.b.capacity());
    pair.b.abort(pair.now, server);
    pair.assert_nothing_is_left();
}

#[test]
fn a_datagram_that_was_longer_than_the_buffer_says_so() {
    let mut pair = Pair::default();
    pair.a.bind(5000).unwrap();
    pair.b.bind(9000).unwrap();
    let to = IpEndpoint::new(address(Side::B), 9000);
    for text in ["hello", "hello, world"] {
        let mut socket = pair.a.udp(5000).unwrap();
        socket.send_to(pair.now, to, text.as_bytes()).unwrap();
    }
    pair.run_for(Duration::from_secs(1));
    let mut socket = pair.b.udp(9000).unwrap();
    let mut buffer = [0; 5];
    let whole = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((whole.len, whole.sent, whole.is_truncated()), (5, 5, false));
    let cut = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((cut.len, cut.sent, cut.is_truncated()), (5, 12, true));
    assert_eq!(socket.recv_from(&mut buffer), None);
}

#[test]
fn ports_at_which_datagrams_wait_take_turns() {
    let mut sizes = crate::pair::sizes(2);
    sizes.ports = 2;
    let mut pair = Pair::new(sizes, smolchat::node::Limits::default());
    pair.a.bind(5000).unwrap();
    for port in [7, 9] {
        pair.b.bind(port).unwrap();
        let to = IpEndpoint::new(address(Side::B), port);
        for _ in 0..3 {
            let mut socket = pair.a.udp(5000).unwrap();
            socket.send_to(pair.now, to, b"hello").unwrap();
            pair.run_for(Duration::from_secs(1));
        }
    }
    let mut served = Vec::new();
    while let Some(mut socket) = pair.b.next_udp() {
        assert!(socket.can_recv());
        served.push(socket.port());
        socket.recv_from(&mut [0; 8]).unwrap();
    }
    assert_eq!(served, [7, 9, 7, 9, 7, 9]);
}

#[test]
fn a_port_that_was_closed_can_be_bound_again_and_has_forgotten_everything() {
    let mut sizes = crate::pair::sizes(2);
    sizes.ports = 1;
    let mut pair = Pair::new(sizes, smolchat::node::Limits::default());
    pair.a.bind(5000).unwrap();
    pair.b.bind(9000).unwrap();
    let to = IpEndpoint::new(address(Side::B), 9000);
    let mut socket = pair.a.udp(5000).unwrap();
    socket.send_to(pair.now, to, b"hello").unwrap();
    let refused = socket.send_to(pair.now, IpEndpoint::new(to.addr, 0), b"hello");
    assert_eq!(refused, Err(SendToError::NotAHost));
    pair.run_for(Duration::from_secs(1));
    assert!(pair.b.udp(9000).unwrap().can_recv());
    assert_eq!(pair.b.bind(9001), Err(ListenError::Full));

    pair.b.udp(9000).unwrap().close();
    assert!(pair.b.udp(9000).is_none() && !pair.b.is_bound(9000));
    assert!(pair.b.udp(0).is_none());
    assert_eq!(pair.b.bind(9001), Ok(()));
    assert!(pair.b.next_udp().is_none());
}

#[test]
fn a_datagram_to_where_no_way_leads_is_refused_at_once_and_told() {
    let mut pair = Pair::default();
    pair.a.bind(5000).unwrap();
    let to = IpEndpoint::new(IpAddress::v4(10, 1, 2, 3), 9000);
    let mut socket = pair.a.udp(5000).unwrap();
    let sent = socket.send_to(pair.now, to, b"hello");
    assert_eq!(sent, Err(SendToError::NoRoute));
    let refused = pair.a.journal().counters().dropped(Reason::NoRoute);
    assert_eq!(refused, 1);
}

#[test]
fn datagrams_to_nobody_leave_half_of_the_queue_to_others() {
    let mut pair = Pair::default();
    pair.a.bind(5000).unwrap();
    pair.b.bind(9000).unwrap();
    let peer = IpEndpoint::new(address(Side::B), 9000);
    let say = |pair: &mut Pair, to| {
        let mut socket = pair.a.udp(5000).unwrap();
        socket.send_to(pair.now, to, b"hello")
    };
    assert_eq!(say(&mut pair, peer), Ok(()));
    pair.run_for(Duration::from_secs(1));
    // More to nobody than there are places, all in the time for which one is asked for.
    let mut heard = 1;
    for number in 0..3_000u16 {
        let nobody = IpAddress::v4(192, 0, 2, 3 + (number % 250) as u8);
        let _ = say(&mut pair, IpEndpoint::new(nobody, 9000));
        if number % 100 == 0 {
            assert_eq!(say(&mut pair, peer), Ok(()), "{number}");
            heard += 1;
        }
        pair.run_for(Duration::from_micros(500));
    }
    let mut socket = pair.b.udp(9000).unwrap();
    let received = core::iter::from_fn(|| socket.recv_from(&mut [0; 8])).count();
    assert_eq!(received, heard);
}
