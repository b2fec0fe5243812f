//! Round trips, and whole connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use super::{Figures, PATIENCE, percentiles};
use crate::ECHO;

/// Trips that are made before any is measured.
const WARM: usize = 200;

/// One message there and back.
pub fn once(stream: &mut TcpStream, message: &[u8], buffer: &mut [u8]) -> Duration {
    let start = Instant::now();
    stream.write_all(message).unwrap();
    let mut got = 0;
    while got < message.len() {
        match stream.read(&mut buffer[got..]) {
            Ok(0) => panic!("the server closed"),
            Ok(count) => got += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
            Err(error) => panic!("no echo: {error}"),
        }
    }
    start.elapsed()
}

/// Echoes over TCP.
pub fn tcp(to: Ipv4Addr, count: usize, size: usize, spin: bool) -> Figures {
    let mut stream = super::connect(to, ECHO);
    stream.set_nonblocking(spin).unwrap();
    let (message, mut buffer) = (vec![b'x'; size], vec![0; size]);
    for _ in 0..WARM {
        once(&mut stream, &message, &mut buffer);
    }
    let trip = || once(&mut stream, &message, &mut buffer);
    percentiles(std::iter::repeat_with(trip).take(count).collect())
}

/// Echoes over UDP.
pub fn udp(to: Ipv4Addr, count: usize, size: usize) -> Figures {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect((to, ECHO)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let (message, mut buffer) = (vec![b'x'; size], vec![0; size]);
    let mut trip = || {
        let start = Instant::now();
        socket.send(&message).unwrap();
        socket.recv(&mut buffer).unwrap();
        start.elapsed()
    };
    for _ in 0..WARM {
        trip();
    }
    percentiles(std::iter::repeat_with(trip).take(count).collect())
}

/// Whole connections, one after the other.
pub fn connect_line_close(to: Ipv4Addr) {
    let mut stream = super::connect(to, ECHO);
    let mut buffer = [0; 6];
    once(&mut stream, b"hello\n", &mut buffer);
}

/// How many whole connections a second.
pub fn rate(to: Ipv4Addr, count: usize) -> f64 {
    let start = Instant::now();
    (0..count).for_each(|_| connect_line_close(to));
    count as f64 / start.elapsed().as_secs_f64()
}

/// Connect, one line there and back, close.
pub fn connect(to: Ipv4Addr, count: usize) -> Figures {
    rate(to, WARM);
    vec![("per_s", rate(to, count))]
}
