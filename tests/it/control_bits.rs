//! Every set of control bits against every state in which it matters, with the answer of RFC 9293 section
//! 3.10.7; and options of illegal lengths (MUST-7).

use crate::lab::{Column, Lab, PEER, PORT, Segment, Setup};
use smolchat::trace::{Flags, Kind, Reason, Repair, State, Verdict};
use smoltcp::time::Duration;
use smoltcp::wire::IpEndpoint;

/// What a segment draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Nothing,
    /// A reset with the number that the segment acknowledged.
    Reset,
    /// A reset that acknowledges the segment: all the room that it takes in sequence space.
    ResetOfAll,
    SynAck,
    /// An acknowledgment of what is next, and no more.
    Ack,
}

/// What the RFC says: the state afterwards, and the answer.
type Rule = (State, Drawn);

fn has(bits: u8, flag: Flags) -> bool {
    Flags::from_bits(bits).contains(flag)
}

/// All 64 sets, with a label for messages.
fn all_bits() -> impl Iterator<Item = (u8, Flags)> {
    (0..64).map(|bits| (bits, Flags::from_bits(bits)))
}

/// What the answers come to.
fn drawn(sent: &[Segment], to: &Segment, bits: u8) -> Drawn {
    let [answer] = sent else {
        assert!(sent.is_empty(), "{sent:?}");
        return Drawn::Nothing;
    };
    let room =
        to.data.len() as u32 + u32::from(has(bits, Flags::SYN)) + u32::from(has(bits, Flags::FIN));
    if !answer.is_rst() {
        let syn = answer.is_syn();
        return if syn { Drawn::SynAck } else { Drawn::Ack };
    }
    match answer.ack {
        None => {
            assert_eq!(Some(answer.seq), to.ack);
            Drawn::Reset
        }
        Some(ack) => {
            assert_eq!((answer.seq, ack), (0, to.seq.wrapping_add(room)));
            Drawn::ResetOfAll
        }
    }
}

/// Gives a segment with each set of control bits to a new lab, and compares what comes of it.
fn check(name: &str, lab: impl Fn() -> (Lab, Segment), rule: impl Fn(u8) -> Rule) {
    for (bits, flags) in all_bits() {
        let (mut lab, segment) = lab();
        let segment = Segment {
            bits: Some(bits),
            ..segment
        };
        let sent = lab.give(&segment);
        let found = (lab.state(), drawn(&sent, &segment, bits));
        assert_eq!(found, rule(bits), "{name}, {flags}");
        let journal = lab.node().journal();
        let strange = |kind| matches!(kind, Kind::Illegal(_));
        assert!(!journal.iter().any(|(_, event)| strange(event.kind())));
    }
}

#[test]
fn a_closed_port_answers_every_segment_but_a_reset() {
    let lab = || {
        let setup = Setup {
            listens: false,
            ..Setup::default()
        };
        let lab = Lab::new(Column::Node, setup);
        let segment = Segment {
            ack: Some(77),
            ..lab.ack().data(b"data")
        };
        (lab, segment)
    };
    check("CLOSED", lab, |bits| {
        let answer = if has(bits, Flags::RST) {
            Drawn::Nothing
        } else if has(bits, Flags::ACK) {
            Drawn::Reset
        } else {
            Drawn::ResetOfAll
        };
        (State::Closed, answer)
    });
}

#[test]
fn a_listener_looks_for_rst_then_ack_then_syn() {
    let lab = || {
        let lab = Lab::server(Column::Node);
        let segment = Segment {
            ack: Some(77),
            ..lab.ack()
        };
        (lab, segment)
    };
    check("LISTEN", lab, |bits| {
        if has(bits, Flags::RST) {
            (State::Listen, Drawn::Nothing)
        } else if has(bits, Flags::ACK) {
            (State::Listen, Drawn::Reset)
        } else if has(bits, Flags::SYN) {
            (State::SynReceived, Drawn::SynAck)
        } else {
            (State::Listen, Drawn::Nothing)
        }
    });
}

#[test]
fn a_fin_beside_the_syn_is_not_acknowledged_and_comes_again() {
    let mut lab = Lab::server(Column::Node);
    let syn = Segment {
        bits: Some(0x03),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    assert!(sent[0].is_syn() && sent[0].ack == Some(lab.snd));
    lab.give(&lab.ack());
    assert_eq!(lab.state(), State::Established);
    lab.give(&lab.ack().fin());
    assert_eq!(lab.state(), State::CloseWait);
    let repaired = lab.node().journal().counters().repaired(Repair::Control);
    assert_eq!(repaired, 1);
}

#[test]
fn an_opening_connection_looks_at_ack_then_rst_then_syn() {
    let with = |ack: fn(u32) -> u32| {
        move || {
            let (lab, _) = Lab::opening(Column::Node);
            let segment = Segment {
                ack: Some(ack(lab.rcv)),
                ..lab.ack()
            };
            (lab, segment)
        }
    };
    check(
        "SYN-SENT, our SYN acknowledged",
        with(|next| next),
        |bits| {
            let (ack, syn) = (has(bits, Flags::ACK), has(bits, Flags::SYN));
            match (has(bits, Flags::RST), ack, syn) {
                (true, true, _) => (State::Closed, Drawn::Nothing),
                (true, false, _) => (State::SynSent, Drawn::Nothing),
                (false, true, true) => (State::Established, Drawn::Ack),
                (false, false, true) => (State::SynReceived, Drawn::SynAck),
                (false, _, false) => (State::SynSent, Drawn::Nothing),
            }
        },
    );
    check("SYN-SENT, another number", with(|next| next + 1), |bits| {
        let (ack, syn) = (has(bits, Flags::ACK), has(bits, Flags::SYN));
        match (has(bits, Flags::RST), ack, syn) {
            (true, _, _) => (State::SynSent, Drawn::Nothing),
            (false, true, _) => (State::SynSent, Drawn::Reset),
            (false, false, true) => (State::SynReceived, Drawn::SynAck),
            (false, false, false) => (State::SynSent, Drawn::Nothing),
        }
    });
}

#[test]
fn a_half_open_connection_looks_for_rst_then_syn_then_ack_then_fin() {
    let lab = || {
        let mut lab = Lab::server(Column::Node);
        lab.half_open();
        let segment = lab.ack();
        (lab, segment)
    };
    check("SYN-RECEIVED", lab, |bits| {
        if has(bits, Flags::RST) {
            // Back to LISTEN.
            return (State::Listen, Drawn::Nothing);
        }
        if has(bits, Flags::SYN) {
            // In the window: a passive open returns to LISTEN and looks at the SYN there.
            return if has(bits, Flags::ACK) {
                (State::Listen, Drawn::Reset)
            } else {
                (State::SynReceived, Drawn::SynAck)
            };
        }
        match (has(bits, Flags::ACK), has(bits, Flags::FIN)) {
            (false, _) => (State::SynReceived, Drawn::Nothing),
            (true, false) => (State::Established, Drawn::Nothing),
            (true, true) => (State::CloseWait, Drawn::Ack),
        }
    });
}

#[test]
fn a_live_connection_looks_for_rst_then_syn_then_ack_then_fin() {
    let at = |ahead: u32| {
        move || {
            let lab = Lab::established(Column::Node);
            let segment = Segment {
                seq: lab.snd + ahead,
                ..lab.ack()
            };
            (lab, segment)
        }
    };
    let rule = |exact: bool| {
        move |bits| {
            if has(bits, Flags::RST) {
                // RFC 5961 section 3: elsewhere in the window a reset must prove itself.
                return match exact {
                    true => (State::Closed, Drawn::Nothing),
                    false => (State::Established, Drawn::Ack),
                };
            }
            if has(bits, Flags::SYN) {
                return (State::Established, Drawn::Ack);
            }
            match (has(bits, Flags::ACK), has(bits, Flags::FIN), exact) {
                (false, _, _) => (State::Established, Drawn::Nothing),
                (true, true, true) => (State::CloseWait, Drawn::Ack),
                // Out of order, and without data that could be kept: it comes again.
                (true, true, false) => (State::Established, Drawn::Nothing),
                (true, false, _) => (State::Established, Drawn::Nothing),
            }
        }
    };
    check("ESTABLISHED", at(0), |bits| listening(rule(true)(bits)));
    check("ESTABLISHED, ahead", at(1), rule(false));
}

/// Where the connection is over, its port still listens.
fn listening((state, drawn): Rule) -> Rule {
    match state {
        State::Closed => (State::Listen, drawn),
        other => (other, drawn),
    }
}

#[test]
fn time_wait_ignores_resets_challenges_syns_and_acknowledges_fins() {
    let lab = || {
        let mut lab = Lab::established(Column::Node);
        lab.enter_time_wait();
        lab.wait(Duration::from_millis(100));
        // The peer's FIN again.
        let segment = Segment {
            seq: lab.snd - 1,
            ..lab.ack()
        };
        (lab, segment)
    };
    check("TIME-WAIT", lab, |bits| {
        let answer = if has(bits, Flags::RST) {
            Drawn::Nothing
        } else if has(bits, Flags::SYN) {
            Drawn::Ack
        } else if !has(bits, Flags::ACK) {
            Drawn::Nothing
        } else {
            Drawn::Ack
        };
        (State::TimeWait, answer)
    });
}

/// Options whose length is illegal, alone or before others.
const ILLEGAL: [[u8; 4]; 6] = [
    [2, 0, 5, 180],
    [2, 1, 5, 180],
    [2, 200, 5, 180],
    [2, 3, 5, 0],
    [3, 2, 4, 2],
    [1, 1, 1, 9],
];

fn repaired(lab: &mut Lab) -> u64 {
    lab.node().journal().counters().repaired(Repair::Options)
}

#[test]
fn a_syn_with_an_illegal_option_opens_and_the_journal_says_so() {
    for options in ILLEGAL {
        let mut lab = Lab::server(Column::Node);
        let syn = Segment {
            options: options.to_vec(),
            ..lab.syn()
        };
        let sent = lab.give(&syn);
        assert!(sent.len() == 1 && sent[0].is_syn(), "{options:?}");
        let noted = lab.node().journal().iter().any(|(_, event)| {
            matches!(event.kind(), Kind::Segment(segment)
                if segment.verdict == Verdict::Repaired(Repair::Options))
        });
        assert!(noted, "{options:?}");
    }
}

#[test]
fn connecting_does_not_wait_because_of_an_illegal_option() {
    for options in ILLEGAL {
        let (mut lab, _) = Lab::opening(Column::Node);
        let syn_ack = Segment {
            options: options.to_vec(),
            ..lab.ack().syn()
        };
        let sent = lab.give(&syn_ack);
        assert!(sent.len() == 1 && sent[0].is_ack_of(lab.snd + 1));
        assert_eq!(lab.state(), State::Established, "{options:?}");
        assert_eq!(repaired(&mut lab), 1);
    }
}

#[test]
fn data_behind_an_illegal_option_is_taken_and_a_reset_counts_as_ever() {
    for options in ILLEGAL {
        let mut lab = Lab::established(Column::Node);
        let data = Segment {
            options: options.to_vec(),
            ..lab.ack().data(b"hello")
        };
        lab.give(&data);
        assert_eq!(lab.received(), b"hello", "{options:?}");
        lab.snd += 5;
        let reset = Segment {
            options: options.to_vec(),
            ..lab.ack().rst()
        };
        lab.give(&reset);
        assert_eq!(lab.state(), State::Listen);
        assert_eq!(repaired(&mut lab), 2);
    }
}

#[test]
fn what_is_refused_anyway_is_refused_with_an_illegal_option_too() {
    let setup = Setup {
        listens: false,
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    let syn = Segment {
        options: ILLEGAL[0].to_vec(),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    assert!(sent.len() == 1 && sent[0].is_rst());
    let malformed = lab.node().journal().counters().dropped(Reason::Malformed);
    assert_eq!(malformed, 0);
    assert!(lab.connect(IpEndpoint::new(PEER.into(), PORT)).is_some());
}
