//! The TCP header.

use super::super::LeftOut;
use super::super::octets::Octets;
use super::Dissected;
use crate::explain::Words;
use crate::trace::{Flags, Header, Options};
use smoltcp::wire::{IpAddress, IpEndpoint, TcpOption};

/// The segment that an IP packet between these addresses holds.
///
/// What a snapshot length cut off behind the flags is unknown: the window is `None`, and options are
/// as if they were not there.
pub(in super::super) fn segment(
    from: IpAddress,
    to: IpAddress,
    octets: Octets<'_>,
) -> Result<Dissected, LeftOut> {
    let [offset, flags] = octets.array(12)?;
    let header_len = usize::from(offset >> 4) * 4;
    let len = octets.len().checked_sub(header_len);
    let len = len.filter(|_| header_len >= 20).ok_or(LeftOut::Malformed)?;
    let window = octets.u16(14).ok();
    let mut header = Header {
        seq: u32::from_be_bytes(octets.array(4)?).into(),
        ack: u32::from_be_bytes(octets.array(8)?).into(),
        flags: Flags::from_bits(flags),
        len: u16::try_from(len).unwrap_or(u16::MAX),
        // A ladder shows closed windows, and this one is not known to be.
        window: window.unwrap_or(u16::MAX),
        mss: 0,
        options: Options::default(),
    };
    let captured = octets.first(header_len).captured();
    options(captured.get(20..).unwrap_or_default(), &mut header);
    Ok(Dissected {
        from: IpEndpoint::new(from, octets.u16(0)?),
        to: IpEndpoint::new(to, octets.u16(2)?),
        header,
        len,
        window,
        words: Words::of(octets.skip(header_len)?.captured()),
    })
}

fn options(mut data: &[u8], header: &mut Header) {
    while !data.is_empty() {
        let Ok((rest, option)) = TcpOption::parse(data) else {
            return;
        };
        match option {
            TcpOption::EndOfList => return,
            TcpOption::NoOperation | TcpOption::Unknown { .. } => {}
            TcpOption::MaxSegmentSize(size) => header.mss = size,
            TcpOption::WindowScale(shift) => header.options = header.options.with_scale(shift),
            TcpOption::SackPermitted => header.options = header.options.with_sack_permitted(),
            TcpOption::SackRange(_) => header.options = header.options.with_sack(),
            TcpOption::TimeStamp { .. } => header.options = header.options.with_timestamps(),
        }
        data = rest;
    }
}

impl Dissected {
    /// The segment in pieces whose lengths a header can tell: itself, unless a sender left the cutting
    /// of more than 64 KiB to its network card.
    pub(in super::super) fn pieces(self) -> impl Iterator<Item = Self> {
        let mut left = Some(self);
        std::iter::from_fn(move || {
            let mut piece = left.take()?;
            let rest = piece.len - usize::from(piece.header.len);
            if rest > 0 {
                let mut next = piece;
                let last = Flags::FIN.with(Flags::PSH);
                piece.header.flags = piece.header.flags.without(last);
                piece.len -= rest;
                next.header.flags = next.header.flags.without(Flags::SYN);
                next.header.seq = piece.header.end();
                next.words = Words::of(&[]);
                next.header.len = u16::try_from(rest).unwrap_or(u16::MAX);
                next.len = rest;
                left = Some(next);
            }
            Some(piece)
        })
    }
}
