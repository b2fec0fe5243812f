//! One connection that is used, beside many that are not.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use super::{Figures, percentiles, trip};
use crate::ECHO;

fn connect_from(from: Ipv4Addr, to: Ipv4Addr) -> OwnedFd {
    let fd = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&fd, &SocketAddrV4::new(from, 0)).unwrap();
    connect(&fd, &SocketAddrV4::new(to, ECHO)).unwrap();
    fd
}

/// Opens the connections, has each say something once, and then measures one more.
pub fn beside(to: Ipv4Addr, connections: usize, count: usize, from: &[Ipv4Addr]) -> Figures {
    let start = Instant::now();
    let mut buffer = [0; 32];
    let mut idle: Vec<TcpStream> = Vec::with_capacity(connections);
    for index in 0..connections {
        idle.push(match from {
            [] => super::connect(to, ECHO),
            from => connect_from(from[index % from.len()], to).into(),
        });
    }
    let opened = start.elapsed();
    for stream in &mut idle {
        trip::once(stream, &[b'x'; 32], &mut buffer);
    }
    let mut active = super::connect(to, ECHO);
    let mut measured = Vec::with_capacity(count);
    for _ in 0..count {
        measured.push(trip::once(&mut active, &[b'x'; 32], &mut buffer));
    }
    let mut figures = percentiles(measured);
    // All of them are still there, and still served.
    for stream in &mut idle {
        trip::once(stream, &[b'x'; 32], &mut buffer);
    }
    figures.push(("opened_s", opened.as_secs_f64()));
    figures
}
