//! Many octets one way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown};
use std::time::Instant;

use super::{Figures, connect};
use crate::{CHARGEN, DISCARD};

const CHUNK: usize = 256 * 1024;

fn rate(octets: u64, start: Instant) -> Figures {
    let seconds = start.elapsed().as_secs_f64();
    vec![("gbit_s", octets as f64 * 8e-9 / seconds)]
}

/// To the server, until it has acknowledged the last one by closing, too.
pub fn to(to: Ipv4Addr, octets: u64) -> Figures {
    let mut stream = connect(to, DISCARD);
    let chunk = vec![b'x'; CHUNK];
    let start = Instant::now();
    let mut left = octets;
    while left > 0 {
        let count = left.min(CHUNK as u64);
        stream.write_all(&chunk[..count as usize]).unwrap();
        left -= count;
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let _ = stream.read(&mut [0]).unwrap();
    rate(octets, start)
}

/// From the server.
pub fn from(to: Ipv4Addr, octets: u64) -> Figures {
    let mut stream = connect(to, CHARGEN);
    let mut chunk = vec![0; CHUNK];
    let start = Instant::now();
    let mut got = 0;
    while got < octets {
        match stream.read(&mut chunk).unwrap() {
            0 => panic!("the server closed"),
            count => got += count as u64,
        }
    }
    rate(got, start)
}
