//! How the node of a run is built.

use arbitrary::{Arbitrary, Result, Unstructured};

/// How the node is built.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// With the chat, or bare.
    pub chat: bool,
    /// A bare node's application takes what came as soon as it comes.
    pub reads: bool,
    pub connections: usize,
    pub receive: usize,
    pub transmit: usize,
    pub backlog: u16,
    pub time_waits: usize,
    pub mtu: usize,
    /// The device cuts and joins segments.
    pub offload: bool,
    /// Beyond the backlog, resets.
    pub refuse: bool,
    /// Keep-alive, and a bound for CLOSE-WAIT.
    pub impatient: bool,
    /// Frames that a call takes in, and segments that one sends, at most.
    pub budget: usize,
    /// The operator sees ladders.
    pub live: bool,
}

impl<'a> Arbitrary<'a> for Setup {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        const SIZES: [usize; 12] = [
            1,
            2,
            64,
            536,
            1026,
            1460,
            4096,
            65_535,
            65_536,
            100_000,
            1 << 20,
            4096,
        ];
        let flags: u8 = u.arbitrary()?;
        let flag = |bit: u8| flags & 1 << bit != 0;
        Ok(Self {
            chat: flag(0),
            reads: flag(1),
            offload: flag(2) && flag(3),
            refuse: flag(4),
            impatient: flag(5),
            live: flag(6),
            connections: *u.choose(&[1, 2, 3, 4, 8])?,
            receive: *u.choose(&SIZES)?,
            transmit: *u.choose(&SIZES)?,
            backlog: *u.choose(&[0, 1, 2, 4])?,
            time_waits: *u.choose(&[1, 2, 16])?,
            mtu: *u.choose(&[1500, 1500, 576, 1280, 9000])?,
            budget: *u.choose(&[64, 64, 1, 3])?,
        })
    }
}
