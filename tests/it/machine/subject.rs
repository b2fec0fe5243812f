//! A subject under the learner: whoever takes segments, calls and time, and the session that tells the
//! learner in words what is seen on the wire and heard by the application.

use smolchat::trace::State;
use smoltcp::wire::TcpControl;

use super::alphabet::{Call, Input};
use super::mapper::Mapper;
use crate::lab::Segment;

/// Who is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Node,
    /// smoltcp alone.
    Smoltcp,
    /// The kernel that the tests run on, over a TAP.
    Linux,
}

impl Who {
    pub(crate) const ALL: [Self; 3] = [Self::Node, Self::Smoltcp, Self::Linux];
    /// Whom the node is compared with.
    pub(crate) const OTHERS: [Self; 2] = [Self::Smoltcp, Self::Linux];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Smoltcp => "smoltcp",
            Self::Linux => "linux",
        }
    }

    pub(crate) fn full_name(self) -> &'static str {
        match self {
            Self::Node => "the node",
            Self::Smoltcp => "smoltcp alone",
            Self::Linux => "Linux",
        }
    }

    /// Whether its clock can be moved.
    pub(crate) fn has_time(self) -> bool {
        self != Self::Linux
    }
}

/// What there is to know of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ear {
    /// The application has it: otherwise only the tester knows, who needs the numbers.
    pub(crate) held: bool,
    /// It may send.
    pub(crate) open: bool,
    /// Octets that came so far, those not taken included.
    pub(crate) octets: usize,
    /// Nothing more will come.
    pub(crate) end: bool,
    /// The connection is over, and why.
    pub(crate) over: Option<String>,
}

/// How long the tester waits before the next symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Until a delayed acknowledgment has left, if one is due.
    Acknowledgment,
    /// A second: answers that are nothing but an acknowledgment may be limited (RFC 5961 section 7), and
    /// smoltcp gives one a second. Not while the subject waits for an acknowledgment itself, because that
    /// time would become part of its state.
    Second,
}

/// Whoever is learned.
pub(crate) trait Subject {
    /// Takes a segment; what left at once.
    fn give(&mut self, segment: &Segment) -> Vec<Segment>;
    /// Does a call: what it said, and what left.
    fn call(&mut self, call: Call) -> (String, Vec<Segment>);
    /// Lets time pass until each timer has run out, if it ever does; what left.
    fn wait(&mut self) -> Vec<Segment>;
    /// Lets so much time pass; what left.
    fn rest(&mut self, rest: Rest) -> Vec<Segment>;
    /// What there is to know of the connection, if there is one.
    fn ear(&mut self) -> Option<Ear>;
    /// Its own name for the state that the connection is in.
    fn state(&mut self) -> State;
    /// The application heard that its connection is over: it takes what is left and lets go; what left.
    fn let_go(&mut self) -> Vec<Segment>;
}

/// Before what left only after a while.
pub(crate) const LATE: &str = "late:";

/// One run of a subject.
pub(crate) struct Session<S> {
    pub(crate) subject: S,
    mapper: Mapper,
    heard: Ear,
}

impl<S: Subject> Session<S> {
    pub(crate) fn new(subject: S) -> Self {
        Self {
            subject,
            mapper: Mapper::default(),
            heard: Ear::default(),
        }
    }

    /// One symbol; says what was seen and heard: `-` if nothing.
    pub(crate) fn step(&mut self, input: Input) -> String {
        let mut given = None;
        let mut words = Vec::new();
        let mut rest = Rest::Acknowledgment;
        let sent = match input {
            Input::Segment(bits, place, acks) => {
                let segment = self.mapper.segment(bits, place, acks);
                let sent = self.subject.give(&segment);
                let is_answer = !sent.is_empty() && sent.iter().all(is_bare);
                if is_answer && !self.mapper.owes_acknowledgment() {
                    rest = Rest::Second;
                }
                given = Some(segment);
                sent
            }
            Input::Call(call) => {
                let (said, sent) = self.subject.call(call);
                words.extend((!said.is_empty()).then_some(said));
                sent
            }
            Input::Time => self.subject.wait(),
            Input::State => return self.subject.state().to_string(),
        };
        self.read(&mut words, "", &sent, given.as_ref());
        let late = self.subject.rest(rest);
        self.read(&mut words, LATE, &late, given.as_ref());
        self.listen(&mut words);
        if words.is_empty() {
            return "-".to_owned();
        }
        words.join(" ")
    }

    fn read(
        &mut self,
        words: &mut Vec<String>,
        prefix: &str,
        sent: &[Segment],
        given: Option<&Segment>,
    ) {
        for segment in sent {
            let word = self.mapper.word(segment, given);
            push_once(words, format!("{prefix}{word}"));
        }
    }

    fn listen(&mut self, words: &mut Vec<String>) {
        let now = self.subject.ear().unwrap_or_default();
        self.mapper.took_in(now.octets, now.end);
        if !now.held {
            self.heard = Ear::default();
            return;
        }
        let before = std::mem::replace(&mut self.heard, now.clone());
        let news = [
            (now.open && !before.open, "open"),
            (now.octets > before.octets, "readable"),
            (now.end && !before.end, "end"),
        ];
        words.extend(news.iter().filter(|it| it.0).map(|it| it.1.to_owned()));
        if let Some(why) = now.over {
            words.push(format!("over:{why}"));
            self.heard = Ear::default();
            let sent = self.subject.let_go();
            self.read(words, "", &sent, None);
        }
    }
}

/// Says what is said again and again once, with dots: how often a segment is sent again is no state.
fn push_once(words: &mut Vec<String>, word: String) {
    match words.last_mut() {
        Some(last) if last.trim_end_matches('.') == word => *last = format!("{word}..."),
        _ => words.push(word),
    }
}

/// Nothing but an acknowledgment.
fn is_bare(segment: &Segment) -> bool {
    segment.control == TcpControl::None && segment.data.is_empty()
}

/// What a call answers.
pub(crate) fn said(yes: bool) -> String {
    if yes { "ok" } else { "no" }.to_owned()
}

/// Whether the peer's FIN was taken in.
pub(crate) fn has_end(state: State) -> bool {
    matches!(
        state,
        State::CloseWait | State::LastAck | State::Closing | State::TimeWait
    )
}
