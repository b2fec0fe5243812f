//! What the demonstration says before each act.

/// An act of the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// One exchange.
    Exchange,
    /// A chat loop until `q`.
    Loop,
    /// Several members at once.
    Several,
    /// The node closes first.
    ServerFirst,
    /// A reset.
    Reset,
    /// Both close at once.
    Together,
    /// TCP against UDP.
    Contest,
}

/// Its title, and what there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    // A value: whoever is given one reads all of it.
    /// With its number.
    pub title: &'static str,
    /// One line; for [`Act::Contest`] none, since it depends on what is contested.
    pub seen: &'static str,
}
