//! Reading and writing by `embedded_io_async`, at both ends.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use edge_nal::io::{Read, ReadReady, Write, WriteReady};
use edge_nal::{Close, Readable, TcpAccept, TcpBind, TcpConnect, TcpShutdown, TcpSplit};
use embassy_futures::join::join;
use smolhost::node::Sizes;
use smolhost::smoltcp::time::Duration;

use crate::net::{Bell, Net, any, at, service, task};

/// Serves everybody at the port, one after the other: what comes goes back, and the end after it.
pub(crate) async fn echo(net: &impl TcpBind, port: u16) {
    let listener = net.bind(any(port)).await.expect("it is free");
    loop {
        let (_, mut peer) = listener.accept().await.expect("it is served");
        let mut octets = [0; 300];
        while let Ok(count @ 1..) = peer.read(&mut octets).await {
            if peer.write_all(&octets[..count]).await.is_err() {
                break;
            }
        }
        let _ = peer.close(Close::Both).await;
    }
}

/// Octets that tell where they belong.
pub(crate) fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 31 + at / 251) as u8).collect()
}

/// Says all of it, while it hears what comes back.
async fn say(net: &impl TcpConnect, port: u16, text: &[u8]) -> Vec<u8> {
    let mut peer = net.connect(at(2, port)).await.expect("it is served");
    let mut heard = Vec::new();
    let (mut reader, mut writer) = peer.split();
    let speak = async {
        writer.write_all(text).await.expect("it listens");
        writer.flush().await.expect("it listens");
    };
    let listen = async {
        let mut octets = [0; 700];
        while heard.len() < text.len() {
            let count = reader.read(&mut octets).await.expect("it answers");
            assert!(count > 0, "the end came too early");
            heard.extend(&octets[..count]);
        }
    };
    join(speak, listen).await;
    drop((reader, writer));
    peer.close(Close::Both).await.expect("it listens");
    heard
}

#[test]
fn what_is_written_comes_back_whole_and_then_the_end() {
    let net: Net = Net::new();
    let text = pattern(100_000);
    let mut heard = Vec::new();
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async { heard = say(&net.a, 7, &text).await }),
    ]);
    assert!(heard == text);
    // Nobody waits any more, and no place was short.
    assert_eq!([net.a.waiting(), net.b.waiting()], [0, 0]);
    assert_eq!([net.a.crowded(), net.b.crowded()], [0, 0]);
}

#[test]
fn many_connections_at_three_ports_each_hear_their_own() {
    let net: Net<256, 256> = Net::new();
    let heard: Vec<_> = (0..50).map(|_| std::cell::Cell::new(0)).collect();
    let mut tasks: Vec<_> = [7, 8, 9]
        .into_iter()
        .map(|port| service(echo(&net.b, port)))
        .collect();
    for (number, heard) in heard.iter().enumerate() {
        let net = &net.a;
        tasks.push(task(async move {
            let text = pattern(1000 + 331 * number);
            let port = 7 + number as u16 % 3;
            assert!(say(net, port, &text).await == text);
            heard.set(text.len());
        }));
    }
    net.run(tasks);
    assert!((0..50).all(|number| heard[number].get() == 1000 + 331 * number));
    assert_eq!([net.a.waiting(), net.b.waiting()], [0, 0]);
    assert_eq!([net.a.crowded(), net.b.crowded()], [0, 0]);
}

#[test]
fn who_is_not_concerned_is_not_polled() {
    let net: Net = Net::new();
    let idle = |host| {
        let net = &net;
        async move {
            let mut peer = net.a.connect(at(2, host)).await.expect("it is served");
            peer.read(&mut [0; 9]).await
        }
    };
    let polls = net.run(vec![
        service(echo(&net.b, 7)),
        service(echo(&net.b, 8)),
        service(echo(&net.b, 9)),
        service(idle(8)),
        service(idle(9)),
        task(async {
            assert_eq!(say(&net.a, 7, &pattern(200_000)).await.len(), 200_000);
        }),
    ]);
    // At the beginning, when somebody came, when the connection was open.
    assert_eq!(polls[1..5], [2, 2, 2, 2]);
    assert!(polls[0] > 10 && polls[5] > 10, "{polls:?}");
}

#[test]
fn a_slow_reader_holds_up_the_writer_who_is_not_polled_meanwhile() {
    let sizes = Sizes {
        receive: 2000,
        transmit: 3000,
        ..Sizes::default()
    };
    let net: Net = Net::with(sizes, sizes);
    let text = pattern(60_000);
    let (mut heard, mut writes) = (Vec::<u8>::new(), 0);
    let polls = net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            let mut octets = [0; 500];
            loop {
                net.sleep(Duration::from_secs(1)).await;
                match peer.read(&mut octets).await.expect("it says") {
                    0 => break,
                    count => heard.extend(&octets[..count]),
                }
            }
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            let mut rest = &text[..];
            while !rest.is_empty() {
                rest = &rest[peer.write(rest).await.expect("it listens")..];
                writes += 1;
            }
            peer.close(Close::Write).await.expect("it listens");
        }),
    ]);
    assert!(heard == text);
    assert!(net.now().total_millis() > 100_000, "{:?}", net.now());
    // The reader by its clock, once a second. The writer once for each time that it found room, and for the two ends.
    assert!(polls[0] <= text.len() / 500 + 5, "{polls:?}");
    assert!(polls[1] <= writes + 5, "{polls:?}, {writes}");
}

#[test]
fn flushing_waits_for_the_acknowledgment_and_writing_does_not() {
    let net: Net = Net::new();
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            let start = net.now();
            peer.write_all(b"once").await.expect("it listens");
            assert_eq!(net.now(), start);
            peer.flush().await.expect("it listens");
            // There and back, at least; the answer carries the acknowledgment.
            let waited = net.now() - start;
            assert!(waited >= Duration::from_millis(2), "{waited}");
            assert!(waited < Duration::from_millis(20), "{waited}");
            let start = net.now();
            peer.flush().await.expect("nothing is missing");
            assert_eq!(net.now(), start);
        }),
    ]);
}

#[test]
fn flushing_goes_on_waiting_when_a_part_is_acknowledged() {
    // A window of two segments: there and back eight times.
    let sizes = Sizes {
        receive: 3000,
        ..Sizes::default()
    };
    let net: Net = Net::with(Sizes::default(), sizes);
    let polls = net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            peer.close(Close::Read).await.expect("it ends");
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            peer.write_all(&pattern(16_000)).await.expect("it listens");
            peer.flush().await.expect("it listens");
        }),
    ]);
    // At the beginning, when the connection was open, when everything had arrived.
    assert_eq!(polls[1], 3);
}

#[test]
fn who_waits_for_room_is_not_polled_because_something_comes() {
    let net: Net = Net::new();
    let polls = net.run(vec![
        task(async {
            let listener = net.b.bind(any(7)).await.expect("it is free");
            let (_, mut peer) = listener.accept().await.expect("it is served");
            for _ in 0..100 {
                net.sleep(Duration::from_millis(100)).await;
                peer.write_all(b"text").await.expect("it listens");
            }
            peer.close(Close::Read).await.expect("it ends");
        }),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            peer.write_all(&pattern(40_000)).await.expect("it listens");
        }),
    ]);
    assert!(polls[1] < 20, "{polls:?}");
}

#[test]
fn whoever_polls_the_stack_is_woken_by_what_futures_call() {
    let net: Net = Net::new();
    net.settle();
    assert!(!net.a.is_due());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let mut due = pin!(net.a.due());
    assert!(due.as_mut().poll(&mut context).is_pending());
    assert!(!bell.rings());
    let connect = pin!(net.a.connect(at(2, 7)));
    let pending = connect.poll(&mut Context::from_waker(Waker::noop()));
    assert!(pending.is_pending());
    assert!(bell.rings());
    assert!(due.poll(&mut context).is_ready());
    assert!(net.a.is_due());
}

#[test]
fn whether_it_would_wait_is_told_without_waiting() {
    let net: Net = Net::new();
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async {
            let mut peer = net.a.connect(at(2, 7)).await.expect("it is served");
            assert_eq!(
                (peer.read_ready(), peer.write_ready()),
                (Ok(false), Ok(true))
            );
            peer.write_all(b"octets").await.expect("it listens");
            peer.readable().await.expect("it answers");
            assert_eq!(peer.read_ready(), Ok(true));
            let mut octets = [0; 9];
            assert_eq!(peer.read(&mut octets).await, Ok(6));
            assert_eq!(peer.read_ready(), Ok(false));
            // Nothing to read into, nothing to write: neither waits.
            assert_eq!(peer.read(&mut []).await, Ok(0));
            assert_eq!(peer.write(&[]).await, Ok(0));
            peer.close(Close::Write).await.expect("it listens");
            // The end can be read, too, again and again.
            peer.readable().await.expect("it ends");
            assert_eq!(peer.read(&mut octets).await, Ok(0));
            assert_eq!(peer.read(&mut octets).await, Ok(0));
        }),
    ]);
}
