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

/// Who takes part, besides those with names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    /// A member.
    Member,
    /// The first one.
    First,
    /// The second one.
    Second,
    /// One who has no connection.
    OverUdp,
}

/// What somebody in an act did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// A member called this.
    Call,
    /// A call for octets gave these.
    Received,
    /// A call for octets gave so many: the end.
    End,
    /// A member closed with a linger time of zero.
    Linger,
    /// The operator typed this.
    Operator,
}
