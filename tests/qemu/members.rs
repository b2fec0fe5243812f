//! Members of the board: as many as fit, one more, very many one after another, and forged ones.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Address, Ipv4Packet,
    Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use crate::board::{BOARDS, Board, PATIENCE, PORT, Plug, Setup};
use crate::cable::{Host, Socket};

/// Connections that the board has.
const CAPACITY: usize = 8;

fn join(board: SocketAddr) -> TcpStream {
    let member = TcpStream::connect(board).unwrap();
    member.set_read_timeout(Some(PATIENCE)).unwrap();
    member
}

fn echo(member: &mut TcpStream, message: &[u8]) {
    member.write_all(message).unwrap();
    let mut answer = vec![0; message.len()];
    member.read_exact(&mut answer).unwrap();
    assert_eq!(answer, message);
}

/// The peer closes as well: the connection is over on both sides.
fn leave(mut member: TcpStream) {
    member.shutdown(Shutdown::Write).unwrap();
    assert_eq!(member.read(&mut [0; 16]).unwrap(), 0);
}

/// The most stack the board has used so far.
pub(crate) fn worst_stack(board: &mut Board) -> usize {
    board.type_line("/board");
    let line = board.expect("octets at worst");
    let after = line.split("stack ").nth(1).unwrap();
    after.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_ninth_member_waits_in_the_backlog_and_gets_in_when_one_leaves() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        let (room, _) = board.forwarded();
        let mut members: Vec<TcpStream> = (0..CAPACITY).map(|_| join(room)).collect();
        for (number, member) in members.iter_mut().enumerate() {
            echo(member, format!("I am number {number}").as_bytes());
        }
        let mut ninth = join(room);
        ninth.write_all(b"is there room?").unwrap();
        board.type_line("/states");
        board.expect("0 of 8 connections free");
        leave(members.remove(0));
        let mut answer = [0; 14];
        ninth.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"is there room?");
        for member in &mut members {
            echo(member, b"still here");
        }
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn two_thousand_short_connections_leave_nothing_behind() {
    let mut board = Board::start(&Setup::new("lm3s6965evb", Plug::UserNetwork));
    board.expect("listening on port 4000");
    let (room, _) = board.forwarded();
    for number in 0..2000_u32 {
        let mut member = join(room);
        echo(&mut member, format!("hello {number}").as_bytes());
        leave(member);
    }
    board.expect("#2000 closed by both sides");
    board.type_line("/states");
    board.expect("8 of 8 connections free, 0 SYNs wait, 0 in TIME-WAIT");
    let worst = worst_stack(&mut board);
    assert!(
        worst <= 7 * 1024,
        "{worst} octets of stack leave too little of 8 KiB"
    );
}

/// A SYN to the board from an address that does not exist.
fn forged_syn(number: u32) -> Vec<u8> {
    let [_, high, middle, low] = number.to_be_bytes();
    let source = Ipv4Address::new(192, 0, 2, 16 + low % 200);
    let board = Ipv4Address::new(192, 0, 2, 2);
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
        dst_addr: board,
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
    syn.emit(&mut segment, &source.into(), &board.into(), &checksums);
    frame
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_member_goes_on_chatting_during_a_flood_of_forged_syns() {
    for name in BOARDS {
        let socket = Socket::new();
        let setup = Setup {
            boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24",
            ..Setup::new(name, Plug::Cable(socket.address()))
        };
        let mut board = Board::start(&setup);
        let mut host = Host::new(socket.cable(), Ipv4Address::new(192, 0, 2, 1));
        board.expect("listening on port 4000");
        host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
        for round in 0..200_u32 {
            for number in 0..10 {
                host.cable.send(&forged_syn(round * 10 + number));
            }
            assert_eq!(
                host.echo(b"still here"),
                b"still here",
                "{name} in round {round}"
            );
        }
        host.poll(Duration::ZERO);
        let worst = worst_stack(&mut board);
        assert!(
            worst <= 7 * 1024,
            "{worst} octets of stack leave too little of 8 KiB"
        );
    }
}
