//! How long segments are: what is offered, and what is sent whatever a peer says.

use crate::lab::{Column, Lab, PEER, Segment, Setup};
use smolchat::node::{Config, ConfigError, Limits, Memory, Node, Sizes};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

fn setup(mss: Option<u16>) -> Setup {
    Setup {
        mss,
        ..Setup::default()
    }
}

/// The segment sizes of SYNs among what was sent.
fn offered(sent: &[Segment]) -> Vec<Option<u16>> {
    let syns = sent.iter().filter(|it| it.is_syn());
    syns.map(|it| it.mss).collect()
}

/// Octets of the longest segment that a peer is sent which said this in its SYN.
fn longest(own: Option<u16>, said: Option<u16>) -> usize {
    let mut lab = Lab::new(Column::Node, setup(own));
    let syn = Segment {
        mss: said,
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    lab.give(&lab.ack());
    let sent = lab.send(&[b'x'; 2000]);
    sent.iter().map(|it| it.data.len()).max().expect("data")
}

#[test]
fn a_segment_size_is_offered_by_whoever_opens_and_however() {
    for (mss, wanted) in [(None, 1460), (Some(64), 64), (Some(1000), 1000)] {
        let mut lab = Lab::new(Column::Node, setup(mss));
        let syn = lab.syn();
        assert_eq!(offered(&lab.give(&syn)), [Some(wanted)]);
        // The SYN,ACK again, by the gate, and by smoltcp's timer.
        assert_eq!(offered(&lab.give(&syn)), [Some(wanted)]);
        let again = offered(&lab.wait_secs(4));
        assert!(!again.is_empty() && again.iter().all(|it| *it == Some(wanted)));

        let mut lab = Lab::new(Column::Node, setup(mss));
        let sent = lab.connect(IpEndpoint::new(PEER.into(), 40_000));
        assert_eq!(offered(&sent.expect("it connects")), [Some(wanted)]);
        let again = offered(&lab.wait_secs(4));
        assert!(!again.is_empty() && again.iter().all(|it| *it == Some(wanted)));
    }
}

#[test]
fn nothing_longer_is_sent_than_the_smaller_of_both_sizes() {
    assert_eq!(longest(None, Some(1460)), 1460);
    assert_eq!(longest(None, Some(9000)), 1460);
    assert_eq!(longest(None, Some(100)), 100);
    assert_eq!(longest(Some(1000), Some(1460)), 1000);
    assert_eq!(longest(Some(1000), Some(100)), 100);
    assert_eq!(longest(Some(64), Some(1460)), 64);
}

#[test]
fn a_peer_that_says_nothing_is_sent_the_default_and_no_more_than_ours() {
    assert_eq!(longest(None, None), 536);
    assert_eq!(longest(Some(1000), None), 536);
    assert_eq!(longest(Some(200), None), 200);
}

#[test]
fn no_peer_makes_us_send_crumbs() {
    assert_eq!(longest(None, Some(0)), 536);
    for said in [1, 2, 40, 47, 48] {
        assert_eq!(longest(None, Some(said)), 48);
        assert_eq!(longest(Some(64), Some(said)), 48);
    }
}

#[test]
fn the_size_counts_for_connections_that_we_open() {
    for (own, said, wanted) in [
        (None, Some(1460), 1460),
        (Some(500), Some(1460), 500),
        (Some(500), Some(300), 300),
        (Some(500), None, 500),
        (None, Some(1), 48),
    ] {
        let mut lab = Lab::new(Column::Node, setup(own));
        let remote = IpEndpoint::new(PEER.into(), 40_000);
        lab.connect(remote).expect("it connects");
        let syn_ack = Segment {
            mss: said,
            ..lab.ack().syn()
        };
        lab.give(&syn_ack);
        lab.snd += 1;
        let sent = lab.send(&[b'x'; 2000]);
        let longest = sent.iter().map(|it| it.data.len()).max();
        assert_eq!(longest, Some(wanted), "{own:?}, {said:?}");
    }
}

#[test]
fn a_size_that_the_mtu_has_no_room_for_is_refused() {
    let node = |mss| {
        let address = IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24);
        let mut config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 1]), address, [7; 16]);
        config.mss = Some(mss);
        config.limits = Limits::default();
        let memory = Memory::heap(Sizes::default());
        Node::new(config, memory, Instant::ZERO).err()
    };
    for mss in [0, 1, 63, 1461, 65_535] {
        assert_eq!(node(mss), Some(ConfigError::Mss(mss)));
    }
    for mss in [64, 1460] {
        assert_eq!(node(mss), None);
    }
}

#[test]
fn a_cookie_remembers_no_more_than_the_peer_said() {
    for (said, wanted) in [
        (Some(300), 48),
        (Some(1), 48),
        (Some(1460), 1000),
        (None, 536),
    ] {
        let mut lab = Lab::new(
            Column::Node,
            Setup {
                backlog: 0,
                ..setup(Some(1000))
            },
        );
        // Whoever holds the only place is old enough to give way.
        let other = Segment {
            src: crate::lab::host(99),
            ..lab.syn()
        };
        lab.give(&other);
        lab.wait_secs(5);
        let syn = Segment {
            mss: said,
            ..lab.syn()
        };
        let sent = lab.give(&syn);
        assert_eq!(offered(&sent), [Some(1000)]);
        lab.snd += 1;
        lab.rcv = sent[0].seq.wrapping_add(1);
        lab.give(&lab.ack());
        let sent = lab.send(&[b'x'; 2000]);
        let longest = sent.iter().map(|it| it.data.len()).max();
        assert_eq!(longest, Some(wanted), "{said:?}");
    }
}
