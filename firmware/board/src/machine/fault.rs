//! The last words: a panic or a fault says where on the UART, then the firmware ends with a failure.
//!
//! In the small images that the scripts build, a panic is an undefined instruction and nothing else: no
//! message, no file, no line. Its address is said, and `scripts/where` turns that into function, file
//! and line. What the user shall read goes through [`give_up`].
//!
//! Nothing is trusted here any longer: not the console, which may be in use, not interrupts, and
//! after a fault not even the stack.

use core::arch::naked_asm;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

use crate::driver::Uart;
use cortex_m::peripheral::SCB;

use super::{semihosting, stack};
use crate::board;
use crate::digits::Digits;

/// The processor met an undefined instruction.
const UNDEFINSTR: u32 = 1 << 16;
/// The memory protection unit stopped an access, and its address is known.
const MMARVALID: u32 = 1 << 7;

/// The UART alone, written octet by octet.
struct LastWords(board::Uart);

impl LastWords {
    /// Nothing else runs any more.
    fn begin() -> Self {
        cortex_m::interrupt::disable();
        let mut words = Self(board::last_words_uart());
        words.write(b"\r\nstopped: ");
        words
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            while !self.0.can_transmit() {}
            self.0.transmit(*octet);
        }
    }

    fn end(mut self) -> ! {
        self.write(b"\r\n");
        semihosting::exit(semihosting::Status::Failed)
    }
}

impl Write for LastWords {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

/// Says why on the UART, and ends the firmware with a failure.
pub fn give_up(why: fmt::Arguments<'_>) -> ! {
    let mut words = LastWords::begin();
    let _ = words.write_fmt(why);
    words.end()
}

/// The same in one sentence: an image that formats nothing else is a kilobyte smaller.
pub fn give_up_plainly(why: &str) -> ! {
    give_up_with(&[Word::Text(why)])
}

/// A part of a sentence.
enum Word<'w> {
    Text(&'w str),
    Decimal(u32),
    Hexadecimal(u32),
}

fn give_up_with(sentence: &[Word<'_>]) -> ! {
    let mut words = LastWords::begin();
    for word in sentence {
        match *word {
            Word::Text(text) => words.write(text.as_bytes()),
            Word::Decimal(number) => words.write(Digits::decimal(number).octets()),
            Word::Hexadecimal(number) => words.write(Digits::hexadecimal(number).octets()),
        }
    }
    words.end()
}

/// For images built by cargo alone, where a panic has a message.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    give_up(format_args!("{info}"))
}

/// The fault handler. A stack overflow leaves no stack to call a function on, so it starts a new one
/// at the top, after taking what the processor saved where the old one ended.
///
/// # Safety
/// Only the processor calls this, through the vector table.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() -> ! {
    naked_asm!(
        "mrs r0, msp",            // r0: where the stack ended
        "mov r1, #0",             // r1: the instruction that faulted, if known
        "mov r2, #0",             // r2: where it would have returned to, if known
        "ldr r3, =_stack_end",
        "cmp r0, r3",
        "blo 1f",                 // below the stack: nothing was saved
        "ldr r3, =_stack_start - 32",
        "cmp r0, r3",
        "bhi 1f",
        "ldr r1, [r0, #24]",
        "ldr r2, [r0, #20]",
        "1:",
        "ldr r3, =_stack_start",
        "msr msp, r3",
        "b {report}",
        report = sym report,
    )
}

extern "C" fn report(stack_pointer: usize, program_counter: u32, link: u32) -> ! {
    let (_, bottom) = stack::bounds();
    if stack_pointer < bottom {
        give_up_with(&[
            Word::Text("stack overflow: all of "),
            Word::Decimal(stack::size() as u32),
            Word::Text(" octets used"),
        ]);
    }
    // SAFETY: Valid, because the pointer is that of the system control block every Cortex-M3 has. No
    // alias matters: the fields are read once, volatile, and nothing else runs any more.
    let (status, memory, bus) = unsafe {
        (
            (*SCB::PTR).cfsr.read(),
            (*SCB::PTR).mmfar.read(),
            (*SCB::PTR).bfar.read(),
        )
    };
    let (at, from) = (Word::Hexadecimal(program_counter), Word::Hexadecimal(link));
    if status & UNDEFINSTR != 0 {
        give_up_with(&[
            Word::Text("panic at "),
            at,
            Word::Text(", called from "),
            from,
            Word::Text(": scripts/where "),
            Word::Text(board::NAME),
            Word::Text(" "),
            Word::Hexadecimal(program_counter),
        ]);
    }
    let address = if status & MMARVALID != 0 { memory } else { bus };
    give_up_with(&[
        Word::Text("fault at "),
        at,
        Word::Text(", called from "),
        from,
        Word::Text(", status "),
        Word::Hexadecimal(status),
        Word::Text(", address "),
        Word::Hexadecimal(address),
    ])
}

/// Reads where nothing may be read, to show what a fault says.
#[cfg(feature = "drill")]
pub fn provoke() {
    let forbidden: *const u32 = core::ptr::without_provenance(0x1FFF_FF00);
    // SAFETY: Not valid on purpose: the address lies in the guard below the stack, where no object
    // is, so the processor faults before anything is read.
    unsafe { forbidden.read_volatile() };
}
