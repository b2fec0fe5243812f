//! The board with IPv6: a router on the test's own cable advertises a prefix, and a member comes that way.

use std::time::{Duration, Instant};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Packet, Icmpv6Repr, IpCidr, IpProtocol,
    Ipv6Address, Ipv6Packet, Ipv6Repr, NdiscPrefixInfoFlags, NdiscPrefixInformation, NdiscRepr,
    NdiscRouterFlags,
};

use crate::board::{BOARDS, Board, PATIENCE, PORT, Plug, Setup};
use crate::cable::{BOARD, HOST, Host, Socket};
use crate::members::{assert_stack_of, is_answer};

const ROUTER: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES: Ipv6Address = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const PREFIX: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
const HOST_THERE: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
/// Of the prefix and of the station 02:00:00:00:00:02.
const BOARD_THERE: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0xff, 0xfe00, 2);
/// Most of the stack of an image with IPv6, which has 10 KiB.
pub(crate) const STACK: usize = 9 * 1024 + 512;

/// Whether a frame asks for routers.
fn is_question(frame: &[u8]) -> bool {
    frame.len() > 54 && frame[12..14] == [0x86, 0xdd] && frame[20] == 58 && frame[54] == 133
}

/// What a router says of itself and of the prefix.
fn advertisement() -> Vec<u8> {
    let message = Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert {
        hop_limit: 64,
        flags: NdiscRouterFlags::empty(),
        router_lifetime: smoltcp::time::Duration::from_secs(1800),
        reachable_time: smoltcp::time::Duration::ZERO,
        retrans_time: smoltcp::time::Duration::ZERO,
        lladdr: Some(Host::STATION.into()),
        mtu: None,
        prefix_info: Some(NdiscPrefixInformation {
            prefix_len: 64,
            flags: NdiscPrefixInfoFlags::ADDRCONF | NdiscPrefixInfoFlags::ON_LINK,
            valid_lifetime: smoltcp::time::Duration::from_secs(7200),
            preferred_lifetime: smoltcp::time::Duration::from_secs(7200),
            prefix: PREFIX,
        }),
    });
    let ip = Ipv6Repr {
        src_addr: ROUTER,
        dst_addr: ALL_NODES,
        next_header: IpProtocol::Icmpv6,
        payload_len: message.buffer_len(),
        hop_limit: 255,
    };
    let mut octets = vec![0; 14 + 40 + message.buffer_len()];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(Host::STATION);
    frame.set_dst_addr(EthernetAddress([0x33, 0x33, 0, 0, 0, 1]));
    frame.set_ethertype(EthernetProtocol::Ipv6);
    let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
    ip.emit(&mut packet);
    let mut icmp = Icmpv6Packet::new_unchecked(packet.payload_mut());
    let checksums = ChecksumCapabilities::default();
    message.emit(&ip.src_addr, &ip.dst_addr, &mut icmp, &checksums);
    octets
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_router_that_is_asked_gives_an_address_and_a_member_joins_over_ipv6() {
    for name in BOARDS {
        let socket = Socket::new();
        let mut board = Board::start(&Setup {
            ipv6: true,
            boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24",
            ..Setup::new(name, Plug::Cable(socket.address()))
        });
        let mut host = Host::new(socket.cable(), HOST);
        host.take_address(IpCidr::new(HOST_THERE.into(), 64));
        let deadline = Instant::now() + PATIENCE;
        while !host.cable.received.iter().any(|frame| is_question(frame)) {
            assert!(Instant::now() < deadline, "{name} asks for no router");
            host.poll(Duration::from_millis(5));
        }
        host.cable.send(&advertisement());
        board.expect("address: 2001:db8::ff:fe00:2/64 (SLAAC)");
        host.connect(BOARD_THERE, PORT);
        assert!(is_answer(&host.say("over IPv6")), "{name}");
        board.expect("guest-1: over IPv6");
        host.close();
        host.connect(BOARD, PORT);
        assert!(is_answer(&host.say("over IPv4")), "{name}");
        board.expect("guest-2: over IPv4");
        assert_stack_of(&mut board, STACK);
    }
}
