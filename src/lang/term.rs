//! The words of the legend.

use smoltcp::socket::tcp::State;

/// What stands in the legend of a term: its name, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    // A value: whoever is given one reads all of it.
    /// A few words.
    pub gloss: &'static str,
    /// One sentence or more.
    pub text: &'static str,
}

macro_rules! terms {
    ($($variant:ident: $name:literal,)*) => {
        /// A word of the legend.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the legend itself says what each is")]
        pub enum Term {
            $($variant,)*
        }

        impl Term {
            /// Every one, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// How it is written.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

terms! {
    Syn: "SYN",
    Ack: "ACK",
    Fin: "FIN",
    Rst: "RST",
    Psh: "PSH",
    Seq: "seq",
    AckNumber: "ack",
    Len: "len",
    Mss: "mss",
    Win: "win",
    Isn: "ISN",
    Handshake: "handshake",
    Teardown: "teardown",
    Listen: "LISTEN",
    SynSent: "SYN-SENT",
    SynReceived: "SYN-RECEIVED",
    Established: "ESTABLISHED",
    FinWait1: "FIN-WAIT-1",
    FinWait2: "FIN-WAIT-2",
    CloseWait: "CLOSE-WAIT",
    Closing: "CLOSING",
    LastAck: "LAST-ACK",
    TimeWait: "TIME-WAIT",
    Closed: "CLOSED",
    Msl: "MSL",
    TwoMsl: "2MSL",
    Rto: "RTO",
    Retransmission: "retransmission",
    Duplicate: "duplicate",
    OutOfOrder: "out-of-order",
    DelayedAck: "delayed-ACK",
    WindowProbe: "window-probe",
    KeepAlive: "keep-alive",
    ChallengeAck: "challenge-ACK",
    SynCookie: "SYN-cookie",
    Inferred: "inferred",
}

impl Term {
    /// The word for a state.
    pub const fn of_state(state: State) -> Self {
        match state {
            State::Closed => Self::Closed,
            State::Listen => Self::Listen,
            State::SynSent => Self::SynSent,
            State::SynReceived => Self::SynReceived,
            State::Established => Self::Established,
            State::FinWait1 => Self::FinWait1,
            State::FinWait2 => Self::FinWait2,
            State::CloseWait => Self::CloseWait,
            State::Closing => Self::Closing,
            State::LastAck => Self::LastAck,
            State::TimeWait => Self::TimeWait,
        }
    }

    /// The word that is written so, by its letters and digits alone. ACK and ack are two: of two that differ in case
    /// only, the one that is written exactly so.
    pub fn find(word: &str) -> Option<Self> {
        let all = Self::ALL.iter().copied();
        let exact = all.clone().find(|term| term.name() == word);
        exact.or_else(|| all.clone().find(|term| plain(term.name()).eq(plain(word))))
    }

    /// The word that looks most like this one.
    pub fn nearest(word: &str) -> Self {
        let distance = |term: &&Self| edits(term.name(), word);
        Self::ALL
            .iter()
            .min_by_key(distance)
            .copied()
            .unwrap_or(Self::Syn)
    }
}

fn plain(word: &str) -> impl Iterator<Item = char> {
    let letters = word.chars().filter(|it| it.is_alphanumeric());
    letters.flat_map(char::to_lowercase)
}

/// How many letters to change, add or leave out to make one word of another.
pub(crate) fn edits(one: &str, other: &str) -> usize {
    let other: std::vec::Vec<char> = plain(other).collect();
    let mut row: std::vec::Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in plain(one).enumerate() {
        let mut corner = place;
        row[0] = place + 1;
        for (column, &wanted) in other.iter().enumerate() {
            let changed = corner + usize::from(letter != wanted);
            corner = row[column + 1];
            row[column + 1] = changed.min(corner + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
