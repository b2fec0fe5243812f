//! Captures made octet by octet, and what is drawn of them.

use smolchat::capture::{CaptureError, Drawn, ladders};
use smolchat::trace::Style;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;

/// A side of a connection: the last octet of its address, and its port.
pub(crate) type End = (u8, u16);
pub(crate) const CLIENT: End = (100, 40_312);
pub(crate) const SERVER: End = (1, 9000);

/// What is drawn of a capture in memory.
pub(crate) fn draw(file: &[u8]) -> (String, Result<Drawn, CaptureError>) {
    let mut out = Vec::new();
    let input = Box::new(Cursor::new(file.to_vec()));
    let result = ladders(input, Path::new("FILE"), &mut out, &Style::PLAIN);
    (String::from_utf8(out).unwrap(), result)
}

/// A TCP segment with a window of 64,240 and so many octets of payload.
pub(crate) fn tcp(from: End, to: End, seq: u32, ack: u32, flags: u8, payload: usize) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(from.1.to_be_bytes());
    segment.extend(to.1.to_be_bytes());
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    segment.resize(20 + payload, b'x');
    segment
}

/// An IPv4 packet; a length that its field cannot tell stands there as 0.
pub(crate) fn ipv4(from: End, to: End, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap_or(0);
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
    packet.extend([192, 168, 69, from.0, 192, 168, 69, to.0]);
    packet.extend(payload);
    packet
}

pub(crate) fn ethernet(packet: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], packet].concat()
}

/// A frame with a segment in it.
pub(crate) fn frame(from: End, to: End, seq: u32, ack: u32, flags: u8, payload: usize) -> Vec<u8> {
    ethernet(&ipv4(from, to, 6, &tcp(from, to, seq, ack, flags, payload)))
}

/// A handshake, a line each way, and the teardown: ten frames.
pub(crate) fn conversation() -> Vec<Vec<u8>> {
    let client = |seq, ack, flags, payload| frame(CLIENT, SERVER, seq, ack, flags, payload);
    let server = |seq, ack, flags, payload| frame(SERVER, CLIENT, seq, ack, flags, payload);
    vec![
        client(100, 0, SYN, 0),
        server(500, 101, SYN | ACK, 0),
        client(101, 501, ACK, 0),
        client(101, 501, PSH | ACK, 24),
        server(501, 125, PSH | ACK, 31),
        client(125, 532, ACK, 0),
        client(125, 532, FIN | ACK, 0),
        server(532, 126, ACK, 0),
        server(532, 126, FIN | ACK, 0),
        client(126, 533, ACK, 0),
    ]
}

/// A pcap file of the frames, 10 ms apart.
pub(crate) fn pcap(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, link] {
        file.extend(u32::to_le_bytes(word));
    }
    for (index, data) in (0..).zip(frames) {
        let length = u32::try_from(data.len()).unwrap();
        for word in [
            1_700_000_000 + index / 100,
            index % 100 * 10_000,
            length,
            length,
        ] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(data);
    }
    file
}

/// The order of the octets in a section.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Little,
    Big,
}

/// A pcapng file, block by block.
pub(crate) struct Blocks {
    pub(crate) order: Order,
    pub(crate) file: Vec<u8>,
}

impl Blocks {
    /// A file with the header of its first section.
    pub(crate) fn new(order: Order) -> Self {
        let mut blocks = Self {
            order,
            file: Vec::new(),
        };
        blocks.section();
        blocks
    }

    pub(crate) fn section(&mut self) -> &mut Self {
        let version = match self.order {
            Order::Little => [1, 0, 0, 0],
            Order::Big => [0, 1, 0, 0],
        };
        let magic = self.words(&[0x1a2b_3c4d]);
        self.block(0x0a0d_0d0a, &[&magic[..], &version, &[0xff; 8]].concat())
    }

    pub(crate) fn words(&self, words: &[u32]) -> Vec<u8> {
        let octets = words.iter().flat_map(|word| match self.order {
            Order::Little => word.to_le_bytes(),
            Order::Big => word.to_be_bytes(),
        });
        octets.collect()
    }

    pub(crate) fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let length = 12 + body.len().next_multiple_of(4);
        let length = u32::try_from(length).unwrap();
        let front = self.words(&[kind, length]);
        let end = self.words(&[length]);
        self.file.extend([&front[..], body].concat());
        self.file.resize(self.file.len().next_multiple_of(4), 0);
        self.file.extend(end);
        self
    }

    /// An option, without the end of options behind it.
    pub(crate) fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap();
        let [code, length] = [code, length].map(|number| match self.order {
            Order::Little => number.to_le_bytes(),
            Order::Big => number.to_be_bytes(),
        });
        let mut option = [&code[..], &length, value].concat();
        option.resize(option.len().next_multiple_of(4), 0xee);
        option
    }

    /// An interface of Ethernet; its reserved field is not 0.
    pub(crate) fn interface(&mut self, options: &[u8]) -> &mut Self {
        let link = match self.order {
            Order::Little => [1, 0, 0xab, 0xcd],
            Order::Big => [0, 1, 0xab, 0xcd],
        };
        let snaplen = self.words(&[0]);
        self.block(1, &[&link[..], &snaplen, options].concat())
    }

    /// An Enhanced Packet Block of interface 0.
    pub(crate) fn packet(&mut self, time: u64, data: &[u8], options: &[u8]) -> &mut Self {
        let length = u32::try_from(data.len()).unwrap();
        let mut body = self.words(&[0, (time >> 32) as u32, time as u32, length, length]);
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(options);
        self.block(6, &body)
    }
}

/// A file on disk for programs of others, removed at its end.
pub(crate) struct OnDisk(pub(crate) PathBuf);

impl OnDisk {
    pub(crate) fn new(name: &str, content: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("smolchat-{}-{count}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        // Whether it is still there does not matter any more.
        let _ = std::fs::remove_file(&self.0);
    }
}
