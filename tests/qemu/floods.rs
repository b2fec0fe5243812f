//! Floods at the board's door: members go on chatting, and what is refused is counted.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Address, Ipv4Packet,
    Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use crate::board::{BOARDS, PORT};
use crate::cable::{BOARD, image_on_a_cable, on_a_cable};
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

/// A SYN to the board from an address that does not exist.
fn forged_syn(number: u32) -> Vec<u8> {
    let [_, high, middle, low] = number.to_be_bytes();
    let source = Ipv4Address::new(192, 0, 2, 16 + low % 200);
    let syn = TcpRepr {
        src_port: 1024 + u16::from_be_bytes([middle, low]) + u16::from(high),
        dst_port: PORT,
        control: TcpControl::Syn,
        seq_number: TcpSeqNumber(number.wrapping_mul(2_654_435_761) as i32),
        ack_number: None,
        window_len: 1024,
        window_scale: None,
        max_seg_size: Some(1460),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let ip = Ipv4Repr {
        src_addr: source,
        dst_addr: BOARD,
        next_header: IpProtocol::Tcp,
        payload_len: syn.buffer_len(),
        hop_limit: 64,
    };
    let mut frame = vec![0; 14 + 20 + syn.buffer_len()];
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_dst_addr(EthernetAddress([2, 0, 0, 0, 0, 2]));
    ethernet.set_src_addr(EthernetAddress([2, 0, 0, 0, 1, low]));
    ethernet.set_ethertype(EthernetProtocol::Ipv4);
    let checksums = ChecksumCapabilities::default();
    ip.emit(
        &mut Ipv4Packet::new_unchecked(ethernet.payload_mut()),
        &checksums,
    );
    let mut segment = TcpPacket::new_unchecked(&mut ethernet.payload_mut()[20..]);
    syn.emit(&mut segment, &source.into(), &BOARD.into(), &checksums);
    frame
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_member_goes_on_chatting_during_a_flood_of_forged_syns() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        for round in 0..200_u32 {
            for number in 0..10 {
                host.cable.send(&forged_syn(round * 10 + number));
            }
            assert!(is_answer(&host.say("still here")), "{name}, round {round}");
        }
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
