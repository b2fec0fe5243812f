//! One line of a ladder: its columns, and what may stand between the two life lines.
//!
//! ```text
//! tag   time          our state      │ lane, 48 columns wide │ (peer's state)
//! 6     13            14             1 48                    1 14            = 100 with the gaps
//! ```

#[cfg(feature = "phrases")]
use super::super::phrases::columns;
use super::super::{ConnectionId, Direction, DisplayEndpoint, Flow, State, Style};
use core::fmt::{self, Write};
use heapless::String;
use smoltcp::time::Duration;

const TIME: usize = 13;
const STATE: usize = 14;
/// Columns between the two life lines.
pub(super) const LANE: usize = 48;
/// The columns of the two life lines, counted from 0 after the tag.
const LEFT: usize = TIME + 1 + STATE + 1;
const RIGHT: usize = LEFT + 1 + LANE;
/// Columns of a line, counted after the tag.
const WIDTH: usize = RIGHT + 1 + 1 + STATE;
/// The longest text on an arrow: a space on both sides, a head, two columns of shaft at each end.
pub(super) const LABEL: usize = LANE - 7;

/// Columns of a line behind the left life line.
pub(super) const BELOW: usize = WIDTH - LEFT - 2;

/// Columns that a text takes; on a board all texts are ASCII.
#[cfg(not(feature = "phrases"))]
const fn columns(text: &str) -> usize {
    text.len()
}

/// A text in the language of the ladder, which on a board is English.
#[cfg(not(feature = "phrases"))]
fn worded<'t>(_: &Style, text: &'t str) -> impl AsRef<str> + use<'t> {
    text
}

/// A text in the language of the ladder.
#[cfg(feature = "phrases")]
fn worded<'t>(style: &Style, text: &'t str) -> impl AsRef<str> + use<'t> {
    style.phrases.of(text)
}

/// Text that fits on an arrow or in the lane, or is about to be cut into such pieces.
pub(super) type Text = String<128>;

/// What stands between the life lines.
pub(super) enum Lane<'t> {
    Empty,
    /// A segment, by its label; `stopped` if it did not arrive, `loud` for resets.
    Arrow {
        direction: Direction,
        label: &'t str,
        colour: &'static str,
        stopped: bool,
    },
    /// Words at our side.
    Note {
        text: &'t str,
        colour: &'static str,
    },
    /// Words in the middle, about the arrow above.
    Remark {
        text: &'t str,
        colour: &'static str,
    },
    /// A rule with words.
    Heading {
        text: &'t str,
    },
}

#[cfg(feature = "phrases")]
impl<'t> Lane<'t> {
    const fn words(&self) -> &'t str {
        match *self {
            Self::Empty => "",
            Self::Arrow { label: text, .. }
            | Self::Note { text, .. }
            | Self::Remark { text, .. }
            | Self::Heading { text } => text,
        }
    }

    /// The same with these words.
    const fn saying<'w>(&self, text: &'w str) -> Lane<'w> {
        match *self {
            Self::Empty => Lane::Empty,
            Self::Arrow {
                direction,
                colour,
                stopped,
                ..
            } => Lane::Arrow {
                direction,
                label: text,
                colour,
                stopped,
            },
            Self::Note { colour, .. } => Lane::Note { text, colour },
            Self::Remark { colour, .. } => Lane::Remark { text, colour },
            Self::Heading { .. } => Lane::Heading { text },
        }
    }
}

/// A state as it is shown.
#[derive(Clone, Copy)]
pub(super) enum Shown {
    /// Not at all: it did not change.
    Nothing,
    /// Read from the stack.
    Known(State),
    /// Inferred from segments, and therefore in parentheses.
    Inferred(State),
}

/// Writes lines.
pub(super) struct Pen<'o, W: ?Sized> {
    out: &'o mut W,
    style: &'o Style,
    connection: ConnectionId,
}

impl<'o, W: Write + ?Sized> Pen<'o, W> {
    pub(super) const fn new(out: &'o mut W, style: &'o Style, connection: ConnectionId) -> Self {
        Self {
            out,
            style,
            connection,
        }
    }

    pub(super) const fn style(&self) -> &'o Style {
        self.style
    }

    /// A whole line. `time` is what has passed since the ladder's first event.
    pub(super) fn row(
        &mut self,
        time: Option<Duration>,
        own: Shown,
        lane: &Lane<'_>,
        peer: Shown,
    ) -> fmt::Result {
        self.tag()?;
        self.time(time)?;
        self.out.write_char(' ')?;
        self.state(own, true)?;
        self.out.write_char(' ')?;
        #[cfg(feature = "phrases")]
        let words = self.style.phrases.of(lane.words());
        #[cfg(feature = "phrases")]
        let lane = &lane.saying(&words);
        self.lane(lane)?;
        if !matches!(peer, Shown::Nothing) {
            self.out.write_char(' ')?;
            self.state(peer, false)?;
        }
        self.out.write_char('\n')
    }

    /// The line above a ladder, and the names of its two ends over their life lines.
    pub(super) fn header(&mut self, flow: Option<Flow>, roles: [&str; 2]) -> fmt::Result {
        let mut text = Text::new();
        write!(text, "connection {}", self.connection)?;
        self.tag()?;
        self.paint(
            self.style.palette.heading,
            worded(self.style, &text).as_ref(),
        )?;
        self.out.write_str("\n")?;
        if let Some(flow) = flow {
            let mut left = Text::new();
            let mut right = Text::new();
            write!(left, "{}", DisplayEndpoint(flow.local))?;
            write!(right, "{}", DisplayEndpoint(flow.remote))?;
            self.heads(&left, &right, self.style.palette.heading)?;
        }
        self.heads(roles[0], roles[1], self.style.palette.dim)
    }

    /// Words behind the left life line, about the line above.
    pub(super) fn below(&mut self, text: &str) -> fmt::Result {
        let palette = &self.style.palette;
        self.tag()?;
        self.fill(' ', LEFT)?;
        self.glyph(palette.dim, self.style.glyphs.bar)?;
        self.out.write_char(' ')?;
        self.paint(palette.dim, text)?;
        self.out.write_char('\n')
    }

    /// Two names, each centred over its life line, on one line if they fit.
    fn heads(&mut self, left: &str, right: &str, colour: &'static str) -> fmt::Result {
        let (left, right) = (worded(self.style, left), worded(self.style, right));
        let (left, right) = (left.as_ref(), right.as_ref());
        let (left_width, right_width) = (columns(left), columns(right));
        let left_start = LEFT.saturating_sub(left_width / 2);
        let right_start = (RIGHT - right_width / 2).min(WIDTH.saturating_sub(right_width));
        self.tag()?;
        self.fill(' ', left_start)?;
        self.paint(colour, left)?;
        let mut column = left_start + left_width;
        if column + 2 > right_start {
            self.out.write_char('\n')?;
            self.tag()?;
            column = 0;
        }
        self.fill(' ', right_start - column)?;
        self.paint(colour, right)?;
        self.out.write_char('\n')
    }

    fn tag(&mut self) -> fmt::Result {
        if !self.style.tagged {
            return Ok(());
        }
        let mut text = Text::new();
        write!(text, "{}", self.connection)?;
        self.paint(self.style.palette.dim, &text)?;
        self.fill(' ', 6_usize.saturating_sub(text.len()))
    }

    fn time(&mut self, time: Option<Duration>) -> fmt::Result {
        let Some(time) = time else {
            return self.fill(' ', TIME);
        };
        let micros = time.total_micros();
        let mut text = Text::new();
        match time.secs() {
            // The decimal points of the first two stand in one column.
            0..10 => write!(text, "{}.{:03} ms  ", micros / 1000, micros % 1000)?,
            seconds @ 10..10_000 => write!(text, "{seconds}.{:06} s", micros % 1_000_000)?,
            seconds @ 10_000..10_000_000 => write!(text, "{seconds}.{:03} s", time.millis())?,
            seconds => write!(text, "{} d", seconds / 86_400)?,
        }
        self.fill(' ', TIME.saturating_sub(text.len()))?;
        self.paint(self.style.palette.dim, &text)
    }

    fn state(&mut self, shown: Shown, right_aligned: bool) -> fmt::Result {
        let mut text = Text::new();
        let colour = match shown {
            Shown::Nothing => "",
            Shown::Known(state) => {
                write!(text, "{state}")?;
                self.style.palette.state
            }
            Shown::Inferred(state) => {
                write!(text, "({state})")?;
                self.style.palette.inferred
            }
        };
        if right_aligned {
            self.fill(' ', STATE.saturating_sub(text.len()))?;
        }
        self.paint(colour, &text)
    }

    fn lane(&mut self, lane: &Lane<'_>) -> fmt::Result {
        let Style {
            glyphs, palette, ..
        } = self.style;
        if let Lane::Heading { text } = lane {
            let free = LANE.saturating_sub(columns(text) + 2);
            self.glyph(palette.dim, glyphs.rule_start)?;
            self.fill_painted(palette.dim, glyphs.rule, free / 2)?;
            self.out.write_char(' ')?;
            self.paint(palette.heading, text)?;
            self.out.write_char(' ')?;
            self.fill_painted(palette.dim, glyphs.rule, free - free / 2)?;
            return self.glyph(palette.dim, glyphs.rule_end);
        }
        self.glyph(palette.dim, glyphs.bar)?;
        match *lane {
            // Drawn above.
            Lane::Heading { .. } => {}
            Lane::Empty => self.fill(' ', LANE)?,
            Lane::Arrow {
                direction,
                label,
                colour,
                stopped,
            } => self.arrow(direction, label, colour, stopped)?,
            Lane::Note { text, colour } => {
                self.out.write_char(' ')?;
                self.paint(colour, text)?;
                self.fill(' ', LANE.saturating_sub(columns(text) + 1))?;
            }
            Lane::Remark { text, colour } => {
                let free = LANE.saturating_sub(columns(text));
                self.fill(' ', free / 2)?;
                self.paint(colour, text)?;
                self.fill(' ', free - free / 2)?;
            }
        }
        self.glyph(palette.dim, glyphs.bar)
    }

    fn arrow(
        &mut self,
        direction: Direction,
        label: &str,
        colour: &'static str,
        stopped: bool,
    ) -> fmt::Result {
        let glyphs = &self.style.glyphs;
        let free = LANE.saturating_sub(columns(label) + 3);
        let head = match direction {
            _ if stopped => glyphs.stopped,
            Direction::In => glyphs.to_left,
            Direction::Out => glyphs.to_right,
        };
        self.out.write_str(colour)?;
        if direction == Direction::In {
            self.out.write_char(head)?;
        }
        self.fill(glyphs.shaft, free / 2)?;
        write!(self.out, " {label} ")?;
        self.fill(glyphs.shaft, free - free / 2)?;
        if direction == Direction::Out {
            self.out.write_char(head)?;
        }
        self.end_colour(colour)
    }

    fn glyph(&mut self, colour: &'static str, glyph: char) -> fmt::Result {
        self.fill_painted(colour, glyph, 1)
    }

    fn fill_painted(&mut self, colour: &'static str, glyph: char, count: usize) -> fmt::Result {
        self.out.write_str(colour)?;
        self.fill(glyph, count)?;
        self.end_colour(colour)
    }

    fn paint(&mut self, colour: &'static str, text: &str) -> fmt::Result {
        self.out.write_str(colour)?;
        self.out.write_str(text)?;
        self.end_colour(colour)
    }

    fn end_colour(&mut self, colour: &'static str) -> fmt::Result {
        if colour.is_empty() {
            return Ok(());
        }
        self.out.write_str(self.style.palette.reset)
    }

    fn fill(&mut self, glyph: char, count: usize) -> fmt::Result {
        for _ in 0..count {
            self.out.write_char(glyph)?;
        }
        Ok(())
    }
}
