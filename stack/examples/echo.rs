//! An echo server and its client, each with a TCP/IP stack of its own, on a wire in memory; then what the client's
//! stack saw of their connection.
//!
//!     cargo run -p smolhost --features std --example echo

use smolhost::node::{Config, Memory, Node, Sizes, TcpSocket};
use smolhost::pair::{Clockwork, Pair};
use smolhost::smoltcp::time::{Duration, Instant};
use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use smolhost::trace::{Style, draw};

/// A host of the network 192.0.2.0/24.
fn host(number: u8) -> Node<'static> {
    let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
    let address = IpCidr::new(IpAddress::v4(192, 0, 2, number), 24);
    // Take sixteen octets that nobody can guess: sequence numbers, ports and cookies come from them.
    let config = Config::new(mac, address, [number; 16]);
    Node::new(config, Memory::heap(Sizes::default()), Instant::ZERO).expect("these sizes fit")
}

/// The server's turn: what came goes back, and who has said everything is closed.
fn echo(now: Instant, node: &mut Node<'_>) {
    while node.accept().is_some() {} // who came is among the ready ones, too
    while let Some(peer) = node.next_ready() {
        let Some(mut socket) = node.tcp(peer) else {
            continue;
        };
        let mut octets = [0; 512];
        while let Ok(count) = socket.recv(&mut octets) {
            socket.send(&octets[..count]).expect("there is room");
        }
        if socket.has_finished() {
            socket.close(now);
        }
    }
}

/// The client's turn: takes what came, and closes when that is all of it.
fn listen(now: Instant, socket: &mut TcpSocket<'_, '_>, heard: &mut Vec<u8>, all: usize) {
    let mut octets = [0; 512];
    while let Ok(count) = socket.recv(&mut octets) {
        heard.extend(&octets[..count]);
    }
    if heard.len() == all {
        socket.shutdown(now);
    }
}

/// Says `text` to the server; gives what came back, and the ladder of the connection.
pub(crate) fn say(text: &str) -> (String, String) {
    let mut pair = Pair::new(host(1), host(2), Duration::from_millis(5), 1500);
    pair.b.listen(7, 8).expect("nobody else serves the port");
    let server = (IpAddress::v4(192, 0, 2, 2), 7).into();
    let server = pair.a.connect(pair.now, server).expect("there is a route");
    let (mut said, mut heard) = (0, Vec::new());
    let ended = pair.run_until(Duration::from_secs(60), |pair| {
        echo(pair.now, &mut pair.b);
        let mut socket = pair.a.tcp(server)?;
        said += socket.send(&text.as_bytes()[said..]).unwrap_or(0);
        listen(pair.now, &mut socket, &mut heard, text.len());
        socket.ended()
    });
    ended.expect("it ends");
    let mut drawn = String::new();
    draw(
        pair.a.journal(),
        server.id(),
        pair.now,
        &Style::PLAIN,
        &mut drawn,
    )
    .expect("a string takes everything");
    (String::from_utf8_lossy(&heard).into_owned(), drawn)
}

#[allow(dead_code, reason = "a test has a main of its own")]
fn main() {
    let (heard, drawn) = say("hello, 世界");
    println!("{heard}\n\n{drawn}");
}
