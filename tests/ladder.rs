//! Ladders drawn from journals written by hand, against the texts in `tests/golden`.
//!
//! `REFRESH_GOLDEN=1 cargo test --test ladder` writes the texts anew; read them before you keep them.

#![cfg(feature = "std")]

mod scene;

use scene::{Scene, golden};
use smolchat::trace::{
    Answer, Call, Cause, ConnectionId, Direction, Ending, Follower, Journal, Kind, Mark, Reason,
    Repair, State, Style, Timer, Transition, Verdict, draw,
};
use smoltcp::time::{Duration, Instant};

/// A client connects, says something, is answered, and closes first.
fn client_first() -> Scene {
    let mut scene = Scene::passive();
    scene.after(10_000).receives("PSH,ACK", 1, 1, 24);
    scene.after(40).sends("ACK", 1, 25, 0);
    scene.after(180).sends("PSH,ACK", 1, 25, 31);
    scene.after(90).receives("ACK", 25, 32, 0);
    scene.after(2_000_000).receives("FIN,ACK", 25, 32, 0);
    scene.goes(State::Established, State::CloseWait);
    scene.after(30).sends("ACK", 32, 26, 0);
    scene
        .after(300)
        .calls(Call::Close, State::CloseWait, State::LastAck);
    scene.sends("FIN,ACK", 32, 26, 0);
    scene.after(100).receives("ACK", 26, 33, 0);
    scene.goes(State::LastAck, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

/// The server closes first and has to wait.
fn server_first() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives("PSH,ACK", 1, 1, 1);
    scene.after(50).sends("PSH,ACK", 1, 2, 1);
    scene.after(60).receives("ACK", 2, 2, 0);
    scene
        .after(20)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 2, 2, 0);
    scene.after(100).receives("ACK", 2, 3, 0);
    scene.goes(State::FinWait1, State::FinWait2);
    scene.after(900).receives("FIN,ACK", 2, 3, 0);
    scene.goes(State::FinWait2, State::TimeWait);
    scene.waits(Duration::from_secs(60));
    scene.after(20).sends("ACK", 3, 3, 0);
    scene
}

fn server_first_to_the_end() -> Scene {
    let mut scene = server_first();
    scene.after(60_000_000 - 20).turns(
        Cause::Timer(Timer::TimeWait),
        State::TimeWait,
        State::Closed,
    );
    scene.ends(Ending::Closed);
    scene
}

/// Our FIN and the peer's cross on the way.
fn simultaneous_close() -> Scene {
    let mut scene = Scene::active();
    scene
        .after(5_000)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 1, 1, 0);
    scene.after(20).receives("FIN,ACK", 1, 1, 0);
    scene.goes(State::FinWait1, State::Closing);
    scene.after(10).sends("ACK", 2, 2, 0);
    scene.after(30).receives("ACK", 2, 2, 0);
    scene.goes(State::Closing, State::TimeWait);
    scene.waits(Duration::from_millis(600));
    scene.after(600_000).turns(
        Cause::Timer(Timer::TimeWait),
        State::TimeWait,
        State::Closed,
    );
    scene.ends(Ending::Closed);
    scene
}

/// Both sides open at once.
fn simultaneous_open() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends("SYN", 0, 0, 0);
    scene.after(40).receives("SYN", 0, 0, 0);
    scene.goes(State::SynSent, State::SynReceived);
    scene.after(10).sends("SYN,ACK", 0, 1, 0);
    scene.after(40).receives("SYN,ACK", 0, 1, 0);
    scene.goes(State::SynReceived, State::Established);
    scene.after(10).sends("ACK", 1, 1, 0);
    scene
}

fn three_segments() -> Scene {
    let mut scene = Scene::active();
    scene.after(70).sends("PSH,ACK", 1, 1, 1_000);
    scene
        .after(3_000)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 1_001, 1, 0);
    scene.after(80).receives("FIN,ACK", 1, 1_002, 0);
    scene.goes(State::FinWait1, State::TimeWait);
    scene.waits(Duration::from_secs(20));
    scene.after(10).sends("ACK", 1_002, 2, 0);
    scene.after(1_000_000).receives_as(
        "FIN,ACK",
        1,
        1_002,
        0,
        Mark::Duplicate,
        Verdict::Answered(Answer::TimeWaitAck),
    );
    scene.waits(Duration::from_secs(20));
    scene.sends_as(
        "ACK",
        1_002,
        2,
        0,
        Mark::None,
        Verdict::Gate(Answer::TimeWaitAck),
    );
    scene
}

fn reset_by_peer() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives_as(
        "RST",
        70_000,
        0,
        0,
        Mark::None,
        Verdict::Answered(Answer::ChallengeAck),
    );
    scene.sends_as(
        "ACK",
        1,
        1,
        0,
        Mark::None,
        Verdict::Gate(Answer::ChallengeAck),
    );
    scene.after(1_000).receives_as(
        "RST",
        900_000,
        0,
        0,
        Mark::None,
        Verdict::Dropped(Reason::ResetOutOfWindow),
    );
    scene.after(500).receives("RST,ACK", 1, 1, 0);
    scene.goes(State::Established, State::Closed);
    scene.ends(Ending::ResetByPeer);
    scene
}

fn abort() -> Scene {
    let mut scene = Scene::passive();
    scene
        .after(1_000)
        .calls(Call::Abort, State::Established, State::Closed);
    scene.sends("RST,ACK", 1, 1, 0);
    scene.ends(Ending::Aborted);
    scene
}

fn refused() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends("SYN", 0, 0, 0);
    scene.after(120).receives("RST,ACK", 0, 1, 0);
    scene.goes(State::SynSent, State::Closed);
    scene.ends(Ending::Refused);
    scene
}

/// The SYN is lost, then its answer; nobody answers in the end.
fn lost_syn() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends_as(
        "SYN",
        0,
        0,
        0,
        Mark::None,
        Verdict::Dropped(Reason::Unresolved),
    );
    scene
        .after(1_000_000)
        .sends_as("SYN", 0, 0, 0, Mark::Retransmission, Verdict::Passed);
    scene
        .after(2_000_000)
        .sends_as("SYN", 0, 0, 0, Mark::Retransmission, Verdict::Passed);
    scene.slow(3);
    scene.after(180_000_000).turns(
        Cause::Timer(Timer::Retransmission),
        State::SynSent,
        State::Closed,
    );
    scene.ends(Ending::TimedOut(Timer::Retransmission));
    scene
}

/// Every step of a handshake and a teardown is lost once, and the peer's states are taken back.
fn losses() -> Scene {
    let mut scene = Scene::new();
    scene.receives_as("SYN", 0, 0, 0, Mark::None, Verdict::Held);
    scene.goes(State::Listen, State::SynReceived);
    scene.after(20).sends("SYN,ACK", 0, 1, 0);
    scene.after(1_000_000).receives_as(
        "SYN",
        0,
        0,
        0,
        Mark::Duplicate,
        Verdict::Answered(Answer::SynAckAgain),
    );
    scene.sends_as(
        "SYN,ACK",
        0,
        1,
        0,
        Mark::Retransmission,
        Verdict::Gate(Answer::SynAckAgain),
    );
    scene.after(200).receives("ACK", 1, 1, 0);
    scene.goes(State::SynReceived, State::Established);
    scene
        .after(1_000)
        .receives_as("PSH,ACK", 101, 1, 50, Mark::OutOfOrder, Verdict::Passed);
    scene.sends("ACK", 1, 1, 0);
    scene.after(1_000).receives_as(
        "PSH,ACK",
        1,
        1,
        100,
        Mark::None,
        Verdict::Repaired(Repair::OldAck),
    );
    scene.sends("ACK", 1, 151, 0);
    scene
        .after(7_200_000_000)
        .receives_as("ACK", 150, 1, 1, Mark::KeepAlive, Verdict::Passed);
    scene.sends("ACK", 1, 151, 0);
    scene.after(1_000_000).receives("FIN,ACK", 151, 1, 0);
    scene.goes(State::Established, State::CloseWait);
    scene.sends("ACK", 1, 152, 0);
    scene
        .after(210_000)
        .receives_as("FIN,ACK", 151, 1, 0, Mark::Duplicate, Verdict::Passed);
    scene.sends("ACK", 1, 152, 0);
    scene.after(10).sends("PSH,ACK", 1, 152, 5);
    scene.after(100).receives("ACK", 152, 6, 0);
    scene
        .after(10)
        .calls(Call::Close, State::CloseWait, State::LastAck);
    scene.sends("FIN,ACK", 6, 152, 0);
    scene
        .after(1_000_000)
        .sends_as("FIN,ACK", 6, 152, 0, Mark::Retransmission, Verdict::Passed);
    scene.after(100).receives("ACK", 152, 7, 0);
    scene.goes(State::LastAck, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

fn long_numbers() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives_as(
        "FIN,SYN,PSH,ACK,URG",
        4_294_967_295,
        4_294_967_295,
        65_535,
        Mark::OutOfOrder,
        Verdict::Dropped(Reason::RateLimited),
    );
    scene.after(1_000).receives_as(
        "PSH,ACK",
        123_456_789,
        123_456_789,
        1_460,
        Mark::None,
        Verdict::Dropped(Reason::RateLimited),
    );
    scene
}

fn illegal() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).push(Kind::Illegal(Transition {
        connection: ConnectionId(1),
        from: State::Established,
        to: State::LastAck,
        cause: Cause::Segment,
    }));
    scene
}

fn whole(scene: &Scene, now: Instant, style: &Style) -> String {
    let mut out = String::new();
    draw(&scene.journal(100), ConnectionId(1), now, style, &mut out).unwrap();
    out
}

#[track_caller]
fn check(name: &str, scene: &Scene) {
    let text = whole(scene, scene.now(), &Style::PLAIN);
    golden(name, &text);
    fits(&text);
    assert_eq!(live(scene), text, "the follower draws the same");
    fits(&whole(scene, scene.now(), &Style::PLAIN.with_tags()));
    let ascii = whole(scene, scene.now(), &Style::ASCII);
    assert!(ascii.is_ascii());
    let widths = |text: &str| Vec::from_iter(text.lines().map(|line| line.chars().count()));
    assert_eq!(widths(&ascii), widths(&text));
    let coloured = whole(scene, scene.now(), &Style::ANSI);
    assert_eq!(without_colours(&coloured), text);
}

#[track_caller]
fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "too long: {line}");
        assert_eq!(line, line.trim_end());
    }
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\x1b');
    plain.push_str(parts.next().unwrap());
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}

/// Follows a scene as it happens: after each instant, and whenever the follower wants to be called.
fn live(scene: &Scene) -> String {
    let mut out = String::new();
    let mut storage = vec![None; 100];
    let mut journal = Journal::new(&mut storage[..]);
    let mut follower = Follower::new(ConnectionId(1));
    let mut again = None;
    let mut events = scene.events().iter().peekable();
    while let Some(event) = events.next() {
        journal.record(*event);
        if events.peek().is_some_and(|next| next.at == event.at) {
            continue;
        }
        if let Some(due) = again.filter(|&due| due < event.at) {
            follower
                .follow(&journal, due, &Style::PLAIN, &mut out)
                .unwrap();
        }
        again = follower
            .follow(&journal, event.at, &Style::PLAIN, &mut out)
            .unwrap();
    }
    if let Some(due) = again {
        follower
            .follow(&journal, due, &Style::PLAIN, &mut out)
            .unwrap();
    }
    out
}

#[test]
fn the_client_closes_first() {
    check("client-first", &client_first());
}

#[test]
fn the_server_closes_first_and_waits_2_msl() {
    check("server-first", &server_first_to_the_end());
}

#[test]
fn time_wait_says_how_much_is_left() {
    let scene = server_first();
    let now = scene.now() + Duration::from_millis(36_600);
    golden("time-wait", &whole(&scene, now, &Style::PLAIN));
}

#[test]
fn both_close_at_once() {
    check("simultaneous-close", &simultaneous_close());
}

#[test]
fn both_open_at_once() {
    check("simultaneous-open", &simultaneous_open());
}

#[test]
fn a_fin_that_rides_on_its_ack_makes_a_teardown_in_three_segments() {
    let scene = three_segments();
    let text = whole(&scene, scene.now(), &Style::PLAIN);
    golden("three-segments", &text);
    // The whole ladder has one line more: what is left of 2 MSL.
    let lines = text.lines().count();
    assert_eq!(live(&scene).lines().count(), lines - 1);
}

#[test]
fn a_reset_by_the_peer() {
    check("reset-by-peer", &reset_by_peer());
}

#[test]
fn a_reset_by_this_node() {
    check("abort", &abort());
}

#[test]
fn a_refused_connection() {
    check("refused", &refused());
}

#[test]
fn a_syn_that_is_lost_is_sent_again() {
    check("lost-syn", &lost_syn());
}

#[test]
fn losses_are_marked_and_inferred_states_taken_back() {
    check("losses", &losses());
}

#[test]
fn numbers_too_long_for_an_arrow_go_below_it() {
    check("long-numbers", &long_numbers());
}

#[test]
fn an_illegal_transition_is_shouted() {
    check("illegal", &illegal());
}

#[test]
fn overwritten_records_are_counted() {
    let scene = client_first();
    let mut out = String::new();
    draw(
        &scene.journal(12),
        ConnectionId(1),
        scene.now(),
        &Style::PLAIN,
        &mut out,
    )
    .unwrap();
    golden("overwritten", &out);
}

#[test]
fn a_follower_says_what_it_missed() {
    let scene = client_first();
    let mut out = String::new();
    let mut storage = vec![None; 8];
    let mut journal = Journal::new(&mut storage[..]);
    let mut follower = Follower::new(ConnectionId(1));
    for (index, event) in scene.events().iter().enumerate() {
        journal.record(*event);
        if index == 5 {
            follower
                .follow(&journal, event.at, &Style::PLAIN, &mut out)
                .unwrap();
        }
    }
    follower
        .follow(&journal, scene.now(), &Style::PLAIN, &mut out)
        .unwrap();
    golden("missed", &out);
}

#[test]
fn a_fin_waits_for_its_answer_to_be_named() {
    let scene = client_first();
    let mut out = String::new();
    let mut storage = vec![None; 100];
    let mut journal = Journal::new(&mut storage[..]);
    let mut follower = Follower::new(ConnectionId(1));
    let fin = scene.events().iter().position(|event| matches!(event.kind, Kind::Segment(segment) if segment.direction == Direction::In && segment.header.flags.to_string().contains("FIN"))).unwrap();
    for event in &scene.events()[..=fin] {
        journal.record(*event);
    }
    let at = scene.events()[fin].at;
    let again = follower
        .follow(&journal, at, &Style::PLAIN, &mut out)
        .unwrap();
    assert_eq!(again, Some(at + Duration::from_millis(200)));
    assert!(!out.contains("FIN"));
    let again = follower
        .follow(
            &journal,
            at + Duration::from_millis(200),
            &Style::PLAIN,
            &mut out,
        )
        .unwrap();
    assert_eq!(again, None);
    assert!(out.contains("╌ teardown ╌") && out.contains("FIN,ACK seq=25"));
}

#[test]
fn a_connection_without_records_is_said_to_have_none() {
    let mut out = String::new();
    draw(
        &client_first().journal(100),
        ConnectionId(7),
        Instant::ZERO,
        &Style::PLAIN,
        &mut out,
    )
    .unwrap();
    assert_eq!(out, "nothing is recorded of connection #7\n");
}

#[test]
fn the_ascii_style_is_kept_exactly() {
    let scene = client_first();
    golden(
        "client-first-ascii",
        &whole(&scene, scene.now(), &Style::ASCII.with_tags()),
    );
}
