//! Futures that begin and give up at random on a wire that loses frames: nobody waits for ever, nothing is left over,
//! and what is read is what was written.

use edge_nal::io::{Read, Write};
use edge_nal::{Close, TcpAccept, TcpConnect, TcpShutdown, TcpSplit};
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use fastrand::Rng;
use smolhost::device::{Policy, Shares};
use smolhost::nal::{Error, Stack, TcpListener, TcpStream};
use smolhost::node::Sizes;
use smolhost::smoltcp::time::Duration;

use crate::echo::pattern;
use crate::net::{Net, any, at, service, task};

const SIZES: Sizes = Sizes {
    connections: 12,
    receive: 1500,
    transmit: 1200,
    time_waits: 64,
    backlog: 16,
    strangers: 16,
    listeners: 2,
    neighbors: 4,
    ports: 1,
    datagrams: 1500,
    extra: 0,
    #[cfg(feature = "reassembly")]
    assemblies: 0,
    events: 0,
    mtu: 1500,
};

/// One that accepts, and returns what it hears; sometimes it has had enough.
async fn serve<const W: usize>(seed: u64, listener: &TcpListener<'_, '_, W>) {
    let mut rng = Rng::with_seed(seed);
    loop {
        let (_, mut peer) = listener.accept().await.expect("it is served");
        let mut patience = rng.u32(0..60);
        let mut octets = [0; 400];
        while let Ok(count @ 1..) = peer.read(&mut octets).await {
            if patience == 0 || peer.write_all(&octets[..count]).await.is_err() {
                break;
            }
            patience -= 1;
        }
        match rng.u8(0..4) {
            0 => peer.abort().await.expect("it never fails"),
            1 => drop(peer.close(Close::Both).await),
            2 => drop(peer.close(Close::Write).await),
            _ => {}
        }
    }
}

/// Waits for something for as long as it likes to.
async fn patiently<T, const W: usize>(
    net: &Net<W, W>,
    micros: u64,
    future: impl Future<Output = T>,
) -> Option<T> {
    match select(future, net.sleep(Duration::from_micros(micros))).await {
        Either::First(result) => Some(result),
        Either::Second(()) => None,
    }
}

/// Says something and hears what comes back, with little patience.
async fn talk<const W: usize>(
    rng: &mut Rng,
    net: &Net<W, W>,
    mut peer: TcpStream<'_, '_, W>,
) -> Result<(), Error> {
    let text = pattern(rng.usize(1..6000));
    let mut rng_of_writer = rng.fork();
    let heard = {
        let (mut reader, mut writer) = peer.split();
        let says = async {
            let mut rest = &text[..];
            while !rest.is_empty() {
                let patience = rng_of_writer.u64(100..40_000);
                if let Some(count) = patiently(net, patience, writer.write(rest)).await {
                    rest = &rest[count?..];
                }
                if rng_of_writer.u8(0..5) == 0 {
                    patiently(net, patience, writer.flush()).await.transpose()?;
                }
            }
            Ok::<(), Error>(())
        };
        let hears = async {
            let (mut heard, mut octets) = (Vec::<u8>::new(), [0; 300]);
            while heard.len() < text.len() {
                let patience = rng.u64(100..40_000);
                match patiently(net, patience, reader.read(&mut octets)).await {
                    Some(Ok(0)) => break,
                    Some(count) => heard.extend(&octets[..count?]),
                    None => {}
                }
            }
            Ok::<_, Error>(heard)
        };
        let (said, heard) = join(says, hears).await;
        // Whichever it was that ended it, the other has heard of it, too.
        said.and(heard)?
    };
    assert!(text.starts_with(&heard));
    match rng.u8(0..5) {
        0 => peer.abort().await,
        1 => peer.close(Close::Both).await,
        2 => peer.close(Close::Write).await,
        3 => patiently(net, 1500, peer.close(Close::Both))
            .await
            .unwrap_or(Ok(())),
        _ => Ok(()),
    }
}

async fn come_and_go<const W: usize>(seed: u64, net: &Net<W, W>) {
    let mut rng = Rng::with_seed(seed);
    for _ in 0..8 {
        let port = rng.u16(7..=8);
        let patience = rng.u64(100..3_000_000);
        let connected = patiently(net, patience, net.a.connect(at(2, port))).await;
        if let Some(Ok(peer)) = connected {
            // It may end in any way, but it ends.
            let _ = talk(&mut rng, net, peer).await;
        }
    }
}

fn storm<const W: usize>(seed: u64) {
    let policy = Policy {
        shares: Shares {
            drop: 60,
            duplicate: 20,
            reorder: 20,
            ..Shares::default()
        },
        ..Policy::NONE
    };
    let net: Net<W, W> = Net::with(SIZES, SIZES).with_faults(seed, policy);
    let one = net.b.listen(any(7), 4).expect("it is free");
    let other = net.b.listen(any(8), 4).expect("it is free");
    let mut tasks = Vec::new();
    for number in 0..3 {
        tasks.push(service(serve(seed * 10 + number, &one)));
        tasks.push(service(serve(seed * 20 + number, &other)));
        tasks.push(task(come_and_go(seed * 30 + number, &net)));
        tasks.push(task(come_and_go(seed * 40 + number, &net)));
    }
    net.run(tasks);
    drop((one, other));
    net.run(vec![task(net.sleep(Duration::from_secs(300)))]);
    let left = |stack: &Stack<'_, W>| {
        let free = stack.with(|node| node.free());
        (stack.waiting(), free)
    };
    assert_eq!(left(&net.a), (0, SIZES.connections), "seed {seed}");
    assert_eq!(left(&net.b), (0, SIZES.connections), "seed {seed}");
}

#[test]
fn whatever_futures_begin_and_give_up_ends_and_leaves_nothing() {
    for seed in 0..40 {
        storm::<32>(seed);
    }
}

#[test]
fn and_so_it_does_with_three_places_for_all_of_them() {
    for seed in 100..104 {
        storm::<3>(seed);
    }
}
