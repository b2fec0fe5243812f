//! Composing segments: the gate's own answers, and segments that smoltcp is to see.

use smoltcp::phy::{ChecksumCapabilities, PacketMeta};
use smoltcp::wire::{IpEndpoint, IpProtocol, IpRepr, TcpControl, TcpPacket, TcpRepr};

use super::ethernet::{HEADER, Hop};
use super::one_frame::Exit;
use super::segment::{flags, header};
use crate::trace::{Flags, Flow, Header, SeqNumber};

/// The time to live, or hop limit, of the gate's own answers (RFC 1700).
const HOP_LIMIT: u8 = 64;

/// The two ends of a composed segment.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// Endpoint of the sender.
    src: IpEndpoint,
    /// Endpoint of the receiver.
    dst: IpEndpoint,
}

impl Route {
    /// From a peer to this node.
    pub(super) fn into(flow: &Flow) -> Self {
        Self {
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

    /// Octets of the packet that carries `segment`.
    pub(super) fn packet_len(&self, segment: &TcpRepr<'_>) -> usize {
        self.ip(segment.buffer_len()).buffer_len()
    }

    /// Writes the packet that carries `segment`; `octets` is as long as [`Self::packet_len`] says.
    pub(super) fn write(&self, octets: &mut [u8], segment: &TcpRepr<'_>) {
        let checksums = ChecksumCapabilities::default();
        let ip = self.ip(segment.buffer_len());
        ip.emit(&mut *octets, &checksums);
        let mut tcp = TcpPacket::new_unchecked(&mut octets[ip.header_len()..]);
        segment.emit(&mut tcp, &self.src.addr, &self.dst.addr, &checksums);
    }
}

/// Sends `segment` from this node to the peer of a flow, by way of `hop`; says what its header was.
pub(super) fn send(exit: &mut dyn Exit, hop: Hop, flow: &Flow, segment: &TcpRepr<'_>) -> Header {
    let route = Route {
        src: flow.local,
        dst: flow.remote,
    };
    let len = HEADER + route.packet_len(segment);
    exit.send(len, PacketMeta::default(), &mut |octets| {
        route.write(&mut octets[HEADER..], segment);
        hop.write_around(octets);
    });
    header(segment, flags(segment))
}

/// A segment without data from `flow.local`, or, with `flow` turned round, from the peer.
pub(super) fn bare(
    flow: &Flow,
    seq: SeqNumber,
    ack: Option<SeqNumber>,
    window: u16,
) -> TcpRepr<'static> {
    TcpRepr {
        src_port: flow.local.port,
        dst_port: flow.remote.port,
        control: TcpControl::None,
        seq_number: seq.into(),
        ack_number: ack.map(Into::into),
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
        bare(flow, SeqNumber::default(), Some(to.end()), 0)
    };
    segment.control = TcpControl::Rst;
    segment
}
