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

use crate::digits::Digits;
use crate::driver::Uart;

/// Octets that wait for the UART: as many as a program says at once.
pub const TRANSMIT_RING: usize = if cfg!(feature = "long-ring") {
    1_100
} else {
    96
};
/// Octets that wait for the application.
pub const RECEIVE_RING: usize = 96;
/// The longest line an operator can type, in octets.
pub const LINE: usize = 160;

/// The notice of lost octets is at most this long.
const NOTICE: usize = 40;

/// The rings, and the UART once it is there. What is written before waits in the ring.
pub struct Console<U> {
    uart: Option<U>,
    outgoing: Deque<u8, TRANSMIT_RING>,
    incoming: Deque<u8, RECEIVE_RING>,
    lost: u32,
    not_told: u32,
    wanted: usize,
}

impl<U: Uart> Console<U> {
    /// Empty rings, all zeros in memory.
    pub const fn new() -> Self {
        Self {
            uart: None,
            outgoing: Deque::new(),
            incoming: Deque::new(),
            lost: 0,
            not_told: 0,
            wanted: 0,
        }
    }

    /// Connects the UART and lets it interrupt.
    pub fn attach(&mut self, uart: U) {
        self.uart = Some(uart);
        self.move_octets();
    }

    /// Moves octets both ways as far as the hardware and the rings have room.
    pub fn on_interrupt(&mut self) {
        self.move_octets();
    }

    /// The octets that can be written now without loss.
    pub fn room(&self) -> usize {
        if self.not_told > 0 {
            0
        } else {
            TRANSMIT_RING - self.outgoing.len()
        }
    }

    /// Octets written that nobody will read.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// Asks for [`Console::has_news`] as soon as there is room for `octets`; 0 takes that back.
    pub fn want_room(&mut self, octets: usize) {
        self.wanted = octets.min(TRANSMIT_RING);
    }

    /// Whether an octet waits to be read, or the room is there that was wanted.
    pub fn has_news(&self) -> bool {
        !self.incoming.is_empty() || (self.wanted > 0 && self.room() >= self.wanted)
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
            if self.not_told > 0 || self.outgoing.push_back(octet).is_err() {
                self.not_told = self.not_told.saturating_add(1);
                self.lost = self.lost.saturating_add(1);
            }
        }
        self.move_octets();
    }

    /// Waits for the UART to take all that was written. For the last words before a stop only.
    pub fn flush(&mut self) {
        while self.uart.is_some() && !self.outgoing.is_empty() {
            self.move_octets();
        }
    }

    fn tell_of_loss(&mut self) {
        if self.not_told == 0 || TRANSMIT_RING - self.outgoing.len() < NOTICE {
            return;
        }
        let number = Digits::decimal(self.not_told);
        self.not_told = 0;
        for octets in [b"\r\n[", number.octets(), b" octets not shown]\r\n"] {
            for &octet in octets {
                let _ = self.outgoing.push_back(octet);
            }
        }
    }

    fn send_waiting(&mut self) {
        let Some(uart) = &mut self.uart else { return };
        while let Some(&octet) = self.outgoing.front() {
            if !uart.can_transmit() {
                break;
            }
            uart.transmit(octet);
            self.outgoing.pop_front();
        }
    }

    fn move_octets(&mut self) {
        self.send_waiting();
        if self.not_told > 0 {
            // Nothing more may be written for long: the loss is told as soon as there is room.
            self.tell_of_loss();
            self.send_waiting();
        }
        let Some(uart) = &mut self.uart else { return };
        take_in(uart, &mut self.incoming);
        uart.acknowledge(!self.outgoing.is_empty(), !self.incoming.is_full());
        // An octet that came between the last look and the acknowledgement would wait unseen.
        take_in(uart, &mut self.incoming);
    }
}

fn take_in<U: Uart>(uart: &mut U, incoming: &mut Deque<u8, RECEIVE_RING>) {
    while !incoming.is_full() {
        let Some(octet) = uart.receive() else { return };
        let _ = incoming.push_back(octet); // There is room: asked for above.
    }
}

impl<U: Uart> Default for Console<U> {
    fn default() -> Self {
        Self::new()
    }
}

impl<U: Uart> Write for Console<U> {
    /// Writes text for a terminal: a line feed becomes carriage return and line feed.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let lines = text.as_bytes().split(|&octet| octet == b'\n');
        for (number, line) in lines.enumerate() {
            if number > 0 {
                self.write(b"\r\n");
            }
            self.write(line);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    /// A UART that takes as many octets as the test allows.
    #[derive(Default)]
    struct Line {
        allowed: usize,
        sent: std::vec::Vec<u8>,
        coming: std::collections::VecDeque<u8>,
        interrupts: (bool, bool),
    }

    impl Uart for Line {
        fn receive(&mut self) -> Option<u8> {
            self.coming.pop_front()
        }
        fn can_transmit(&mut self) -> bool {
            self.allowed > 0
        }
        fn transmit(&mut self, octet: u8) {
            self.allowed -= 1;
            self.sent.push(octet);
        }
        fn acknowledge(&mut self, transmit: bool, receive: bool) {
            self.interrupts = (transmit, receive);
        }
    }

    fn line(console: &mut Console<Line>) -> &mut Line {
        console.uart.as_mut().unwrap()
    }

    #[test]
    fn what_is_written_before_there_is_a_uart_is_sent_when_there_is() {
        let mut console = Console::new();
        console.write(b"early");
        console.attach(Line {
            allowed: 99,
            ..Line::default()
        });
        assert_eq!(line(&mut console).sent, b"early");
    }

    #[test]
    fn a_stalled_uart_costs_octets_and_their_number_is_shown() {
        let mut console = Console::new();
        console.attach(Line::default());
        console.write(&[b'x'; TRANSMIT_RING]);
        assert_eq!(console.room(), 0);
        console.write(b"lost");
        console.write(b" too");
        assert_eq!(console.lost(), 8);
        assert_eq!(
            line(&mut console).interrupts,
            (true, true),
            "room to transmit is asked for"
        );

        line(&mut console).allowed = TRANSMIT_RING;
        console.on_interrupt();
        assert_eq!(line(&mut console).sent.len(), TRANSMIT_RING);
        line(&mut console).allowed = 99;
        console.write(b"back");
        assert_eq!(
            line(&mut console).sent[TRANSMIT_RING..],
            *b"\r\n[8 octets not shown]\r\nback"
        );
        assert_eq!(line(&mut console).interrupts, (false, true));
    }

    #[test]
    fn a_loss_is_told_as_soon_as_there_is_room_though_nothing_more_is_written() {
        let mut console = Console::new();
        console.attach(Line::default());
        console.write(&[b'x'; TRANSMIT_RING + 1]);
        line(&mut console).allowed = TRANSMIT_RING + 99;
        console.on_interrupt();
        assert_eq!(
            line(&mut console).sent[TRANSMIT_RING..],
            *b"\r\n[1 octets not shown]\r\n"
        );
    }

    #[test]
    fn a_full_receive_ring_holds_the_interrupt_back_and_loses_nothing() {
        let mut console = Console::new();
        let typed: std::vec::Vec<u8> = (0..200).collect();
        console.attach(Line {
            coming: typed.iter().copied().collect(),
            ..Line::default()
        });
        assert_eq!(
            line(&mut console).interrupts,
            (false, false),
            "full: no receive interrupt"
        );
        let read: std::vec::Vec<u8> = core::iter::from_fn(|| console.read()).collect();
        assert_eq!(read, typed);
        assert_eq!(line(&mut console).interrupts, (false, true));
    }

    /// Types `octets`; gives the lines and what the operator saw.
    fn type_in(octets: &[u8]) -> (std::vec::Vec<String>, String) {
        let mut editor = LineEditor::new();
        let mut echo = String::new();
        let mut lines = std::vec::Vec::new();
        for &octet in octets {
            if let Some(line) = editor.feed(octet, &mut echo) {
                lines.push(String::from_utf8_lossy(line).into_owned());
            }
        }
        (lines, echo)
    }

    #[test]
    fn every_line_ending_ends_a_line_once() {
        assert_eq!(type_in(b"a\rb\nc\r\nd\r").0, ["a", "b", "c", "d"]);
    }

    #[test]
    fn backspace_takes_a_whole_character_back() {
        let (lines, echo) = type_in("好吗\u{7f}\u{8}\u{8}ok\r".as_bytes());
        assert_eq!(lines, ["ok"]);
        assert_eq!(
            echo, "好吗\u{8} \u{8}\u{8} \u{8}ok\n",
            "the third had nothing to take"
        );
    }

    #[test]
    fn a_line_too_long_is_cut_and_rings() {
        let (lines, echo) = type_in(&[&[b'y'; LINE + 3][..], b"\r"].concat());
        assert_eq!(lines, ["y".repeat(LINE)]);
        assert_eq!(echo.matches('\x07').count(), 3);
    }
}
