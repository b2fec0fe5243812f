//! No guest, where the feature `guest` is not: the board is a room.

use heapless::String;
use smolchat::app::Screen;
use smolchat::node::Node;
use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;

/// What to do with a line that the operator typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Nothing more.
    Done,
    /// The application answers this line.
    Ours(String<24>),
}

/// There is none.
pub enum Guest {}

impl Guest {
    /// This image can be none.
    pub const fn joining(_: IpEndpoint) -> Option<Self> {
        None
    }

    /// Nothing waits for an address.
    pub fn address_obtained(&mut self, _: Instant) {
        match *self {}
    }

    /// Never.
    pub fn deadline(&self) -> Option<Instant> {
        match *self {}
    }

    /// Never begun.
    pub fn is_over(&self, _: &Node<'_>) -> bool {
        match *self {}
    }

    /// Nothing happens.
    pub fn run<S: Screen>(&mut self, _: Instant, _: &mut Node<'_>, _: &mut S) {
        match *self {}
    }

    /// Nothing is ordered.
    pub fn order<S: Screen>(&mut self, _: Instant, _: &mut Node<'_>, _: &mut S, _: &[u8]) -> Order {
        match *self {}
    }
}
