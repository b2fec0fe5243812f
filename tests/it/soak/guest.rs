//! Who comes over TCP: members who talk, who only sit there, who read late, and browsers.

use std::fmt;

use smolchat::node::{Handle, RecvError};
use smoltcp::time::{Duration, Instant};

use super::ledger::{Ledger, number_in};
use super::network::{Host, Network};

/// Who goes without a word, or is sent away, has no right to what was said so shortly before.
const GRACE: Duration = Duration::from_secs(60);

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: soak\r\n\r\n";

/// What somebody comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Talking,
    /// A member that never says anything.
    Sitting,
    /// A browser.
    Browsing,
}

/// How somebody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Says `q`, and hears it.
    Quitting,
    /// Closes its side, and reads to the end.
    Closing,
    /// Resets the connection.
    Resetting,
    /// Without a word, as when a cable is pulled.
    Vanishing,
}

impl Leave {
    pub(crate) const ALL: [Self; 4] = [
        Self::Quitting,
        Self::Closing,
        Self::Resetting,
        Self::Vanishing,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On its way: nothing was said.
    Opening,
    /// It said something, and waits for the answer.
    Greeting,
    In,
    Leaving(Leave),
    /// The room sent it away.
    SentAway,
    Over,
}

pub(crate) struct Guest {
    pub(crate) number: usize,
    pub(crate) host: usize,
    pub(crate) family: usize,
    pub(crate) purpose: Purpose,
    pub(crate) stage: Stage,
    /// Whether it reads now.
    pub(crate) reads: bool,
    /// The lines it heard.
    pub(crate) heard: Vec<usize>,
    /// From when on, and until when, it has a right to every line.
    pub(crate) since: Option<Instant>,
    pub(crate) until: Option<Instant>,
    handle: Handle,
    port: u16,
    /// Messages, and answers to them.
    asked: usize,
    answered: usize,
    /// The beginning of a line.
    rest: Vec<u8>,
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("number", &self.number)
            .field("host", &(self.host, self.family, self.port))
            .field("purpose", &self.purpose)
            .field("stage", &self.stage)
            .field("heard", &(self.heard.len(), self.heard.last()))
            .field("since", &self.since)
            .field("until", &self.until)
            .field("answers", &(self.asked, self.answered))
            .finish_non_exhaustive()
    }
}

impl Guest {
    pub(crate) fn new(
        net: &mut Network,
        number: usize,
        (host, family): (usize, usize),
        purpose: Purpose,
    ) -> Self {
        let (now, room) = (net.now, net.room_at(family));
        let at = net.host(host);
        let handle = at.node.connect(now, room).expect("a free connection");
        let status = at.node.status(handle).expect("just opened");
        let port = status.flow.local.port;
        at.appear(port);
        Self {
            number,
            host,
            family,
            purpose,
            stage: Stage::Opening,
            reads: true,
            heard: Vec::new(),
            since: None,
            until: None,
            handle,
            port,
            asked: 0,
            answered: 0,
            rest: Vec::new(),
        }
    }

    /// Says a line.
    pub(crate) fn say(&mut self, host: &mut Host, ledger: &mut Ledger, padding: usize) {
        let text = ledger.line(self.number, padding) + "\n";
        let sent = host.node.tcp(self.handle).unwrap().send(text.as_bytes());
        assert_eq!(sent, Ok(text.len()), "{self:?}");
        self.asked += 1;
    }

    /// Whether it waits for no answer.
    pub(crate) fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    pub(crate) fn leave(&mut self, now: Instant, host: &mut Host, way: Leave) {
        self.reads = true;
        let until = match way {
            Leave::Quitting | Leave::Closing => Some(now),
            Leave::Resetting | Leave::Vanishing => Some(now - GRACE),
        };
        self.until = self.until.or(until);
        self.stage = Stage::Leaving(way);
        match way {
            Leave::Quitting => {
                let sent = host.node.tcp(self.handle).unwrap().send(b"q\n");
                assert_eq!(sent, Ok(2), "{self:?}");
            }
            Leave::Closing => host.node.tcp(self.handle).unwrap().shutdown(now),
            Leave::Resetting => self.abort(now, host),
            Leave::Vanishing => {
                host.vanish(self.port);
                self.abort(now, host);
            }
        }
    }

    fn abort(&mut self, now: Instant, host: &mut Host) {
        host.node.abort(now, self.handle);
        self.stage = Stage::Over;
    }

    /// Reads and answers, at a moment at which something happens on its host.
    pub(crate) fn turn(&mut self, now: Instant, host: &mut Host, ledger: &mut Ledger) {
        if self.stage == Stage::Opening {
            self.open(host, ledger);
        }
        let mut buffer = [0; 2048];
        while self.reads && self.stage != Stage::Over {
            match host.node.tcp(self.handle).unwrap().recv(&mut buffer) {
                Ok(count) => self.read(now, &buffer[..count]),
                Err(RecvError::WouldBlock) => return,
                Err(RecvError::Finished) => self.finish(now, host, true),
                Err(RecvError::Ended(_)) => self.finish(now, host, false),
            }
        }
    }

    fn open(&mut self, host: &mut Host, ledger: &mut Ledger) {
        let established = host.node.tcp(self.handle).unwrap().send_room() > 0
            && host
                .node
                .status(self.handle)
                .is_some_and(|it| it.state == smolchat::trace::State::Established);
        if !established {
            return;
        }
        match self.purpose {
            Purpose::Talking => {
                self.stage = Stage::Greeting;
                self.say(host, ledger, 0);
            }
            Purpose::Sitting => self.stage = Stage::In,
            Purpose::Browsing => {
                self.stage = Stage::In;
                let sent = host.node.tcp(self.handle).unwrap().send(REQUEST.as_bytes());
                assert_eq!(sent, Ok(REQUEST.len()));
            }
        }
    }

    fn read(&mut self, now: Instant, octets: &[u8]) {
        self.rest.extend(octets);
        if self.purpose == Purpose::Browsing {
            return;
        }
        while let Some(end) = self.rest.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = str::from_utf8(&line[..end]).expect("UTF-8");
            self.read_line(now, line);
        }
    }

    fn read_line(&mut self, now: Instant, line: &str) {
        if let Some(number) = number_in(line) {
            // Who never asked for anything does not know since when it is a member.
            self.since = self.since.or(Some(now));
            self.heard.push(number);
        } else if line.starts_with("Delivered to ") {
            self.answered += 1;
            if self.stage == Stage::Greeting {
                self.stage = Stage::In;
                self.since = Some(now);
            }
        } else if line.starts_with("Others wait") || line.starts_with("You read too slowly") {
            self.until = self.until.or(Some(now - GRACE));
            if !matches!(self.stage, Stage::Leaving(_)) {
                self.stage = Stage::SentAway;
            }
        } else {
            let known = line.starts_with("Welcome, ") || line.starts_with("udp-");
            assert!(known, "{line:?}: {self:?}");
        }
    }

    /// The connection is over.
    fn finish(&mut self, now: Instant, host: &mut Host, well: bool) {
        host.node.tcp(self.handle).unwrap().close(now);
        let said = str::from_utf8(&self.rest).expect("UTF-8");
        match (self.purpose, self.stage) {
            (Purpose::Browsing, _) => {
                let page = said.starts_with("HTTP/1.1 200 OK") && said.contains("</html>");
                assert!(well && page, "{said}");
            }
            (_, Stage::Leaving(Leave::Quitting)) => {
                assert!(
                    well && said == "q" && self.is_answered(),
                    "{said:?}: {self:?}"
                );
            }
            (_, Stage::Leaving(_)) => {
                assert!(
                    well && said.is_empty() && self.is_answered(),
                    "{said:?}: {self:?}"
                );
            }
            // Sent away; or its place was taken before it knew that it had one.
            (Purpose::Sitting, _) | (_, Stage::SentAway) => {}
            (Purpose::Talking, _) => panic!("ended without a word: {self:?}"),
        }
        self.stage = Stage::Over;
    }
}
