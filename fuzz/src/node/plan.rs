//! What a run is made of: how the node is built, and what then happens to it, in order.
//!
//! Numbers are not drawn as such but as a distance from one that matters ([`Seq`], [`Ack`]), so that any
//! octets make segments that stand at an edge.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::setup::Setup;

/// The most actions of a run.
const ACTIONS: usize = 400;

/// A run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How the node is built.
    pub setup: Setup,
    /// What happens, in order.
    pub actions: Vec<Action>,
}

impl<'a> Arbitrary<'a> for Plan {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let setup = u.arbitrary()?;
        let mut actions = Vec::new();
        while !u.is_empty() && actions.len() < ACTIONS {
            actions.push(u.arbitrary()?);
        }
        Ok(Self { setup, actions })
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Action {
    /// A conversation goes on as its peer would have it.
    Honest { talk: u8, step: Step },
    /// A segment of a conversation, or of nobody's, with numbers at an edge.
    Segment(Segment),
    /// A datagram.
    Datagram {
        host: u8,
        port: u16,
        to: u16,
        text: u8,
    },
    /// Neighbours and control messages.
    Talk(Control),
    /// Octets that were on the wire, or never, a little changed.
    Noise(Noise),
    /// A call of the application, or a line of the operator.
    Call(Call),
    /// Time passes.
    Wait(u8),
    /// The device has no room, or has it again.
    Device { blocked: bool },
    /// Frames that come together, or one by one.
    Together(bool),
}

impl<'a> Arbitrary<'a> for Action {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=63)? {
            0..=22 => Self::Honest {
                talk: u.arbitrary()?,
                step: u.arbitrary()?,
            },
            23..=38 => Self::Segment(u.arbitrary()?),
            39..=41 => Self::Datagram {
                host: u.arbitrary()?,
                port: one_of(u, &[40_000, 40_001, 9000, 7, 0])?,
                to: one_of(u, &[9000, 9000, 9001, 68, 0])?,
                text: u.arbitrary()?,
            },
            42..=44 => Self::Talk(u.arbitrary()?),
            45 => Self::Noise(u.arbitrary()?),
            46..=55 => Self::Call(u.arbitrary()?),
            56..=61 => Self::Wait(u.arbitrary()?),
            62 => Self::Device {
                blocked: u.arbitrary()?,
            },
            _ => Self::Together(u.arbitrary()?),
        })
    }
}

/// What a peer that means well does next.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The whole handshake, whichever side began.
    Handshake,
    /// The first SYN.
    Syn,
    /// The next data.
    Say(u8),
    /// Data up to the edge of the window.
    Fill,
    /// The next data is lost on its way.
    Lose(u8),
    /// What is sent next begins at the number that the node expects.
    GoBack,
    /// Acknowledges all that came, with this window.
    Acknowledge(u16),
    /// Data and FIN.
    Finish(u8),
    Reset,
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=15)? {
            0..=3 => Self::Handshake,
            4 => Self::Syn,
            5..=7 => Self::Say(u.arbitrary()?),
            8 => Self::Fill,
            9 => Self::Lose(u.arbitrary()?),
            10 => Self::GoBack,
            11..=13 => Self::Acknowledge(window(u)?),
            14 => Self::Finish(u.arbitrary()?),
            _ => Self::Reset,
        })
    }
}

fn window(u: &mut Unstructured<'_>) -> Result<u16> {
    one_of(u, &[0, 1, 2, 100, 536, 1460, 4096, 32_768, 65_535, 65_535])
}

/// A segment with numbers at an edge.
#[derive(Debug, Clone)]
pub struct Segment {
    pub talk: u8,
    /// From a port that nobody uses, or from another hardware address, or to another one.
    pub forged: Forged,
    pub flags: u8,
    pub seq: (Seq, i8),
    pub ack: (Ack, i8),
    pub window: u16,
    pub len: Len,
    pub options: Options,
    /// Other octets than the honest ones.
    pub false_data: bool,
}

impl<'a> Arbitrary<'a> for Segment {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        const FIN: u8 = 1;
        const SYN: u8 = 2;
        const RST: u8 = 4;
        const ACK: u8 = 16;
        const COMMON: [u8; 14] = [
            ACK,
            ACK,
            ACK,
            ACK,
            ACK | FIN,
            ACK | FIN,
            SYN,
            SYN,
            SYN | ACK,
            RST,
            RST | ACK,
            FIN,
            SYN | FIN,
            0,
        ];
        let flags = match u.int_in_range(0..=15)? {
            15 => u.arbitrary()?,
            at => COMMON[usize::from(at as u8).min(13)],
        };
        let options = match flags & SYN {
            0 => one_of(
                u,
                &[Options::None, Options::None, Options::Wrong, Options::Sack],
            )?,
            _ => u.arbitrary()?,
        };
        Ok(Self {
            talk: u.arbitrary()?,
            forged: u.arbitrary()?,
            flags,
            seq: (u.arbitrary()?, offset(u)?),
            ack: (u.arbitrary()?, offset(u)?),
            window: window(u)?,
            len: u.arbitrary()?,
            options,
            false_data: u.ratio(1, 4)?,
        })
    }
}

fn offset(u: &mut Unstructured<'_>) -> Result<i8> {
    one_of(u, &[0, 0, 0, 0, 0, 1, -1, 2, -2, 100, -100])
}

/// What a sequence number is counted from.
#[derive(Debug, Clone, Copy)]
pub enum Seq {
    /// SND.NXT of the honest peer.
    Next,
    /// RCV.NXT as the node said it last.
    Expected,
    /// The right edge of the window that the node said last.
    Edge,
    /// The rightmost one ever.
    FarEdge,
    /// The segment ends at the edge.
    ToEdge,
    /// The peer's initial number.
    Initial,
    /// A window before what is expected.
    Old,
    /// Half the number space away.
    Opposite,
    /// Of its own.
    At(u32),
}

impl<'a> Arbitrary<'a> for Seq {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=15)? {
            0..=3 => Self::Next,
            4..=6 => Self::Expected,
            7..=8 => Self::Edge,
            9 => Self::FarEdge,
            10 => Self::ToEdge,
            11 => Self::Initial,
            12 => Self::Old,
            13 => Self::Opposite,
            _ => Self::At(u.arbitrary()?),
        })
    }
}

/// What an acknowledgment number is counted from.
#[derive(Debug, Clone, Copy)]
pub enum Ack {
    /// SND.NXT of the node.
    Next,
    /// SND.UNA of the node.
    Unacknowledged,
    /// The node's initial number.
    Initial,
    /// A window before SND.UNA.
    Old,
    /// Half the number space away.
    Opposite,
    /// Of its own.
    At(u32),
}

impl<'a> Arbitrary<'a> for Ack {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=15)? {
            0..=6 => Self::Next,
            7..=10 => Self::Unacknowledged,
            11 => Self::Initial,
            12 => Self::Old,
            13 => Self::Opposite,
            _ => Self::At(u.arbitrary()?),
        })
    }
}

/// Octets of data.
#[derive(Debug, Clone, Copy)]
pub enum Len {
    Exactly(u16),
    /// From the sequence number to the edge of the window, and so many more.
    ToEdge(i8),
}

impl<'a> Arbitrary<'a> for Len {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=15)? {
            0..=5 => Self::Exactly(0),
            6..=8 => Self::Exactly(1),
            9 => Self::Exactly(2),
            10 => Self::Exactly(536),
            11..=12 => Self::Exactly(1460),
            13 => Self::Exactly(u.arbitrary()?),
            _ => Self::ToEdge(one_of(u, &[0, 1, -1, 100])?),
        })
    }
}

/// The options of a segment.
#[derive(Debug, Clone, Copy)]
pub enum Options {
    None,
    /// Those of a SYN: MSS, window scale, SACK permitted.
    Syn {
        mss: Option<u16>,
        scale: Option<u8>,
        sack: bool,
    },
    /// A SACK block.
    Sack,
    /// A length that is none.
    Wrong,
}

impl<'a> Arbitrary<'a> for Options {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=15)? {
            0 => Self::None,
            1 => Self::Wrong,
            _ => Self::Syn {
                mss: one_of(
                    u,
                    &[
                        Some(1460),
                        Some(1460),
                        None,
                        Some(536),
                        Some(48),
                        Some(1),
                        Some(0),
                        Some(65_535),
                    ],
                )?,
                scale: one_of(u, &[None, None, Some(0), Some(7), Some(14), Some(15)])?,
                sack: u.arbitrary()?,
            },
        })
    }
}

/// What is wrong with a segment's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forged {
    Nothing,
    /// Sent by another hardware address.
    Hardware,
    /// From a port of the same host that nobody uses.
    Port,
    /// To a port that nobody serves.
    To,
    /// From an address that no host has: of everybody, or our own.
    Source,
    /// To the hardware address of everybody.
    Everybody,
    /// Behind an IPv6 extension header; nothing on IPv4.
    Extension,
}

impl<'a> Arbitrary<'a> for Forged {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=31)? {
            26 => Self::Hardware,
            27 => Self::Port,
            28 => Self::To,
            29 => Self::Source,
            30 => Self::Everybody,
            31 => Self::Extension,
            _ => Self::Nothing,
        })
    }
}

/// Neighbours and control messages.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum Control {
    /// A host asks for an address of the node, or for another.
    Ask {
        host: u8,
        ours: bool,
        probe: bool,
    },
    /// A host says where it is, asked or not, or lies.
    Tell {
        host: u8,
        lie: bool,
    },
    /// A router says that a segment of a conversation did not get through.
    Unreachable {
        talk: u8,
        code: u8,
        seq: i8,
    },
    Ping {
        host: u8,
        len: u8,
    },
}

/// Octets that were on the wire, or never, a little changed.
#[derive(Debug, Clone, Arbitrary)]
pub struct Noise {
    /// Which of the last frames, in or out.
    pub of: u8,
    /// Where it is changed, and to what.
    pub changes: [(u16, u8); 3],
    /// How much of it is left; nothing is cut off at 255.
    pub keep: u8,
    /// Checksums are made right again.
    pub mended: bool,
}

/// A call of the application, or a line of the operator.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    Listen(bool),
    Connect { host: u8, port: bool },
    ConnectFrom { host: u8 },
    Send { handle: u8, len: u16 },
    Receive { handle: u8, len: u16, peek: bool },
    Shutdown(u8),
    Close(u8),
    Abort(u8),
    SetAddresses(u8),
    SendTo { host: u8, len: u8 },
    Console(u8),
}

impl<'a> Arbitrary<'a> for Call {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        const LENGTHS: [u16; 8] = [1, 2, 100, 536, 1460, 5000, 65_535, 0];
        Ok(match u.int_in_range(0..=31)? {
            0 => Self::Listen(u.arbitrary()?),
            1..=4 => Self::Connect {
                host: u.arbitrary()?,
                port: u.arbitrary()?,
            },
            5..=6 => Self::ConnectFrom {
                host: u.arbitrary()?,
            },
            7..=12 => Self::Send {
                handle: u.arbitrary()?,
                len: one_of(u, &LENGTHS)?,
            },
            13..=18 => Self::Receive {
                handle: u.arbitrary()?,
                len: one_of(u, &LENGTHS)?,
                peek: u.arbitrary()?,
            },
            19..=20 => Self::Shutdown(u.arbitrary()?),
            21..=22 => Self::Close(u.arbitrary()?),
            23 => Self::Abort(u.arbitrary()?),
            24 => Self::SetAddresses(u.arbitrary()?),
            25..=26 => Self::SendTo {
                host: u.arbitrary()?,
                len: u.arbitrary()?,
            },
            _ => Self::Console(u.arbitrary()?),
        })
    }
}

/// One of some values, by one octet.
fn one_of<T: Copy>(u: &mut Unstructured<'_>, all: &[T]) -> Result<T> {
    u.choose(all).copied()
}
