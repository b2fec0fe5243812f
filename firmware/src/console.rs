//! The operator's console: a UART with a ring in each direction, and lines out of octets.
//!
//! Writing never waits. What the transmit ring has no room for is dropped and counted, and the count
//! is written as soon as there is room again. Who has much to say asks [`Console::room`] first.
//! Octets received are kept until they are asked for; when their ring is full, the receive
//! interrupt is held back, and what the hardware then has no room for is the sender's loss.
//!
//! The caller's duty: call [`Console::on_interrupt`] from the UART's interrupt, and let no
//! interrupt come between a call and its return.

use core::fmt::{self, Write};

use heapless::{Deque, Vec};

use crate::driver::Uart;

/// Octets that wait for the UART. A full state table fits.
pub const TRANSMIT_RING: usize = 2048;
/// Octets that wait for the application.
pub const RECEIVE_RING: usize = 128;
/// The longest line an operator can type, in octets.
pub const LINE: usize = 120;

/// The notice of lost octets is at most this long.
const NOTICE: usize = 40;

/// A UART with its rings.
pub struct Console<U> {
    uart: U,
    outgoing: Deque<u8, TRANSMIT_RING>,
    incoming: Deque<u8, RECEIVE_RING>,
    lost: u32,
    lost_in_all: u32,
}

impl<U: Uart> Console<U> {
    /// Joins a UART with empty rings.
    pub const fn new(uart: U) -> Self {
        Self {
            uart,
            outgoing: Deque::new(),
            incoming: Deque::new(),
            lost: 0,
            lost_in_all: 0,
        }
    }

    /// Moves octets both ways as far as the hardware and the rings have room.
    pub fn on_interrupt(&mut self) {
        self.move_octets();
    }

    /// The octets that can be written now without loss.
    pub fn room(&self) -> usize {
        if self.lost > 0 {
            0
        } else {
            TRANSMIT_RING - self.outgoing.len()
        }
    }

    /// Octets written that nobody will read.
    pub fn lost(&self) -> u32 {
        self.lost_in_all
    }

    /// Whether an octet waits to be read.
    pub fn has_input(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// The next octet received.
    pub fn read(&mut self) -> Option<u8> {
        let octet = self.incoming.pop_front();
        if octet.is_some() {
            self.move_octets();
        }
        octet
    }

    /// Writes octets as they are.
    pub fn write(&mut self, octets: &[u8]) {
        self.tell_of_loss();
        for &octet in octets {
            if self.lost > 0 || self.outgoing.push_back(octet).is_err() {
                self.lost = self.lost.saturating_add(1);
                self.lost_in_all = self.lost_in_all.saturating_add(1);
            }
        }
        self.move_octets();
    }

    /// Waits for the UART to take all that was written. For the last words before a stop only.
    pub fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            self.move_octets();
        }
    }

    fn tell_of_loss(&mut self) {
        if self.lost == 0 || TRANSMIT_RING - self.outgoing.len() < NOTICE {
            return;
        }
        let mut notice: heapless::String<NOTICE> = heapless::String::new();
        // It fits: 10 digits at most.
        let _ = write!(notice, "\r\n[{} octets not shown]\r\n", self.lost);
        self.lost = 0;
        for octet in notice.bytes() {
            let _ = self.outgoing.push_back(octet);
        }
    }

    fn move_octets(&mut self) {
        while let Some(&octet) = self.outgoing.front() {
            if !self.uart.can_transmit() {
                break;
            }
            self.uart.transmit(octet);
            self.outgoing.pop_front();
        }
        while !self.incoming.is_full() {
            let Some(octet) = self.uart.receive() else {
                break;
            };
            let _ = self.incoming.push_back(octet); // There is room: asked for above.
        }
        self.uart
            .acknowledge(!self.outgoing.is_empty(), !self.incoming.is_full());
        // An octet that came between the last look and the acknowledgement would wait unseen.
        while !self.incoming.is_full() {
            let Some(octet) = self.uart.receive() else {
                break;
            };
            let _ = self.incoming.push_back(octet);
        }
    }
}

impl<U: Uart> Write for Console<U> {
    /// Writes text for a terminal: a line feed becomes carriage return and line feed.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(line) => {
                    self.write(line.as_bytes());
                    self.write(b"\r\n");
                }
                None => self.write(piece.as_bytes()),
            }
        }
        Ok(())
    }
}

/// Makes lines of the octets an operator types, and shows the typing.
#[derive(Default)]
pub struct LineEditor {
    line: Vec<u8, LINE>,
    complete: bool,
}

impl LineEditor {
    /// An empty line.
    pub const fn new() -> Self {
        Self {
            line: Vec::new(),
            complete: false,
        }
    }

    /// Takes one octet, and gives the line when the octet ends it. Backspace takes a character back;
    /// octets beyond [`LINE`] are refused with a bell.
    pub fn feed<W: Write>(&mut self, octet: u8, echo: &mut W) -> Option<&[u8]> {
        if core::mem::take(&mut self.complete) {
            self.line.clear();
        }
        match octet {
            b'\r' | b'\n' if self.line.is_empty() => None, // Also the second half of CR LF.
            b'\r' | b'\n' => {
                let _ = echo.write_str("\n");
                self.complete = true;
                Some(&self.line)
            }
            0x08 | 0x7F => {
                if self.take_character_back() {
                    let _ = echo.write_str("\x08 \x08");
                }
                None
            }
            0..0x20 => None,
            _ => {
                let taken = self.line.push(octet).is_ok();
                if taken {
                    self.echo_character(echo)
                } else {
                    let _ = echo.write_str("\x07");
                }
                None
            }
        }
    }

    /// The line, after [`LineEditor::feed`] gave it and until it takes the next octet.
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// Removes the last character with all its octets.
    fn take_character_back(&mut self) -> bool {
        while let Some(octet) = self.line.pop() {
            if octet & 0b1100_0000 != 0b1000_0000 {
                return true;
            }
        }
        false
    }

    /// Shows the last character once all its octets are there.
    fn echo_character<W: Write>(&self, echo: &mut W) {
        let start = self
            .line
            .iter()
            .rposition(|octet| octet & 0b1100_0000 != 0b1000_0000)
            .unwrap_or(0);
        if let Ok(character) = core::str::from_utf8(&self.line[start..]) {
            let _ = echo.write_str(character);
        }
    }
}
