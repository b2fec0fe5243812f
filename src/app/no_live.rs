//! What happens is not told to the operator where the feature `ladder` is not: nothing is kept that it could be told from.

use core::marker::PhantomData;

use managed::ManagedSlice;
use smoltcp::time::Instant;

use super::operator::Screen;
use crate::node::Node;
use crate::trace::Style;
use smolhost::opaque;

/// Takes no memory.
#[derive(Debug, Clone)]
pub struct Watched(());

impl Watched {
    /// No connection; for building arrays.
    pub const NOTHING: Self = Self(());
}

/// Tells nothing, and takes no memory.
pub struct Live<'a>(PhantomData<&'a ()>);

opaque!([] Live<'_>, "Live");

impl<'a> Live<'a> {
    /// Nothing is ever told.
    pub fn new(_: ManagedSlice<'a, Watched>, _: bool) -> Self {
        Self(PhantomData)
    }

    /// Never.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Tells nothing.
    pub fn show<S: Screen>(&mut self, _: Instant, _: &Node<'_>, _: &Style, _: &mut S) {}
}
