//! When an application has its turn, what it hears then, and when its answer leaves.

use crate::pair::{PORT, Pair, address, config, sizes};
use smolchat::device::Side;
use smolchat::node::{Limits, Memory, Node, RecvError};
use smolchat::pair::{Clockwork, Pair as Ends};
use smoltcp::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(5);

fn node(side: Side) -> Node<'static> {
    let memory = Memory::heap(sizes(2));
    Node::new(config(side, Limits::default()), memory, Instant::ZERO).unwrap()
}

#[test]
fn what_an_application_answers_leaves_at_the_moment_it_has_its_turn() {
    let mut pair = Ends::new(node(Side::A), node(Side::B), LATENCY, 1500);
    pair.b.listen(PORT, 1).unwrap();
    let server = (address(Side::B), PORT).into();
    let client = pair.a.connect(pair.now, server).unwrap();
    let (mut asked, mut trips) = (Instant::ZERO, Vec::new());
    let found = pair.run_until(Duration::from_secs(60), |pair| {
        while pair.b.accept().is_some() {}
        while let Some(handle) = pair.b.next_ready() {
            let mut buffer = [0; 8];
            while let Ok(count) = pair.b.tcp(handle).unwrap().recv(&mut buffer) {
                pair.b.tcp(handle).unwrap().send(&buffer[..count]).unwrap();
            }
        }
        while pair.a.next_ready().is_some() {
            if pair.a.tcp(client).unwrap().recv(&mut [0; 8]).is_ok() {
                trips.push(pair.now - asked);
            }
            asked = pair.now;
            pair.a.tcp(client).unwrap().send(b"ping").unwrap();
        }
        (trips.len() == 10).then_some(())
    });
    assert!(found.is_some());
    assert!(trips.iter().all(|trip| *trip == LATENCY * 2), "{trips:?}");
}

#[test]
fn whoever_reads_once_at_each_call_hears_of_the_end() {
    for at_once in [8, 2] {
        let mut pair = Pair::default();
        let (client, server) = pair.connect();
        while pair.a.next_ready().is_some() {}
        // They leave in one segment.
        pair.b.tcp(server).unwrap().send(b"octets").unwrap();
        pair.b.tcp(server).unwrap().close(pair.now);
        let mut heard = Vec::<u8>::new();
        let mut turns = 0;
        pair.run_until(|pair| {
            while let Some(handle) = pair.a.next_ready() {
                assert_eq!(handle, client);
                turns += 1;
                let mut buffer = vec![0; at_once];
                match pair.a.tcp(handle).unwrap().recv(&mut buffer) {
                    Ok(count) => heard.extend(&buffer[..count]),
                    Err(RecvError::WouldBlock) => {}
                    Err(error) => {
                        assert_eq!(error, RecvError::Finished);
                        return true;
                    }
                }
            }
            false
        });
        assert_eq!(heard, b"octets");
        assert_eq!(turns, heard.len().div_ceil(at_once) + 1);
        // And whoever heard it is not called for ever.
        assert_eq!(pair.a.next_ready(), None);
    }
}

#[test]
fn a_reset_behind_data_is_heard_of_by_whoever_reads_once() {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    while pair.a.next_ready().is_some() {}
    pair.b.tcp(server).unwrap().send(b"octets").unwrap();
    pair.run_until(|pair| pair.a.tcp(client).unwrap().recv_queue() == 6);
    pair.b.abort(pair.now, server);
    pair.run_until(|pair| pair.a.tcp(client).and_then(|it| it.ended()).is_some());
    let mut answers = Vec::new();
    while let Some(handle) = pair.a.next_ready() {
        answers.push(pair.a.tcp(handle).unwrap().recv(&mut [0; 8]).is_ok());
    }
    assert_eq!(answers, [true, false]);
}
