//! Stub.

use crate::lab::texts::Trouble;

pub(super) const TROUBLE: Trouble = Trouble {};
