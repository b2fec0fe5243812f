//! The Linux program.
#![forbid(unsafe_code)]

fn main() {}
