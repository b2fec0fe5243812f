//! What the two applications do: data, read by one body.

use smolchat::trace::Ending;

use super::wire::Fault;

/// When an application does something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// As soon as it can.
    AtOnce,
    /// After it received everything it expects.
    Received,
    /// After it read the end of the peer's data.
    Finished,
    /// At this millisecond.
    At(i64),
    /// At this millisecond, or later if it has not received everything it expects by then.
    From(i64),
    /// Never.
    Never,
}

/// How an application ends its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// CLOSE, and let go.
    Close,
    /// CLOSE of the sending half; let go after the end was read.
    Shutdown,
    /// ABORT.
    Abort,
}

/// One application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    /// Whether it opens actively.
    pub(crate) opens: bool,
    pub(crate) sends: &'static [u8],
    pub(crate) send: When,
    pub(crate) expects: &'static [u8],
    pub(crate) close: When,
    pub(crate) how: How,
}

/// How a run must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Both sides closed and got every octet.
    Complete,
    /// A side may have been cut short, with any of these endings; what arrived is a beginning.
    Cut(&'static [Ending]),
}

/// Two applications and what must come of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) a: Role,
    pub(crate) b: Role,
    /// Whether `b` serves the port that `a` calls.
    pub(crate) serves: bool,
    pub(crate) outcome: Outcome,
    /// Whether a forged SYN holds the only connection of `b`, so that it answers with cookies.
    pub(crate) crowded: bool,
}

impl Scenario {
    /// What may become of its segments.
    pub(crate) fn faults(&self) -> &'static [Fault] {
        if self.crowded {
            // An acknowledgment that haunts returns a cookie twice. Whoever keeps nothing of a
            // handshake cannot know that (RFC 4987 section 3.6).
            &[Fault::Lose, Fault::Duplicate, Fault::Swap]
        } else {
            &Fault::ALL
        }
    }
}

const CLIENT: Role = Role {
    opens: true,
    sends: b"ping",
    send: When::AtOnce,
    expects: b"pong",
    close: When::Received,
    how: How::Close,
};
const SERVER: Role = Role {
    opens: false,
    sends: b"pong",
    send: When::Received,
    expects: b"ping",
    close: When::Finished,
    how: How::Close,
};
const HALFWAY: Outcome = Outcome::Cut(&[Ending::Closed, Ending::Refused, Ending::ResetByPeer]);
const RESET: Outcome = Outcome::Cut(&[Ending::Closed, Ending::Aborted, Ending::ResetByPeer]);

/// Every scenario, by name.
pub(crate) const ALL: [Scenario; 15] = [
    Scenario {
        name: "client-first",
        a: CLIENT,
        b: SERVER,
        serves: true,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "server-first",
        a: Role {
            close: When::Finished,
            ..CLIENT
        },
        b: Role {
            close: When::Received,
            ..SERVER
        },
        serves: true,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "both-at-once",
        a: Role {
            close: When::From(100),
            ..CLIENT
        },
        b: Role {
            close: When::From(100),
            ..SERVER
        },
        serves: true,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "one-breath",
        a: Role {
            expects: b"",
            close: When::AtOnce,
            ..CLIENT
        },
        b: Role {
            sends: b"",
            ..SERVER
        },
        serves: true,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "half-close",
        a: Role {
            close: When::AtOnce,
            how: How::Shutdown,
            ..CLIENT
        },
        b: Role {
            send: When::Finished,
            close: When::Finished,
            ..SERVER
        },
        serves: true,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "simultaneous-open",
        a: CLIENT,
        b: Role {
            opens: true,
            send: When::AtOnce,
            ..SERVER
        },
        serves: false,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "simultaneous-open-and-close",
        a: Role {
            expects: b"",
            close: When::AtOnce,
            ..CLIENT
        },
        b: Role {
            opens: true,
            sends: b"",
            expects: b"ping",
            close: When::Received,
            ..SERVER
        },
        serves: false,
        outcome: Outcome::Complete,
        crowded: false,
    },
    Scenario {
        name: "simultaneous-open-closed-halfway",
        a: Role {
            sends: b"",
            expects: b"",
            close: When::At(7),
            ..CLIENT
        },
        b: Role {
            opens: true,
            sends: b"",
            expects: b"",
            ..SERVER
        },
        serves: false,
        outcome: HALFWAY,
        crowded: false,
    },
    Scenario {
        name: "cookie-client-first",
        a: CLIENT,
        b: SERVER,
        serves: true,
        outcome: Outcome::Complete,
        crowded: true,
    },
    Scenario {
        name: "cookie-server-first",
        a: Role {
            close: When::Finished,
            ..CLIENT
        },
        b: Role {
            close: When::Received,
            ..SERVER
        },
        serves: true,
        outcome: Outcome::Complete,
        crowded: true,
    },
    Scenario {
        name: "client-aborts",
        a: Role {
            how: How::Abort,
            ..CLIENT
        },
        b: Role {
            close: When::At(20_000),
            ..SERVER
        },
        serves: true,
        outcome: RESET,
        crowded: false,
    },
    Scenario {
        name: "server-aborts",
        a: Role {
            close: When::At(20_000),
            ..CLIENT
        },
        b: Role {
            how: How::Abort,
            close: When::Received,
            ..SERVER
        },
        serves: true,
        outcome: RESET,
        crowded: false,
    },
    Scenario {
        name: "abort-meets-close",
        a: Role {
            expects: b"",
            close: When::At(100),
            how: How::Abort,
            ..CLIENT
        },
        b: Role {
            sends: b"",
            close: When::At(100),
            ..SERVER
        },
        serves: true,
        outcome: RESET,
        crowded: false,
    },
    Scenario {
        name: "client-gives-up",
        a: Role {
            sends: b"",
            expects: b"",
            close: When::At(7),
            ..CLIENT
        },
        b: Role {
            sends: b"",
            expects: b"",
            close: When::At(20_000),
            ..SERVER
        },
        serves: true,
        outcome: RESET,
        crowded: false,
    },
    Scenario {
        name: "refused",
        a: Role {
            sends: b"",
            expects: b"",
            close: When::Never,
            ..CLIENT
        },
        b: Role {
            sends: b"",
            expects: b"",
            close: When::Never,
            ..SERVER
        },
        serves: false,
        outcome: Outcome::Cut(&[Ending::Refused]),
        crowded: false,
    },
];
