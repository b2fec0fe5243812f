//! The board as a guest: a member of a room elsewhere, with the UART as its keyboard and screen.
//!
//! It connects, shows what the room says, one line for each message, and sends what the operator types.
//! When the connection is over it says why and tries again, until the operator says `q`.
//!
//! The caller's duty: [`Guest::run`] after each ingress and at [`Guest::deadline`]; a call of
//! [`Guest::address_obtained`] when the node has an address.

use heapless::String;
use smolchat::app::Screen;
use smolchat::chat::framing::{Framer, MESSAGE_MAX, Step};
use smolchat::chat::text;
use smolchat::node::{Handle, Node, earliest};
use smolchat::trace::DisplayEndpoint;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

/// How long to wait before the next attempt.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// How long a good-bye takes at most.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// When to look again at a screen that had no room.
const SCREEN_BUSY: Duration = Duration::from_millis(20);

/// What to do with a line that the operator typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Nothing more: it was for the room, or done here.
    Done,
    /// It is about this node: the application answers this line.
    Ours(String<24>),
}

/// A member of a room elsewhere.
pub struct Guest {
    room: IpEndpoint,
    stage: Stage,
    /// The operator said good-bye; it ends then at the latest.
    until: Option<Instant>,
    deadline: Option<Instant>,
}

enum Stage {
    /// There is no address to connect from.
    Homeless,
    /// To connect at this instant.
    Due(Instant),
    /// Connecting, or connected.
    Open { handle: Handle, framer: Framer },
    /// The operator ended it.
    Over,
}

impl Guest {
    /// A guest who will join the room at `room`; `None` in an image that can be none.
    pub const fn joining(room: IpEndpoint) -> Option<Self> {
        Some(Self {
            room,
            stage: Stage::Homeless,
            until: None,
            deadline: None,
        })
    }

    /// The node has an address: connects at the next [`Self::run`], unless it is connected.
    pub fn address_obtained(&mut self, now: Instant) {
        match self.stage {
            Stage::Homeless | Stage::Due(_) => self.stage = Stage::Due(now),
            Stage::Open { .. } | Stage::Over => {}
        }
    }

    /// When [`Self::run`] is due although nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        let stage = match self.stage {
            Stage::Due(at) => Some(at),
            Stage::Open { .. } => self.deadline,
            Stage::Homeless | Stage::Over => None,
        };
        earliest(&[stage, self.until])
    }

    /// Whether the operator ended it, and the last segments have left.
    pub fn is_over(&self, node: &Node<'_>) -> bool {
        match self.stage {
            Stage::Over => true,
            Stage::Homeless => self.until.is_some() && node.free() == node.capacity(),
            Stage::Due(_) | Stage::Open { .. } => false,
        }
    }

    /// Connects if that is due, and shows what the room said.
    #[inline(never)]
    pub fn run<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        self.deadline = None;
        if self.until.is_some_and(|until| now >= until) {
            self.leave(now, node);
        }
        match &self.stage {
            Stage::Due(at) if *at <= now => self.connect(now, node, screen),
            Stage::Open { .. } => while self.show_message(now, node, screen) {},
            Stage::Due(_) | Stage::Homeless | Stage::Over => {}
        }
    }

    /// Does what the operator typed, or says that it is about this node.
    pub fn order<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        line: &[u8],
    ) -> Order {
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or(line);
        match (word, &self.stage) {
            (b"/states", _) => Order::Ours(fitting(line)),
            (b"/ladder", Stage::Open { handle, .. }) if word == line => {
                let mut own = String::new();
                // It fits: 8 octets and 10 digits.
                let _ = core::fmt::write(&mut own, format_args!("/ladder {}", handle.id().0));
                Order::Ours(own)
            }
            (b"/ladder", _) => Order::Ours(fitting(line)),
            (b"/close" | b"/abort", Stage::Open { handle, .. }) => {
                let handle = *handle;
                let Some(mut socket) = node.tcp(handle) else {
                    return Order::Done;
                };
                if word == b"/close" {
                    socket.shutdown(now);
                } else {
                    socket.abort(now);
                    self.try_again(now, screen);
                }
                Order::Done
            }
            (b"q" | b"/quit", Stage::Open { handle, .. }) if word == line => {
                if let Some(mut socket) = node.tcp(*handle) {
                    let _ = socket.send(b"q\n");
                }
                self.until = Some(now + CLOSE_TIMEOUT);
                Order::Done
            }
            (b"q" | b"/quit", _) if word == line => {
                self.stage = Stage::Over;
                Order::Done
            }
            (_, Stage::Open { handle, .. }) => {
                // Whole or not at all: the room would take half a line for a message.
                match node.tcp(*handle) {
                    Some(mut socket) if socket.send_room() > line.len() => {
                        let _ = socket.send(line);
                        let _ = socket.send(b"\n");
                    }
                    Some(_) | None => {
                        say(
                            screen,
                            format_args!("Not sent: the room does not take it now."),
                        );
                    }
                }
                Order::Done
            }
            (_, Stage::Homeless | Stage::Due(_) | Stage::Over) => {
                say(screen, format_args!("Not sent: there is no connection."));
                Order::Done
            }
        }
    }

    fn connect<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        let room = DisplayEndpoint(self.room);
        match node.connect(now, self.room) {
            Ok(handle) => {
                say(screen, format_args!("connecting to {room}"));
                let framer = Framer::new(now);
                self.stage = Stage::Open { handle, framer };
            }
            Err(error) => {
                say(screen, format_args!("cannot connect to {room}: {error}"));
                self.try_again(now, screen);
            }
        }
    }

    /// Shows the next message; `true` if there may be another.
    fn show_message<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
    ) -> bool {
        let Stage::Open { handle, framer } = &mut self.stage else {
            return false;
        };
        let handle = *handle;
        if screen.room() < MESSAGE_MAX / 2 {
            self.deadline = Some(now + SCREEN_BUSY);
            return false;
        }
        let step = node.with_scratch(|node, scratch| {
            let mut socket = node.tcp(handle)?;
            let count = socket.peek(scratch).unwrap_or(0);
            let ended = socket.has_finished();
            let step = framer.next(now, &mut scratch[..count], ended, Duration::ZERO);
            if let Step::Message { len, .. } = step {
                show(&scratch[..len], screen);
            }
            match &step {
                Step::Skip { consume }
                | Step::Message { consume, .. }
                | Step::TooLong { consume, .. } => socket.consume(*consume),
                Step::Reply(reply) => {
                    // Where there is no room for it, it is left out.
                    let _ = socket.send(reply.octets());
                }
                Step::Wait { .. } | Step::End => {}
            }
            Some(step)
        });
        let Some(step) = step else {
            return false;
        };
        match step {
            Step::Wait { deadline } => {
                self.deadline = deadline;
                false
            }
            Step::Skip { .. } | Step::Message { .. } | Step::Reply(_) => true,
            Step::TooLong { .. } => {
                say(screen, format_args!("[a message too long to be shown]"));
                true
            }
            Step::End => {
                self.stream_ended(now, node, handle, screen);
                false
            }
        }
    }

    /// The room said everything: this side closes, too.
    fn stream_ended<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        handle: Handle,
        screen: &mut S,
    ) {
        if let Some(socket) = node.tcp(handle) {
            match socket.ended() {
                Some(ending) => say(screen, format_args!("The connection is over: {ending}.")),
                None => say(screen, format_args!("The room closed the connection.")),
            }
            socket.close(now);
        }
        self.try_again(now, screen);
    }

    fn try_again<S: Screen>(&mut self, now: Instant, screen: &mut S) {
        if self.until.is_some() {
            // The last segments leave before it ends.
            self.stage = Stage::Homeless;
        } else {
            self.stage = Stage::Due(now + RETRY_INTERVAL);
            let seconds = RETRY_INTERVAL.secs();
            say(
                screen,
                format_args!("Trying again in {seconds} s; q ends it."),
            );
        }
    }

    fn leave(&mut self, now: Instant, node: &mut Node<'_>) {
        if let Stage::Open { handle, .. } = self.stage {
            node.abort(now, handle);
        }
        self.until = None;
        self.stage = Stage::Over;
    }
}

fn fitting(line: &[u8]) -> String<24> {
    let text = core::str::from_utf8(line).unwrap_or_default();
    String::try_from(&text[..text.floor_char_boundary(24)]).unwrap_or_default()
}

/// Writes a message of the room as one clean line. A function of its own for the stack's sake.
#[inline(never)]
fn show<S: Screen>(message: &[u8], screen: &mut S) {
    let mut line = String::<MESSAGE_MAX>::new();
    match text::clean(message, &mut line) {
        Ok(()) => say(screen, format_args!("{line}")),
        // Each wrong octet takes three.
        Err(text::TooLong) => say(screen, format_args!("[octets that are no text]")),
    }
}

fn say<S: Screen>(screen: &mut S, words: core::fmt::Arguments<'_>) {
    // A screen never fails: what it has no room for, it counts.
    let _ = writeln!(screen, "{words}");
}
