//! Numbers in digits, for texts that are written without `core::fmt`: that takes more than a kilobyte of flash, and an
//! image may have nothing else to do with it.

/// Digits of a number of 32 bits: as text, from `{:#010x}` or `{}`.
pub struct Digits {
    octets: [u8; 10],
    first: usize,
}

impl Digits {
    /// In decimal.
    pub fn decimal(number: u32) -> Self {
        let mut digits = Self {
            octets: [b'0'; 10],
            first: 10,
        };
        let mut rest = number;
        loop {
            digits.push((rest % 10) as u8);
            rest /= 10;
            if rest == 0 {
                return digits;
            }
        }
    }

    /// In hexadecimal, all eight digits, after `0x`.
    pub fn hexadecimal(number: u32) -> Self {
        let mut digits = Self {
            octets: *b"0x00000000",
            first: 10,
        };
        for digit in 0..8 {
            digits.push((number >> (4 * digit) & 0xF) as u8);
        }
        digits.first = 0;
        digits
    }

    fn push(&mut self, digit: u8) {
        self.first -= 1;
        self.octets[self.first] = match digit {
            0..10 => b'0' + digit,
            _ => b'a' + digit - 10,
        };
    }

    /// The text.
    pub fn octets(&self) -> &[u8] {
        &self.octets[self.first..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn numbers_are_written_as_the_core_library_writes_them() {
        for number in [0, 7, 10, 0xF, 0xA0, 4_000_000_000, 0x0800_1234, u32::MAX] {
            let decimal = Digits::decimal(number);
            assert_eq!(decimal.octets(), format!("{number}").as_bytes());
            let hexadecimal = Digits::hexadecimal(number);
            assert_eq!(hexadecimal.octets(), format!("{number:#010x}").as_bytes());
        }
    }
}
