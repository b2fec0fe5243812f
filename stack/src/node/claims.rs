//! Our own addresses among neighbours: asked for before anybody relies on them, announced, and defended
//! (RFC 5227, RFC 4862 section 5.4).
//!
//! An address is used from the start, while it is probed; whoever has it already answers, and is reported.

use heapless::Vec;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpAddress;

use super::config::MAX_ADDRESSES;
use super::parts;

/// How many addresses can be claimed.
const MOST: usize = if parts::CLAIMS { MAX_ADDRESSES } else { 0 };

/// PROBE_NUM and ANNOUNCE_NUM, and the time between two of either (RFC 5227 section 1.1).
const PROBES: u8 = 3;
const ANNOUNCEMENTS: u8 = 2;
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);

/// DEFEND_INTERVAL: how often a conflict is reported and answered.
const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// What is to be said to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    /// Has anybody got this address?
    Probe(IpAddress),
    /// We have this address.
    Announce(IpAddress),
}

#[derive(Debug, Clone, Copy)]
struct Claim {
    address: IpAddress,
    /// Probes and announcements that were said.
    said: u8,
    /// When the next one is due.
    next: Instant,
    /// When a conflict was last reported.
    defended: Option<Instant>,
}

/// How long after we spoke what comes back may be an echo.
const ECHO: Duration = Duration::from_secs(1);

/// The addresses that we claim.
#[derive(Default)]
pub(super) struct Claims {
    claims: Vec<Claim, MOST>,
    /// When we last said something to everybody.
    spoke: Option<Instant>,
}

impl Claims {
    /// Claims these addresses. Those claimed before go on where they are; the unspecified one is nobody's.
    pub(super) fn claim(&mut self, now: Instant, addresses: &[IpAddress]) {
        if !parts::CLAIMS {
            return;
        }
        self.claims
            .retain(|claim| addresses.contains(&claim.address));
        for address in addresses {
            let known = self.claims.iter().any(|claim| claim.address == *address);
            if known || address.is_unspecified() {
                continue;
            }
            // There is room for as many as a node can have.
            let _ = self.claims.push(Claim {
                address: *address,
                said: 0,
                next: now,
                defended: None,
            });
        }
    }

    /// What is to be said now, if anything is.
    pub(super) fn due(&mut self, now: Instant) -> Option<Say> {
        if !parts::CLAIMS {
            return None;
        }
        let due = |claim: &&mut Claim| claim.said < PROBES + ANNOUNCEMENTS && claim.next <= now;
        let claim = self.claims.iter_mut().find(due)?;
        claim.said += 1;
        if claim.said <= PROBES {
            claim.next = now + PROBE_INTERVAL;
            Some(Say::Probe(claim.address))
        } else {
            claim.next = now + ANNOUNCE_INTERVAL;
            Some(Say::Announce(claim.address))
        }
    }

    /// Whether something is to be said now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// We said something to everybody.
    pub(super) fn spoke(&mut self, now: Instant) {
        self.spoke = Some(now);
    }

    /// Whether what comes now may be what we said ourselves.
    pub(super) fn spoke_at(&self, now: Instant) -> bool {
        self.spoke.is_some_and(|at| now < at + ECHO)
    }

    /// When something is to be said next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if !parts::CLAIMS {
            return None;
        }
        let open = |claim: &&Claim| claim.said < PROBES + ANNOUNCEMENTS;
        self.claims
            .iter()
            .filter(open)
            .map(|claim| claim.next)
            .min()
    }

    /// Somebody else has, or wants, one of our addresses: whether that is to be reported and answered, at
    /// most every ten seconds (RFC 5227 section 2.4 b).
    pub(super) fn conflict(&mut self, now: Instant, address: IpAddress) -> bool {
        let Some(claim) = self
            .claims
            .iter_mut()
            .find(|claim| claim.address == address)
        else {
            return false;
        };
        let lately = |at: Instant| now < at + DEFEND_INTERVAL;
        if claim.defended.is_some_and(lately) {
            return false;
        }
        claim.defended = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const OURS: IpAddress = IpAddress::v4(192, 0, 2, 1);

    fn claims(now: Instant) -> Claims {
        let mut claims = Claims::default();
        claims.claim(now, &[OURS]);
        claims
    }

    /// What is said, and at which second.
    fn said(claims: &mut Claims, from: i64) -> Vec<(i64, Say)> {
        let mut all = vec![];
        while let Some(at) = claims.deadline() {
            let say = claims.due(at).expect("something is due");
            all.push((at.total_millis() / 1000 - from, say));
        }
        all
    }

    #[test]
    fn an_address_is_probed_three_times_and_announced_twice() {
        let (probe, announce) = (Say::Probe(OURS), Say::Announce(OURS));
        let expected = [
            (0, probe),
            (1, probe),
            (2, probe),
            (3, announce),
            (5, announce),
        ];
        let mut claims = claims(Instant::from_secs(7));
        assert_eq!(said(&mut claims, 7), expected);
        // The same addresses once more are no news; others are.
        let other = IpAddress::v4(192, 0, 2, 7);
        claims.claim(Instant::from_secs(60), &[OURS, other]);
        assert_eq!(claims.due(Instant::from_secs(60)), Some(Say::Probe(other)));
        claims.claim(Instant::from_secs(61), &[OURS]);
        assert_eq!(claims.deadline(), None);
    }

    #[test]
    fn a_conflict_is_reported_every_ten_seconds_at_most_and_only_about_our_addresses() {
        let mut claims = claims(Instant::ZERO);
        let mut conflict = |secs| claims.conflict(Instant::from_secs(secs), OURS);
        let reported: Vec<_> = (0..30).filter(|secs| conflict(*secs)).collect();
        assert_eq!(reported, [0, 10, 20]);
        assert!(!claims.conflict(Instant::ZERO, IpAddress::v4(192, 0, 2, 7)));
    }

    #[test]
    fn no_address_is_claimed_by_nobody() {
        let mut claims = Claims::default();
        claims.claim(Instant::ZERO, &[IpAddress::v4(0, 0, 0, 0)]);
        assert_eq!(claims.deadline(), None);
    }
}
