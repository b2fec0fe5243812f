//! What the two applications do: data, read by one body.

use smolchat::trace::Ending;

/// When an application does something.
#[derive(Debug, Clone, Copy)]
pub enum When {
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
pub enum How {
    /// CLOSE, and let go.
    Close,
    /// CLOSE of the sending half; let go after the end was read.
    Shutdown,
    /// ABORT.
    Abort,
}

/// One application.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// Whether it opens actively.
    pub opens: bool,
    pub sends: &'static [u8],
    pub send: When,
    pub expects: &'static [u8],
    pub close: When,
    pub how: How,
}

/// How a run must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides closed and got every octet.
    Complete,
    /// A side may have been cut short, with any of these endings; what arrived is a beginning.
    Cut(&'static [Ending]),
}

/// Two applications and what must come of them.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub a: Role,
    pub b: Role,
    /// Whether `b` serves the port that `a` calls.
    pub serves: bool,
    pub outcome: Outcome,
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
const RESET: Outcome = Outcome::Cut(&[Ending::Closed, Ending::Aborted, Ending::ResetByPeer]);

/// Every scenario, by name.
pub const ALL: [Scenario; 13] = [
    Scenario {
        name: "client-first",
        a: CLIENT,
        b: SERVER,
        serves: true,
        outcome: Outcome::Complete,
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
        outcome: Outcome::Complete,
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
    },
    Scenario {
        name: "abort-meets-close",
        a: Role {
            close: When::At(100),
            how: How::Abort,
            ..CLIENT
        },
        b: Role {
            close: When::At(100),
            ..SERVER
        },
        serves: true,
        outcome: RESET,
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
    },
];
