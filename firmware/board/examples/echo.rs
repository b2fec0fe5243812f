//! An echo server on a board at 10.0.2.15, port 4000: a TCP/IP host in a known number of bytes, and no chat.
//!
//!     scripts/qemu --echo
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use smolboard::ethernet::Ethernet;
use smolboard::machine::{clock, fault, interrupt};
use smolhost::node::storage::{Host, Journal, Storage, Tcp, TimeWaits, Udp};
use smolhost::node::{Config, Node};
use smolhost::smoltcp::time::Instant;
use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use static_cell::{ConstStaticCell, StaticCell};

/// The longest frame: the least that a host must take (RFC 791), since each octet of it is there three times.
const FRAME: usize = 14 + MTU;
const MTU: usize = 576;

/// Four connections with a kilobyte each way at one port. Nobody waits for a place, and no neighbour is asked for.
type Memory = Storage<
    Tcp<'static, 4, 1024, 1024, 1, 0>,
    TimeWaits<8, 16>,
    Udp<'static>,
    Journal,
    Host<'static, FRAME, 0, 4, 0>,
>;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
static NODE: StaticCell<Node<'static>> = StaticCell::new();
static FRAMES: ConstStaticCell<[[u8; FRAME]; 2]> = ConstStaticCell::new([[0; FRAME]; 2]);

#[entry]
fn main() -> ! {
    let [rx, tx] = FRAMES.take();
    let mut ethernet = Ethernet::new(smolboard::start(), rx, tx);
    let node = make_node(ethernet.address());
    if node.listen(4000, 4).is_err() {
        fault::give_up_plainly("nobody can be served");
    }
    loop {
        node.poll_ingress(clock::now(), &mut ethernet);
        echo(clock::now(), node);
        let deadline = node.poll_egress(clock::now(), &mut ethernet);
        interrupt::sleep(&mut ethernet, deadline);
    }
}

/// A function of its own, so that the stack it needs is free again when the run loop begins.
#[inline(never)]
fn make_node(hardware: EthernetAddress) -> &'static mut Node<'static> {
    let address = IpCidr::new(IpAddress::v4(10, 0, 2, 15), 24);
    // A board that others can reach takes sixteen octets that nobody can guess.
    let mut config = Config::new(hardware, address, [7; 16]);
    config.mtu = MTU;
    match Node::new_in(NODE.uninit(), config, MEMORY.take().memory(), clock::now()) {
        Ok(node) => node,
        // What is wrong, the error says in words: fault::give_up(format_args!("…: {error}")), and 2 KiB more of flash.
        Err(_) => fault::give_up_plainly("the node cannot start"),
    }
}

/// What came goes back, as much as there is room for; who has said everything is closed.
fn echo(now: Instant, node: &mut Node<'_>) {
    while node.accept().is_some() {} // who came is among the ready ones, too
    while let Some(peer) = node.next_ready() {
        let Some(mut socket) = node.tcp(peer) else {
            continue;
        };
        let mut octets = [0; 256];
        while let Ok(count @ 1..) = socket.peek(&mut octets) {
            let sent = socket.send(&octets[..count]).unwrap_or(0);
            socket.consume(sent);
            if sent < count {
                break; // ready again when there is more room
            }
        }
        if !socket.may_recv() {
            socket.close(now);
        }
    }
}
