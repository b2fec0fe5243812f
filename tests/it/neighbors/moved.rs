//! A live connection whose segments come from another hardware address than before: who has moved is
//! followed, and who pretends to be somebody that did not is not.

use super::*;

/// A member's segment with exactly the right numbers, from a hardware address that is not its own.
fn from_elsewhere(next: &Segment) -> Segment {
    Segment {
        from: Some(MOVED),
        ..next.clone()
    }
}

const MOVED: EthernetAddress = EthernetAddress([2, 0xcc, 0, 0, 0, 1]);

#[test]
fn whoever_sends_in_the_name_of_a_member_with_its_numbers_does_not_hear_its_lines() {
    let (mut lab, handles, next) = members(1);
    let member = host(10);
    lab.wait(Duration::from_secs(40));
    for _ in 0..10 {
        lab.cable.inbox.push_back(from_elsewhere(&next[0]).frame());
        say(&mut lab, &handles);
        let frames = sent(&mut lab);
        assert_eq!(lines(&frames), [mac_of(member)]);
        // The member is asked alone, so nobody else hears the question, and what others answer is nothing.
        assert_eq!(arps(&frames), [(ArpOperation::Request, US, member)]);
        let to = frames
            .iter()
            .map(|frame| EthernetAddress::from_bytes(&frame[..6]));
        assert_eq!(to.filter(|to| to.is_broadcast()).count(), 0);
        for from in [MOVED, mac_of(member)] {
            lab.cable
                .inbox
                .push_back(arp(ArpOperation::Reply, from, member, US));
        }
        acknowledge(&mut lab, &handles);
        lab.now += Duration::from_secs(1);
    }
}

#[test]
fn a_member_that_moved_is_asked_where_it_was_then_among_all_and_followed_when_it_answers() {
    let (mut lab, handles, next) = members(1);
    let member = host(10);
    let word = from_elsewhere(&next[0]);
    lab.cable.inbox.push_back(word.data(b"here").frame());
    say(&mut lab, &handles);
    let frames = sent(&mut lab);
    assert_eq!(lines(&frames), [mac_of(member)]);
    assert_eq!(arps(&frames), [(ArpOperation::Request, US, member)]);
    let again = sent_after(&mut lab, 1_100);
    assert_eq!(arps(&again), [(ArpOperation::Request, US, member)]);
    lab.cable
        .inbox
        .push_back(arp(ArpOperation::Reply, MOVED, member, US));
    sent(&mut lab);
    say(&mut lab, &handles);
    assert_eq!(lines(&sent(&mut lab)), [MOVED]);
}

#[test]
fn a_member_that_moved_and_answers_no_question_is_followed_after_three() {
    let (mut lab, handles, next) = members(1);
    let mut word = from_elsewhere(&next[0]).data(b"here");
    for second in 0..4 {
        lab.give(&word);
        word.seq += 4;
        say(&mut lab, &handles);
        let heard = lines(&sent(&mut lab));
        let to = if second < 3 { mac_of(host(10)) } else { MOVED };
        assert!(heard.iter().all(|it| *it == to), "{second}: {heard:?}");
        lab.now += Duration::from_secs(1);
    }
    assert_eq!(lines(&sent_after(&mut lab, 60_000)), [MOVED]);
}

#[test]
fn a_silent_member_that_moved_is_asked_for_and_followed_by_what_is_sent_again() {
    let (mut lab, handles, _) = members(1);
    let (member, moved) = (host(10), MOVED);
    lab.now += Duration::from_secs(100);
    say(&mut lab, &handles);
    let frames = sent(&mut lab);
    assert_eq!(lines(&frames), [mac_of(member)]);
    assert_eq!(arps(&frames), [(ArpOperation::Request, US, member)]);
    // Only the member was asked. Now all are.
    let again = sent_after(&mut lab, 1_100);
    assert_eq!(lines(&again), [mac_of(member)]);
    assert_eq!(arps(&again), [(ArpOperation::Request, US, member)]);
    lab.cable
        .inbox
        .push_back(arp(ArpOperation::Reply, moved, member, US));
    sent(&mut lab);
    let again = sent_after(&mut lab, 2_100);
    assert_eq!(lines(&again), [moved]);
}

#[test]
fn whoever_guesses_at_a_live_connection_from_elsewhere_is_not_told_its_numbers() {
    let (mut lab, _, next) = members(1);
    let member = host(10);
    let guess = |seq: u32, syn: bool| {
        let mut forged = from_elsewhere(&next[0]);
        forged.seq = forged.seq.wrapping_add(seq);
        match syn {
            true => forged.syn(),
            false => forged.data(b"hello"),
        }
    };
    for forged in [guess(0x4000_0000, true), guess(0x4000_0000, false)] {
        lab.cable.inbox.push_back(forged.frame());
        let frames = sent(&mut lab);
        let to: Vec<_> = frames
            .iter()
            .map(|it| EthernetAddress::from_bytes(&it[..6]))
            .collect();
        assert!(!to.contains(&MOVED), "{to:?}");
        assert!(
            to.contains(&mac_of(member)),
            "the peer is told, as RFC 5961 has it"
        );
        lab.wait(Duration::from_secs(2));
    }
}
