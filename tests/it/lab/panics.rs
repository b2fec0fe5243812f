//! Whose panic it was: smoltcp's, or the test's own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What unwinds when smoltcp alone panicked while it was polled: what it said.
pub(crate) struct SmoltcpPanicked(pub(crate) String);

/// Polls smoltcp; a panic of its own is marked as such.
pub(super) fn of_smoltcp<T>(poll: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(poll))
        .unwrap_or_else(|panic| resume_unwind(Box::new(SmoltcpPanicked(panic_text(&*panic)))))
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "something that is no text".to_owned())
}
