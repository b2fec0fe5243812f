//! Stub.

use crate::lab::texts::Data;

pub(super) const DATA: Data = Data {};
