//! Floods at the board's door: members go on chatting, and what is refused is counted.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    Icmpv4DstUnreachable, Icmpv4Packet, Icmpv4Repr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr,
    TcpControl, TcpPacket, TcpRepr, TcpSeqNumber, UdpPacket, UdpRepr,
};

use crate::board::{BOARDS, PORT};
use crate::cable::{BOARD, HOST, image_on_a_cable, on_a_cable};
use crate::ipv6;
use crate::members::{STACK, assert_stack, assert_stack_of, is_answer};

/// A frame of `length` octets that no stack wants: its type is that of local experiments.
pub(crate) fn garbage(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut frame: Vec<u8> = (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let header = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0xBB, 0x88, 0xB5];
    let front = header.len().min(length);
    frame[..front].copy_from_slice(&header[..front]);
    frame
}

/// Frames of strangers, by their kind.
#[derive(Debug, Clone, Copy)]
enum Forged {
    Syn,
    /// With guessed numbers, at the member's own connection.
    Reset {
        port: u16,
    },
    /// A question for the board, or an answer that it did not ask for.
    Arp,
    /// To the chat, or to a port that is closed.
    Datagram,
    /// A request for an echo, or a complaint about a segment that was never sent.
    Icmp,
}

impl Forged {
    /// The frame of this number; no two are the same.
    fn frame(self, number: u32) -> Vec<u8> {
        let stranger = Ipv4Address::new(192, 0, 2, 16 + (number % 200) as u8);
        let guess = number.wrapping_mul(2_654_435_761);
        let port = 1024 + (guess >> 17) as u16;
        match self {
            Self::Syn => segment(stranger, port, TcpControl::Syn, guess),
            Self::Reset { port } => segment(HOST, port, TcpControl::Rst, guess),
            Self::Arp => arp(stranger, number),
            Self::Datagram => datagram(stranger, port, [PORT, 9][number as usize / 2 % 2]),
            Self::Icmp => icmp(stranger, number),
        }
    }
}

/// A SYN to the board from an address that does not exist.
fn forged_syn(number: u32) -> Vec<u8> {
    Forged::Syn.frame(number)
}

fn hardware(address: Ipv4Address) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 1, address.octets()[3]])
}

/// A frame to the board around what `fill` writes.
fn framed(
    from: Ipv4Address,
    protocol: EthernetProtocol,
    len: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let mut frame = vec![0; 14 + len];
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_dst_addr(EthernetAddress([2, 0, 0, 0, 0, 2]));
    ethernet.set_src_addr(hardware(from));
    ethernet.set_ethertype(protocol);
    fill(ethernet.payload_mut());
    frame
}

/// An IPv4 packet to the board in a frame.
fn packet(
    src_addr: Ipv4Address,
    next_header: IpProtocol,
    payload_len: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let ip = Ipv4Repr {
        src_addr,
        dst_addr: BOARD,
        next_header,
        payload_len,
        hop_limit: 64,
    };
    framed(src_addr, EthernetProtocol::Ipv4, 20 + payload_len, |room| {
        let checksums = ChecksumCapabilities::default();
        ip.emit(&mut Ipv4Packet::new_unchecked(&mut *room), &checksums);
        fill(&mut room[20..]);
    })
}

fn segment(source: Ipv4Address, src_port: u16, control: TcpControl, seq: u32) -> Vec<u8> {
    let segment = TcpRepr {
        src_port,
        dst_port: PORT,
        control,
        seq_number: TcpSeqNumber(seq as i32),
        ack_number: None,
        window_len: 1024,
        window_scale: None,
        max_seg_size: (control == TcpControl::Syn).then_some(1460),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    packet(source, IpProtocol::Tcp, segment.buffer_len(), |room| {
        let checksums = ChecksumCapabilities::default();
        let mut octets = TcpPacket::new_unchecked(room);
        segment.emit(&mut octets, &source.into(), &BOARD.into(), &checksums);
    })
}

fn datagram(source: Ipv4Address, src_port: u16, dst_port: u16) -> Vec<u8> {
    let udp = UdpRepr { src_port, dst_port };
    let text = b"who am I?";
    packet(source, IpProtocol::Udp, 8 + text.len(), |room| {
        udp.emit(
            &mut UdpPacket::new_unchecked(room),
            &source.into(),
            &BOARD.into(),
            text.len(),
            |payload| payload.copy_from_slice(text),
            &ChecksumCapabilities::default(),
        );
    })
}

fn icmp(source: Ipv4Address, number: u32) -> Vec<u8> {
    let never_sent = [0x55; 8];
    let icmp = match number / 2 % 2 {
        0 => Icmpv4Repr::EchoRequest {
            ident: 7,
            seq_no: number as u16,
            data: &never_sent,
        },
        _ => Icmpv4Repr::DstUnreachable {
            reason: Icmpv4DstUnreachable::PortUnreachable,
            header: Ipv4Repr {
                src_addr: BOARD,
                dst_addr: HOST,
                next_header: IpProtocol::Tcp,
                payload_len: never_sent.len(),
                hop_limit: 64,
            },
            data: &never_sent,
        },
    };
    packet(source, IpProtocol::Icmp, icmp.buffer_len(), |room| {
        let checksums = ChecksumCapabilities::default();
        icmp.emit(&mut Icmpv4Packet::new_unchecked(room), &checksums);
    })
}

fn arp(source: Ipv4Address, number: u32) -> Vec<u8> {
    let arp = ArpRepr::EthernetIpv4 {
        operation: [ArpOperation::Request, ArpOperation::Reply][number as usize % 2],
        source_hardware_addr: hardware(source),
        source_protocol_addr: source,
        target_hardware_addr: EthernetAddress([2, 0, 0, 0, 0, 2]),
        target_protocol_addr: BOARD,
    };
    framed(source, EthernetProtocol::Arp, arp.buffer_len(), |room| {
        arp.emit(&mut ArpPacket::new_unchecked(room));
    })
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_member_goes_on_chatting_during_a_flood_of_each_kind_of_forged_frames() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        let port = host.port();
        let kinds = [
            Forged::Syn,
            Forged::Reset { port },
            Forged::Arp,
            Forged::Datagram,
            Forged::Icmp,
        ];
        for kind in kinds {
            for round in 0..100_u32 {
                for number in 0..10 {
                    host.cable.send(&kind.frame(round * 10 + number));
                }
                // What strangers say is told to the room, too.
                let mut answer = host.say("still here");
                while !is_answer(&answer) {
                    answer = host.answer();
                }
            }
        }
        assert_eq!(board.counter(" out of step"), 0, "{name}");
        assert_stack(&mut board);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_burst_beyond_the_receive_queue_loses_frames_but_not_the_queue() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        for burst in 0..20 {
            for number in 0..200 {
                host.cable
                    .send(&garbage(number, 60 + (number as usize * 7) % 1400));
            }
            assert!(is_answer(&host.say("still here")), "{name}, {burst}");
        }
        assert_eq!(board.counter(" out of step"), 0);
    }
}

/// Whether a frame is a TCP segment.
fn is_segment(frame: &[u8]) -> bool {
    frame.len() >= 34 && frame[12..14] == [0x08, 0x00] && frame[23] == 6
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn all_floods_at_once_do_not_keep_a_member_from_chatting_and_every_frame_is_counted() {
    const ROUNDS: usize = 300;
    let images = BOARDS.map(|name| [(name, false), (name, true)]);
    for (name, ipv6) in images.into_iter().flatten() {
        let (mut board, mut host) = image_on_a_cable(name, ipv6);
        for round in 0..ROUNDS {
            // As many as the receive queue of either board surely takes, and each round in another order.
            let mut flood = [
                forged_syn(2 * round as u32),
                garbage(round as u32, 60 + round * 7 % 1400),
                garbage(round as u32, 1 + round % 13),
                garbage(round as u32, 1519 + round % 222),
                forged_syn(2 * round as u32 + 1),
            ];
            flood.rotate_left(round % 5);
            for frame in &flood {
                host.cable.send(frame);
            }
            assert!(is_answer(&host.say("still here")), "{name}, round {round}");
        }
        let sent = &host.cable.sent;
        board.until_counted(" in, ", sent.len() - 2 * ROUNDS);
        assert_eq!(board.counter(" oversized"), ROUNDS, "{name}");
        // The controller of mps2-an385 throws runts away by itself.
        let runts = if name == "lm3s6965evb" { ROUNDS } else { 0 };
        assert_eq!(board.counter(" runts"), runts, "{name}");
        assert_eq!(board.counter(" overruns"), 0, "{name}");
        assert_eq!(board.counter(" out of step"), 0, "{name}");
        let segments = sent.iter().filter(|frame| is_segment(frame)).count();
        assert_eq!(board.counter(" segments received"), segments, "{name}");
        // No protocol but the garbage is unknown, and each SYN is in one of four counts.
        let turned_away = board.counter(" frames dropped") - ROUNDS;
        let opened = board.counter(" connections so far") - 1;
        let held = board.counter(" SYNs held");
        let by_cookie = board.counter(" answered by cookie");
        let in_all = opened + held + by_cookie + turned_away;
        assert_eq!(in_all, 2 * ROUNDS, "{name}");
        assert_stack_of(&mut board, if ipv6 { ipv6::STACK } else { STACK });
    }
}
