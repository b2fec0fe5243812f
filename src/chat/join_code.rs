//! The join code: proof that an endpoint receives what is sent to it, with nothing stored beforehand.
//!
//! The code is a keyed hash of the endpoint and of the current minute, so the room recognises its own codes without
//! remembering to whom it gave one (as with TCP's SYN cookies). A code is valid in the minute in which it was made and
//! in the next.

use core::hash::{Hash, Hasher};

use heapless::String;
use siphasher::sip::SipHasher24;
use smoltcp::time::{Duration, Instant};

/// How long the room keeps making the same code for an endpoint.
pub const CODE_PERIOD: Duration = Duration::from_secs(60);

/// Characters in a code: 40 bits.
pub const CODE_LEN: usize = 8;

/// A join code.
pub(super) type Code = String<CODE_LEN, u8>;

/// Digits and small letters without `1`, `i`, `l` and `o`, which are easily confused.
const ALPHABET: &[u8; 32] = b"023456789abcdefghjkmnpqrstuvwxyz";

/// The room's secret.
#[derive(Clone, Copy)]
pub(super) struct Secret(pub(super) [u64; 2]);

/// What a hash is for, so that none can be used as another.
#[derive(Hash)]
enum Purpose {
    Name,
    Endpoint,
    Alias,
    Code,
}

impl Secret {
    fn hash(self, purpose: Purpose, write: impl FnOnce(&mut SipHasher24)) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.0[0], self.0[1]);
        purpose.hash(&mut hasher);
        write(&mut hasher);
        hasher.finish()
    }

    /// Where names that look like this one are in the index.
    pub(super) fn name(self, name: &str) -> u32 {
        self.hash(Purpose::Name, |hasher| {
            super::name::fold(name).for_each(|c| c.hash(hasher))
        }) as u32
    }

    /// Where an endpoint is in the index.
    pub(super) fn endpoint<E: Hash>(self, endpoint: &E) -> u32 {
        self.hash(Purpose::Endpoint, |hasher| endpoint.hash(hasher)) as u32
    }

    /// Four characters that always stand for the same unknown endpoint.
    pub(super) fn alias<E: Hash>(self, endpoint: &E) -> String<4, u8> {
        letters(self.hash(Purpose::Alias, |hasher| endpoint.hash(hasher)))
    }

    /// The code for an endpoint on a way to it now.
    pub(super) fn code<E: Hash>(self, endpoint: &E, way: u64, now: Instant) -> Code {
        self.code_of(endpoint, way, period(now))
    }

    /// Whether `text` is the code that this endpoint was given, now or a period ago.
    pub(super) fn proves<E: Hash>(self, endpoint: &E, way: u64, now: Instant, text: &str) -> bool {
        let now = period(now);
        text.len() == CODE_LEN
            && (now - 1..=now).any(|period| self.code_of(endpoint, way, period) == text)
    }

    fn code_of<E: Hash>(self, endpoint: &E, way: u64, period: i64) -> Code {
        letters(self.hash(Purpose::Code, |hasher| {
            endpoint.hash(hasher);
            way.hash(hasher);
            period.hash(hasher);
        }))
    }
}

fn period(now: Instant) -> i64 {
    now.total_micros() / CODE_PERIOD.total_micros() as i64
}

/// `N` characters, five bits each.
fn letters<const N: usize>(mut bits: u64) -> String<N, u8> {
    let mut text = String::new();
    for _ in 0..N {
        // Never full: there are exactly `N`.
        let _ = text.push(char::from(ALPHABET[(bits % 32) as usize]));
        bits /= 32;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Secret = Secret([1, 2]);

    #[test]
    fn a_code_is_good_for_its_endpoint_in_this_period_and_the_next_only() {
        let at = Instant::from_secs(60);
        let code = SECRET.code(&(1, 7), 0, at);
        assert_eq!(code.len(), CODE_LEN);
        assert!(SECRET.proves(&(1, 7), 0, at, &code));
        assert!(SECRET.proves(&(1, 7), 0, Instant::from_secs(179), &code));
        assert!(!SECRET.proves(&(1, 7), 0, Instant::from_secs(180), &code));
        assert!(!SECRET.proves(&(1, 8), 0, at, &code));
        assert!(!SECRET.proves(&(2, 7), 0, at, &code));
        assert!(!SECRET.proves(&(1, 7), 1, at, &code));
        assert!(!Secret([1, 3]).proves(&(1, 7), 0, at, &code));
        assert!(!SECRET.proves(&(1, 7), 0, at, ""));
    }
}
