//! What nobody has answered, and what to look at: for who waits for a server that says nothing.

use std::fmt::{self, Display, Formatter};

use smolchat::trace::{Event, Journal, Kind, Neighbor};
use smoltcp::time::Duration;
use smoltcp::wire::{IpAddress, IpEndpoint};

/// How long nothing comes before that is told: the second SYN, or the third question, has left by then.
pub(super) const SILENCE: Duration = Duration::from_secs(3);

/// How far the node has come with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered {
    remote: IpEndpoint,
    /// Whose hardware address is not known, so that nothing has left: the server, or the gateway to it.
    asked: Option<IpAddress>,
}

impl Unanswered {
    /// Reads it from what happened; `has_left` knows what is sent to the server.
    pub(super) fn new(
        journal: &Journal<'_>,
        remote: IpEndpoint,
        has_left: impl Fn(&Event) -> bool,
    ) -> Self {
        let mut asked = None;
        for (_, event) in journal.iter() {
            match event.kind() {
                Kind::Neighbor(Neighbor::Asked(address)) => asked = Some(address),
                _ if has_left(event) => return Self::of(remote, None),
                _ => {}
            }
        }
        Self::of(remote, asked)
    }

    const fn of(remote: IpEndpoint, asked: Option<IpAddress>) -> Self {
        Self { remote, asked }
    }

    /// Whether something is on its way to the server.
    pub(super) const fn has_left(&self) -> bool {
        self.asked.is_none()
    }
}

impl Display for Unanswered {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let IpEndpoint { addr, port } = self.remote;
        let Some(asked) = self.asked else {
            return write!(
                f,
                "{addr} does not answer: is it up, and does no firewall drop what comes to port {port}?"
            );
        };
        let protocol = match asked {
            IpAddress::Ipv4(_) => "ARP",
            IpAddress::Ipv6(_) => "neighbour discovery",
        };
        let gateway = if asked == addr { "" } else { ", the gateway" };
        write!(
            f,
            "nobody tells the hardware address of {asked}{gateway} ({protocol}), so nothing could be \
             sent: is a host with that address up, on the network of this TAP?"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::time::Instant;

    #[test]
    fn until_something_has_left_a_question_is_what_nobody_answers() {
        let remote = IpEndpoint::new(IpAddress::v4(192, 0, 2, 77), 9000);
        let mut journal = Journal::new(vec![None; 4]);
        let mut note = |kind| {
            journal.record(Event::new(Instant::ZERO, kind));
            Unanswered::new(&journal, remote, |event| {
                matches!(event.kind(), Kind::Other(_))
            })
        };
        let said = note(Kind::Neighbor(Neighbor::Asked(remote.addr))).to_string();
        assert!(said.starts_with("nobody tells the hardware address of 192.0.2.77 (ARP), "));
        let gateway = IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, 1);
        let said = note(Kind::Neighbor(Neighbor::Asked(gateway))).to_string();
        assert!(said.contains("of fd00::1, the gateway (neighbour discovery), "));
        let said = note(Kind::Other(smolchat::trace::Direction::Out)).to_string();
        assert!(said.starts_with("192.0.2.77 does not answer: "), "{said}");
    }
}
