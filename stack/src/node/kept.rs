//! Where events are kept: in the journal, or, without the feature `journal`, nowhere.

#[cfg(feature = "journal")]
pub(super) use crate::trace::Journal as Kept;

/// Keeps nothing, and takes no memory.
#[cfg(not(feature = "journal"))]
pub(super) struct Kept<'a>(core::marker::PhantomData<&'a ()>);

#[cfg(not(feature = "journal"))]
impl<'a> Kept<'a> {
    pub(super) fn new(_: managed::ManagedSlice<'a, Option<crate::trace::Event>>) -> Self {
        Self(core::marker::PhantomData)
    }

    #[inline(always)]
    pub(super) fn record(&mut self, _: crate::trace::Event) {}
}
