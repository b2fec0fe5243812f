//! The floor: what a TAP costs without any stack.
//!
//! Every frame is answered from itself: addresses, ports and sequence numbers change places. No
//! connection is kept, nothing is verified, nothing is sent again; the one thing remembered is how far
//! the character generator got.

use std::os::fd::AsFd;

use clap::Parser;
use rustix::event::{PollFd, PollFlags, poll};
use smolchat::device::Tap;
use smolchat_peers::{CHARGEN, DISCARD};
use smoltcp::phy::{Device, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress,
    IpProtocol, Ipv4Address, Ipv4Packet, TcpPacket, TcpSeqNumber,
};

const MAC: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 0x11]);
/// Where IP, and TCP or UDP, begin.
const IP: usize = 14;
const L4: usize = 34;
/// Our window scale, as everybody's: 64 KiB times 128.
const SCALE: u8 = 7;

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    tap: String,
    #[arg(long)]
    address: Ipv4Address,
    #[arg(long, default_value_t = 1500)]
    mtu: usize,
}

fn main() {
    let arguments = Arguments::parse();
    let mut tap = Tap::open(&arguments.tap, arguments.mtu).unwrap();
    let mut floor = Floor {
        address: arguments.address,
        mtu: arguments.mtu,
        next: 0,
        frame: Vec::new(),
    };
    loop {
        let mut fds = [PollFd::from_borrowed_fd(tap.as_fd(), PollFlags::IN)];
        poll(&mut fds, None).unwrap();
        while let Some((rx, _)) = tap.receive(Instant::ZERO) {
            rx.consume(|octets| {
                floor.frame.clear();
                floor.frame.extend_from_slice(octets);
            });
            floor.answer(&mut tap);
        }
    }
}

struct Floor {
    address: Ipv4Address,
    mtu: usize,
    /// How far the character generator got.
    next: u32,
    frame: Vec<u8>,
}

fn send(tap: &mut Tap, frame: &[u8]) {
    if let Some(token) = tap.transmit(Instant::ZERO) {
        token.consume(frame.len(), |octets| octets.copy_from_slice(frame));
    }
}

fn swap(octets: &mut [u8], one: usize, other: usize, len: usize) {
    for index in 0..len {
        octets.swap(one + index, other + index);
    }
}

impl Floor {
    fn answer(&mut self, tap: &mut Tap) {
        let Ok(ethernet) = EthernetFrame::new_checked(&self.frame[..]) else {
            return;
        };
        match ethernet.ethertype() {
            EthernetProtocol::Arp => return self.answer_arp(tap),
            EthernetProtocol::Ipv4 => {}
            _ => return,
        }
        if Ipv4Packet::new_unchecked(&self.frame[IP..]).dst_addr() != self.address {
            return;
        }
        swap(&mut self.frame, 0, 6, 6);
        swap(&mut self.frame, IP + 12, IP + 16, 4);
        swap(&mut self.frame, L4, L4 + 2, 2);
        match Ipv4Packet::new_unchecked(&self.frame[IP..]).next_header() {
            // Checksums are sums: they do not see an exchange.
            IpProtocol::Udp => send(tap, &self.frame),
            IpProtocol::Tcp => self.answer_segment(tap),
            _ => {}
        }
    }

    fn answer_arp(&self, tap: &mut Tap) {
        let Ok(ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Request,
            source_hardware_addr,
            source_protocol_addr,
            target_protocol_addr,
            ..
        }) = ArpPacket::new_checked(&self.frame[IP..]).and_then(|packet| ArpRepr::parse(&packet))
        else {
            return;
        };
        if target_protocol_addr != self.address {
            return;
        }
        let reply = ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Reply,
            source_hardware_addr: MAC,
            source_protocol_addr: self.address,
            target_hardware_addr: source_hardware_addr,
            target_protocol_addr: source_protocol_addr,
        };
        let mut frame = vec![0; IP + reply.buffer_len()];
        let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
        ethernet.set_src_addr(MAC);
        ethernet.set_dst_addr(source_hardware_addr);
        ethernet.set_ethertype(EthernetProtocol::Arp);
        reply.emit(&mut ArpPacket::new_unchecked(&mut frame[IP..]));
        send(tap, &frame);
    }

    fn answer_segment(&mut self, tap: &mut Tap) {
        let packet = TcpPacket::new_unchecked(&self.frame[L4..]);
        let (syn, fin, rst) = (packet.syn(), packet.fin(), packet.rst());
        // The ports changed places above.
        let port = packet.src_port();
        let header = usize::from(packet.header_len());
        let total = usize::from(Ipv4Packet::new_unchecked(&self.frame[IP..]).total_len());
        let payload = total - 20 - header;
        let (theirs, ours) = (packet.seq_number(), packet.ack_number());
        let window = u32::from(packet.window_len()) << SCALE;
        if rst {
            return;
        }
        let next = theirs + payload + usize::from(syn) + usize::from(fin);
        if syn {
            self.next = 1;
            self.write(TcpSeqNumber(0), next, true, false);
            return send(tap, &self.frame);
        }
        match port {
            CHARGEN if !fin => self.generate(tap, ours, next, header, window),
            _ if payload == 0 && !fin => {}
            DISCARD => {
                self.cut(header);
                self.write(ours, next, false, fin);
                send(tap, &self.frame);
            }
            _ => {
                self.write(ours, next, false, fin);
                send(tap, &self.frame);
            }
        }
    }

    /// Shortens the frame to its headers.
    fn cut(&mut self, header: usize) {
        self.frame.truncate(L4 + header);
        self.set_len();
    }

    fn set_len(&mut self) {
        let total = self.frame.len() - IP;
        let mut ip = Ipv4Packet::new_unchecked(&mut self.frame[IP..]);
        ip.set_total_len(total as u16);
        ip.fill_checksum();
    }

    /// Puts numbers and flags into the frame. Options stay as they came: the client must not use
    /// timestamps, or it would get its own back.
    fn write(&mut self, seq: TcpSeqNumber, ack: TcpSeqNumber, syn: bool, fin: bool) {
        let (from, to) = {
            let ip = Ipv4Packet::new_unchecked(&self.frame[IP..]);
            (ip.src_addr(), ip.dst_addr())
        };
        let mut packet = TcpPacket::new_unchecked(&mut self.frame[L4..]);
        packet.set_seq_number(seq);
        packet.set_ack_number(ack);
        packet.set_ack(true);
        packet.set_syn(syn);
        packet.set_fin(fin);
        packet.set_window_len(u16::MAX);
        packet.fill_checksum(&IpAddress::Ipv4(from), &IpAddress::Ipv4(to));
    }

    /// Sends as much as the window takes.
    fn generate(
        &mut self,
        tap: &mut Tap,
        acknowledged: TcpSeqNumber,
        next: TcpSeqNumber,
        header: usize,
        window: u32,
    ) {
        self.cut(header);
        let mss = self.mtu - 20 - header;
        self.frame.resize(L4 + header + mss, b'x');
        self.set_len();
        let edge = (acknowledged.0 as u32).wrapping_add(window);
        while edge.wrapping_sub(self.next) as i32 >= mss as i32 {
            self.write(TcpSeqNumber(self.next as i32), next, false, false);
            send(tap, &self.frame);
            self.next = self.next.wrapping_add(mss as u32);
        }
    }
}
