//! What a subject is given, one symbol a step: segments by their relation to its numbers, calls, time.

use std::fmt;

/// Where SEG.SEQ lies, seen from RCV.NXT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Exactly at RCV.NXT.
    Next,
    /// One after it, inside the window.
    Inside,
    /// Far behind the window.
    Beyond,
    /// One before it.
    Old,
}

/// What SEG.ACK acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acks {
    /// The segment has no ACK bit.
    Nothing,
    /// All that the subject sent.
    All,
    /// Nothing: the subject's initial sequence number.
    Old,
    /// One more than the subject sent.
    Future,
}

/// What a segment is besides its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bits {
    Syn,
    Empty,
    Data,
    Fin,
    Rst,
}

/// A call of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Active OPEN.
    Connect,
    /// Takes a connection whose handshake is over.
    Accept,
    /// One octet.
    Send,
    /// Takes all that is there.
    Receive,
    /// CLOSE of the sending half.
    Close,
    Abort,
}

/// One symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Segment(Bits, Place, Acks),
    Call(Call),
    /// More than each timer: delayed acknowledgments, retransmissions up to R2, half-open, 2 MSL.
    Time,
    /// The operator looks what state the connection is in.
    State,
}

/// The segments, nearest to what is expected first: a state is then reached by the word one would use.
const SEGMENTS: &[Input] = {
    use Acks::{All, Future, Nothing, Old as Past};
    use Bits::{Data, Empty, Fin, Rst, Syn};
    use Input::Segment as S;
    use Place::{Beyond, Inside, Next, Old};
    &[
        S(Syn, Next, Nothing),
        S(Syn, Next, All),
        S(Empty, Next, All),
        S(Data, Next, All),
        S(Fin, Next, All),
        S(Rst, Next, Nothing),
        S(Syn, Inside, Nothing),
        S(Syn, Beyond, Nothing),
        S(Syn, Old, Nothing),
        S(Syn, Next, Past),
        S(Syn, Next, Future),
        S(Empty, Inside, All),
        S(Empty, Beyond, All),
        S(Empty, Old, All),
        S(Empty, Next, Past),
        S(Empty, Next, Future),
        S(Data, Inside, All),
        S(Data, Beyond, All),
        S(Data, Old, All),
        S(Data, Next, Past),
        S(Data, Next, Future),
        S(Data, Next, Nothing),
        S(Fin, Inside, All),
        S(Fin, Beyond, All),
        S(Fin, Old, All),
        S(Fin, Next, Past),
        S(Fin, Next, Future),
        S(Rst, Inside, Nothing),
        S(Rst, Beyond, Nothing),
        S(Rst, Old, Nothing),
        S(Rst, Next, All),
        S(Rst, Next, Future),
    ]
};

const CALLS: [Input; 4] = [
    Input::Call(Call::Send),
    Input::Call(Call::Receive),
    Input::Call(Call::Close),
    Input::Call(Call::Abort),
];

/// Who opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The subject serves a port.
    Passive,
    /// The subject connects, from that port.
    Active,
}

impl Opening {
    pub(crate) const BOTH: [Self; 2] = [Self::Passive, Self::Active];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Passive => "passive",
            Self::Active => "active",
        }
    }

    /// The whole alphabet; without time for a subject whose clock cannot be moved.
    pub(crate) fn alphabet(self, has_time: bool) -> Vec<Input> {
        let first = match self {
            Self::Passive => Call::Accept,
            Self::Active => Call::Connect,
        };
        let mut all = vec![Input::Call(first)];
        all.extend(SEGMENTS);
        all.extend(CALLS);
        all.extend(has_time.then_some(Input::Time));
        all.push(Input::State);
        all
    }
}

impl Input {
    /// The place of the symbol of this name.
    pub(crate) fn named(alphabet: &[Self], name: &str) -> Option<usize> {
        alphabet.iter().position(|input| input.to_string() == name)
    }
}

impl fmt::Display for Input {
    /// `ACK(nxt,nxt)`, `SYN(in)`, `SEND`: SEG.SEQ first, then SEG.ACK if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bits, place, acks) = match *self {
            Self::Call(call) => return write!(f, "{call:?}"),
            Self::Time => return f.write_str("Time"),
            Self::State => return f.write_str("State"),
            Self::Segment(bits, place, acks) => (bits, place, acks),
        };
        let flags = match (bits, acks) {
            (Bits::Syn, Acks::Nothing) => "SYN",
            (Bits::Syn, _) => "SYN,ACK",
            (Bits::Empty, _) => "ACK",
            (Bits::Data, Acks::Nothing) => "data",
            (Bits::Data, _) => "DATA",
            (Bits::Fin, _) => "FIN",
            (Bits::Rst, Acks::Nothing) => "RST",
            (Bits::Rst, _) => "RST,ACK",
        };
        let seq = match place {
            Place::Next => "nxt",
            Place::Inside => "in",
            Place::Beyond => "out",
            Place::Old => "old",
        };
        let ack = match acks {
            Acks::Nothing => "",
            Acks::All => ",nxt",
            Acks::Old => ",old",
            Acks::Future => ",new",
        };
        write!(f, "{flags}({seq}{ack})")
    }
}
