//! The packets of a pcap or pcapng file, one by one, from any source that can be read once.
//!
//! The crates that read captures reject a whole file because of a comment that is not UTF-8 or an option that they do
//! not expect. Whatever is not needed for the packets is skipped here. One packet is in memory at a time.

mod pcap;
mod pcapng;

use super::CaptureError;
use super::notes::Notes;
use super::octets::Octets;
use flate2::bufread::MultiGzDecoder;
use pcap::Pcap;
use pcapng::PcapNg;
use smoltcp::time::Instant;
use std::boxed::Box;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::vec::Vec;

/// The longest packet or block that is believed. Segmentation offload makes packets of half a MiB.
const LONGEST: u32 = 16 * 1024 * 1024;

/// A packet as it was captured.
pub(super) struct Packet<'b> {
    // A value: whoever is given one reads all of it.
    pub(super) at: Instant,
    /// Its link type (<https://www.tcpdump.org/linktypes.html>), if the file tells.
    pub(super) link: Option<u16>,
    pub(super) octets: Octets<'b>,
    /// What a node wrote of it that captured itself.
    pub(super) notes: Notes,
}

/// What stands in a capture.
pub(super) enum Item<'b> {
    Packet(Packet<'b>),
    /// What a node noted about itself at an instant, without a packet to attach it to.
    Noted(Instant, Notes),
}

/// Why reading ended before the file did.
enum Stop {
    /// The file ends in the middle of something.
    Cut,
    /// What follows is not what a capture contains.
    Damaged,
    Unreadable(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            // From what is compressed.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Damaged,
            _ => Self::Unreadable(error),
        }
    }
}

/// The order of the octets of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    /// The first `N` numbers of 32 bits in `octets`.
    fn words<const N: usize>(self, octets: &[u8]) -> Result<[u32; N], Stop> {
        let (words, _) = octets.as_chunks::<4>();
        let words = words.first_chunk::<N>().ok_or(Stop::Damaged)?;
        Ok(words.map(|word| self.u32(word)))
    }
}

/// Octets that come once.
struct Input(BufReader<Box<dyn Read>>);

impl Input {
    fn is_at_end(&mut self) -> Result<bool, Stop> {
        Ok(self.0.fill_buf()?.is_empty())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut octets = [0; N];
        self.0.read_exact(&mut octets)?;
        Ok(octets)
    }

    /// The next `count` octets into `buffer`, which grows with what comes, not with what is announced.
    fn read(&mut self, count: u32, buffer: &mut Vec<u8>) -> Result<(), Stop> {
        if count > LONGEST {
            return Err(Stop::Damaged);
        }
        buffer.clear();
        let read = self.0.by_ref().take(count.into()).read_to_end(buffer)?;
        if read < count as usize {
            return Err(Stop::Cut);
        }
        Ok(())
    }

    fn skip(&mut self, count: u32) -> Result<(), Stop> {
        let mut skipped = self.0.by_ref().take(count.into());
        if io::copy(&mut skipped, &mut io::sink())? < count.into() {
            return Err(Stop::Cut);
        }
        Ok(())
    }
}

enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

impl Format {
    /// What begins with `magic`, if that is a capture.
    fn open(magic: [u8; 4], input: &mut Input) -> Result<Option<Self>, Stop> {
        if magic == pcapng::SECTION_HEADER.to_be_bytes() {
            return PcapNg::open(input).map(|reader| Some(Self::PcapNg(reader)));
        }
        Pcap::open(magic, input).map(|reader| reader.map(Self::Pcap))
    }
}

/// A capture file, read from its start.
pub(super) struct Capture {
    name: PathBuf,
    input: Input,
    format: Format,
    buffer: Vec<u8>,
    /// Packets read so far.
    packets: u64,
}

impl Capture {
    /// Opens what `input` gives, which may be compressed by gzip; `name` stands in errors.
    pub(super) fn open(input: Box<dyn Read>, name: PathBuf) -> Result<Self, CaptureError> {
        let mut input = Input(BufReader::with_capacity(64 * 1024, input));
        // Nothing is consumed by looking; a pipe may have given one octet only, which is enough.
        let first = input.0.fill_buf().map(|octets| octets.first().copied());
        match first {
            Ok(None) => return Err(CaptureError::Empty(name)),
            Ok(Some(0x1f)) => input = Input(BufReader::new(Box::new(MultiGzDecoder::new(input.0)))),
            Ok(Some(_)) | Err(_) => {}
        }
        let format = first
            .map_err(Stop::from)
            .and_then(|_| input.array())
            .and_then(|magic| Format::open(magic, &mut input));
        match format {
            Ok(Some(format)) => Ok(Self {
                name,
                input,
                format,
                buffer: Vec::new(),
                packets: 0,
            }),
            Err(Stop::Unreadable(error)) if error.kind() == io::ErrorKind::IsADirectory => {
                Err(CaptureError::Directory(name))
            }
            Err(Stop::Unreadable(error)) => Err(CaptureError::Unreadable(name, error)),
            Ok(None) | Err(Stop::Cut | Stop::Damaged) => Err(CaptureError::NotACapture(name)),
        }
    }

    /// How many packets were read.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// The next packet or note, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Item<'_>>, CaptureError> {
        let Self { input, buffer, .. } = self;
        let next = match &mut self.format {
            Format::Pcap(reader) => {
                let next = reader.next(input, buffer);
                next.map(|packet| packet.map(Item::Packet))
            }
            Format::PcapNg(reader) => reader.next(input, buffer),
        };
        let error = match next {
            Ok(item) => {
                self.packets += u64::from(matches!(item, Some(Item::Packet(_))));
                return Ok(item);
            }
            Err(error) => error,
        };
        let name = self.name.clone();
        Err(match error {
            Stop::Cut => CaptureError::Cut(name, self.packets),
            Stop::Damaged => CaptureError::Damaged(name, self.packets),
            Stop::Unreadable(error) => CaptureError::Unreadable(name, error),
        })
    }
}
