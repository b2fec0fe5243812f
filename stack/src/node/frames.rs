//! The interface that reads and writes whole frames, for sockets of the application's own: DHCP needs one. Without the
//! feature `own-sockets` there is none, and no memory for it.

use smoltcp::iface::Interface;

/// The interface, if there is one.
#[cfg(feature = "own-sockets")]
pub(super) struct Frames(Interface);

#[cfg(feature = "own-sockets")]
impl Frames {
    /// Made in its place, as the link is.
    #[inline(always)]
    pub(super) fn new(make: impl FnOnce() -> Interface) -> Self {
        Self(make())
    }

    #[inline(always)]
    pub(super) fn interface(&mut self) -> Option<&mut Interface> {
        Some(&mut self.0)
    }
}

/// The interface, if there is one.
#[cfg(not(feature = "own-sockets"))]
pub(super) struct Frames;

#[cfg(not(feature = "own-sockets"))]
impl Frames {
    pub(super) fn new(_: impl FnOnce() -> Interface) -> Self {
        Self
    }

    pub(super) fn interface(&mut self) -> Option<&mut Interface> {
        None
    }
}
