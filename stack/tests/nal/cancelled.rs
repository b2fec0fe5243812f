//! Futures that are dropped before they are done leave nothing behind.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use edge_nal::io::{Read, Write};
use edge_nal::{Close, TcpAccept, TcpBind, TcpConnect, TcpShutdown, UdpBind, UdpReceive};
use embassy_futures::select::{Either, select};
use smolhost::nal::Error;
use smolhost::smoltcp::time::Duration;
use smolhost::trace::Ending;

use crate::echo::{echo, pattern};
use crate::net::{Net, any, at, service, task};

/// Polls it once, and drops it.
fn begin<T>(future: impl Future<Output = T>) {
    let future = pin!(future);
    let pending = future.poll(&mut Context::from_waker(Waker::noop()));
    assert!(pending.is_pending());
}

#[test]
fn a_connection_that_nobody_waits_for_any_more_is_not_opened() {
    let net: Net = Net::new();
    net.run(vec![task(async {
        let opens = net.a.connect(at(3, 7));
        let gives_up = net.sleep(Duration::from_secs(10));
        let Either::Second(()) = select(opens, gives_up).await else {
            panic!("nobody is there")
        };
    })]);
    assert_eq!(net.a.with(|node| node.free()), 64);
    assert_eq!(net.a.waiting(), 0);
}

#[test]
fn whatever_waits_and_is_dropped_waits_no_longer() {
    let net: Net = Net::new();
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            let listener = TcpBind::bind(&net.a, any(80)).await.expect("it is free");
            let mut port = UdpBind::bind(&net.a, any(53)).await.expect("it is free");
            for _ in 0..1000 {
                begin(peer.read(&mut [0; 9]));
                begin(listener.accept());
                begin(port.receive(&mut [0; 9]));
                begin(net.a.connect(at(3, 7)));
            }
            assert_eq!(net.a.waiting(), 0);
            peer.write_all(b"after all").await.expect("it listens");
            begin(peer.flush());
            assert_eq!(net.a.waiting(), 0);
            let mut octets = [0; 9];
            peer.read_exact(&mut octets).await.expect("it answers");
            assert_eq!(&octets, b"after all");
            begin(peer.close(Close::Write));
            assert_eq!(net.a.waiting(), 0);
            // The FIN that it began with has gone its way.
            assert_eq!(peer.read(&mut octets).await, Ok(0));
        }),
    ]);
    assert_eq!(net.a.crowded(), 0);
}

#[test]
fn a_read_that_loses_a_race_loses_no_octet() {
    let net: Net = Net::new();
    let text = pattern(3000);
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            let (mut heard, mut rest) = (Vec::<u8>::new(), &text[..]);
            let mut lost = 0;
            while heard.len() < text.len() {
                let some = rest.len().min(7);
                peer.write_all(&rest[..some]).await.expect("it listens");
                rest = &rest[some..];
                let mut octets = [0; 50];
                let patience = Duration::from_micros(50 + heard.len() as u64 % 1000);
                match select(peer.read(&mut octets), net.sleep(patience)).await {
                    Either::First(count) => heard.extend(&octets[..count.expect("it answers")]),
                    Either::Second(()) => lost += 1,
                }
            }
            assert!(heard == text);
            assert!(lost > 20, "{lost}");
        }),
    ]);
}

#[test]
fn a_woken_acceptor_that_is_dropped_takes_nobody_with_it() {
    let net: Net = Net::new();
    let listener = net.b.listen(any(7), 4).expect("it is free");
    net.run(vec![
        task(async {
            // It is dropped at the very moment at which somebody comes: whoever comes waits for the next.
            for _ in 0..40 {
                let accept = listener.accept();
                match select(net.sleep(Duration::from_micros(100)), accept).await {
                    Either::First(()) => {}
                    Either::Second(_) => return,
                }
            }
            let (_, mut peer) = listener.accept().await.expect("it is served");
            peer.abort().await.expect("it never fails");
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            match peer.read(&mut [0; 9]).await {
                Ok(0) | Err(Error::Ended(Ending::ResetByPeer)) => {}
                other => panic!("{other:?}"),
            }
        }),
    ]);
}
