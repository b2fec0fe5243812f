//! Each verdict by itself: how far the connections are taken and a segment in, what comes of it out.

use super::*;
use crate::node::occupancy::tests::Eight;
use crate::trace::Header;
use smoltcp::wire::IpAddress;
use std::vec;
use std::vec::Vec;

const PORT: u16 = 9000;

fn at(millis: i64) -> Instant {
    Instant::from_millis(millis)
}

/// Something from a host, and from a port of its.
fn from(host: u8, port: u16, flags: Flags, seq: u32, ack: u32) -> TcpFrame<'static> {
    let flow = Flow {
        local: (IpAddress::v4(192, 0, 2, 100), PORT).into(),
        remote: (IpAddress::v4(192, 0, 2, host), port).into(),
    };
    let header = Header {
        seq: seq.into(),
        ack: ack.into(),
        flags,
        mss: 1460,
        ..Header::default()
    };
    TcpFrame::without_octets(flow, header)
}

fn syn(host: u8, port: u16) -> TcpFrame<'static> {
    from(host, port, Flags::SYN, 1_000, 0)
}

/// What a host returns that was answered by a cookie.
fn returning(iss: u32, host: u8, port: u16) -> TcpFrame<'static> {
    from(host, port, Flags::ACK, 1_001, iss.wrapping_add(1))
}

/// One port with a backlog of four, and as many places to wait in.
fn admission() -> Admission<'static> {
    let mut admission = Admission::new(
        ManagedSlice::Owned(vec![Listener::EMPTY; 1]),
        ManagedSlice::Owned(vec![SynQueueEntry::EMPTY; 4]),
        [7; 16],
    );
    admission.listen(PORT, 4).unwrap();
    admission
}

/// Seven established connections and this handshake.
fn one_handshake() -> Eight {
    Eight::full(&[(1, 0)])
}

/// Eight established connections.
fn busy() -> Eight {
    Eight::full(&[])
}

/// Six handshakes, from one host each: the last quarter is free.
fn six_handshakes() -> Eight {
    Eight::half_open(&[(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0)])
}

fn cookie(judged: Judged) -> u32 {
    match judged.verdict {
        Verdict::Cookie { iss } => iss.get(),
        other => panic!("{other:?}"),
    }
}

/// A cookie that was given at this time.
fn given_cookie(admission: &mut Admission<'_>, millis: i64, host: u8, port: u16) -> u32 {
    let six = six_handshakes();
    admission.judge(at(millis), &six, &syn(host, port));
    let iss = cookie(admission.judge(at(millis), &six, &syn(host, port)));
    // Whoever gives one keeps nothing.
    let flow = syn(host, port).flow;
    admission.syn_queue.remove(&flow);
    iss
}

#[test]
fn what_belongs_to_nobody_is_told_apart() {
    let mut admission = admission();
    let free = Eight::half_open(&[]);
    let mut judge = |flags| {
        admission
            .judge(at(0), &free, &from(1, 1, flags, 1, 1 << 31))
            .verdict
    };
    assert_eq!(judge(Flags::RST), Verdict::Drop(Reason::StrayReset));
    assert_eq!(judge(Flags::ACK), Verdict::Reset);
    assert_eq!(judge(Flags::SYN.with(Flags::ACK)), Verdict::Reset);
    assert_eq!(judge(Flags::FIN), Verdict::Drop(Reason::NoAck));
    admission.unlisten(PORT);
    for flags in [Flags::SYN, Flags::ACK, Flags::FIN, Flags::RST] {
        let judged = admission.judge(at(0), &free, &from(1, 1, flags, 1, 1));
        assert_eq!(judged.verdict, Verdict::Reset);
    }
}

#[test]
fn a_syn_opens_at_once_if_nobody_waits_and_else_waits() {
    let mut admission = admission();
    let free = Eight::half_open(&[]);
    let iss = admission.initial_number(at(0), &syn(1, 1).flow);
    let open = Verdict::Open { iss };
    assert_eq!(admission.judge(at(0), &free, &syn(1, 1)), open.into());
    assert_eq!(
        admission.judge(at(0), &busy(), &syn(2, 1)),
        Verdict::Queue.into()
    );
    // Nobody overtakes.
    assert_eq!(
        admission.judge(at(0), &free, &syn(1, 1)),
        Verdict::Queue.into()
    );
    assert_eq!(admission.backlog(), 2);
    admission.unlisten(PORT);
    assert_eq!(admission.backlog(), 0);
}

#[test]
fn a_reset_takes_a_syn_back_that_waits() {
    let mut admission = admission();
    admission.judge(at(0), &busy(), &syn(1, 1));
    let reset = from(1, 1, Flags::RST, 1_001, 0);
    admission.judge(at(0), &busy(), &reset);
    assert_eq!(admission.backlog(), 0);
}

#[test]
fn beyond_the_backlog_a_syn_meets_silence_where_no_handshake_is_in_the_way() {
    let mut admission = admission();
    for host in 1..=4 {
        admission.judge(at(0), &busy(), &syn(host, 1));
    }
    let judged = admission.judge(at(60_000 - 1), &busy(), &syn(9, 1));
    assert_eq!(judged.verdict, Verdict::Queue, "the others gave up");
    for host in 1..=3 {
        admission.judge(at(60_000), &busy(), &syn(host, 1));
    }
    let judged = admission.judge(at(60_000), &busy(), &syn(8, 1));
    assert_eq!(judged, Verdict::Overflow.into());
}

#[test]
fn a_crowd_in_the_queue_makes_room_and_is_said_to_have_had_too_much() {
    let mut admission = admission();
    for port in 1..=4 {
        admission.judge(at(0), &busy(), &syn(1, port));
    }
    let judged = admission.judge(at(0), &busy(), &syn(2, 1));
    let instead = Judged {
        verdict: Verdict::Queue,
        full: Some(Resource::Share),
    };
    assert_eq!(judged, instead);
}

#[test]
fn who_waits_for_handshakes_alone_gets_a_cookie_when_it_comes_again() {
    let mut admission = admission();
    let six = six_handshakes();
    let first = admission.judge(at(0), &six, &syn(9, 1));
    assert_eq!(first.verdict, Verdict::Queue);
    cookie(admission.judge(at(500), &six, &syn(9, 1)));
    // The first time, where the handshakes in its way are old.
    cookie(admission.judge(at(1_000), &six, &syn(8, 1)));
    // But not where there is nothing free for whoever returns it.
    let again = admission.judge(at(1_100), &one_handshake(), &syn(9, 1));
    assert_eq!(again.verdict, Verdict::Queue);
}

#[test]
fn a_flood_is_answered_by_cookies_and_a_crowd_is_not() {
    let mut admission = admission();
    let overflow = |admission: &mut Admission<'_>, millis, seq: u32| {
        let syn = from(
            (seq % 200) as u8 + 20,
            (seq / 200) as u16,
            Flags::SYN,
            seq,
            0,
        );
        let judged = admission.judge(at(millis), &Eight::full(&[(1, millis)]), &syn);
        judged.verdict
    };
    for host in 1..=4 {
        admission.judge(at(10_000), &busy(), &syn(host, 1));
    }
    // Four for each of twelve places are no flood.
    let crowd = (0..48).map(|seq| overflow(&mut admission, 10_000, seq));
    assert!(crowd.eq([Verdict::Overflow; 48]));
    let flood: Vec<Verdict> = (48..60)
        .map(|seq| overflow(&mut admission, 10_000, seq))
        .collect();
    assert!(flood.iter().all(|it| matches!(it, Verdict::Cookie { .. })));
    // It is one for a while.
    let later = overflow(&mut admission, 11_999, 60);
    assert!(matches!(later, Verdict::Cookie { .. }));
    assert_eq!(overflow(&mut admission, 12_000, 61), Verdict::Overflow);
    // Handshakes that do not end are a sign, too.
    let old = Eight::full(&[(1, 12_000)]);
    cookie(admission.judge(at(13_000), &old, &syn(9, 9)));
}

#[test]
fn whoever_returns_a_cookie_takes_the_last_quarter() {
    let mut admission = admission();
    let iss = given_cookie(&mut admission, 0, 9, 1);
    let established = |admission: &mut Admission<'_>, millis, ack: &TcpFrame<'_>| {
        admission.judge(at(millis), &six_handshakes(), ack).verdict
    };
    let establish = Verdict::Establish {
        iss: iss.into(),
        mss: 1460,
        evict: None,
    };
    let ack = returning(iss, 9, 1);
    assert_eq!(established(&mut admission, 100, &ack), establish);
    // Of another peer it is none, and of none in its time it may be a part.
    let other = returning(iss, 9, 2);
    let incomplete = Verdict::Drop(Reason::CookieIncomplete);
    assert_eq!(established(&mut admission, 100, &other), incomplete);
    let other = returning(iss ^ 1 << 31, 9, 1);
    assert_eq!(established(&mut admission, 100, &other), Verdict::Reset);
    assert_eq!(established(&mut admission, 135_001, &ack), Verdict::Reset);
}

#[test]
fn a_handshake_gives_way_to_who_returned_a_cookie_or_that_one_waits() {
    let mut admission = admission();
    let iss = given_cookie(&mut admission, 0, 9, 1);
    let ack = returning(iss, 9, 1);
    let wait = admission.judge(at(3_999), &one_handshake(), &ack);
    assert_eq!(wait.verdict, Verdict::Queue);
    let judged = admission.judge(at(4_000), &one_handshake(), &ack);
    let Verdict::Establish { evict, .. } = judged.verdict else {
        panic!("{judged:?}");
    };
    assert_eq!(evict.map(|it| it.over_its_share), Some(false));
    assert_eq!(admission.backlog(), 0, "it waits no longer");
}

#[test]
fn where_everybody_who_waits_is_proven_one_more_is_not_reset() {
    let mut admission = admission();
    let acks: Vec<TcpFrame<'_>> = (11..=15)
        .map(|host| returning(given_cookie(&mut admission, 0, host, 1), host, 1))
        .collect();
    for ack in &acks[..4] {
        let judged = admission.judge(at(10), &busy(), ack);
        assert_eq!(judged.verdict, Verdict::Queue);
    }
    let judged = admission.judge(at(10), &busy(), &acks[4]);
    assert_eq!(judged.verdict, Verdict::Drop(Reason::BacklogFull));
    assert_eq!(judged.full, Some(Resource::Backlog));
}

#[test]
fn a_cookie_that_answered_an_earlier_syn_is_told_from_our_own_number() {
    let mut admission = admission();
    let iss = given_cookie(&mut admission, 0, 9, 1);
    let returns = |ack: &TcpFrame<'_>, ours, millis| {
        admission.returns_a_cookie(at(millis), ack, (ours, 1_000.into()))
    };
    let ack = returning(iss, 9, 1);
    assert!(returns(&ack, 5.into(), 10));
    assert!(!returns(&ack, iss.into(), 10));
    assert!(!returns(&ack, 5.into(), 135_001));
    assert!(!returns(&returning(iss, 9, 2), 5.into(), 10));
    let reset = from(9, 1, Flags::RST.with(Flags::ACK), 1_001, iss + 1);
    assert!(!returns(&reset, 5.into(), 10));
}

#[test]
fn those_that_wait_are_let_in_as_connections_become_free() {
    let mut admission = admission();
    assert_eq!(admission.next(at(0), &Eight::half_open(&[])), None);
    let iss = given_cookie(&mut admission, 0, 9, 1);
    admission.judge(at(0), &busy(), &syn(8, 1));
    admission.judge(at(0), &busy(), &returning(iss, 9, 1));
    assert_eq!(admission.next(at(10), &busy()), None);
    assert_eq!(admission.deadline(at(10), &busy()), None);
    // Who is proven is first, and may have the last quarter.
    let proven = admission.next(at(10), &six_handshakes());
    assert!(matches!(proven, Some(Next::Admit { syn, .. }) if syn.proven == Some(iss.into())));
    assert_eq!(admission.next(at(10), &six_handshakes()), None);
    let due = admission.deadline(at(10), &six_handshakes());
    assert_eq!(due, Some(at(4_000)));
    let evict = admission.next(at(4_000), &six_handshakes());
    assert!(matches!(evict, Some(Next::Evict(_))));
    let open = admission.next(at(4_000), &Eight::half_open(&[]));
    let number = admission.initial_number(at(4_000), &syn(8, 1).flow);
    assert!(
        matches!(open, Some(Next::Admit { syn, iss }) if syn.proven.is_none() && iss == number)
    );
    assert_eq!(admission.backlog(), 0);
}

#[test]
fn a_connection_begins_again_beyond_where_it_ended_or_waits() {
    let mut admission = admission();
    let listener = admission.listener(PORT).unwrap();
    let number = admission.initial_number(at(0), &syn(1, 1).flow);
    let free = Eight::half_open(&[(1, 0); 7]);
    let again = admission.judge_again(at(0), &free, listener, &syn(1, 1), number);
    let Verdict::Open { iss } = again.verdict else {
        panic!("{again:?}");
    };
    assert!(number.is_before(iss));
    let waits = admission.judge_again(at(0), &busy(), listener, &syn(1, 1), number);
    assert_eq!(waits.verdict, Verdict::Queue);
}
