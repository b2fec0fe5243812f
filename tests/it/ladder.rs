//! Ladders drawn from journals written by hand, against the texts in `tests/golden`.
//!
//! `SMOLCHAT_ACCEPT=1 cargo test --test it ladder::` writes the texts anew; read them before you keep them.

use crate::scene::stories::*;
use crate::scene::{Scene, golden};
use smolchat::trace::{ConnectionId, Direction, Event, Follower, Journal, Kind, Style, draw};
use smoltcp::time::{Duration, Instant};

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
        if events.peek().is_some_and(|next| next.at() == event.at()) {
            continue;
        }
        if let Some(due) = again.filter(|&due| due < event.at()) {
            follower
                .follow(&journal, due, &Style::PLAIN, &mut out)
                .unwrap();
        }
        again = follower
            .follow(&journal, event.at(), &Style::PLAIN, &mut out)
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
                .follow(&journal, event.at(), &Style::PLAIN, &mut out)
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
    let fin = scene.events().iter().position(|event| matches!(event.kind(), Kind::Segment(segment) if segment.direction == Direction::In && segment.header.flags.to_string().contains("FIN"))).unwrap();
    for event in &scene.events()[..=fin] {
        journal.record(*event);
    }
    let at = scene.events()[fin].at();
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
    assert_eq!(out, "Nothing is recorded of connection #7.\n");
}

#[test]
fn the_ascii_style_is_kept_exactly() {
    let scene = client_first();
    golden(
        "client-first-ascii",
        &whole(&scene, scene.now(), &Style::ASCII.with_tags()),
    );
}

#[test]
fn times_at_both_ends_of_all_time_are_drawn() {
    let extremes = [i64::MIN, i64::MIN + 1, 0, i64::MAX - 1, i64::MAX].map(Instant::from_micros);
    for scene in [client_first(), server_first(), simultaneous_open()] {
        for place in 0..scene.events().len() {
            for (one, other) in extremes
                .iter()
                .flat_map(|&one| extremes.map(|other| (one, other)))
            {
                let mut journal = Journal::new(vec![None; 100]);
                for (index, event) in scene.events().iter().enumerate() {
                    let at = if index < place { one } else { other };
                    journal.record(Event::new(at, event.kind()));
                }
                let mut out = String::new();
                draw(
                    &journal,
                    ConnectionId(1),
                    other,
                    &Style::PLAIN.with_tags(),
                    &mut out,
                )
                .unwrap();
                fits(&out);
            }
        }
    }
}

#[test]
fn a_syn_ack_that_stands_before_its_syn_opens_nothing_simultaneously() {
    let mut scene = Scene::new();
    scene.sends("SYN,ACK", 0, 1, 0);
    scene.after(100).receives("SYN", 0, 0, 0);
    scene.after(100).receives("ACK", 1, 1, 0);
    let text = whole(&scene, scene.now(), &Style::PLAIN);
    assert!(text.contains(" three-way handshake "), "{text}");
}

#[test]
fn all_eight_control_bits_are_named() {
    let mut scene = Scene::new();
    scene.receives("SYN,ECE,CWR", 0, 0, 0);
    scene.after(10).sends("SYN,ACK,ECE", 0, 1, 0);
    let text = whole(&scene, scene.now(), &Style::PLAIN);
    assert!(text.contains(" SYN,ECE,CWR seq=0 mss=1460 "), "{text}");
    assert!(
        text.contains(" SYN,ACK,ECE seq=0 ack=1 mss=1460 "),
        "{text}"
    );
}
