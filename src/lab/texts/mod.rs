//! Every text of the laboratory, complete in each language by construction: a language is a value of [`Texts`],
//! and all of its fields must be there.
//!
//! States, calls, segments and options keep their English names in every language, as they stand in the RFCs and on
//! the screen of Wireshark.

mod en;
mod zh;

use crate::lang::Lang;
use crate::trace::{Answer, Ending, Mark, Reason, State, Timer};

/// All texts of a language.
pub const fn texts(lang: Lang) -> &'static Texts {
    match lang {
        Lang::En => &en::TEXTS,
        Lang::Zh => &zh::TEXTS,
    }
}

/// The texts of a language.
#[derive(Debug)]
pub struct Texts {
    /// Words around the experiments.
    pub frame: Frame,
    /// Words in the ladders.
    pub ladder: Ladder,
    /// What a row means.
    pub explained: fn(Meaning) -> &'static str,
    /// What a state means.
    pub state: fn(State) -> &'static str,
    /// Experiments about the beginning of a connection.
    pub opening: Opening,
    /// About its end.
    pub closing: Closing,
    /// About what is sent on it.
    pub data: Data,
    /// About what goes wrong.
    pub trouble: Trouble,
}

/// Words around the experiments.
#[derive(Debug)]
pub struct Frame {
    // For whoever draws and reports.
    pub(in crate::lab) list: &'static str,
    pub(in crate::lab) list_end: &'static str,
    pub(in crate::lab) groups: [&'static str; 4],
    pub(in crate::lab) answer: &'static str,
    pub(in crate::lab) kernel: &'static str,
    pub(in crate::lab) knobs: &'static str,
    pub(in crate::lab) seed_only: &'static str,
    pub(in crate::lab) row: &'static str,
    pub(in crate::lab) rows: &'static str,
    pub(in crate::lab) not_shown: &'static str,
    pub(in crate::lab) section: &'static str,
    pub(in crate::lab) names: [&'static str; 2],
    pub(in crate::lab) page: &'static str,
    pub(in crate::lab) picture: &'static str,
    pub(in crate::lab) index: &'static str,
    pub(in crate::lab) page_end: &'static str,
    pub(in crate::lab) prompt: &'static str,
    pub(in crate::lab) before_first: &'static str,
    pub(in crate::lab) not_a_step: &'static str,
}

/// Words in the ladders.
#[derive(Debug)]
pub struct Ladder {
    // For whoever draws and reports.
    pub(in crate::lab) lost: &'static str,
    pub(in crate::lab) late: &'static str,
    pub(in crate::lab) twice: &'static str,
    pub(in crate::lab) copy: &'static str,
    pub(in crate::lab) forged: &'static str,
    pub(in crate::lab) nobody: &'static str,
    pub(in crate::lab) held: &'static str,
    pub(in crate::lab) dropped: &'static str,
    pub(in crate::lab) cable_pulled: &'static str,
    pub(in crate::lab) cable_plugged: &'static str,
    pub(in crate::lab) power_lost: &'static str,
    pub(in crate::lab) started: &'static str,
    pub(in crate::lab) killed: &'static str,
    pub(in crate::lab) mark: fn(Mark) -> &'static str,
    pub(in crate::lab) reason: fn(Reason) -> &'static str,
    pub(in crate::lab) answer: fn(Answer) -> &'static str,
    pub(in crate::lab) timer: fn(Timer) -> &'static str,
    pub(in crate::lab) ending: fn(Ending) -> &'static str,
}

/// What a row may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the texts say what these mean")]
pub enum Meaning {
    Syn,
    SynAck,
    Ack,
    Data,
    Fin,
    Reset,
    Datagram,
    Icmp,
    Retransmission,
    Duplicate,
    OutOfOrder,
    KeepAlive,
    WindowProbe,
    Lost,
    Late,
    Copy,
    Forged,
    NobodyThere,
    Refused,
    Held,
    Listen,
    Connect,
    Accept,
    Send,
    Receive,
    WouldBlock,
    EndOfData,
    Failed,
    Shutdown,
    Close,
    Abort,
    Bind,
    Timer,
    TimeWait,
    Over,
    CablePulled,
    CablePlugged,
    PowerLost,
    Started,
    Killed,
}

/// The texts of one experiment.
#[derive(Debug)]
pub struct Words {
    /// What is asked.
    pub question: &'static str,
    /// The answer: a sentence for each claim, where `{0}` stands for what was measured first, and so on.
    pub answer: [&'static str; 2],
    /// What the RFCs that the experiment names say about it.
    pub rfc: &'static str,
    /// How to see the same between kernels, with Wireshark beside.
    pub kernel: &'static str,
    /// What is different in each run; empty if there is one.
    pub runs: &'static [&'static str],
}

/// Experiments about the beginning of a connection.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is the experiment of that name")]
pub struct Opening {
    pub without_accept: Words,
    pub without_listen: Words,
    pub three_not_two: Words,
    pub lost_syn: Words,
    pub queues_full: Words,
    pub isns_differ: Words,
    pub simultaneous_open: Words,
    pub port_in_use: Words,
    pub tcp_and_udp_port: Words,
}

/// Experiments about the end of a connection.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is the experiment of that name")]
pub struct Closing {
    pub four_or_three: Words,
    pub who_closes_first: Words,
    pub two_msl: Words,
    pub old_segment: Words,
    pub syn_meets_time_wait: Words,
    pub fin_out_of_order: Words,
    pub half_close: Words,
    pub simultaneous_close: Words,
    pub linger_0: Words,
}

/// Experiments about what is sent on a connection.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is the experiment of that name")]
pub struct Data {
    pub numbers: Words,
    pub sticking: Words,
    pub recv_blocks: Words,
    pub zero_window: Words,
    pub silly_window: Words,
    pub nagle: Words,
    pub lost_message: Words,
    pub duplicate: Words,
}

/// Experiments about what goes wrong.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is the experiment of that name")]
pub struct Trouble {
    pub cable_pulled: Words,
    pub power_lost: Words,
    pub syn_flood: Words,
    pub blind_reset: Words,
    pub keep_alive: Words,
    pub lossy_path: Words,
}
