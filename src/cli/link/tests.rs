//! The TAP and the host's side of it, against the kernel, in a network namespace of each test's own.

use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::process::Command;

use smolchat::device::{Tap, TapError};
use smoltcp::phy::{Device, RxToken, TxToken};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame};
use smoltcp::wire::{EthernetProtocol, EthernetRepr, IpCidr, Ipv4Address, UdpPacket};

use super::super::values;
use super::super::wait::{Clock, Signals, Sources, Waiter};
use super::*;

const NODE: Ipv4Address = Ipv4Address::new(192, 168, 69, 1);
const HOST: Ipv4Address = Ipv4Address::new(192, 168, 69, 100);
const MAC: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

/// Runs `body` in a child process that has a network namespace of its own.
fn in_own_network(test: &str, body: impl FnOnce()) {
    const INSIDE: &str = "SMOLCHAT_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let root = rustix::process::geteuid().is_root();
    let flags = if root { "--net" } else { "-Urn" };
    let output = Command::new("unshare")
        .arg(flags)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare of util-linux is needed");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no such test: {said}");
}

fn cidrs(texts: &[&str]) -> Vec<IpCidr> {
    let parse = |text: &&str| values::cidr(text).unwrap();
    texts.iter().map(parse).collect()
}

fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .expect("iproute2 is needed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "ip {arguments}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn open_pair(node: &[&str], host: &[&str], mtu: usize) -> Result<Tap, LinkError> {
    open(&Plan {
        tap: "tap0",
        mtu,
        offload: false,
        host: &Host::Given(cidrs(host)),
        node: &cidrs(node),
    })
}

fn open_usual() -> Tap {
    open_pair(&["192.168.69.1/24"], &["192.168.69.100/24"], 1500).unwrap()
}

/// The next frame of `protocol`, others passed over.
fn next_frame(tap: &mut Tap, protocol: EthernetProtocol) -> Vec<u8> {
    let clock = Clock::start();
    let mut waiter = Waiter::new(clock, Duration::ZERO);
    let signals = Signals::take_over().unwrap();
    let end = clock.now() + Duration::from_secs(5);
    while clock.now() < end {
        while let Some((token, _)) = tap.receive(clock.now()) {
            let frame = token.consume(<[u8]>::to_vec);
            if EthernetFrame::new_unchecked(&frame).ethertype() == protocol {
                return frame;
            }
        }
        let sources = Sources {
            device: tap.as_fd(),
            input: None,
            signal: signals.as_fd(),
        };
        waiter.wait(sources, Some(end)).unwrap();
    }
    panic!("no such frame: {:?}", tap.counters());
}

fn answer_arp(tap: &mut Tap, request: &[u8]) {
    let asker = EthernetFrame::new_checked(request).unwrap();
    let packet = ArpPacket::new_checked(asker.payload()).unwrap();
    assert_eq!(packet.target_protocol_addr(), NODE.octets());
    let ethernet = EthernetRepr {
        src_addr: MAC,
        dst_addr: asker.src_addr(),
        ethertype: EthernetProtocol::Arp,
    };
    let arp = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Reply,
        source_hardware_addr: MAC,
        source_protocol_addr: NODE,
        target_hardware_addr: asker.src_addr(),
        target_protocol_addr: HOST,
    };
    let token = tap.transmit(Instant::ZERO).unwrap();
    token.consume(ethernet.buffer_len() + arp.buffer_len(), |octets| {
        let mut frame = EthernetFrame::new_unchecked(octets);
        ethernet.emit(&mut frame);
        arp.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    });
}

#[test]
fn what_the_kernel_sends_comes_out_of_the_tap_and_what_the_tap_sends_reaches_the_kernel() {
    in_own_network(
        "cli::link::tests::what_the_kernel_sends_comes_out_of_the_tap_and_what_the_tap_sends_reaches_the_kernel",
        || {
            let mut tap = open_usual();
            let socket = UdpSocket::bind("192.168.69.100:0").unwrap();
            socket
                .send_to("你好么".as_bytes(), "192.168.69.1:9000")
                .unwrap();
            let request = next_frame(&mut tap, EthernetProtocol::Arp);
            answer_arp(&mut tap, &request);
            let frame = next_frame(&mut tap, EthernetProtocol::Ipv4);
            assert_eq!(&frame[..6], MAC.as_bytes());
            assert!(frame.ends_with("你好么".as_bytes()));
            assert_eq!(tap.counters().sent, 1);
            assert!(tap.error().is_none());
        },
    );
}

#[test]
fn both_families_and_the_mtu_are_set_once_and_found_as_they_should_be_the_second_time() {
    in_own_network(
        "cli::link::tests::both_families_and_the_mtu_are_set_once_and_found_as_they_should_be_the_second_time",
        || {
            ip("tuntap add tap0 mode tap");
            for mtu in [9000, 65_521, 576] {
                let node = ["192.168.69.1/24", "fd00:69::1/64"];
                let host = ["192.168.69.100/24", "fd00:69::100/64"];
                let tap = if mtu < 1280 {
                    open_pair(&node[..1], &host[..1], mtu)
                } else {
                    open_pair(&node, &host, mtu)
                };
                drop(tap.unwrap());
                let shown = ip("address show dev tap0");
                assert!(shown.contains(&format!("mtu {mtu} ")), "{shown}");
                assert_eq!(shown.matches("192.168.69.100/24").count(), 1, "{shown}");
                assert!(!shown.contains("fe80"), "{shown}");
                if mtu >= 1280 {
                    assert!(shown.contains("fd00:69::100/64"), "{shown}");
                }
            }
        },
    );
}

#[test]
fn a_busy_tap_an_interface_that_is_none_and_addresses_in_use_are_told_apart() {
    in_own_network(
        "cli::link::tests::a_busy_tap_an_interface_that_is_none_and_addresses_in_use_are_told_apart",
        || {
            let tap = open_usual();
            let again = Tap::open("tap0", 1500);
            assert!(matches!(again, Err(TapError::Busy(name)) if name == "tap0"));
            let loopback = Tap::open("lo", 1500);
            assert!(matches!(loopback, Err(TapError::NotATap(name)) if name == "lo"));
            drop(tap);

            ip("link add away type veth peer name home");
            ip("address add 192.168.69.7/16 dev home");
            let node_in_use = open_pair(&["192.168.69.7/24"], &["192.168.69.100/24"], 1500);
            assert!(
                matches!(node_in_use, Err(LinkError::AddressInUse { interface, .. }) if interface == "home")
            );
            let host_in_use = open_pair(&["192.168.69.1/24"], &["192.168.69.7/24"], 1500);
            assert!(matches!(host_in_use, Err(LinkError::AddressInUse { .. })));
            let subnet_in_use = open_pair(&["192.168.69.1/24"], &["192.168.69.100/24"], 1500);
            assert!(
                matches!(subnet_in_use, Err(LinkError::SubnetInUse { interface, .. }) if interface == "home")
            );
        },
    );
}

#[test]
fn frames_for_a_link_that_is_down_are_counted_and_a_removed_tap_is_an_error() {
    in_own_network(
        "cli::link::tests::frames_for_a_link_that_is_down_are_counted_and_a_removed_tap_is_an_error",
        || {
            ip("tuntap add tap0 mode tap");
            let mut tap = open_usual();
            let send = |tap: &mut Tap| tap.transmit(Instant::ZERO).unwrap().consume(60, |_| ());
            ip("link set tap0 down");
            send(&mut tap);
            assert_eq!(tap.counters().link_down, 1);
            assert!(tap.receive(Instant::ZERO).is_none());
            assert!(tap.error().is_none());
            ip("link set tap0 up");
            send(&mut tap);
            assert_eq!(tap.counters().sent, 1);

            ip("link delete tap0");
            while tap
                .receive(Instant::ZERO)
                .is_some_and(|(token, _)| token.consume(|_| true))
            {}
            assert!(tap.error().is_some());
            assert!(tap.transmit(Instant::ZERO).is_none());
            assert!(tap.receive(Instant::ZERO).is_none());
        },
    );
}

#[test]
fn a_frame_longer_than_the_mtu_is_dropped_and_counted() {
    in_own_network(
        "cli::link::tests::a_frame_longer_than_the_mtu_is_dropped_and_counted",
        || {
            ip("tuntap add tap0 mode tap");
            let mut tap = Tap::open("tap0", 600).unwrap();
            ip("link set tap0 mtu 1500 up");
            ip("address add 192.168.69.100/24 dev tap0");
            ip("neighbour add 192.168.69.1 lladdr 02:00:00:00:00:01 dev tap0");
            let socket = UdpSocket::bind("192.168.69.100:0").unwrap();
            for len in [600 - 28, 600 - 27, 1] {
                socket.send_to(&vec![7; len], "192.168.69.1:9").unwrap();
            }
            let first = next_frame(&mut tap, EthernetProtocol::Ipv4);
            let second = next_frame(&mut tap, EthernetProtocol::Ipv4);
            assert_eq!((first.len(), second.len()), (614, 43));
            assert_eq!(tap.counters().too_long, 1);
        },
    );
}

#[test]
fn a_received_frame_whose_token_is_dropped_is_still_there() {
    in_own_network(
        "cli::link::tests::a_received_frame_whose_token_is_dropped_is_still_there",
        || {
            let mut tap = open_usual();
            let socket = UdpSocket::bind("192.168.69.100:0").unwrap();
            socket.send_to(b"one", "192.168.69.1:9").unwrap();
            let request = next_frame(&mut tap, EthernetProtocol::Arp);
            answer_arp(&mut tap, &request);
            while tap.receive(Instant::ZERO).is_none() {
                std::thread::yield_now();
            }
            assert!(tap.receive(Instant::ZERO).is_some());
            let frame = next_frame(&mut tap, EthernetProtocol::Ipv4);
            assert!(frame.ends_with(b"one"));
        },
    );
}

#[test]
fn a_tap_that_offloaded_before_is_a_plain_one_again() {
    in_own_network(
        "cli::link::tests::a_tap_that_offloaded_before_is_a_plain_one_again",
        || {
            ip("tuntap add tap0 mode tap");
            let node = cidrs(&["192.168.69.1/24"]);
            let host = Host::Given(cidrs(&["192.168.69.100/24"]));
            let plan = Plan {
                tap: "tap0",
                mtu: 1500,
                offload: true,
                host: &host,
                node: &node,
            };
            drop(open(&plan).unwrap());
            let mut tap = open_usual();
            ip("neighbour add 192.168.69.1 lladdr 02:00:00:00:00:01 dev tap0");
            let socket = UdpSocket::bind("192.168.69.100:0").unwrap();
            socket.send_to(b"text", "192.168.69.1:9").unwrap();
            let frame = next_frame(&mut tap, EthernetProtocol::Ipv4);
            // With offload the sum would be one of the pseudo-header only.
            let packet = UdpPacket::new_checked(&frame[34..]).unwrap();
            assert!(packet.verify_checksum(&HOST.into(), &NODE.into()));
        },
    );
}

#[test]
fn with_offload_too_a_busy_tap_and_an_interface_that_is_none_are_told_apart() {
    in_own_network(
        "cli::link::tests::with_offload_too_a_busy_tap_and_an_interface_that_is_none_are_told_apart",
        || {
            let tap = open_usual();
            let again = Tap::open_with_offload("tap0", 1500);
            assert!(matches!(again, Err(TapError::Busy(name)) if name == "tap0"));
            let loopback = Tap::open_with_offload("lo", 1500);
            assert!(matches!(loopback, Err(TapError::NotATap(name)) if name == "lo"));
            drop(tap);
        },
    );
}

fn open_beside(host: &Host) -> Result<Tap, LinkError> {
    open(&Plan {
        tap: "tap0",
        mtu: 1500,
        offload: false,
        host,
        node: &cidrs(&["192.168.69.1/24"]),
    })
}

#[test]
fn a_tap_that_is_a_port_of_a_bridge_is_reached_through_the_address_of_the_bridge() {
    in_own_network(
        "cli::link::tests::a_tap_that_is_a_port_of_a_bridge_is_reached_through_the_address_of_the_bridge",
        || {
            ip("tuntap add tap0 mode tap");
            ip("link add br0 type bridge");
            ip("link set tap0 master br0");
            ip("address add 192.168.69.7/24 dev br0");
            ip("link set br0 up");
            // The usual address would be another; the bridge's is the one that counts.
            let mut tap = open_beside(&Host::Usual(cidrs(&["192.168.69.100/24"]))).unwrap();
            let shown = ip("address show dev tap0");
            assert!(!shown.contains("inet "), "{shown}");
            let socket = UdpSocket::bind("192.168.69.7:0").unwrap();
            socket.send_to(b"across", "192.168.69.1:9").unwrap();
            let request = next_frame(&mut tap, EthernetProtocol::Arp);
            answer_arp(&mut tap, &request);
            let frame = next_frame(&mut tap, EthernetProtocol::Ipv4);
            assert!(frame.ends_with(b"across"));
            drop(tap);

            open_beside(&Host::Given(cidrs(&["192.168.69.7/24"]))).unwrap();
            let other = open_beside(&Host::Given(cidrs(&["192.168.69.100/24"])));
            assert!(
                matches!(other, Err(LinkError::NotOnBridge { ref bridge, .. }) if bridge == "br0")
            );
        },
    );
}

#[test]
fn a_host_that_is_left_alone_gets_no_address_and_may_be_in_the_subnet_elsewhere() {
    in_own_network(
        "cli::link::tests::a_host_that_is_left_alone_gets_no_address_and_may_be_in_the_subnet_elsewhere",
        || {
            ip("link add away type veth peer name home");
            ip("address add 192.168.69.7/24 dev home");
            let _tap = open_beside(&Host::Any).unwrap();
            let shown = ip("address show dev tap0");
            assert!(!shown.contains("inet "), "{shown}");
            assert!(shown.contains("mtu 1500 "), "{shown}");
        },
    );
}

#[test]
fn ipv6_that_is_switched_off_is_the_reason_given_and_the_command_switches_it_on() {
    in_own_network(
        "cli::link::tests::ipv6_that_is_switched_off_is_the_reason_given_and_the_command_switches_it_on",
        || {
            let both = || open_pair(&["fd00:69::1/64"], &["fd00:69::100/64"], 1500).map(drop);
            let switch_off = |of: &str| {
                let path = format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6");
                std::fs::write(path, "1").unwrap();
            };
            let switched_on = |command: &str| {
                let Err(LinkError::Ipv6Disabled { command: said, .. }) = both() else {
                    panic!("not refused for that reason");
                };
                assert_eq!(said, command);
                let status = Command::new("sh").args(["-c", command]).status();
                assert!(status.unwrap().success());
                both().unwrap();
            };
            switch_off("default");
            switched_on("sysctl -w net.ipv6.conf.all.disable_ipv6=0");
            ip("tuntap add tap0 mode tap");
            switch_off("tap0");
            switched_on("sysctl -w net.ipv6.conf.tap0.disable_ipv6=0");
        },
    );
}

#[test]
fn an_address_that_is_there_with_another_prefix_is_said_to_be() {
    in_own_network(
        "cli::link::tests::an_address_that_is_there_with_another_prefix_is_said_to_be",
        || {
            ip("tuntap add tap0 mode tap");
            ip("address add fd00:69::100/80 dev tap0 nodad");
            let refused = open_pair(&["fd00:69::1/64"], &["fd00:69::100/64"], 1500);
            assert!(matches!(refused, Err(LinkError::OtherPrefix { .. })));
        },
    );
}

#[test]
fn every_error_of_a_request_has_its_own_sentence() {
    let said = |errno: Errno| {
        let command = "ip link set tap0 up".to_string();
        refused("tap0", "bring up the link", command, errno.into()).to_string()
    };
    for errno in [Errno::PERM, Errno::ACCESS] {
        assert!(said(errno).contains("let root prepare it with `sudo ip link set tap0 up`"));
    }
    assert!(said(Errno::NODEV).starts_with("tap0 went away while it was being set up"));
    assert_eq!(
        said(Errno::BUSY),
        "cannot bring up the link of tap0: Device or resource busy (os error 16)"
    );
}
