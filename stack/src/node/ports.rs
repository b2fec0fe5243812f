//! Ephemeral ports: hard to guess, never one that is in use (RFC 6056 section 3.3.3).

use core::hash::Hasher;

use smoltcp::wire::{IpAddress, IpEndpoint};

use super::sip::Sip;

/// First of the dynamic ports (RFC 6335 section 6).
const FIRST: u16 = 49_152;
/// How many there are.
const COUNT: u16 = u16::MAX - FIRST + 1;

/// Chooses local ports for active opens.
pub(super) struct Ephemeral {
    hasher: Sip,
    counter: u32,
}

impl Ephemeral {
    /// A chooser whose choices depend on `secret`.
    pub(super) fn new(secret: [u8; 16]) -> Self {
        // Turned round, so that it is not the key of the flow table.
        let key = core::array::from_fn(|index| !secret[15 - index]);
        Self {
            hasher: Sip::new_with_key(&key),
            counter: 0,
        }
    }

    /// A port for a connection between `local` and `remote` for which `is_free` holds, if there is one.
    pub(super) fn choose(
        &mut self,
        local: IpAddress,
        remote: IpEndpoint,
        mut is_free: impl FnMut(u16) -> bool,
    ) -> Option<u16> {
        use core::hash::Hash;
        let mut hasher = self.hasher;
        local.hash(&mut hasher);
        remote.addr.hash(&mut hasher);
        hasher.write_u16(remote.port);
        let offset = hasher.finish() as u32;
        (0..COUNT).find_map(|_| {
            let index = offset.wrapping_add(self.counter) % u32::from(COUNT);
            self.counter = self.counter.wrapping_add(1);
            let port = FIRST + index as u16;
            is_free(port).then_some(port)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: IpAddress = IpAddress::v4(192, 0, 2, 1);
    const REMOTE: IpEndpoint = IpEndpoint {
        addr: IpAddress::v4(192, 0, 2, 2),
        port: 80,
    };

    #[test]
    fn ports_are_dynamic_differ_and_depend_on_the_secret() {
        let mut one = Ephemeral::new([1; 16]);
        let mut other = Ephemeral::new([2; 16]);
        let first = one.choose(LOCAL, REMOTE, |_| true).unwrap();
        assert!(first >= FIRST);
        assert_ne!(one.choose(LOCAL, REMOTE, |_| true), Some(first));
        assert_ne!(other.choose(LOCAL, REMOTE, |_| true), Some(first));
    }

    #[test]
    fn the_only_free_port_is_found_and_none_is_said_when_there_is_none() {
        let mut ports = Ephemeral::new([1; 16]);
        assert_eq!(
            ports.choose(LOCAL, REMOTE, |port| port == 50_000),
            Some(50_000)
        );
        assert_eq!(ports.choose(LOCAL, REMOTE, |_| false), None);
    }
}
