//! An echo server on a board at 10.0.2.15, port 4000: a TCP/IP host in a known number of bytes, and no chat.
//!
//!     scripts/qemu --echo
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use smolboard::driver::MAX_FRAME;
use smolboard::ethernet::Ethernet;
use smolboard::machine::{clock, fault, interrupt};
use smolhost::node::storage::{Host, Journal, Storage, Tcp, TimeWaits, Udp};
use smolhost::node::{Config, Node};
use smolhost::smoltcp::time::Instant;
use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use static_cell::{ConstStaticCell, StaticCell};

/// Four connections with a kilobyte each way at one port; what the journal is for is not needed here.
type Memory = Storage<
    Tcp<'static, 4, 1024, 1024, 1, 4>,
    TimeWaits<8, 32>,
    Udp<'static, 0, 0, 0>,
    Journal<0>,
    Host<'static, 1514, 4, 4, 0>,
>;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
static NODE: StaticCell<Node<'static>> = StaticCell::new();
static FRAMES: ConstStaticCell<[[u8; MAX_FRAME]; 2]> = ConstStaticCell::new([[0; MAX_FRAME]; 2]);

#[entry]
fn main() -> ! {
    let [rx, tx] = FRAMES.take();
    let mut ethernet = Ethernet::new(smolboard::start(), rx, tx);
    let node = make_node(ethernet.address());
    if let Err(error) = node.listen(4000, 4) {
        fault::give_up(format_args!("nobody can be served: {error}"));
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
    let config = Config::new(hardware, address, [7; 16]);
    match Node::new_in(NODE.uninit(), config, MEMORY.take().memory(), clock::now()) {
        Ok(node) => node,
        Err(error) => fault::give_up(format_args!("the node cannot start: {error}")),
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
