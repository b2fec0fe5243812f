//! What can be turned at an experiment, and between which bounds.

use core::fmt;

use smoltcp::time::Duration;

/// Something that can be turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knob {
    /// Maximum segment lifetime.
    Msl,
    /// Which message is lost, counted from 1.
    Loss,
    /// How many times in a row something is lost.
    Drop,
    /// The time from one end to the other.
    Delay,
    /// What every random choice depends on.
    Seed,
}

impl Knob {
    /// The option's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Msl => "--msl",
            Self::Loss => "--loss",
            Self::Drop => "--drop",
            Self::Delay => "--delay",
            Self::Seed => "--seed",
        }
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an experiment is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Maximum segment lifetime, where the experiment has it: [`MSL`].
    pub msl: Duration,
    /// Which message is lost: [`LOSS`].
    pub loss: u64,
    /// How many times in a row: [`DROP`].
    pub drop: u64,
    /// From one end to the other: [`DELAY`].
    pub delay: Duration,
    /// What every random choice depends on.
    pub seed: u64,
}

/// The least and the greatest MSL.
pub const MSL: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(120)];
/// The first and the last message that can be lost.
pub const LOSS: [u64; 2] = [1, 3];
/// How many times in a row something can be lost.
pub const DROP: [u64; 2] = [1, 4];
/// The least and the greatest time from one end to the other.
pub const DELAY: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(100)];

impl Default for Settings {
    fn default() -> Self {
        Self {
            msl: Duration::from_secs(30),
            loss: 2,
            drop: 2,
            delay: Duration::from_millis(5),
            seed: 1,
        }
    }
}
