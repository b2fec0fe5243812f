//! Reading a TCP segment, leniently.
//!
//! smoltcp's own reader refuses a segment as a whole where RFC 9293 has a rule for it: control bits that
//! contradict each other, and options whose length is illegal. Here such a segment is mended and goes on:
//!
//! - Control bits count in the order in which section 3.10.7 looks at them: beside RST neither SYN nor FIN
//!   counts, beside SYN no FIN does. That FIN is not acknowledged, so its sender sends it again. The journal
//!   and the gate see the bits as they came, smoltcp the one that counts.
//! - An option of an illegal length (MUST-7) does not count, nor does what stands behind it if nobody can say
//!   where that begins. The RFC suggests a reset; but one segment in the window would then be all that a
//!   stranger needs to end a connection (RFC 5961), and an opening goes on as well without options.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, TcpControl, TcpOption, TcpPacket, TcpRepr};

use crate::trace::{Flags, Header, Options, Reason, Repair, SeqNumber};

/// Octets of a header without options, and of the longest one.
const SHORTEST: usize = 20;
const LONGEST: usize = 60;

/// Where the control bits are.
const CONTROL: usize = 13;

/// The facts of a segment's header, and what had to be mended so that they could be had.
///
/// # Errors
/// The reason why the segment goes no further.
pub(super) fn read(
    octets: &[u8],
    src: IpAddress,
    dst: IpAddress,
    verified: bool,
) -> Result<(Header, Option<Repair>), Reason> {
    let packet = TcpPacket::new_checked(octets).map_err(|_| Reason::Malformed)?;
    let nowhere = packet.src_port() == 0 || packet.dst_port() == 0;
    if nowhere || !(verified || packet.verify_checksum(&src, &dst)) {
        return Err(Reason::Malformed);
    }
    let flags = Flags::from_bits(octets[CONTROL]);
    let (repr, repair) = repr(octets, src, dst).ok_or(Reason::Malformed)?;
    Ok((header(&repr, flags), repair))
}

/// A segment as smoltcp writes it, mended where it must be.
pub(super) fn repr(
    octets: &[u8],
    src: IpAddress,
    dst: IpAddress,
) -> Option<(TcpRepr<'_>, Option<Repair>)> {
    let checksums = ChecksumCapabilities::ignored();
    let packet = TcpPacket::new_checked(octets).ok()?;
    if let Ok(repr) = TcpRepr::parse(&packet, &src, &dst, &checksums) {
        return Some((repr, None));
    }
    let len = usize::from(packet.header_len());
    let mut room = [0; LONGEST];
    let mended = room.get_mut(..len)?;
    mended.copy_from_slice(&octets[..len]);
    let mut repair = mend_control(&mut mended[CONTROL]);
    if mend_options(&mut mended[SHORTEST..]) {
        repair = Some(Repair::Options);
    }
    let packet = TcpPacket::new_checked(&*mended).ok()?;
    let repr = TcpRepr::parse(&packet, &src, &dst, &checksums).ok()?;
    Some((with_payload(&repr, &octets[len..]), repair))
}

/// Leaves of RST, SYN and FIN the one that counts.
fn mend_control(bits: &mut u8) -> Option<Repair> {
    let flags = Flags::from_bits(*bits);
    let ignored = if flags.contains(Flags::RST) {
        Flags::SYN.with(Flags::FIN)
    } else if flags.contains(Flags::SYN) {
        Flags::FIN
    } else {
        return None;
    };
    *bits &= !ignored.bits();
    Some(Repair::Control)
}

/// Makes padding of every option of an illegal length; says whether there was one.
fn mend_options(mut rest: &mut [u8]) -> bool {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    let mut mended = false;
    loop {
        let len = match *rest {
            [] | [END, ..] => return mended,
            [NO_OPERATION, ..] => 1,
            [_, len, ..] if (2..=rest.len()).contains(&len.into()) => len.into(),
            // Nobody can say where the next one begins.
            [_, ..] => {
                rest.fill(END);
                return true;
            }
        };
        let (option, behind) = rest.split_at_mut(len);
        if TcpOption::parse(option).is_err() {
            option.fill(NO_OPERATION);
            mended = true;
        }
        rest = behind;
    }
}

/// The same segment around another payload.
fn with_payload<'f>(repr: &TcpRepr<'_>, payload: &'f [u8]) -> TcpRepr<'f> {
    TcpRepr {
        src_port: repr.src_port,
        dst_port: repr.dst_port,
        control: repr.control,
        seq_number: repr.seq_number,
        ack_number: repr.ack_number,
        window_len: repr.window_len,
        window_scale: repr.window_scale,
        max_seg_size: repr.max_seg_size,
        sack_permitted: repr.sack_permitted,
        sack_ranges: repr.sack_ranges,
        timestamp: repr.timestamp,
        payload,
    }
}

/// The facts of a segment's header.
pub(super) fn header(repr: &TcpRepr<'_>, flags: Flags) -> Header {
    Header {
        seq: repr.seq_number.into(),
        ack: repr.ack_number.map_or_else(SeqNumber::default, Into::into),
        flags,
        len: repr.payload.len() as u16,
        window: repr.window_len,
        mss: repr.max_seg_size.unwrap_or(0),
        options: options(repr),
    }
}

fn options(repr: &TcpRepr<'_>) -> Options {
    let mut options = Options::default();
    if let Some(shift) = repr.window_scale {
        options = options.with_scale(shift);
    }
    if repr.sack_permitted {
        options = options.with_sack_permitted();
    }
    if repr.sack_ranges.iter().any(Option::is_some) {
        options = options.with_sack();
    }
    if repr.timestamp.is_some() {
        options = options.with_timestamps();
    }
    options
}

/// The flags that smoltcp will put on the wire for `repr`.
pub(super) fn flags(repr: &TcpRepr<'_>) -> Flags {
    let control = match repr.control {
        TcpControl::None => Flags::default(),
        TcpControl::Psh => Flags::PSH,
        TcpControl::Syn => Flags::SYN,
        TcpControl::Fin => Flags::FIN,
        TcpControl::Rst => Flags::RST,
    };
    match repr.ack_number {
        Some(_) => control.with(Flags::ACK),
        None => control,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::TcpControl;
    use std::vec::Vec;

    const SRC: IpAddress = IpAddress::v4(192, 0, 2, 2);
    const DST: IpAddress = IpAddress::v4(192, 0, 2, 1);

    /// A segment with these control bits and options, and the payload `data`.
    fn segment(bits: u8, options: &[u8]) -> Vec<u8> {
        assert_eq!(options.len() % 4, 0);
        let mut octets = [
            &[0x9c, 0x40, 0x23, 0x28, 0, 0, 0, 7, 0, 0, 0, 9][..],
            &[
                (5 + options.len() as u8 / 4) << 4,
                bits,
                0x10,
                0,
                0,
                0,
                0,
                0,
            ],
            options,
            b"data",
        ]
        .concat();
        TcpPacket::new_unchecked(&mut octets[..]).fill_checksum(&SRC, &DST);
        octets
    }

    fn read_one(bits: u8, options: &[u8]) -> (Header, Option<Repair>) {
        read(&segment(bits, options), SRC, DST, false).expect("it is read")
    }

    #[test]
    fn every_set_of_control_bits_is_read_and_one_of_them_counts() {
        for bits in 0..64 {
            let (header, repair) = read_one(bits, &[]);
            assert_eq!(header.flags, Flags::from_bits(bits));
            let flags = header.flags;
            let is = |flag| flags.contains(flag);
            let (counts, alone) = if is(Flags::RST) {
                (TcpControl::Rst, !is(Flags::SYN) && !is(Flags::FIN))
            } else if is(Flags::SYN) {
                (TcpControl::Syn, !is(Flags::FIN))
            } else if is(Flags::FIN) {
                (TcpControl::Fin, true)
            } else if is(Flags::PSH) {
                (TcpControl::Psh, true)
            } else {
                (TcpControl::None, true)
            };
            assert_eq!(repair, (!alone).then_some(Repair::Control), "{flags}");
            let octets = segment(bits, &[]);
            let (repr, _) = repr(&octets, SRC, DST).expect("it is read");
            assert_eq!((repr.control, repr.payload), (counts, &b"data"[..]));
            assert_eq!(repr.ack_number.is_some(), is(Flags::ACK));
        }
    }

    #[test]
    fn an_option_of_an_illegal_length_does_not_count_and_the_next_one_does() {
        // A segment size of 3 octets, and one of 4 behind it.
        let (header, repair) = read_one(0x02, &[2, 3, 9, 2, 4, 5, 0xb4, 0]);
        assert_eq!((header.mss, repair), (1460, Some(Repair::Options)));
        // SACK blocks cut short, a window scale of 4 octets, SACK permitted.
        let options = [5, 6, 0, 0, 0, 0, 3, 4, 7, 7, 4, 2];
        let (header, repair) = read_one(0x02, &options);
        assert_eq!(repair, Some(Repair::Options));
        assert_eq!(header.options.scale(), None);
        assert!(header.options.sack_permitted() && !header.options.sack());
    }

    #[test]
    fn what_stands_behind_a_length_that_leads_nowhere_is_padding() {
        for lost in [[9, 0, 3, 3], [9, 1, 3, 3], [9, 200, 3, 3], [1, 1, 1, 9]] {
            let options = [&[2, 4, 5, 0xb4][..], &lost].concat();
            let (header, repair) = read_one(0x02, &options);
            assert_eq!((header.mss, repair), (1460, Some(Repair::Options)));
            assert_eq!((header.options.scale(), header.len), (None, 4));
        }
    }

    #[test]
    fn options_that_nobody_knows_and_octets_behind_the_end_are_legal() {
        let (header, repair) = read_one(0x02, &[254, 4, 1, 2, 2, 4, 5, 0xb4, 0, 9, 0, 1]);
        assert_eq!((header.mss, repair), (1460, None));
    }

    #[test]
    fn no_octets_are_too_few_or_too_wrong_to_be_refused() {
        let whole = segment(0x10, &[]);
        for len in 0..SHORTEST {
            assert_eq!(read(&whole[..len], SRC, DST, true), Err(Reason::Malformed));
        }
        for (place, value) in [(12, 0x40), (12, 0xf0), (1, 0), (3, 0), (16, 0)] {
            let mut wrong = whole.clone();
            wrong[place & !1..=place].fill(value);
            assert_eq!(
                read(&wrong, SRC, DST, false),
                Err(Reason::Malformed),
                "octet {place}"
            );
        }
    }
}
