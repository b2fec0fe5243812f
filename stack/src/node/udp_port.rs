//! A UDP port: what it has received, and where that came from.

use managed::ManagedSlice;
use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::udp;
use smoltcp::wire::EthernetAddress;

/// Of so many datagrams that wait at a port it is known where they came from: enough while there are less,
/// and otherwise the answer finds its way like any other.
const SENDERS: usize = 8;
const _: () = assert!(SENDERS.is_power_of_two(), "numbers may wrap");

/// A place for a bound port: a set of one socket that receives.
pub(super) struct Port<'a> {
    // Open to the datagrams, which hand the set to smoltcp.
    pub(super) set: SocketSet<'a>,
    socket: SocketHandle,
    /// Where the last datagrams came from, by their numbers.
    senders: [EthernetAddress; SENDERS],
    /// The number of the next datagram.
    next: u32,
}

impl<'a> Port<'a> {
    /// An unbound port that queues as many datagrams as `packets` is long, of together at most
    /// `payload.len()` octets.
    pub(super) fn new(
        storage: impl Into<ManagedSlice<'a, SocketStorage<'a>>>,
        packets: impl Into<ManagedSlice<'a, udp::PacketMetadata>>,
        payload: impl Into<ManagedSlice<'a, u8>>,
    ) -> Self {
        let nothing = || udp::PacketBuffer::new(&mut [][..], &mut [][..]);
        let socket = udp::Socket::new(udp::PacketBuffer::new(packets, payload), nothing());
        let mut set = SocketSet::new(storage);
        let socket = set.add(socket);
        Self {
            set,
            socket,
            senders: [EthernetAddress([0; 6]); SENDERS],
            next: 0,
        }
    }

    pub(super) fn number(&self) -> u16 {
        self.socket().endpoint().port
    }

    pub(super) fn socket(&self) -> &udp::Socket<'a> {
        self.set.get(self.socket)
    }

    pub(super) fn socket_mut(&mut self) -> &mut udp::Socket<'a> {
        self.set.get_mut(self.socket)
    }

    /// The number to be kept beside a datagram that comes from `hardware`.
    pub(super) fn number_for(&mut self, hardware: EthernetAddress) -> u32 {
        let number = self.next;
        self.senders[number as usize % SENDERS] = hardware;
        self.next = number.wrapping_add(1);
        number
    }

    /// Where the datagram of this number came from, if that is still known.
    pub(super) fn sender(&self, number: u32) -> Option<EthernetAddress> {
        let hardware = self.senders[number as usize % SENDERS];
        let is_kept = self.next.wrapping_sub(number) as usize <= SENDERS;
        (is_kept && hardware.is_unicast()).then_some(hardware)
    }
}
