//! Simplified Chinese.

mod closing;
mod data;
mod explained;
mod frame;
mod opening;
mod trouble;

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    frame: frame::FRAME,
    ladder: frame::LADDER,
    explained: explained::explained,
    state: explained::state,
    opening: opening::OPENING,
    closing: closing::CLOSING,
    data: data::DATA,
    trouble: trouble::TROUBLE,
};
