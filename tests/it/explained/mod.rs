//! What is said below the rows of a ladder, against the texts in `tests/golden/explained`.
//!
//! `SMOLCHAT_ACCEPT=1 cargo test --test it explained::` writes the texts anew; read them before you keep them: a sentence
//! that is not true of its row is a fault.

mod play;
mod plays;
mod program;
mod scenes;
mod words;

use std::collections::BTreeSet;

use crate::accepted::{compare, kept};
use crate::scene::Scene;
use play::Play;
use smolchat::device::Side;
use smolchat::explain::{Meaning, Reader, View, explain, why};
use smolchat::lang::Lang;
use smolchat::trace::{ConnectionId, Event, Journal, Style};
use unicode_width::UnicodeWidthStr;

/// Compares the ladder of one side in every language.
#[track_caller]
fn check(name: &str, play: &Play, side: Side) {
    for lang in Lang::ALL {
        let text = play.ladder(side, lang);
        for line in text.lines() {
            assert!(line.width() <= 100, "too wide: {line}");
        }
        compare(
            &format!("tests/golden/explained/{name}.{}.txt", lang.code()),
            &text,
        );
    }
}

/// Compares a ladder from a journal written by hand in every language.
#[track_caller]
fn check_scene(name: &str, scene: &Scene, capacity: usize) {
    for lang in Lang::ALL {
        let journal = scene.journal(capacity);
        let text = explain(
            &journal,
            ConnectionId(1),
            [],
            scene.now(),
            lang,
            &Style::PLAIN,
        );
        for line in text.lines() {
            assert!(line.width() <= 100, "too wide: {line}");
        }
        compare(
            &format!("tests/golden/explained/{name}.{}.txt", lang.code()),
            &text,
        );
    }
}

/// The names of what events mean.
fn meant<'e>(events: impl IntoIterator<Item = &'e Event>) -> BTreeSet<&'static str> {
    let mut reader = Reader::default();
    let meanings = events.into_iter().flat_map(|event| reader.read(event));
    meanings.map(|meaning| meaning.name()).collect()
}

#[test]
fn a_handshake_and_its_three_messages() {
    let play = plays::handshake();
    check("handshake-client", &play, Side::A);
    check("handshake-server", &play, Side::B);
}

#[test]
fn data_both_ways_with_an_ack_that_waits_and_one_that_rides() {
    let play = plays::data();
    check("data", &play, Side::B);
}

#[test]
fn a_teardown_in_four_segments() {
    let play = plays::four();
    check("four", &play, Side::B);
    check("four-other", &play, Side::A);
}

#[test]
fn a_teardown_in_three_segments() {
    let play = plays::three();
    check("three", &play, Side::A);
}

#[test]
fn both_close_at_once() {
    let play = plays::both_close();
    check("both-close", &play, Side::A);
}

#[test]
fn a_reset_with_something_under_way() {
    let play = plays::reset();
    check("reset-here", &play, Side::A);
    check("reset-there", &play, Side::B);
}

#[test]
fn a_connection_that_is_refused() {
    let play = plays::refused();
    check("refused", &play, Side::A);
}

#[test]
fn data_that_is_lost_and_an_ack_that_is_lost() {
    let play = plays::lost();
    check("lost", &play, Side::A);
    check("lost-other", &play, Side::B);
}

#[test]
fn a_lost_segment_that_later_ones_ask_for() {
    let play = plays::fast();
    check("fast", &play, Side::A);
    check("fast-other", &play, Side::B);
}

#[test]
fn a_syn_that_is_lost_and_a_fin_that_is_lost() {
    let play = plays::lost_syn_and_fin();
    check("lost-syn-and-fin", &play, Side::A);
}

#[test]
fn a_window_that_closes_is_probed_and_opens() {
    let play = plays::window();
    check("window", &play, Side::A);
    check("window-other", &play, Side::B);
}

#[test]
fn time_wait_with_an_old_segment_and_a_last_ack_that_is_lost() {
    let play = plays::time_wait();
    check("time-wait", &play, Side::B);
}

#[test]
fn what_is_not_to_be_had_from_two_nodes() {
    for (name, scene, capacity) in scenes::all() {
        check_scene(name, &scene, capacity);
    }
}

/// Why the first connection of a journal is as it is.
fn reason(journal: &Journal<'_>) -> String {
    why(journal, ConnectionId(1), View::Inside, Lang::En).unwrap()
}

#[test]
fn why_a_connection_ended_or_what_it_waits_for() {
    let [reset, waits, half] = [
        plays::reset(),
        plays::time_wait(),
        plays::lost_syn_and_fin(),
    ];
    let there = reason(reset.b.journal());
    assert!(
        there.starts_with("The peer has given the connection up"),
        "{there}"
    );
    assert!(
        there.ends_with("the application reads an error, not the end."),
        "{there}"
    );
    let here = reason(waits.b.journal());
    assert!(
        here.starts_with("This node has nothing more to say: FIN."),
        "{here}"
    );
    assert!(
        here.contains("\nOver. Both FINs were acknowledged"),
        "{here}"
    );
    let now = reason(half.a.journal());
    assert!(
        now.ends_with("\nFIN-WAIT-2: its FIN is acknowledged; waits for the other's."),
        "{now}"
    );
    let unknown = why(half.a.journal(), ConnectionId(7), View::Inside, Lang::En);
    assert_eq!(unknown, None);
}

#[test]
fn every_meaning_is_in_some_golden() {
    // What no record says, but the other node's: in `lost`.
    let mut reached = BTreeSet::from(["HadArrived", "HadNotArrived"]);
    for (_, scene, capacity) in scenes::all() {
        let journal = scene.journal(capacity);
        reached.extend(meant(journal.iter().map(|(_, event)| event)));
    }
    for play in plays::all() {
        for node in [&play.a, &play.b] {
            let events = node.journal().of(ConnectionId(1));
            reached.extend(meant(events.map(|(_, event)| event)));
        }
    }
    let missing: Vec<_> = Meaning::NAMES
        .iter()
        .filter(|name| !reached.contains(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let lost = kept("tests/golden/explained/lost.en.txt");
    assert!(lost.contains("it had arrived") && lost.contains("it had not arrived"));
}
