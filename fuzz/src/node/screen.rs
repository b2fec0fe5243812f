//! Whatever a member or the operator sees is text: nothing on it moves the cursor.

use std::fmt;

use smolchat::app;
use smolchat::web::ALERT;

/// # Panics
/// At a control character that is no end of a line and no tab.
pub fn check(octets: &[u8]) {
    let mut before = 0;
    for &octet in octets {
        let control = octet < 0x20 && !matches!(octet, b'\n' | b'\r' | b'\t') || octet == 0x7f;
        let control = control || before == 0xc2 && (0x80..0xa0).contains(&octet);
        assert!(
            !control,
            "a control character on a screen: {:?}",
            String::from_utf8_lossy(octets)
        );
        before = octet;
    }
}

/// The same of a segment to a member: an answer of the telnet protocol (RFC 854), or an alert for who speaks
/// TLS, may stand in it, even cut.
///
/// # Panics
/// As [`check`].
pub fn check_segment(octets: &[u8]) {
    const IAC: u8 = 255;
    let is_verb = |octet: &u8| (251..=254).contains(octet);
    let mut rest = without_alert(octets);
    if let [verb, _, behind @ ..] = rest
        && is_verb(verb)
    {
        rest = behind;
    } else if let [0..=31, behind @ ..] = rest {
        rest = behind;
    }
    while let Some(at) = rest.iter().position(|octet| *octet == IAC) {
        check(&rest[..at]);
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    check(rest);
}

/// What is left of a segment without an alert of TLS, or the part of one.
fn without_alert(octets: &[u8]) -> &[u8] {
    let whole =
        octets.len() < ALERT.len() && ALERT.windows(octets.len().max(1)).any(|it| it == octets);
    if whole {
        return &[];
    }
    let begun = (1..=ALERT.len()).find_map(|len| octets.strip_suffix(&ALERT[..len]));
    let ended = (0..ALERT.len()).find_map(|at| octets.strip_prefix(&ALERT[at..]));
    begun.or(ended).unwrap_or(octets)
}

/// The operator's screen.
#[derive(Default)]
pub struct Screen {
    pub shown: usize,
}

impl fmt::Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        check(text.as_bytes());
        self.shown += text.len();
        Ok(())
    }
}

impl app::Screen for Screen {
    fn room(&self) -> usize {
        4096
    }
}
