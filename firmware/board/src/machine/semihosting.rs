//! What a debugger, or QEMU, gives the firmware: boot options, and a place for its exit status.
//!
//! Without the feature `semihosting` there are no options from there, and the firmware ends by
//! waiting for a reset.

use crate::command_line::NotTaken;

/// How the firmware ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The operator stopped it.
    Stopped,
    /// It cannot go on.
    Failed,
}

/// The boot options from outside, at the front of `memory`.
///
/// # Errors
/// The host gives a line whole or not at all, and does not say why not.
#[cfg(feature = "semihosting")]
pub fn command_line(memory: &mut [u8]) -> Result<&str, NotTaken> {
    use core::cell::Cell;
    const SYS_GET_CMDLINE: usize = 0x15;
    let block = [memory.as_mut_ptr().expose_provenance(), memory.len()].map(Cell::new);
    // SAFETY: Valid, because the block is what this call asks for: a buffer and its length, both of
    // `memory`; the host writes at most that many octets, and the length into the block. No alias,
    // because `memory` is borrowed mutably for the whole call and the block is made of cells.
    let result = unsafe { cortex_m_semihosting::syscall(SYS_GET_CMDLINE, &block) };
    if result != 0 {
        return Err(NotTaken::TooLong);
    }
    let octets = memory.get(..block[1].get()).ok_or(NotTaken::TooLong)?;
    let line = octets.split(|&octet| octet == 0).next().unwrap_or_default();
    core::str::from_utf8(line).map_err(|_| NotTaken::NotText)
}

/// The boot options from outside: none.
#[cfg(not(feature = "semihosting"))]
pub fn command_line(_memory: &mut [u8]) -> Result<&str, NotTaken> {
    Ok("")
}

/// Ends the firmware.
pub fn exit(status: Status) -> ! {
    #[cfg(feature = "semihosting")]
    cortex_m_semihosting::debug::exit(match status {
        Status::Stopped => cortex_m_semihosting::debug::EXIT_SUCCESS,
        Status::Failed => cortex_m_semihosting::debug::EXIT_FAILURE,
    });
    let _ = status;
    cortex_m::interrupt::disable();
    loop {
        cortex_m::asm::wfi();
    }
}
