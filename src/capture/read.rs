//! The packets of a pcap or pcapng file, one after the other.

use super::CaptureError;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, PcapError, TsResolution};
use smoltcp::time::Instant;
use std::boxed::Box;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::vec::Vec;

/// The longest packet that is believed: IP's limit, and room for a link header.
const MAX_LEN: usize = 65_535 + 64;

/// A packet as it was captured.
pub(super) struct Packet {
    pub(super) at: Instant,
    pub(super) link: DataLink,
    /// The octets, with zeros in place of those that were not captured.
    pub(super) data: Vec<u8>,
}

enum Format {
    Pcap(PcapReader<File>),
    PcapNg(Box<PcapNgReader<File>>),
}

/// A capture file, read from its start.
pub(super) struct Capture {
    path: PathBuf,
    format: Format,
    /// Packets read so far.
    packets: u64,
    /// The time of the last packet, for blocks that have none of their own.
    last: Instant,
}

impl Capture {
    pub(super) fn open(path: &Path) -> Result<Self, CaptureError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => CaptureError::NoSuchFile(path.into()),
            _ => CaptureError::Unreadable(path.into(), error),
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut magic = [0; 4];
        if let Err(error) = file.read_exact(&mut magic) {
            return Err(match error.kind() {
                io::ErrorKind::UnexpectedEof => CaptureError::NotACapture(path.into()),
                _ => unreadable(error),
            });
        }
        file.rewind().map_err(unreadable)?;
        let format = if magic == [0x0a, 0x0d, 0x0d, 0x0a] {
            PcapNgReader::new(file).map(|reader| Format::PcapNg(Box::new(reader)))
        } else {
            PcapReader::new(file).map(Format::Pcap)
        };
        Ok(Self {
            format: format.map_err(|_| CaptureError::NotACapture(path.into()))?,
            path: path.into(),
            packets: 0,
            last: Instant::ZERO,
        })
    }

    /// How many packets were read.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// The next packet, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, CaptureError> {
        let next = match &mut self.format {
            Format::Pcap(reader) => next_of_pcap(reader),
            Format::PcapNg(reader) => next_of_pcapng(reader, self.last),
        };
        match next {
            Ok(Some(packet)) => {
                self.packets += 1;
                self.last = packet.at;
                Ok(Some(packet))
            }
            Ok(None) => Ok(None),
            Err(PcapError::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(CaptureError::Cut(self.path.clone(), self.packets))
            }
            Err(PcapError::IncompleteBuffer) => {
                Err(CaptureError::Cut(self.path.clone(), self.packets))
            }
            Err(PcapError::IoError(error)) => {
                Err(CaptureError::Unreadable(self.path.clone(), error))
            }
            Err(
                PcapError::InvalidField(_)
                | PcapError::Utf8Error(_)
                | PcapError::FromUtf8Error(_)
                | PcapError::InvalidInterfaceId(_),
            ) => Err(CaptureError::Damaged(self.path.clone(), self.packets)),
        }
    }
}

/// The octets, made as long as they were on the wire.
fn whole(data: &[u8], original: u32) -> Vec<u8> {
    let mut data = data.to_vec();
    let length = (original as usize).min(MAX_LEN).max(data.len());
    data.resize(length, 0);
    data
}

fn next_of_pcap(reader: &mut PcapReader<File>) -> Result<Option<Packet>, PcapError> {
    let header = reader.header();
    // The checked form refuses packets that a snapshot length cut.
    let Some(packet) = reader.next_raw_packet().transpose()? else {
        return Ok(None);
    };
    let fraction = i64::from(packet.ts_frac);
    let micros = match header.ts_resolution {
        TsResolution::MicroSecond => fraction,
        TsResolution::NanoSecond => fraction / 1000,
    };
    Ok(Some(Packet {
        at: Instant::from_micros(i64::from(packet.ts_sec) * 1_000_000 + micros),
        link: header.datalink,
        data: whole(&packet.data, packet.orig_len),
    }))
}

fn next_of_pcapng(
    reader: &mut PcapNgReader<File>,
    last: Instant,
) -> Result<Option<Packet>, PcapError> {
    loop {
        let Some(block) = reader.next_block().transpose()? else {
            return Ok(None);
        };
        let (interface, units, data) = match block {
            // The crate takes the number for nanoseconds, whatever the interface says.
            Block::EnhancedPacket(packet) => (
                packet.interface_id,
                Some(packet.timestamp.as_nanos()),
                whole(&packet.data, packet.original_len),
            ),
            Block::Packet(packet) => (
                u32::from(packet.interface_id),
                Some(u128::from(packet.timestamp)),
                whole(&packet.data, packet.original_len),
            ),
            Block::SimplePacket(packet) => (0, None, whole(&packet.data, packet.original_len)),
            _ => continue,
        };
        let interface = reader
            .interfaces()
            .get(interface as usize)
            .ok_or(PcapError::InvalidInterfaceId(interface))?;
        return Ok(Some(Packet {
            at: units.map_or(last, |units| time(interface, units)),
            link: interface.linktype,
            data,
        }));
    }
}

/// A time stamp in the units of its interface.
fn time(interface: &InterfaceDescriptionBlock<'_>, units: u128) -> Instant {
    let mut per_second: u128 = 1_000_000;
    let mut offset: i64 = 0;
    for option in &interface.options {
        match option {
            InterfaceDescriptionOption::IfTsResol(code) => {
                let exponent = u32::from(code & 0x7f);
                let base: u128 = if code & 0x80 == 0 { 10 } else { 2 };
                per_second = base.checked_pow(exponent).unwrap_or(u128::MAX);
            }
            InterfaceDescriptionOption::IfTsOffset(seconds) => {
                offset = i64::try_from(*seconds).unwrap_or(0);
            }
            _ => {}
        }
    }
    // A number of 64 bits times a million fits in 128.
    let micros = i64::try_from(units * 1_000_000 / per_second).unwrap_or(i64::MAX);
    Instant::from_micros(micros.saturating_add(offset.saturating_mul(1_000_000)))
}
