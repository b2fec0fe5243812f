//! Captures and ladders: files that nobody wrote, and segments that nobody sent.
//!
//! What must hold: nothing panics, and what is drawn is text without control characters.

use std::io::Cursor;
use std::path::Path;

use arbitrary::{Arbitrary, Result, Unstructured};
use smolchat::capture::ladders;
use smolchat::trace::{Endpoint, Flags, Header, Style};
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint};

use crate::frames::{self, Link, Tcp};
use crate::node::check;

/// A capture.
#[derive(Debug)]
enum Plan<'a> {
    /// Octets as they are.
    Octets(&'a [u8]),
    /// A file with segments in it, and what is changed of it.
    Segments {
        form: Form,
        segments: Vec<Segment>,
        changes: Vec<(u16, u8)>,
    },
}

/// The head of the file.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Form {
    big_endian: bool,
    nanoseconds: bool,
    /// The link type, of those that there are.
    link: u8,
    snap: u16,
}

/// A segment in a capture.
#[derive(Debug, Clone, Copy)]
struct Segment {
    /// Which of two hosts sent it, and with which of two ports of the other.
    from: bool,
    port: bool,
    v6: bool,
    flags: u8,
    seq: u32,
    ack: u32,
    window: u16,
    len: u16,
    cut: u16,
    seconds: u32,
    fraction: u32,
}

fn number(u: &mut Unstructured<'_>) -> Result<u32> {
    let base = *u.choose(&[1000, 1001, 2000, 2001, 1101, 2101, 0, 1 << 31, u32::MAX])?;
    Ok(u32::wrapping_add_signed(
        base,
        i32::from(u.arbitrary::<i8>()?) % 3,
    ))
}

impl<'a> Arbitrary<'a> for Segment {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            from: u.arbitrary()?,
            port: u.ratio(1, 8)?,
            v6: u.ratio(1, 8)?,
            flags: *u.choose(&[16, 16, 16, 24, 2, 18, 17, 4, 20, 0, 63, 1])?,
            seq: number(u)?,
            ack: number(u)?,
            window: *u.choose(&[0, 1, 4096, 65_535])?,
            len: *u.choose(&[0, 0, 1, 100, 1460])?,
            cut: *u.choose(&[u16::MAX, u16::MAX, u16::MAX, 60, 54, 40, 20, 14, 0])?,
            seconds: *u.choose(&[0, 0, 1, 2, 1000, u32::MAX])?,
            fraction: *u.choose(&[0, 1, 1000, 999_999, 1_000_000, u32::MAX])?,
        })
    }
}

impl<'a> Plan<'a> {
    fn of(data: &'a [u8]) -> Result<Self> {
        let mut u = Unstructured::new(data);
        if u.arbitrary()? {
            return Ok(Self::Octets(u.take_rest()));
        }
        let form = u.arbitrary()?;
        let mut changes = Vec::new();
        for _ in 0..u.int_in_range(0..=4)? {
            changes.push(u.arbitrary()?);
        }
        let mut segments = Vec::new();
        while !u.is_empty() && segments.len() < 200 {
            segments.push(u.arbitrary()?);
        }
        Ok(Self::Segments {
            form,
            segments,
            changes,
        })
    }
}

/// Plays what `data` says.
///
/// # Panics
/// If something does not hold.
pub fn run(data: &[u8]) {
    let Ok(plan) = Plan::of(data) else { return };
    let file = match plan {
        Plan::Octets(octets) => octets.to_vec(),
        Plan::Segments {
            form,
            segments,
            changes,
        } => {
            infer(&segments);
            let mut file = write(form, &segments);
            for (at, octet) in changes {
                let at = usize::from(at) % file.len();
                file[at] = octet;
            }
            file
        }
    };
    let mut drawn = Vec::new();
    let name = Path::new("capture");
    if let Err(error) = ladders(Box::new(Cursor::new(file)), name, &mut drawn, &Style::PLAIN) {
        check(error.to_string().as_bytes());
    }
    let text = String::from_utf8(drawn).expect("a ladder is text");
    check(text.as_bytes());
}

/// What a state machine on the other side makes of them.
fn infer(segments: &[Segment]) {
    let mut ends = [Endpoint::new(), Endpoint::new()];
    for segment in segments {
        let header = Header {
            seq: segment.seq.into(),
            ack: segment.ack.into(),
            flags: Flags::from_bits(segment.flags),
            len: segment.len,
            window: segment.window,
            ..Header::default()
        };
        ends[usize::from(segment.from)].sent(&header);
        ends[usize::from(!segment.from)].received(&header);
    }
}

/// A pcap file.
fn write(form: Form, segments: &[Segment]) -> Vec<u8> {
    const LINKS: [u32; 8] = [1, 1, 1, 101, 113, 228, 229, 147];
    let magic = if form.nanoseconds {
        0xa1b2_3c4d_u32
    } else {
        0xa1b2_c3d4
    };
    let word = |number: u32| {
        if form.big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let half = |number: u16| {
        if form.big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let mut file = Vec::new();
    file.extend(word(magic));
    file.extend(half(2));
    file.extend(half(4));
    file.extend([0; 8]);
    file.extend(word(form.snap.into()));
    file.extend(word(LINKS[usize::from(form.link % 8)]));
    let mut frame = Vec::new();
    for segment in segments {
        compose(&mut frame, segment);
        let cut = frame.len().min(segment.cut.into());
        file.extend(word(segment.seconds));
        file.extend(word(segment.fraction));
        file.extend(word(cut as u32));
        file.extend(word(frame.len() as u32));
        file.extend(&frame[..cut]);
    }
    file
}

fn compose(frame: &mut Vec<u8>, segment: &Segment) {
    let address = |last| match segment.v6 {
        true => IpAddress::v6(0x2001, 0xdb8, 0, 0, 0, 0, 0, last),
        false => IpAddress::v4(192, 0, 2, last as u8),
    };
    let (one, other) = (
        IpEndpoint::new(address(1), 9000),
        IpEndpoint::new(address(2), 40_000 + u16::from(segment.port)),
    );
    let endpoints = if segment.from {
        (one, other)
    } else {
        (other, one)
    };
    let hardware = EthernetAddress([2, 0, 0, 0, 0, 1]);
    let header = Tcp {
        seq: segment.seq,
        ack: segment.ack,
        flags: segment.flags,
        window: segment.window,
        options: &[],
    };
    let link = Link {
        from: hardware,
        to: hardware,
    };
    frames::tcp(frame, link, endpoints, header, segment.len.into(), |_| {});
}
