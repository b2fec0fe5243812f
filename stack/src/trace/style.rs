//! What a ladder is drawn with: glyphs and colours.
//!
//! Whether a terminal wants colours (`NO_COLOR`, a pipe, a UART) is for the caller to decide.

use smoltcp::time::Instant;

/// The strokes of a ladder. Each is one column wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    // A value: whoever is given one reads all of it.
    /// An endpoint's life line.
    pub(super) bar: char,
    /// The shaft of an arrow.
    pub(super) shaft: char,
    /// The heads of arrows.
    pub(super) to_right: char,
    pub(super) to_left: char,
    /// In place of a head: it went no further.
    pub(super) stopped: char,
    /// A heading's rule, and where it meets the life lines.
    pub(super) rule: char,
    pub(super) rule_start: char,
    pub(super) rule_end: char,
}

impl Glyphs {
    /// Box drawing and arrows of Unicode.
    pub const UNICODE: Self = Self {
        bar: '│',
        shaft: '─',
        to_right: '▶',
        to_left: '◀',
        stopped: '╳',
        rule: '╌',
        rule_start: '├',
        rule_end: '┤',
    };

    /// ASCII, for a UART or an old terminal.
    pub const ASCII: Self = Self {
        bar: '|',
        shaft: '-',
        to_right: '>',
        to_left: '<',
        stopped: 'x',
        rule: '.',
        rule_start: '|',
        rule_end: '|',
    };
}

/// What to write before a part of the picture to colour it; empty for no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Times and life lines.
    pub dim: &'static str,
    /// Headings and the endpoints' names.
    pub heading: &'static str,
    /// This node's states.
    pub state: &'static str,
    /// Inferred states.
    pub inferred: &'static str,
    /// Segments that this node sends.
    pub outgoing: &'static str,
    /// Segments that this node receives.
    pub incoming: &'static str,
    /// Calls, timers, the progress of 2 MSL.
    pub note: &'static str,
    /// What is unusual: retransmissions, drops, lost records.
    pub caution: &'static str,
    /// Resets and illegal transitions.
    pub alarm: &'static str,
    /// Ends any of these.
    pub reset: &'static str,
}

impl Palette {
    /// No colours.
    pub const NONE: Self = Self {
        dim: "",
        heading: "",
        state: "",
        inferred: "",
        outgoing: "",
        incoming: "",
        note: "",
        caution: "",
        alarm: "",
        reset: "",
    };

    /// The sixteen colours of any terminal, readable on a dark or light background.
    pub const ANSI: Self = Self {
        dim: "\x1b[2m",
        heading: "\x1b[1m",
        state: "\x1b[1;32m",
        inferred: "\x1b[32m",
        outgoing: "\x1b[36m",
        incoming: "\x1b[35m",
        note: "\x1b[34m",
        caution: "\x1b[33m",
        alarm: "\x1b[1;31m",
        reset: "\x1b[0m",
    };
}

/// How ladders are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// The strokes.
    pub glyphs: Glyphs,
    /// The colours.
    pub palette: Palette,
    /// Whether each line begins with the connection's number, to distinguish ladders that are drawn at the same time.
    pub tagged: bool,
    /// The words of another language than English.
    #[cfg(feature = "phrases")]
    pub phrases: super::Phrases,
    /// From when times are counted, if not from the first record of each ladder.
    #[cfg(feature = "phrases")]
    pub start: Option<Instant>,
}

impl Style {
    /// Unicode without colours: for files and for tests.
    pub const PLAIN: Self = Self {
        glyphs: Glyphs::UNICODE,
        palette: Palette::NONE,
        tagged: false,
        #[cfg(feature = "phrases")]
        phrases: super::Phrases::ENGLISH,
        #[cfg(feature = "phrases")]
        start: None,
    };

    /// Unicode in colours: for terminals.
    pub const ANSI: Self = Self {
        palette: Palette::ANSI,
        ..Self::PLAIN
    };

    /// ASCII without colours: for UARTs.
    pub const ASCII: Self = Self {
        glyphs: Glyphs::ASCII,
        ..Self::PLAIN
    };

    /// The same style with the connection's number before each line.
    pub const fn with_tags(self) -> Self {
        Self {
            tagged: true,
            ..self
        }
    }

    /// From when the times of a ladder are counted whose first record is of this time.
    #[cfg(feature = "phrases")]
    pub(super) fn started(&self, first: Instant) -> Instant {
        self.start.unwrap_or(first)
    }

    /// From when the times of a ladder are counted whose first record is of this time.
    #[cfg(not(feature = "phrases"))]
    pub(super) const fn started(&self, first: Instant) -> Instant {
        first
    }
}
