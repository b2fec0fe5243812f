//! An echo server with a TCP/IP stack of its own, at 192.0.2.2, for the programs of this machine. As root, or in
//! `unshare -rn`:
//!
//!     ip tuntap add tap0 mode tap && ip addr add 192.0.2.1/24 dev tap0 && ip link set tap0 up
//!     cargo run -p smolhost --features tap --example echo_on_a_tap -- tap0 &
//!     nc 192.0.2.2 7

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use smolhost::device::Tap;
use smolhost::node::{Config, Ingress, Memory, Node, Sizes};
use smolhost::smoltcp::time::Instant;
use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

const MTU: usize = 1500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).ok_or("say the name of a TAP")?;
    let mut tap = Tap::open(&name, MTU)?;
    let mut secret = [0; 16];
    rustix::rand::getrandom(&mut secret, rustix::rand::GetRandomFlags::empty())?;
    let mac = EthernetAddress([2, 0, 0, 0, 0, 2]);
    let address = IpCidr::new(IpAddress::v4(192, 0, 2, 2), 24);
    let memory = Memory::heap(Sizes::default());
    let start = std::time::Instant::now();
    let mut node = Node::new(Config::new(mac, address, secret), memory, Instant::ZERO)?;
    node.listen(7, 8)?;
    loop {
        let now = Instant::from_micros(i64::try_from(start.elapsed().as_micros())?);
        let more = node.poll_ingress(now, &mut tap) == Ingress::More;
        echo(now, &mut node);
        let deadline = node.poll_egress(now, &mut tap);
        let wait = if more { Some(now) } else { deadline }.map(|at| (at.max(now) - now).into());
        let wait = wait
            .map(|wait: std::time::Duration| wait.try_into())
            .transpose()?;
        poll(
            &mut [PollFd::new(&tap.as_fd(), PollFlags::IN)],
            wait.as_ref(),
        )?;
    }
}

/// What came goes back, and who has said everything is closed.
fn echo(now: Instant, node: &mut Node<'_>) {
    while node.accept().is_some() {} // who came is among the ready ones, too
    while let Some(peer) = node.next_ready() {
        let Some(mut socket) = node.tcp(peer) else {
            continue;
        };
        let mut octets = [0; 512];
        // No more is taken than goes back: whoever does not read is not read.
        while let Ok(count @ 1..) = socket.peek(&mut octets) {
            let sent = socket.send(&octets[..count]).unwrap_or(0);
            socket.consume(sent);
            if sent == 0 {
                break;
            }
        }
        if !socket.may_recv() {
            socket.close(now);
        }
    }
}
