//! The characters that the character generator sends (RFC 864), from wherever the last piece ended.

/// RFC 864's recommended pattern: lines of 72 printing characters, each line beginning one later.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pattern {
    line: usize,
    column: usize,
}

impl Pattern {
    const WIDTH: usize = 72;
    /// A line and its CR LF.
    const LINE: usize = Self::WIDTH + 2;
    /// The printing characters of ASCII.
    const CHARACTERS: usize = 95;

    /// After so many octets it begins anew.
    const PERIOD: usize = Self::LINE * Self::CHARACTERS;

    /// The next octets of the pattern.
    pub(super) fn write(&mut self, octets: &mut [u8]) {
        let once = octets.len().min(Self::PERIOD);
        self.compose(&mut octets[..once]);
        // What is there already is what comes next. Twice as much each time, it is soon done.
        let mut done = once;
        while done < octets.len() {
            let (from, to) = octets.split_at_mut(done);
            let count = (done - done % Self::PERIOD).min(to.len());
            to[..count].copy_from_slice(&from[..count]);
            self.skip(count);
            done += count;
        }
    }

    /// The next octets, line by line.
    fn compose(&mut self, octets: &mut [u8]) {
        let mut left = octets;
        while !left.is_empty() {
            let count = left.len().min(Self::LINE - self.column);
            let (now, later) = left.split_at_mut(count);
            let text = count.min(Self::WIDTH.saturating_sub(self.column));
            let (characters, end) = now.split_at_mut(text);
            characters.copy_from_slice(&CIRCLE[self.line + self.column..][..text]);
            for (column, octet) in (self.column + text..).zip(end) {
                *octet = if column == Self::WIDTH { b'\r' } else { b'\n' };
            }
            self.skip(count);
            left = later;
        }
    }

    fn skip(&mut self, octets: usize) {
        let at = self.column + octets;
        self.column = at % Self::LINE;
        self.line = (self.line + at / Self::LINE) % Self::CHARACTERS;
    }
}

/// The printing characters, twice, so that a line that begins with the last one still runs straight on.
const CIRCLE: [u8; 2 * Pattern::CHARACTERS] = {
    let mut circle = [0; 2 * Pattern::CHARACTERS];
    let mut index = 0;
    while index < circle.len() {
        circle[index] = b' ' + (index % Pattern::CHARACTERS) as u8;
        index += 1;
    }
    circle
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_the_one_of_rfc_864() {
        let mut octets = [0; 96 * Pattern::LINE];
        Pattern::default().write(&mut octets);
        let lines: std::vec::Vec<_> = octets.chunks(Pattern::LINE).collect();
        assert!(lines[0].starts_with(b" !\"#$%&'()*+,-./0123456789:;<=>?@ABC"));
        assert!(lines[0].ends_with(b"efg\r\n"));
        assert!(lines[1].starts_with(b"!\"#"));
        assert!(lines[94].starts_with(b"~ !\""));
        assert_eq!(lines[95], lines[0]);
    }

    #[test]
    fn the_pattern_goes_on_where_it_was_cut() {
        let mut whole = [0; 1000];
        Pattern::default().write(&mut whole);
        let mut pattern = Pattern::default();
        let mut parts = [0; 1000];
        for part in parts.chunks_mut(73) {
            pattern.write(part);
        }
        assert_eq!(parts, whole);
    }

    #[test]
    fn what_is_copied_from_what_is_there_is_the_pattern_too() {
        let mut lines = std::vec![0; 5 * Pattern::PERIOD];
        let mut at_once = lines.clone();
        let mut pattern = Pattern::default();
        let mut other = pattern;
        pattern.compose(&mut lines[..500]);
        other.compose(&mut at_once[..500]);
        lines[500..]
            .chunks_mut(1000)
            .for_each(|part| pattern.compose(part));
        other.write(&mut at_once[500..]);
        assert_eq!(lines, at_once);
        assert_eq!((pattern.line, pattern.column), (other.line, other.column));
    }
}
