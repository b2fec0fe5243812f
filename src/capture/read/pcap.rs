//! The older format (draft-ietf-opsawg-pcap).

use super::{Input, Order, Packet, Stop};
use crate::capture::notes::Notes;
use crate::capture::octets::Octets;
use smoltcp::time::Instant;
use std::vec::Vec;

/// What the header of the file says.
pub(super) struct Pcap {
    order: Order,
    /// Units of a time stamp's fraction in a microsecond.
    per_micro: u32,
    /// Octets of a packet's header, besides those that every file has.
    extra: u32,
    link: u16,
}

impl Pcap {
    /// The file that begins with `magic`, if that is one of this format.
    pub(super) fn open(magic: [u8; 4], input: &mut Input) -> Result<Option<Self>, Stop> {
        let found = [Order::Little, Order::Big].into_iter().find_map(|order| {
            let (per_micro, extra) = match order.u32(magic) {
                0xa1b2_c3d4 => (1, 0),
                0xa1b2_3c4d => (1000, 0),
                // A variant of old Linux systems: interface, protocol and packet type stand in each.
                0xa1b2_cd34 => (1, 8),
                _ => return None,
            };
            Some((order, per_micro, extra))
        });
        let Some((order, per_micro, extra)) = found else {
            return Ok(None);
        };
        // Its version, time zone, precision and snapshot length are not needed.
        let [.., link]: [u32; 5] = order.words(&input.array::<20>()?)?;
        Ok(Some(Self {
            order,
            per_micro,
            extra,
            // The upper half tells of a frame check sequence, which is behind all that is of interest.
            link: link as u16,
        }))
    }

    pub(super) fn next<'b>(
        &self,
        input: &mut Input,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<Packet<'b>>, Stop> {
        if input.is_at_end()? {
            return Ok(None);
        }
        let [seconds, fraction, captured, original] = self.order.words(&input.array::<16>()?)?;
        input.skip(self.extra)?;
        input.read(captured, buffer)?;
        let micros = i64::from(seconds) * 1_000_000 + i64::from(fraction / self.per_micro);
        Ok(Some(Packet {
            at: Instant::from_micros(micros),
            link: Some(self.link),
            octets: Octets::new(buffer, original.max(captured) as usize),
            notes: Notes::default(),
        }))
    }
}
