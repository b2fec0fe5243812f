use super::*;
use std::vec;

const HARDWARE: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 9]);
const OTHER: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 8]);

fn table(places: usize) -> Neighbors<'static> {
    Neighbors::new(vec![Neighbor::EMPTY; places].into(), &[7; 16])
}

fn host(number: u8) -> IpAddress {
    IpAddress::v4(192, 0, 2, number)
}

fn secs(secs: i64) -> Instant {
    Instant::from_secs(secs)
}

fn to_all(number: u8) -> Option<Question> {
    Some(Question {
        address: host(number),
        to: None,
    })
}

/// A table that knows host 1.
fn knowing(now: Instant) -> Neighbors<'static> {
    let mut table = table(4);
    table.resolve(now, host(1));
    table.question();
    assert_eq!(table.answered(now, host(1), HARDWARE), Answer::Taken);
    table
}

#[test]
fn each_address_is_asked_for_once_a_second_whatever_others_do() {
    let mut table = table(4);
    for number in 1..=3 {
        assert_eq!(table.resolve(secs(1), host(number)), None);
        assert_eq!(table.question(), to_all(number));
        assert_eq!(table.resolve(secs(1), host(number)), None);
        assert_eq!(table.question(), None);
    }
    assert_eq!(table.resolve(secs(2), host(2)), None);
    assert_eq!(table.question(), to_all(2));
}

#[test]
fn an_answer_without_a_question_changes_nothing() {
    let mut table = table(4);
    assert_eq!(table.answered(secs(1), host(1), OTHER), Answer::Unasked);
    assert_eq!(table.resolve(secs(1), host(1)), None);
    // Before the question left, nobody can have heard it.
    assert_eq!(table.answered(secs(1), host(1), OTHER), Answer::Unasked);
    let mut table = knowing(secs(1));
    assert_eq!(table.answered(secs(2), host(1), OTHER), Answer::Unasked);
    assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
}

#[test]
fn what_was_confirmed_long_ago_is_used_while_it_is_asked_for() {
    let mut table = knowing(secs(1));
    assert_eq!(table.resolve(secs(30), host(1)), Some(HARDWARE));
    assert!(!table.asks());
    assert_eq!(table.resolve(secs(31), host(1)), Some(HARDWARE));
    let poll = Question {
        address: host(1),
        to: Some(HARDWARE),
    };
    assert_eq!(table.question(), Some(poll));
    assert_eq!(table.answered(secs(31), host(1), HARDWARE), Answer::Taken);
    assert_eq!(table.resolve(secs(32), host(1)), Some(HARDWARE));
    assert!(!table.asks());
}

#[test]
fn whoever_does_not_answer_three_times_is_forgotten_and_asked_for_among_all() {
    let mut table = knowing(secs(1));
    for second in 40..43 {
        assert_eq!(table.resolve(secs(second), host(1)), Some(HARDWARE));
        assert!(table.question().is_some());
    }
    assert_eq!(table.resolve(secs(43), host(1)), None);
    assert_eq!(table.question(), to_all(1));
}

#[test]
fn a_claim_is_checked_with_the_one_that_was_known_before() {
    let mut table = knowing(secs(1));
    table.doubt(host(1), HARDWARE);
    assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
    assert!(!table.asks());
    table.doubt(host(1), OTHER);
    assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
    assert_eq!(table.question().unwrap().to, Some(HARDWARE));
    assert_eq!(table.answered(secs(2), host(1), HARDWARE), Answer::Taken);
    // Claims do not draw more questions than one a second.
    table.doubt(host(1), OTHER);
    assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
    assert!(!table.asks());
}

#[test]
fn a_recheck_tells_only_what_is_newer_than_the_doubt() {
    let mut table = knowing(secs(1));
    let recheck =
        |table: &mut Neighbors<'_>, since| table.recheck(secs(5), host(1), HARDWARE, secs(since));
    assert_eq!(recheck(&mut table, 0), Some(HARDWARE));
    assert!(table.question().is_some());
    assert_eq!(recheck(&mut table, 1), None);
    assert_eq!(table.answered(secs(5), host(1), HARDWARE), Answer::Taken);
    assert_eq!(recheck(&mut table, 1), Some(HARDWARE));
}

#[test]
fn only_who_was_asked_alone_answers_and_whoever_stays_in_doubt_is_asked_for_among_all() {
    // Also if nothing is known, but where it was.
    for mut table in [knowing(secs(1)), table(4)] {
        let recheck =
            |table: &mut Neighbors<'_>, now| table.recheck(secs(now), host(1), HARDWARE, secs(5));
        recheck(&mut table, 5);
        assert_eq!(table.question().unwrap().to, Some(HARDWARE));
        assert_eq!(table.answered(secs(5), host(1), OTHER), Answer::Unasked);
        recheck(&mut table, 6);
        assert_eq!(table.question(), to_all(1));
        assert_eq!(table.answered(secs(6), host(1), OTHER), Answer::Taken);
        assert_eq!(recheck(&mut table, 6), Some(OTHER));
    }
}

#[test]
fn whoever_was_asked_alone_is_asked_for_among_all_a_second_later_without_another_need() {
    let mut table = knowing(secs(1));
    table.recheck(secs(5), host(1), HARDWARE, secs(5));
    assert_eq!(table.deadline(), None);
    assert_eq!(table.question().unwrap().to, Some(HARDWARE));
    assert_eq!(table.deadline(), Some(secs(6)));
    table.widen(secs(6) - Duration::from_millis(1));
    assert!(!table.asks());
    table.widen(secs(6));
    assert_eq!((table.question(), table.deadline()), (to_all(1), None));
    // Once is enough, also if it answers in time.
    table.widen(secs(60));
    assert!(!table.asks());
    assert_eq!(table.answered(secs(61), host(1), OTHER), Answer::Taken);
    table.recheck(secs(70), host(1), OTHER, secs(70));
    assert_eq!(table.question().unwrap().to, Some(OTHER));
    assert_eq!(table.answered(secs(70), host(1), OTHER), Answer::Taken);
    table.widen(secs(71));
    assert_eq!((table.asks(), table.deadline()), (false, None));
}

#[test]
fn who_pretends_to_be_a_neighbour_is_believed_when_nobody_else_answers() {
    let mut table = table(4);
    let moved = |table: &mut Neighbors<'_>, now| {
        let moved = table.has_moved(secs(now), host(1), HARDWARE, OTHER);
        (moved, table.question().map(|question| question.to))
    };
    assert_eq!(moved(&mut table, 1), (false, Some(Some(HARDWARE))));
    assert_eq!(moved(&mut table, 1), (false, None));
    assert_eq!(table.answered(secs(1), host(1), HARDWARE), Answer::Taken);
    assert_eq!(moved(&mut table, 2), (false, Some(Some(HARDWARE))));
    assert_eq!(moved(&mut table, 3), (false, Some(None)));
    assert_eq!(moved(&mut table, 4), (false, Some(None)));
    assert_eq!(moved(&mut table, 4), (true, None));
    // Or when it says so itself, as soon as all are asked.
    assert_eq!(table.answered(secs(4), host(1), OTHER), Answer::Taken);
    assert_eq!(moved(&mut table, 4), (true, None));
}

#[test]
fn two_that_wait_for_one_place_are_not_asked_for_in_turn_at_once() {
    let mut table = table(1);
    assert_eq!(table.resolve(secs(1), host(1)), None);
    assert_eq!(table.question(), to_all(1));
    // Neither before the answer nor after it.
    assert_eq!(table.resolve(secs(1), host(2)), None);
    assert_eq!(table.answered(secs(1), host(1), HARDWARE), Answer::Taken);
    assert_eq!(table.resolve(secs(1), host(2)), None);
    assert!(!table.asks());
    assert_eq!(table.resolve(secs(1), host(1)), Some(HARDWARE));
    assert_eq!(table.resolve(secs(2), host(2)), None);
    assert_eq!(table.question(), to_all(2));
}

#[test]
fn strangers_take_the_place_of_whoever_was_confirmed_last_of_all() {
    let mut table = knowing(secs(1));
    for number in 10..100 {
        assert_eq!(table.resolve(secs(2), host(number)), None);
    }
    assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
    let mut questions = 0;
    while table.question().is_some() {
        questions += 1;
    }
    assert_eq!(questions, 3);
    assert!(!table.asks());
}
