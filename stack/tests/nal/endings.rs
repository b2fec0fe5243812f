//! How connections end: refused, reset, timed out, closed by one side or both, dropped.

use edge_nal::io::{Error as _, ErrorKind, Read, Write};
use edge_nal::{Close, TcpAccept, TcpBind, TcpConnect, TcpShutdown};
use smolhost::nal::Error;
use smolhost::node::{ConnectError, Sizes};
use smolhost::smoltcp::time::Duration;
use smolhost::trace::{Ending, Timer};

use crate::echo::{echo, pattern};
use crate::net::{Net, any, at, service, task};

const CONNECTIONS: usize = 64;

fn free(net: &Net) -> [usize; 2] {
    [&net.a, &net.b].map(|stack| stack.with(|node| node.free()))
}

#[test]
fn refused_unreachable_and_timed_out_are_told_apart() {
    let net: Net = Net::new();
    net.run(vec![task(async {
        let refused = net.a.connect(at(2, 7)).await.expect_err("nobody serves it");
        assert_eq!(refused, Error::Ended(Ending::Refused));
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let far = "198.51.100.1:7".parse().expect("an address");
        let no_route = net.a.connect(far).await.expect_err("there is no gateway");
        assert_eq!(no_route, Error::Connect(ConnectError::NoRoute));
        assert_eq!(no_route.kind(), ErrorKind::NotConnected);
        let start = net.now();
        let nobody = net.a.connect(at(3, 7)).await.expect_err("nobody is there");
        assert_eq!(
            nobody,
            Error::Ended(Ending::TimedOut(Timer::Retransmission))
        );
        assert_eq!(nobody.kind(), ErrorKind::TimedOut);
        assert!(net.now() - start >= Duration::from_secs(180));
    })]);
    assert_eq!(free(&net), [CONNECTIONS; 2]);
    assert_eq!(net.a.waiting(), 0);
}

#[test]
fn a_reset_is_an_error_after_what_came_before_it() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            peer.write_all(b"farewell").await.expect("it listens");
            peer.flush().await.expect("it listens");
            peer.abort().await.expect("it never fails");
            assert_eq!(peer.read(&mut [0; 9]).await, Err(Error::Closed));
            assert_eq!(peer.write(b"more").await, Err(Error::Closed));
            assert_eq!(peer.abort().await, Ok(()));
            assert_eq!((peer.local(), peer.remote()), (None, None));
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            net.sleep(Duration::from_secs(1)).await;
            let mut octets = [0; 20];
            assert_eq!(peer.read(&mut octets).await, Ok(8));
            let reset = Error::Ended(Ending::ResetByPeer);
            assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
            assert_eq!(peer.read(&mut octets).await, Err(reset));
            assert_eq!(peer.write(b"more").await, Err(reset));
            assert_eq!(peer.flush().await, Err(reset));
            assert_eq!(peer.close(Close::Write).await, Err(reset));
            // Nothing of it is missing, and nothing more is wanted.
            assert_eq!(peer.close(Close::Both).await, Ok(()));
        }),
    ]);
    assert_eq!(free(&net), [CONNECTIONS; 2]);
}

#[test]
fn a_reset_wakes_who_reads_and_who_waits_for_room() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut reads) = listener.accept().await.expect("it is served");
            let (_, mut writes) = listener.accept().await.expect("it is served");
            net.sleep(Duration::from_secs(9)).await;
            reads.abort().await.expect("it never fails");
            writes.abort().await.expect("it never fails");
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            let end = peer.read(&mut [0; 9]).await;
            assert_eq!(end, Err(Error::Ended(Ending::ResetByPeer)));
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            // More than both buffers: nobody reads it.
            let end = peer.write_all(&pattern(40_000)).await;
            let reset = Error::Ended(Ending::ResetByPeer);
            assert_eq!(end, Err(reset));
            // Some of it did not arrive.
            assert_eq!(peer.close(Close::Both).await, Err(reset));
        }),
    ]);
}

#[test]
fn half_of_a_connection_closes_and_the_other_goes_on() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            // Until the end of the question, and then the answer.
            peer.close(Close::Read).await.expect("it ends");
            peer.write_all(&pattern(50_000)).await.expect("it listens");
            peer.close(Close::Write).await.expect("it listens");
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            peer.write_all(&pattern(50_000)).await.expect("it listens");
            peer.close(Close::Write).await.expect("it listens");
            assert_eq!(peer.write(b"more").await, Err(Error::Closed));
            let (mut octets, mut heard) = ([0; 999], Vec::<u8>::new());
            while let count @ 1.. = peer.read(&mut octets).await.expect("it answers") {
                heard.extend(&octets[..count]);
            }
            assert!(heard == pattern(50_000));
        }),
    ]);
    assert_eq!(free(&net), [CONNECTIONS; 2]);
}

#[test]
fn a_peer_that_never_closes_does_not_hold_up_who_closes_both() {
    let net: Net = Net::new();
    net.run(vec![
        service(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            // It says and says, and reads nothing.
            while peer.write_all(&[7; 100]).await.is_ok() {
                net.sleep(Duration::from_millis(50)).await;
            }
            net.sleep(Duration::from_secs(9_999)).await;
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            peer.write_all(b"enough").await.expect("it listens");
            let start = net.now();
            peer.close(Close::Both).await.expect("it arrives");
            assert!(net.now() - start < Duration::from_secs(1));
            assert_eq!(peer.read(&mut [0; 9]).await, Err(Error::Closed));
            net.sleep(Duration::from_secs(90)).await;
            // FIN-WAIT-2 is bounded, although the peer is still there.
            assert_eq!(net.a.with(|node| node.free()), CONNECTIONS);
        }),
    ]);
}

#[test]
fn dropping_a_connection_sends_what_is_queued_and_then_the_end() {
    let net: Net = Net::new();
    let mut heard = 0;
    net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            let mut octets = [0; 100];
            while let count @ 1.. = peer.read(&mut octets).await.expect("no reset") {
                heard += count;
                net.sleep(Duration::from_millis(10)).await;
            }
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            peer.write_all(&pattern(16_000)).await.expect("it listens");
        }),
    ]);
    assert_eq!(heard, 16_000);
    assert_eq!(free(&net), [CONNECTIONS; 2]);
}

#[test]
fn who_works_with_the_node_itself_wakes_whom_it_takes_a_connection_from() {
    let net: Net = Net::with(Sizes::default(), Sizes::default());
    let handle = std::cell::Cell::new(None);
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            handle.set(Some(peer.handle()));
            assert_eq!(peer.read(&mut [0; 9]).await, Err(Error::Closed));
        }),
        task(async {
            net.sleep(Duration::from_secs(5)).await;
            let handle = handle.get().expect("it is open");
            net.a.with(|node| node.evict(net.now(), handle));
        }),
    ]);
    assert_eq!(net.a.waiting(), 0);
}
