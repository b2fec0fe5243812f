//! Several ports, several acceptors, and what becomes of whoever came to a port that is served no longer.

use std::cell::RefCell;

use edge_nal::io::{Error as _, ErrorKind, Read, Write};
use edge_nal::{TcpAccept, TcpBind, TcpConnect};
use smolhost::nal::Error;
use smolhost::node::{ListenError, Sizes};
use smolhost::smoltcp::time::Duration;
use smolhost::smoltcp::wire::{IpAddress, IpCidr};
use smolhost::trace::Ending;

use crate::net::{Net, any, at, service, task};

/// Comes to a port and says its number.
async fn come(net: &Net, port: u16) {
    let mut peer = net.a.connect(at(2, port)).await.expect("it is served");
    peer.write_all(&port.to_be_bytes())
        .await
        .expect("it listens");
    peer.flush().await.expect("it listens");
}

#[test]
fn whoever_comes_to_a_port_waits_there_while_others_are_accepted() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let slow = net.b.bind(any(1)).await.expect("it is free");
            let fast = net.b.bind(any(2)).await.expect("it is free");
            for (listener, port) in [(&fast, 2u16), (&fast, 2), (&slow, 1), (&slow, 1)] {
                let (from, mut peer) = listener.accept().await.expect("it is served");
                assert_eq!(from.ip(), at(1, 0).ip());
                assert_eq!(peer.local(), Some(at(2, port)));
                let mut number = [0; 2];
                peer.read_exact(&mut number).await.expect("it says");
                assert_eq!(u16::from_be_bytes(number), port);
            }
        }),
        task(async {
            // Those to the first port are there before anybody comes to the second.
            come(&net, 1).await;
            come(&net, 1).await;
            come(&net, 2).await;
            come(&net, 2).await;
        }),
    ]);
    assert_eq!(net.b.with(|node| node.acceptable().count()), 0);
}

#[test]
fn acceptors_of_one_port_get_one_each() {
    let net: Net = Net::new();
    let got = RefCell::new(Vec::new());
    let listener = net.b.listen(any(7), 4).expect("it is free");
    let accept = |number| {
        let (got, listener) = (&got, &listener);
        task(async move {
            let peer = listener.accept().await.expect("it is served");
            got.borrow_mut().push((number, peer.0.port()));
        })
    };
    net.run(vec![
        accept(0),
        accept(1),
        accept(2),
        task(async {
            for _ in 0..3 {
                come(&net, 7).await;
                net.sleep(Duration::from_secs(1)).await;
            }
        }),
    ]);
    let mut got = got.into_inner();
    let numbers: Vec<_> = got.iter().map(|it| it.0).collect();
    assert_eq!(numbers.len(), 3);
    got.sort_by_key(|it| it.1);
    got.dedup_by_key(|it| it.1);
    assert_eq!(got.len(), 3, "one was given twice");
    assert_eq!(net.b.waiting(), 0);
}

#[test]
fn a_port_is_served_once_and_again_after_its_listener_is_gone() {
    let net: Net = Net::new();
    let first = net.b.listen(any(7), 1).expect("it is free");
    let error = net.b.listen(any(7), 1).expect_err("it is served");
    assert_eq!(error, Error::Listen(ListenError::InUse));
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    drop(first);
    drop(net.b.listen(any(7), 1).expect("it is free again"));
    let error = net.b.listen(at(9, 7), 1).expect_err("it is another's");
    assert_eq!(error, Error::NotOurs);
    let error = net.b.listen(any(0), 1).expect_err("it is no port");
    assert_eq!(error, Error::Listen(ListenError::PortZero));
    // At its own address it is served, and nothing is left of what failed.
    drop(net.b.listen(at(2, 7), 1).expect("it is free"));
    assert_eq!(net.b.with(|node| node.serving().count()), 0);
}

#[test]
fn a_port_at_one_address_is_closed_to_who_comes_to_another() {
    let net: Net = Net::new();
    net.b.with(|node| {
        let two = [2, 3].map(|host| IpCidr::new(IpAddress::v4(192, 0, 2, host), 24));
        node.set_addresses(net.now(), &two, &[]).expect("they fit");
    });
    net.run(vec![
        task(async {
            let listener = net.b.bind(at(3, 7)).await.expect("it is free");
            let (_, peer) = listener.accept().await.expect("it is served");
            assert_eq!(peer.local(), Some(at(3, 7)));
        }),
        task(async {
            let mut wrong = net
                .a
                .connect(at(2, 7))
                .await
                .expect("the node shakes hands");
            let end = wrong.read(&mut [0; 9]).await;
            assert_eq!(end, Err(Error::Ended(Ending::ResetByPeer)));
            let mut right = net.a.connect(at(3, 7)).await.expect("it is served");
            assert_eq!(right.read(&mut [0; 9]).await, Ok(0));
        }),
    ]);
}

#[test]
fn whoever_was_not_accepted_is_reset_with_the_listener() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            net.sleep(Duration::from_secs(1)).await;
            drop(listener);
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            let end = peer.read(&mut [0; 9]).await;
            assert_eq!(end, Err(Error::Ended(Ending::ResetByPeer)));
            let end = net.a.connect(at(2, 7)).await.expect_err("nobody serves it");
            assert_eq!(end, Error::Ended(Ending::Refused));
        }),
    ]);
    let sizes = Sizes::default();
    assert_eq!(net.b.with(|node| node.free()), sizes.connections);
}

#[test]
fn who_was_in_a_handshake_when_the_listener_went_holds_no_connection() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            while net.b.with(|node| node.half_open()) == 0 {
                net.sleep(Duration::from_micros(100)).await;
            }
            drop(listener);
        }),
        task(async {
            let mut peer = net
                .a
                .connect(at(2, 7))
                .await
                .expect("the SYN,ACK was on its way");
            let end = peer.read(&mut [0; 9]).await;
            assert_eq!(end, Err(Error::Ended(Ending::ResetByPeer)));
        }),
    ]);
    let sizes = Sizes::default();
    assert_eq!(net.b.with(|node| node.free()), sizes.connections);
}

#[test]
fn a_full_stack_opens_nothing_and_goes_on_when_one_is_closed() {
    let sizes = Sizes {
        connections: 2,
        ..Sizes::default()
    };
    let net: Net = Net::with(sizes, Sizes::default());
    net.run(vec![
        service(crate::echo::echo(&net.b, 7)),
        task(async {
            let first = net.a.connect(at(2, 7)).await.expect("it is served");
            let second = net.a.connect(at(2, 7)).await.expect("it is served");
            let error = net.a.connect(at(2, 7)).await.expect_err("there are two");
            assert_eq!(error.kind(), ErrorKind::OutOfMemory);
            drop(first);
            net.sleep(Duration::from_secs(1)).await;
            net.a.connect(at(2, 7)).await.expect("there is room");
            drop(second);
        }),
    ]);
}
