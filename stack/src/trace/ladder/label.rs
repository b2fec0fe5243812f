//! The words on an arrow.

use super::super::{Direction, Flags, Mark, Segment, Verdict};
use super::row::{LABEL, LANE, Text};
use core::fmt::{self, Write};
use heapless::String;

/// What stands on the arrow, and what did not fit there.
pub(super) struct Label {
    // A value: whoever is given one reads all of it.
    pub(super) on_arrow: Text,
    /// Empty, or a line below the arrow.
    pub(super) below: Text,
    /// Empty, or one more line.
    pub(super) remark: Text,
}

impl Label {
    /// No words.
    pub(super) const EMPTY: Self = Self {
        on_arrow: Text::new(),
        below: Text::new(),
        remark: Text::new(),
    };
}

/// The words for a segment, composed in an empty label: on a small stack there is no room for every
/// text twice.
#[inline(never)]
pub(super) fn write_label(segment: &Segment, label: &mut Label) -> fmt::Result {
    let Label {
        on_arrow,
        below,
        remark,
    } = label;
    write!(on_arrow, "{}", segment.header.flags)?;
    numbers(segment, below)?;
    let mut extras = String::<24>::new();
    particulars(segment, &mut extras)?;
    // A segment with numbers so long that they leave no room for these is not one of a handshake.
    if below.len() + extras.len() <= LANE {
        below.write_str(&extras)?;
    }
    remarks(segment, remark)?;
    if on_arrow.len() + 1 + below.len() <= LABEL {
        write!(on_arrow, " {below}")?;
        below.clear();
    }
    let fits = on_arrow.len() + 1 + remark.len() <= LABEL;
    if !remark.is_empty() && below.is_empty() && fits {
        write!(on_arrow, " {remark}")?;
        remark.clear();
    }
    Ok(())
}

fn numbers(segment: &Segment, text: &mut Text) -> fmt::Result {
    let header = &segment.header;
    write!(text, "seq={}", segment.seq)?;
    if header.flags.contains(Flags::ACK) {
        write!(text, " ack={}", segment.ack)?;
    }
    if header.len > 0 {
        write!(text, " len={}", header.len)?;
    }
    Ok(())
}

fn particulars(segment: &Segment, text: &mut String<24>) -> fmt::Result {
    let header = &segment.header;
    if header.mss > 0 {
        write!(text, " mss={}", header.mss)?;
    }
    if header.window == 0 && !header.flags.contains(Flags::RST) {
        text.write_str(" win=0")?;
    }
    Ok(())
}

fn remarks(segment: &Segment, text: &mut Text) -> fmt::Result {
    let mark = match segment.mark {
        Mark::None => "",
        Mark::Retransmission => "retransmission",
        Mark::Duplicate => "duplicate",
        Mark::OutOfOrder => "out of order",
        Mark::KeepAlive => "keep-alive",
        Mark::WindowProbe => "window probe",
    };
    let has_verdict = segment.verdict != Verdict::Passed;
    if mark.is_empty() && !has_verdict {
        return Ok(());
    }
    write!(text, "[{mark}")?;
    if has_verdict && !mark.is_empty() {
        text.write_str("; ")?;
    }
    match (segment.verdict, segment.direction) {
        (Verdict::Passed, _) => {}
        (Verdict::Gate(answer), _) => write!(text, "gate: {answer}")?,
        (Verdict::Answered(answer), _) => write!(text, "answered: {answer}")?,
        (Verdict::Repaired(repair), _) => write!(text, "repaired: {repair}")?,
        (Verdict::Held, _) => text.write_str("held until a connection is free")?,
        (Verdict::Dropped(reason), Direction::In) => write!(text, "dropped: {reason}")?,
        (Verdict::Dropped(reason), Direction::Out) => write!(text, "not sent: {reason}")?,
    }
    text.write_char(']')
}

#[cfg(test)]
mod tests {
    use super::super::super::{Answer, ConnectionId, Header, Reason, Repair};
    use super::*;

    #[test]
    fn every_remark_fits_between_the_life_lines() {
        let verdicts = [Verdict::Passed, Verdict::Held]
            .into_iter()
            .chain(Answer::ALL.map(Verdict::Gate))
            .chain(Answer::ALL.map(Verdict::Answered))
            .chain(Repair::ALL.map(Verdict::Repaired))
            .chain(Reason::ALL.map(Verdict::Dropped));
        let marks = [
            Mark::None,
            Mark::Retransmission,
            Mark::Duplicate,
            Mark::OutOfOrder,
            Mark::KeepAlive,
            Mark::WindowProbe,
        ];
        let sides = [Direction::In, Direction::Out];
        for verdict in verdicts {
            for (mark, direction) in marks
                .into_iter()
                .flat_map(|mark| sides.map(|side| (mark, side)))
            {
                // Only what we send is marked as sent again, and only what comes in is answered.
                let sent_again = mark == Mark::Retransmission && direction == Direction::In;
                let answered =
                    matches!(verdict, Verdict::Answered(_)) && direction == Direction::Out;
                if sent_again
                    || answered
                    || (mark == Mark::Retransmission
                        && matches!(verdict, Verdict::Held | Verdict::Repaired(_)))
                {
                    continue;
                }
                let segment = Segment {
                    connection: ConnectionId(1),
                    direction,
                    header: Header {
                        flags: Flags::from_bits(0xff),
                        len: u16::MAX,
                        mss: u16::MAX,
                        ..Header::default()
                    },
                    seq: u32::MAX,
                    ack: u32::MAX,
                    mark,
                    verdict,
                };
                let mut label = Label::EMPTY;
                write_label(&segment, &mut label).unwrap();
                assert!(label.on_arrow.len() <= LABEL, "{}", label.on_arrow);
                assert!(label.remark.len() <= LANE, "{}", label.remark);
                assert!(label.below.len() <= LANE, "{}", label.below);
            }
        }
    }
}
