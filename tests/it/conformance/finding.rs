//! What a check comes to, and the words in which it says what it saw.

use std::fmt::{self, Debug};

use smolchat::trace::State;
use smoltcp::wire::TcpControl;

use crate::lab::{Lab, Segment, control_name, data_name};

/// Met, or what was seen in place of it.
pub(crate) type Finding = Result<(), String>;

/// What a segment is to look like; what is not said does not matter.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'d> {
    control: Option<TcpControl>,
    seq: Option<u32>,
    /// `Some(None)`: no acknowledgment.
    ack: Option<Option<u32>>,
    data: Option<&'d [u8]>,
}

/// Any segment.
pub(crate) const ANY: Wanted<'_> = Wanted {
    control: None,
    seq: None,
    ack: None,
    data: None,
};
pub(crate) const SYN: Wanted<'_> = ANY.control(TcpControl::Syn);
pub(crate) const FIN: Wanted<'_> = ANY.control(TcpControl::Fin);
pub(crate) const RST: Wanted<'_> = ANY.control(TcpControl::Rst);

/// Nothing but an acknowledgment.
pub(crate) const fn ack(number: u32) -> Wanted<'static> {
    ANY.control(TcpControl::None).data(b"").ack(number)
}

/// Any segment with this data.
pub(crate) const fn data(octets: &[u8]) -> Wanted<'_> {
    ANY.data(octets)
}

impl<'d> Wanted<'d> {
    const fn control(mut self, control: TcpControl) -> Self {
        self.control = Some(control);
        self
    }

    pub(crate) const fn seq(mut self, number: u32) -> Self {
        self.seq = Some(number);
        self
    }

    pub(crate) const fn ack(mut self, number: u32) -> Self {
        self.ack = Some(Some(number));
        self
    }

    pub(crate) const fn without_ack(mut self) -> Self {
        self.ack = Some(None);
        self
    }

    pub(crate) const fn data(mut self, octets: &'d [u8]) -> Self {
        self.data = Some(octets);
        self
    }

    fn fits(&self, segment: &Segment) -> bool {
        self.control.is_none_or(|it| it == segment.control)
            && self.seq.is_none_or(|it| it == segment.seq)
            && self.ack.is_none_or(|it| it == segment.ack)
            && self.data.is_none_or(|it| it == segment.data)
    }
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.control.map_or("", control_name))?;
        f.write_str("segment")?;
        if let Some(seq) = self.seq {
            write!(f, ", seq {seq}")?;
        }
        match self.ack {
            Some(Some(number)) => write!(f, ", ack {number}")?,
            Some(None) => f.write_str(", no ack")?,
            None => {}
        }
        self.data
            .map_or(Ok(()), |data| write!(f, ", {}", data_name(data)))
    }
}

/// The segments in one line.
fn listed(sent: &[Segment]) -> String {
    let each: Vec<_> = sent.iter().map(ToString::to_string).collect();
    if each.is_empty() {
        "nothing".to_owned()
    } else {
        each.join(", then ")
    }
}

/// What was seen, unless it is what is asked.
pub(crate) fn expect(
    fact: bool,
    what: &str,
    seen: impl fmt::Display,
    wanted: impl fmt::Display,
) -> Finding {
    if fact {
        return Ok(());
    }
    Err(format!("{what}: {seen}; asked for: {wanted}"))
}

/// A value, by what it is.
pub(crate) fn equal<T: PartialEq<W> + Debug, W: Debug>(what: &str, seen: T, wanted: W) -> Finding {
    expect(
        seen == wanted,
        what,
        format_args!("{seen:?}"),
        format_args!("{wanted:?}"),
    )
}

/// A value that differs from another one.
pub(crate) fn differ<T: PartialEq + Debug>(what: &str, one: T, other: T) -> Finding {
    expect(
        one != other,
        what,
        format_args!("{one:?} both times"),
        "two that differ",
    )
}

fn sent_is(fact: bool, after: &str, sent: &[Segment], wanted: &str) -> Finding {
    expect(fact, &format!("sent {after}"), listed(sent), wanted)
}

/// One segment and nothing else, after something that happened.
pub(crate) fn only(after: &str, sent: &[Segment], wanted: Wanted<'_>) -> Finding {
    let fact = matches!(sent, [it] if wanted.fits(it));
    sent_is(fact, after, sent, &format!("one {wanted}"))
}

/// At least one such segment.
pub(crate) fn among(after: &str, sent: &[Segment], wanted: Wanted<'_>) -> Finding {
    let fact = sent.iter().any(|it| wanted.fits(it));
    sent_is(fact, after, sent, &format!("a {wanted}"))
}

/// No such segment.
pub(crate) fn none(after: &str, sent: &[Segment], unwanted: Wanted<'_>) -> Finding {
    let fact = !sent.iter().any(|it| unwanted.fits(it));
    sent_is(fact, after, sent, &format!("no {unwanted}"))
}

/// No segment at all.
pub(crate) fn silent(after: &str, sent: &[Segment]) -> Finding {
    none(after, sent, ANY)
}

/// The state of the connection in question.
pub(crate) fn state(lab: &mut Lab, wanted: State) -> Finding {
    let seen = lab.state();
    expect(seen == wanted, "state", seen, wanted)
}

/// The connection is gone; where a port is served, its listener is back.
pub(crate) fn over(lab: &mut Lab) -> Finding {
    let seen = lab.state();
    let fact = matches!(seen, State::Closed | State::Listen);
    expect(fact, "state", seen, "CLOSED or LISTEN")
}

/// What RECEIVE gives.
pub(crate) fn receives(lab: &mut Lab, wanted: &[u8]) -> Finding {
    let seen = lab.received();
    expect(
        seen == wanted,
        "received",
        data_name(&seen),
        data_name(wanted),
    )
}

/// The connection is alive: what its peer sends now is received and acknowledged.
pub(crate) fn alive(lab: &mut Lab) -> Finding {
    let mut sent = lab.give(&lab.ack().data(b"alive?"));
    lab.snd += 6;
    sent.extend(lab.wait_secs(1));
    among("after data", &sent, ANY.ack(lab.snd))?;
    receives(lab, b"alive?")
}

/// The port is served: a SYN to it draws a SYN,ACK.
pub(crate) fn listens(lab: &mut Lab) -> Finding {
    let syn = lab.syn();
    among(
        "after a SYN",
        &lab.give(&syn),
        SYN.ack(syn.seq.wrapping_add(1)),
    )
}
