//! The stack: its guard, and how much of it was ever used.
//!
//! The stack lies at the bottom of RAM (memory.x), so an overflow leaves RAM instead of overwriting
//! statics. Below RAM there is nothing on these chips; a region of the memory protection unit makes
//! sure that touching it is a fault.

use core::ptr;

use cortex_m::asm;
use cortex_m::peripheral::MPU;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Octets below the stack that fault when touched. A frame larger than this would jump over the
/// guard; the largest here is a tenth of it.
const GUARD: u32 = 32 * 1024;

const MPU_ENABLE: u32 = 1 << 0;
/// Everything that no region covers stays as it is without the unit.
const MPU_PRIVDEFENA: u32 = 1 << 2;
const RBAR_VALID: u32 = 1 << 4;
const RASR_ENABLE: u32 = 1 << 0;
/// No instruction fetch, and (the access bits being 0) no access at all.
const RASR_NO_EXECUTE: u32 = 1 << 28;

/// Where the stack begins, and the address it must not grow below.
pub fn bounds() -> (usize, usize) {
    (
        ptr::addr_of!(_stack_start).addr(),
        ptr::addr_of!(_stack_end).addr(),
    )
}

/// The size of the stack in octets.
pub fn size() -> usize {
    let (start, end) = bounds();
    start - end
}

/// Makes every access to the octets just below the stack a fault.
pub fn guard(mpu: MPU) {
    let (_, end) = bounds();
    let base = end as u32 - GUARD;
    debug_assert!(
        base.is_multiple_of(GUARD),
        "a region starts at a multiple of its size"
    );
    let size_field = (GUARD.ilog2() - 1) << 1;
    // SAFETY: Valid, because these are the unit's own registers, taken from the one `MPU` there is.
    // No reference is made invalid: the region lies below RAM, where no object can be.
    unsafe {
        mpu.rbar.write(base | RBAR_VALID);
        mpu.rasr.write(RASR_NO_EXECUTE | size_field | RASR_ENABLE);
        mpu.ctrl.write(MPU_ENABLE | MPU_PRIVDEFENA);
    }
    asm::dsb();
    asm::isb();
}

/// The most octets of stack that were ever used. `cortex-m-rt` painted the stack before `main`.
pub fn worst() -> usize {
    let (start, end) = bounds();
    let mut lowest = end;
    while lowest < start {
        let word: *const u32 = ptr::with_exposed_provenance(lowest);
        // SAFETY: Valid, because `lowest` is a multiple of 4 between the ends of the stack, which is
        // RAM. Other frames' variables may lie there, so the read is volatile and of plain words, and
        // no reference is made; what it reads is only compared with the paint.
        if unsafe { word.read_volatile() } != cortex_m_rt::STACK_PAINT_VALUE {
            break;
        }
        lowest += size_of::<u32>();
    }
    start - lowest
}

/// Uses stack without end, to show that the guard holds.
#[cfg(feature = "drill")]
#[inline(never)]
pub fn overflow(depth: u32) -> u32 {
    let frame = core::hint::black_box([depth; 64]);
    if depth == u32::MAX {
        depth
    } else {
        overflow(depth + 1) + frame[depth as usize % frame.len()]
    }
}
