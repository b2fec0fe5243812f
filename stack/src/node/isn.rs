//! Initial sequence numbers (RFC 6528), and those that carry a whole handshake in them (RFC 4987
//! section 3.6, SYN cookies).
//!
//! smoltcp draws an initial sequence number from its interface's generator and offers no way to give
//! it one. But the generator is a pure function of the interface's seed, and can be run backwards: an
//! interface built with the right seed draws exactly the number we want. Opening a connection is the
//! only step that draws, so that step runs on such an interface, and everything after on the real one.
//! That holds for one release of smoltcp, which `Cargo.toml` names exactly; and the number that leaves is
//! compared with the one that was wanted ([`Kind::OtherNumber`](crate::trace::Kind::OtherNumber)).

use core::hash::Hasher;

use siphasher::sip::SipHasher24;
use smoltcp::iface;
use smoltcp::time::Instant;
use smoltcp::wire::HardwareAddress;

use super::flow::hash_flow;
use crate::trace::{Flow, SeqNumber};

/// The node's secret, and what is derived from it.
pub(super) struct Isn {
    secret: SipHasher24,
}

/// What a cookie carries back to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cookie {
    // A value: whoever is given one reads all of it.
    /// The peer's maximum segment size, rounded down to one of eight.
    pub(super) mss: u16,
}

/// The eight segment sizes that a cookie can tell apart: three bits.
const SIZES: [u16; 8] = [48, 536, 1024, 1220, 1360, 1440, 1460, 8960];
/// A cookie is good for this period of 2^26 us, about a minute, and the one after.
const PERIOD_BITS: u32 = 26;
/// How many low bits of a cookie are the keyed hash.
const HASH_BITS: u32 = 24;

/// A new connection must begin so far beyond the old one's numbers (RFC 9293 section 3.10.7.4).
const BEYOND_THE_OLD: u32 = 128_000;

impl Isn {
    /// Derives everything from 16 octets that nobody outside knows.
    pub(super) fn new(secret: [u8; 16]) -> Self {
        Self {
            secret: SipHasher24::new_with_key(&secret),
        }
    }

    /// ISN = M + F(localip, localport, remoteip, remoteport, secretkey), with M a 4 us clock
    /// (RFC 6528 section 3).
    pub(super) fn next(&self, now: Instant, flow: &Flow) -> SeqNumber {
        let clock = (now.total_micros() / 4) as u32;
        SeqNumber::new(clock) + self.hash(flow, 0, 0)
    }

    /// The same between endpoints whose last connection is hardly over: after `snd_nxt`, where that ended.
    pub(super) fn next_beyond(&self, now: Instant, flow: &Flow, snd_nxt: SeqNumber) -> SeqNumber {
        let iss = self.next(now, flow);
        match snd_nxt.is_before(iss) {
            true => iss,
            false => snd_nxt + BEYOND_THE_OLD,
        }
    }

    /// The sequence number that answers a SYN without keeping anything of it.
    pub(super) fn cookie(&self, now: Instant, flow: &Flow, irs: SeqNumber, mss: u16) -> SeqNumber {
        let size = SIZES.iter().rposition(|size| *size <= mss).unwrap_or(0) as u32;
        self.seal(period(now), flow, irs, size).into()
    }

    /// What the cookie `iss` says, if this node made it for that flow and peer not long ago.
    pub(super) fn open_cookie(
        &self,
        now: Instant,
        flow: &Flow,
        irs: SeqNumber,
        iss: SeqNumber,
    ) -> Option<Cookie> {
        let iss = iss.get();
        let size = (iss >> HASH_BITS) & 7;
        [period(now), period(now).wrapping_sub(1)]
            .into_iter()
            .find(|period| self.seal(*period, flow, irs, size) == iss)
            .map(|_| Cookie {
                mss: SIZES[size as usize],
            })
    }

    /// Whether `ack` has the time of a cookie in it that is still good; one stranger in 16 has, too.
    pub(super) fn may_be_cookie(&self, now: Instant, ack: SeqNumber) -> bool {
        let time = (ack - 1).get() >> 27;
        [period(now), period(now).wrapping_sub(1)]
            .into_iter()
            .any(|period| period & 31 == time)
    }

    /// 5 bits of time, 3 of segment size, 24 of keyed hash over everything.
    fn seal(&self, period: u32, flow: &Flow, irs: SeqNumber, size: u32) -> u32 {
        let hash = self.hash(flow, irs.get(), period << 3 | size | 1 << 31);
        (period & 31) << 27 | size << HASH_BITS | hash & ((1 << HASH_BITS) - 1)
    }

    fn hash(&self, flow: &Flow, irs: u32, salt: u32) -> u32 {
        let mut hasher = self.secret;
        hash_flow(flow, &mut hasher);
        hasher.write_u32(irs);
        hasher.write_u32(salt);
        hasher.finish() as u32
    }
}

fn period(now: Instant) -> u32 {
    (now.total_micros() >> PERIOD_BITS) as u32
}

/// The `random_seed` with which an interface's first sequence number is `isn`.
///
/// smoltcp's generator (sPCG32) steps `s' = s * M + A` and puts out `s' >> (29 - (s' >> 61))`. With the
/// top three bits of `s'` zero the output is simply bits 29 to 60. An interface draws once for its
/// IPv4 identification before the first socket does, and again if it drew zero: that draw is checked.
pub(super) fn seed_for(isn: u32) -> u64 {
    let mut low_bits = 0;
    loop {
        let drawn = u64::from(isn) << 29 | low_bits;
        let before = step_back(drawn);
        let identification = output(before);
        if (identification ^ identification >> 16) as u16 != 0 {
            return step_back(before);
        }
        low_bits += 1;
    }
}

/// The configuration of an interface that opens one connection with the sequence number `isn`.
pub(super) fn opening_config(isn: SeqNumber) -> iface::Config {
    let mut config = iface::Config::new(HardwareAddress::Ip);
    config.random_seed = seed_for(isn.get());
    config
}

const STEP: u64 = 0x7590_ef39;
const MULTIPLIER: u64 = 0xbb2e_fcec_3c39_611d;
const INVERSE: u64 = inverse(MULTIPLIER);

const fn step_back(state: u64) -> u64 {
    state.wrapping_sub(STEP).wrapping_mul(INVERSE)
}

const fn output(state: u64) -> u32 {
    (state >> (29 - (state >> 61))) as u32
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each round doubles the good bits.
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut round = 0;
    while round < 6 {
        guess = guess.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(guess)));
        round += 1;
    }
    guess
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::{IpAddress, IpEndpoint};

    fn flow(port: u16) -> Flow {
        Flow {
            local: IpEndpoint::new(IpAddress::v4(192, 0, 2, 1), 9000),
            remote: IpEndpoint::new(IpAddress::v4(192, 0, 2, 2), port),
        }
    }

    #[test]
    fn the_generator_runs_backwards() {
        assert_eq!(MULTIPLIER.wrapping_mul(INVERSE), 1);
        for isn in [0, 1, 0xffff_ffff, 0x1234_5678] {
            let first = seed_for(isn).wrapping_mul(MULTIPLIER).wrapping_add(STEP);
            let second = first.wrapping_mul(MULTIPLIER).wrapping_add(STEP);
            assert_eq!(output(second), isn);
        }
    }

    #[test]
    fn sequence_numbers_advance_with_the_clock_and_differ_by_flow() {
        let isn = Isn::new([1; 16]);
        let at = Instant::from_micros;
        let first = isn.next(at(0), &flow(1));
        assert_eq!(isn.next(at(4_000_000), &flow(1)), first + 1_000_000);
        assert_ne!(isn.next(at(0), &flow(2)), first);
        assert_ne!(Isn::new([2; 16]).next(at(0), &flow(1)), first);
    }

    #[test]
    fn a_new_connection_begins_beyond_the_old_one() {
        let isn = Isn::new([1; 16]);
        let (now, flow) = (Instant::ZERO, flow(1));
        let next = isn.next(now, &flow);
        let after = |snd_nxt| isn.next_beyond(now, &flow, snd_nxt);
        assert_eq!(after(next - 1), next);
        assert_eq!(after(next), next + BEYOND_THE_OLD);
        let ahead = next + (1 << 30);
        assert_eq!(after(ahead), ahead + BEYOND_THE_OLD);
    }

    #[test]
    fn a_cookie_opens_for_its_flow_only_and_not_for_long() {
        let isn = Isn::new([1; 16]);
        let at = Instant::from_secs;
        let cookie = isn.cookie(at(0), &flow(1), 77.into(), 1460);
        let open = |now, port, irs, iss| isn.open_cookie(at(now), &flow(port), irs, iss);
        assert_eq!(open(0, 1, 77.into(), cookie), Some(Cookie { mss: 1460 }));
        assert_eq!(open(100, 1, 77.into(), cookie), Some(Cookie { mss: 1460 }));
        assert_eq!(open(200, 1, 77.into(), cookie), None);
        assert_eq!(open(0, 2, 77.into(), cookie), None);
        assert_eq!(open(0, 1, 78.into(), cookie), None);
        assert_eq!(open(0, 1, 77.into(), (cookie.get() ^ 1 << 25).into()), None);
    }
}
