//! Long answers: tables, ladders and pages, sent in chunks as fast as their reader takes them.

use smoltcp::time::{Duration, Instant};

use super::answers::Content;
use super::chunk::{CHUNK, Chunk};
use super::operator::Screen;
use super::page::Page;
use super::session::Role;
use super::sessions::Sessions;
use super::table::Facts;
use super::turn::Turn;
use crate::chat::{LAST_WORDS_MAX, LINE_MAX, Room};
use crate::node::{Handle, Path, TcpSocket};
use crate::trace::{Palette, Style};
use smolhost::opaque;

/// Chunks that one answer sends in one turn.
const CHUNKS_AT_ONCE: usize = 16;
/// How long a browser may read nothing before it is let go.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// To one whose answer ends early: room for it is kept.
const CUT_SHORT: &str =
    "-- The rest is not sent: you did not read on, and others wait. Ask again.\n";
const CUT_SHORT_IN_LINE: &str =
    "\n-- The rest is not sent: you did not read on, and others wait. Ask again.";
/// When to look again at a screen that had no room.
const SCREEN_BUSY: Duration = Duration::from_millis(10);

/// A place for a long answer on its way; as many can be on their way at once.
pub struct Response(Option<Begun>);

opaque!([] Response, "Response");

impl Response {
    /// No answer; for building arrays.
    pub const EMPTY: Self = Self(None);

    /// Who reads it.
    pub(super) fn reader(&self) -> Option<Reader> {
        self.0.as_ref().map(|response| response.to)
    }

    /// When its reader last took something.
    pub(super) fn moved(&self) -> Instant {
        self.0
            .as_ref()
            .map_or(Instant::ZERO, |response| response.moved)
    }

    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Ends it early; what to tell its reader.
    pub(super) fn cut_short(&mut self) -> &'static str {
        match self.0.take() {
            Some(response) if response.lines || !response.begun => CUT_SHORT,
            // Behind a line that was not ended yet, and not ended itself.
            Some(_) => CUT_SHORT_IN_LINE,
            None => "",
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn begin(&mut self, now: Instant, to: Reader, content: Content, lines: bool) {
        self.0 = Some(Begun {
            to,
            content,
            skip: 0,
            begun: false,
            lines,
            moved: now,
        });
    }
}

/// Who reads a long answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Connection(Handle),
    Operator,
}

struct Begun {
    to: Reader,
    content: Content,
    /// Lines of the part under way that have been sent.
    skip: usize,
    /// Something was sent.
    begun: bool,
    /// Whether the end of the answer has a line end.
    lines: bool,
    /// When something was sent, or it began.
    moved: Instant,
}

/// What came of a turn.
#[derive(PartialEq, Eq)]
enum Progress {
    Finished,
    /// The reader's queue is full; it is heard of when that changes, or at this instant.
    Waits(Option<Instant>),
    /// There is more to send at once.
    More,
}

/// Everything a turn touches.
pub(super) struct ResponseWriter<'p, 'a, 't, 'n, S> {
    // Open to who puts it together for one turn, from parts that are borrowed side by side.
    pub(super) turn: &'p mut Turn<'t, 'n, S>,
    pub(super) sessions: &'p mut Sessions<'a>,
    pub(super) room: &'p Room<'a, Handle, Path>,
    pub(super) style: &'p Style,
}

impl<S: Screen> ResponseWriter<'_, '_, '_, '_, S> {
    /// Gives an answer its turn. When to give it the next one, if not when news comes.
    pub(super) fn go_on(&mut self, place: &mut Response) -> Option<Instant> {
        let response = place.0.as_mut()?;
        for _ in 0..CHUNKS_AT_ONCE {
            match self.send_chunk(response) {
                Progress::More => {}
                Progress::Waits(at) => return at,
                Progress::Finished => {
                    if let Reader::Connection(handle) = response.to {
                        self.sessions
                            .answered(self.turn.now, self.turn.node, handle);
                    }
                    place.forget();
                    return None;
                }
            }
        }
        Some(self.turn.now + super::sessions::NEXT_TURN)
    }

    /// Octets that may be sent to a reader now. For others' lines room is kept.
    fn room_for(&mut self, to: Reader) -> usize {
        match to {
            Reader::Operator => self.turn.screen.room(),
            Reader::Connection(handle) => {
                let Some(socket) = self.turn.node.tcp(handle) else {
                    return 0;
                };
                let room = socket.send_room();
                let capacity = room + socket.send_queue();
                room.saturating_sub(LAST_WORDS_MAX + LINE_MAX.min(capacity / 2))
            }
        }
    }

    fn send_chunk(&mut self, response: &mut Begun) -> Progress {
        // The line ends between chunks for readers that get none at the end.
        let room = self.room_for(response.to).saturating_sub(1).min(CHUNK);
        if room < CHUNK / 2 {
            return match response.to {
                Reader::Operator => Progress::Waits(Some(self.turn.now + SCREEN_BUSY)),
                Reader::Connection(handle) => self.wait_for(handle, response),
            };
        }
        let mut content = response.content.clone();
        let mut chunk = Chunk::new(response.skip, room);
        let style = match response.to {
            Reader::Operator => *self.style,
            // Nobody knows what a member's terminal makes of colours, nor what a member reads.
            Reader::Connection(_) => Style {
                palette: Palette::NONE,
                #[cfg(feature = "lab")]
                phrases: crate::trace::Phrases::ENGLISH,
                ..*self.style
            },
        };
        let facts = Facts {
            now: self.turn.now,
            node: self.turn.node,
            sessions: self.sessions,
            room: self.room,
            style: &style,
        };
        // A chunk never fails.
        let more = content.write_part(&facts, &mut chunk).unwrap_or(false);
        let whole = chunk.text();
        let (between, kept) = match (response.lines, whole.strip_suffix('\n')) {
            (false, Some(kept)) if response.begun => ("\n", kept),
            (false, Some(kept)) => ("", kept),
            (true, _) | (_, None) => ("", whole),
        };
        for text in [between, kept] {
            match response.to {
                Reader::Operator => {
                    let _ = self.turn.screen.write_str(text);
                }
                Reader::Connection(handle) => {
                    let sent = |mut socket: TcpSocket<'_, '_>| socket.send(text.as_bytes()).is_ok();
                    if !text.is_empty() && !self.turn.node.tcp(handle).is_some_and(sent) {
                        // It is over, or closed here: nobody reads the rest.
                        return Progress::Finished;
                    }
                }
            }
        }
        if !whole.is_empty() {
            response.begun = true;
            response.moved = self.turn.now;
        }
        if chunk.is_full() {
            response.skip += chunk.lines();
            return Progress::More;
        }
        response.content = content;
        response.skip = 0;
        if more {
            Progress::More
        } else {
            Progress::Finished
        }
    }

    /// The queue of a reader is full: what now?
    fn wait_for(&mut self, handle: Handle, response: &Begun) -> Progress {
        let until = self.patience(response);
        let given_up = until.is_some_and(|until| until <= self.turn.now);
        match self.turn.node.tcp(handle) {
            Some(mut socket) if socket.ended().is_none() && !given_up => {
                socket.watch_acknowledgments();
                Progress::Waits(until)
            }
            Some(_) | None => Progress::Finished,
        }
    }

    /// When to give up on a reader that takes nothing, if at all.
    fn patience(&self, response: &Begun) -> Option<Instant> {
        match response.to {
            Reader::Connection(handle) => match self.sessions.role(handle.slot()) {
                Role::Page(_) => Some(response.moved + READ_TIMEOUT),
                Role::Empty
                | Role::Member(_)
                | Role::Served(_)
                | Role::Requesting { .. }
                | Role::Parting { .. } => None,
            },
            Reader::Operator => None,
        }
    }
}

impl From<Page> for Content {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}
