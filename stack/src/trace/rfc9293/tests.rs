use super::*;

#[test]
fn figure_5_has_twenty_arrows() {
    assert_eq!(arrows().filter(|arrow| arrow.in_figure).count(), 20);
}

#[test]
fn no_arrow_stands_twice() {
    for (index, one) in arrows().enumerate() {
        let twin = arrows()
            .skip(index + 1)
            .find(|other| (one.from, one.to, one.cause) == (other.from, other.to, other.cause));
        assert_eq!(twin, None);
    }
}

#[test]
fn every_state_is_reached_and_left() {
    for state in STATES {
        assert!(arrows().any(|arrow| arrow.to == state), "{state}");
        assert!(arrows().any(|arrow| arrow.from == state), "{state}");
    }
}

#[test]
fn every_state_but_closed_can_be_aborted() {
    for state in STATES {
        let legal = is_legal(state, Closed, Cause::Call(Call::Abort));
        assert_eq!(legal, state != Closed, "{state}");
    }
}

#[test]
fn what_the_rfc_does_not_know_is_not_legal() {
    assert!(!is_legal(Closed, Established, Cause::Segment));
    assert!(!is_legal(SynSent, Established, Cause::Call(Call::Connect)));
    assert!(!is_legal(TimeWait, Established, Cause::Segment));
    assert!(!is_legal(
        TimeWait,
        Closed,
        Cause::Timer(Timer::Retransmission)
    ));
    assert!(!is_legal(Established, LastAck, Cause::Segment));
    assert!(!is_legal(SynReceived, CloseWait, Cause::Segment));
    assert!(!is_legal(Established, Established, Cause::Segment));
}

#[test]
fn an_arrow_says_what_happened_and_where_it_is_written() {
    let arrow = arrow(FinWait1, TimeWait, Cause::Segment).unwrap();
    assert_eq!(arrow.event, "rcv FIN, ACK of FIN / snd ACK");
    assert_eq!(arrow.section, "3.3.2");
    assert!(!arrow.in_figure);
}

#[test]
fn the_table_says_what_the_rules_say() {
    for from in STATES {
        for to in STATES {
            for cause in arrows().map(|arrow| arrow.cause).chain([Cause::Inferred]) {
                let known = arrow(from, to, cause).is_some();
                assert_eq!(is_legal(from, to, cause), known);
            }
        }
    }
}

#[test]
fn an_arrow_is_its_own_path() {
    for arrow in arrows() {
        assert_eq!(path(arrow.from, arrow.to)[..], [arrow.to]);
    }
}

#[test]
fn a_fin_with_the_last_ack_of_the_handshake_goes_through_established() {
    assert_eq!(path(SynReceived, CloseWait)[..], [Established, CloseWait]);
    assert_eq!(path(SynSent, CloseWait)[..], [Established, CloseWait]);
    assert_eq!(
        path(SynReceived, LastAck)[..],
        [Established, CloseWait, LastAck]
    );
}

#[test]
fn no_path_leads_where_none_is() {
    assert_eq!(path(TimeWait, LastAck)[..], []);
    assert_eq!(path(FinWait2, Established)[..], []);
}

#[test]
fn only_segments_lead_through_states() {
    for from in STATES {
        for to in STATES {
            let steps = path(from, to);
            let Some((_, between)) = steps.split_last() else {
                continue;
            };
            let mut at = from;
            for &next in between {
                assert!(is_legal(at, next, Cause::Segment), "{from} {to}");
                at = next;
            }
        }
    }
    assert_eq!(path(Established, FinWait2)[..], [], "somebody must close");
}
