//! Composing segments: the gate's own answers, and segments that smoltcp is to see.

use smoltcp::phy::{ChecksumCapabilities, PacketMeta};
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpEndpoint, IpProtocol, IpRepr, IpVersion,
    TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use super::frame::{flags, header};
use super::hatch::Exit;
use crate::trace::{Flags, Flow, Header};

/// The time to live, or hop limit, of the gate's own answers (RFC 1700).
const HOP_LIMIT: u8 = 64;

/// Where a composed frame goes.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// Hardware address of the sender.
    pub(super) from: EthernetAddress,
    /// Hardware address of the receiver.
    pub(super) to: EthernetAddress,
    /// Endpoint of the sender.
    pub(super) src: IpEndpoint,
    /// Endpoint of the receiver.
    pub(super) dst: IpEndpoint,
}

impl Route {
    /// From this node to a peer.
    pub(super) fn out(mac: EthernetAddress, neighbor: EthernetAddress, flow: &Flow) -> Self {
        Self {
            from: mac,
            to: neighbor,
            src: flow.local,
            dst: flow.remote,
        }
    }

    /// From a peer to this node.
    pub(super) fn into(mac: EthernetAddress, neighbor: EthernetAddress, flow: &Flow) -> Self {
        Self {
            from: neighbor,
            to: mac,
            src: flow.remote,
            dst: flow.local,
        }
    }

    fn ip(&self, payload_len: usize) -> IpRepr {
        IpRepr::new(
            self.src.addr,
            self.dst.addr,
            IpProtocol::Tcp,
            payload_len,
            HOP_LIMIT,
        )
    }

    /// Octets of the frame that carries `segment`.
    pub(super) fn frame_len(&self, segment: &TcpRepr<'_>) -> usize {
        let ip = self.ip(segment.buffer_len());
        EthernetFrame::<&[u8]>::buffer_len(ip.buffer_len())
    }

    /// Writes the frame that carries `segment`; `octets` is as long as [`Self::frame_len`] says.
    pub(super) fn write(&self, octets: &mut [u8], segment: &TcpRepr<'_>) {
        let checksums = ChecksumCapabilities::default();
        let ip = self.ip(segment.buffer_len());
        let mut ethernet = EthernetFrame::new_unchecked(octets);
        ethernet.set_src_addr(self.from);
        ethernet.set_dst_addr(self.to);
        ethernet.set_ethertype(match ip.version() {
            IpVersion::Ipv4 => EthernetProtocol::Ipv4,
            #[cfg(feature = "ipv6")]
            IpVersion::Ipv6 => EthernetProtocol::Ipv6,
        });
        let packet = ethernet.payload_mut();
        ip.emit(&mut *packet, &checksums);
        let mut tcp = TcpPacket::new_unchecked(&mut packet[ip.header_len()..]);
        segment.emit(&mut tcp, &self.src.addr, &self.dst.addr, &checksums);
    }

    /// Sends the frame that carries `segment`, and says what its header was.
    pub(super) fn send(&self, exit: &mut dyn Exit, segment: &TcpRepr<'_>) -> Header {
        exit.send(
            self.frame_len(segment),
            PacketMeta::default(),
            &mut |octets| self.write(octets, segment),
        );
        header(segment, flags(segment))
    }
}

/// A segment without data from `flow.local`, or, with `flow` turned round, from the peer.
pub(super) fn bare(flow: &Flow, seq: u32, ack: Option<u32>, window: u16) -> TcpRepr<'static> {
    TcpRepr {
        src_port: flow.local.port,
        dst_port: flow.remote.port,
        control: TcpControl::None,
        seq_number: TcpSeqNumber(seq as i32),
        ack_number: ack.map(|ack| TcpSeqNumber(ack as i32)),
        window_len: window,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    }
}

/// The reset that answers a segment to nobody (RFC 9293 section 3.10.7.1).
pub(super) fn reset(flow: &Flow, to: &Header) -> TcpRepr<'static> {
    let mut segment = if to.flags.contains(Flags::ACK) {
        bare(flow, to.ack, None, 0)
    } else {
        bare(flow, 0, Some(to.end()), 0)
    };
    segment.control = TcpControl::Rst;
    segment
}
