//! Long answers: tables, ladders and pages, sent in pieces as fast as their reader takes them.

use smoltcp::time::{Duration, Instant};

use super::answers::{Facts, Long};
use super::desk::Desk;
use super::operator::Screen;
use super::page::Page;
use super::piece::{PIECE, Piece};
use super::seat::{Parting, Role, Seat};
use crate::chat::{LAST_WORDS_MAX, LINE_MAX, Room};
use crate::node::{Handle, Node};
use crate::trace::{Flow, Palette, Style};

/// Pieces that one answer sends in one turn.
const PIECES_AT_ONCE: usize = 16;
/// When to look again at a screen that had no room.
const SCREEN_BUSY: Duration = Duration::from_millis(10);

/// A place for a long answer on its way; as many can be on their way at once.
pub struct Stream(Option<Telling>);

impl Stream {
    /// No answer; for building arrays.
    pub const EMPTY: Self = Self(None);

    /// Whether it is on its way to this connection.
    pub(super) fn is_to(&self, handle: Handle) -> bool {
        self.0
            .as_ref()
            .is_some_and(|telling| telling.to == Reader::Connection(handle))
    }

    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    pub(super) fn is_free(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn begin(&mut self, to: Reader, long: Long, lines: bool) {
        self.0 = Some(Telling {
            to,
            long,
            skip: 0,
            begun: false,
            lines,
        });
    }
}

/// Who reads a long answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Connection(Handle),
    Operator,
}

struct Telling {
    to: Reader,
    long: Long,
    /// Lines of the part under way that have been sent.
    skip: usize,
    /// Something was sent.
    begun: bool,
    /// Whether the end of the answer has a line end.
    lines: bool,
}

/// What came of a turn.
#[derive(PartialEq, Eq)]
enum Turn {
    Finished,
    /// The reader's queue is full; it is heard of when that changes, or at this instant.
    Waits(Option<Instant>),
    /// There is more to send at once.
    More,
}

/// Everything a turn touches.
pub(super) struct Telegraph<'p, 'a, 'n, S> {
    pub(super) now: Instant,
    pub(super) node: &'p mut Node<'n>,
    pub(super) desk: &'p mut Desk<'a>,
    pub(super) room: &'p Room<'a, Handle, Flow>,
    pub(super) screen: &'p mut S,
    pub(super) style: &'p Style,
}

impl<S: Screen> Telegraph<'_, '_, '_, S> {
    /// Gives a stream its turn. When to give it the next one, if not when news comes.
    pub(super) fn turn(&mut self, stream: &mut Stream) -> Option<Instant> {
        let telling = stream.0.as_mut()?;
        for _ in 0..PIECES_AT_ONCE {
            match self.send_piece(telling) {
                Turn::More => {}
                Turn::Waits(at) => return at,
                Turn::Finished => {
                    self.finished(telling.to);
                    stream.forget();
                    return None;
                }
            }
        }
        Some(self.now + super::desk::NEXT_TURN)
    }

    /// Octets that may be sent to a reader now. For others' lines room is kept.
    fn room_for(&self, to: Reader) -> usize {
        match to {
            Reader::Operator => self.screen.room(),
            Reader::Connection(handle) => {
                let room = self.node.send_room(handle);
                let capacity = room + self.node.unacknowledged(handle);
                room.saturating_sub(LAST_WORDS_MAX + LINE_MAX.min(capacity / 2))
            }
        }
    }

    fn send_piece(&mut self, telling: &mut Telling) -> Turn {
        // The line ends between pieces for readers that get none at the end.
        let room = self.room_for(telling.to).saturating_sub(1).min(PIECE);
        if room < PIECE / 2 {
            return match telling.to {
                Reader::Operator => Turn::Waits(Some(self.now + SCREEN_BUSY)),
                Reader::Connection(handle) if self.node.ended(handle).is_some() => Turn::Finished,
                Reader::Connection(handle) => {
                    self.node.watch_acknowledgments(handle);
                    Turn::Waits(None)
                }
            };
        }
        let mut long = telling.long.clone();
        let mut piece = Piece::new(telling.skip, room);
        let style = match telling.to {
            Reader::Operator => *self.style,
            // Nobody knows what a member's terminal makes of colours.
            Reader::Connection(_) => Style {
                palette: Palette::NONE,
                ..*self.style
            },
        };
        let facts = Facts {
            now: self.now,
            node: self.node,
            desk: self.desk,
            room: self.room,
            style: &style,
        };
        // A piece never fails.
        let more = long.write_part(&facts, &mut piece).unwrap_or(false);
        let whole = piece.text();
        let (between, kept) = match (telling.lines, whole.strip_suffix('\n')) {
            (false, Some(kept)) if telling.begun => ("\n", kept),
            (false, Some(kept)) => ("", kept),
            (true, _) | (_, None) => ("", whole),
        };
        for text in [between, kept] {
            match telling.to {
                Reader::Operator => {
                    let _ = self.screen.write_str(text);
                }
                Reader::Connection(handle) => {
                    if !text.is_empty() && self.node.send(handle, text.as_bytes()).is_err() {
                        // It is over, or closed here: nobody reads the rest.
                        return Turn::Finished;
                    }
                }
            }
        }
        telling.begun |= !whole.is_empty();
        if piece.is_full() {
            telling.skip += piece.lines();
            return Turn::More;
        }
        telling.long = long;
        telling.skip = 0;
        if more { Turn::More } else { Turn::Finished }
    }

    fn finished(&mut self, to: Reader) {
        let Reader::Connection(handle) = to else {
            return;
        };
        let (now, slot) = (self.now, handle.slot());
        match self.desk.seats.get_mut(slot) {
            Some(Seat(Role::Member(member))) if member.handle == handle => {
                member.busy = false;
                self.desk.later(now, slot);
            }
            Some(Seat(Role::Page(page))) if *page == handle => {
                self.desk.part(now, self.node, handle, Parting::Finishing);
            }
            Some(_) | None => {}
        }
    }
}

impl From<Page> for Long {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}
