//! The newer format (draft-ietf-opsawg-pcapng). Of its blocks, it reads those that describe interfaces, those that
//! contain packets, and those on an interface in which a node noted what no packet shows. All others are skipped, as
//! are options other than those for time and comments.

use super::{Input, Item, Order, Packet, Stop};
use crate::capture::notes::Notes;
use crate::capture::octets::Octets;
use crate::trace::Direction;
use smoltcp::time::Instant;
use std::vec::Vec;

/// The type of the block that begins a section. It reads the same in both orders.
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
/// What tells the order of the octets in a section.
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Options of an interface.
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Options of a packet.
const COMMENT: u16 = 1;
const EPB_FLAGS: u16 = 2;

/// Octets of a block that are of the block itself: its type, and its length, before and after.
const FRAME: u32 = 12;

/// An interface of a section.
struct Interface {
    link: u16,
    snaplen: u32,
    /// The exponent of a time stamp's unit, of 10, or of 2 if the highest bit is set.
    resolution: u8,
    /// Seconds to be added to a time stamp.
    offset: i64,
}

/// What was read of the current section.
pub(super) struct PcapNg {
    order: Order,
    interfaces: Vec<Interface>,
    /// The time of the last packet, for blocks that have none of their own.
    last: Instant,
}

impl PcapNg {
    /// The file whose first block's type was read.
    pub(super) fn open(input: &mut Input) -> Result<Self, Stop> {
        let mut reader = Self {
            order: Order::Little,
            interfaces: Vec::new(),
            last: Instant::ZERO,
        };
        reader.section(input)?;
        Ok(reader)
    }

    pub(super) fn next<'b>(
        &mut self,
        input: &mut Input,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<Item<'b>>, Stop> {
        while !input.is_at_end()? {
            match self.order.u32(input.array()?) {
                SECTION_HEADER => self.section(input)?,
                INTERFACE_DESCRIPTION => {
                    self.body(input, buffer)?;
                    let interface = self.interface(buffer)?;
                    self.interfaces.push(interface);
                }
                kind @ (OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET) => {
                    self.body(input, buffer)?;
                    return self.packet(kind, buffer).map(Item::Packet).map(Some);
                }
                INTERFACE_STATISTICS => {
                    self.body(input, buffer)?;
                    if let Some((at, notes)) = self.noted(buffer) {
                        return Ok(Some(Item::Noted(at, notes)));
                    }
                }
                _ => {
                    let length = self.order.u32(input.array()?);
                    input.skip(body_length(length)?)?;
                    self.end(length, input)?;
                }
            }
        }
        Ok(None)
    }

    /// The rest of a section header.
    fn section(&mut self, input: &mut Input) -> Result<(), Stop> {
        let length = input.array()?;
        let magic = input.array()?;
        self.order = [Order::Little, Order::Big]
            .into_iter()
            .find(|order| order.u32(magic) == BYTE_ORDER_MAGIC)
            .ok_or(Stop::Damaged)?;
        self.interfaces.clear();
        let length = self.order.u32(length);
        let rest = body_length(length)?.checked_sub(4).ok_or(Stop::Damaged)?;
        input.skip(rest)?;
        self.end(length, input)
    }

    /// What stands between the two lengths of a block.
    fn body(&self, input: &mut Input, buffer: &mut Vec<u8>) -> Result<(), Stop> {
        let length = self.order.u32(input.array()?);
        input.read(body_length(length)?, buffer)?;
        self.end(length, input)
    }

    fn end(&self, length: u32, input: &mut Input) -> Result<(), Stop> {
        if self.order.u32(input.array()?) == length {
            Ok(())
        } else {
            Err(Stop::Damaged)
        }
    }

    fn interface(&self, body: &[u8]) -> Result<Interface, Stop> {
        let [_, snaplen] = self.order.words(body)?;
        let mut interface = Interface {
            link: self.order.u16([body[0], body[1]]),
            snaplen,
            resolution: 6,
            offset: 0,
        };
        for (code, value) in self.options(&body[8..]) {
            match code {
                IF_TSRESOL => interface.resolution = value.first().copied().unwrap_or(6),
                IF_TSOFFSET => interface.offset = self.seconds(value).unwrap_or(0),
                _ => {}
            }
        }
        Ok(interface)
    }

    /// The options at the end of a block, up to the last one that is whole.
    fn options<'b>(&self, mut octets: &'b [u8]) -> impl Iterator<Item = (u16, &'b [u8])> {
        let order = self.order;
        std::iter::from_fn(move || {
            let [code0, code1, len0, len1, rest @ ..] = octets else {
                return None;
            };
            let code = order.u16([*code0, *code1]);
            let length = usize::from(order.u16([*len0, *len1]));
            // The end of the options, or of the block in the middle of one.
            let value = rest.get(..length).filter(|_| code != 0)?;
            octets = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            Some((code, value))
        })
    }

    /// What the options of a packet say of it.
    fn notes(&self, options: &[u8]) -> Notes {
        let mut notes = Notes::default();
        for (code, value) in self.options(options) {
            match code {
                COMMENT => notes.read(std::str::from_utf8(value).unwrap_or_default()),
                EPB_FLAGS => {
                    // The two lowest bits.
                    notes.direction = match self.order.words(value).map(|[flags]| flags & 3) {
                        Ok(1) => Some(Direction::In),
                        Ok(2) => Some(Direction::Out),
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        notes
    }

    /// What a node noted on an interface and when, if it did.
    fn noted(&self, body: &[u8]) -> Option<(Instant, Notes)> {
        let [number, high, low] = self.order.words(body).ok()?;
        let notes = self.notes(body.get(12..)?);
        let interface = self.interfaces.get(number as usize)?;
        let at = interface.time(u64::from(high) << 32 | u64::from(low));
        (!notes.of.is_empty()).then_some((at, notes))
    }

    /// A number of 64 bits with a sign, which stands in the order of the octets as a whole.
    fn seconds(&self, value: &[u8]) -> Option<i64> {
        let octets = value.try_into().ok()?;
        Some(match self.order {
            Order::Little => i64::from_le_bytes(octets),
            Order::Big => i64::from_be_bytes(octets),
        })
    }

    fn packet<'b>(&mut self, kind: u32, body: &'b [u8]) -> Result<Packet<'b>, Stop> {
        if kind == SIMPLE_PACKET {
            let [original] = self.order.words(body)?;
            let snaplen = self.interfaces.first().map_or(0, |first| first.snaplen);
            let snaplen = if snaplen == 0 { u32::MAX } else { snaplen };
            let lengths = [original.min(snaplen), original];
            return self.packet_of(0, None, lengths, &body[4..]);
        }
        // The high word of the time comes first, whatever the order of the octets.
        let [number, high, low, captured, original] = self.order.words(body)?;
        let number = match kind {
            OBSOLETE_PACKET => self.order.u16([body[0], body[1]]).into(),
            _ => number,
        };
        let units = u64::from(high) << 32 | u64::from(low);
        let mut packet = self.packet_of(number, Some(units), [captured, original], &body[20..])?;
        let options = (captured as usize).next_multiple_of(4).saturating_add(20);
        if kind == ENHANCED_PACKET {
            packet.notes = self.notes(body.get(options..).unwrap_or_default());
        }
        Ok(packet)
    }

    /// A packet of the interface with this number, at a time in its units.
    fn packet_of<'b>(
        &mut self,
        number: u32,
        units: Option<u64>,
        [captured, original]: [u32; 2],
        data: &'b [u8],
    ) -> Result<Packet<'b>, Stop> {
        let data = data.get(..captured as usize).ok_or(Stop::Damaged)?;
        let interface = self.interfaces.get(number as usize);
        if let (Some(units), Some(interface)) = (units, interface) {
            self.last = interface.time(units);
        }
        Ok(Packet {
            at: self.last,
            link: interface.map(|interface| interface.link),
            octets: Octets::new(data, original.max(captured) as usize),
            notes: Notes::default(),
        })
    }
}

impl Interface {
    /// A time stamp in the units of this interface.
    fn time(&self, units: u64) -> Instant {
        let base: u128 = if self.resolution & 0x80 == 0 { 10 } else { 2 };
        let per_second = base
            .checked_pow(u32::from(self.resolution & 0x7f))
            .unwrap_or(u128::MAX);
        // A number of 64 bits times a million fits in 128.
        let micros = u128::from(units) * 1_000_000 / per_second;
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        Instant::from_micros(micros.saturating_add(self.offset.saturating_mul(1_000_000)))
    }
}

/// Octets in the body of a block whose length is given. Some programs do not count the last padding.
fn body_length(length: u32) -> Result<u32, Stop> {
    let padded = length.checked_next_multiple_of(4).ok_or(Stop::Damaged)?;
    padded.checked_sub(FRAME).ok_or(Stop::Damaged)
}
