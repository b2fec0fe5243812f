//! The machine that a subject is, learned as a black box: segments, calls and time in, segments and what
//! the application hears out.

mod alphabet;
mod differences;
mod in_memory;
mod kernel;
mod learned;
mod learner;
mod legal;
mod mapper;
mod mealy;
mod namespace;
mod page;
mod picture;
mod reasons;
mod sock_diag;
mod subject;
mod table;
mod tree;

use std::collections::HashSet;

use crate::accepted::compare;
use crate::lab::Column;
use alphabet::Opening;
use in_memory::InMemory;
use subject::{Session, Subject, Who};

#[test]
fn the_node_that_is_opened_to_is_the_machine_of_its_table() {
    learned::check(Who::Node, Opening::Passive);
}

#[test]
fn the_node_that_opens_is_the_machine_of_its_table() {
    learned::check(Who::Node, Opening::Active);
}

#[test]
fn smoltcp_that_is_opened_to_is_the_machine_of_its_table() {
    learned::check(Who::Smoltcp, Opening::Passive);
}

#[test]
fn smoltcp_that_opens_is_the_machine_of_its_table() {
    learned::check(Who::Smoltcp, Opening::Active);
}

#[test]
fn linux_that_is_opened_to_is_the_machine_of_its_table() {
    learned::check(Who::Linux, Opening::Passive);
}

#[test]
fn linux_that_opens_is_the_machine_of_its_table() {
    learned::check(Who::Linux, Opening::Active);
}

/// Every transition of both machines of the node is walked.
#[test]
fn each_learned_change_of_state_is_one_that_rfc_9293_knows() {
    for opening in Opening::BOTH {
        let changes = legal::changes(opening);
        let states: HashSet<_> = changes.keys().map(|it| &it.from).collect();
        assert!(states.len() >= 9, "only {states:?} were left");
    }
}

#[test]
fn the_page_says_what_the_tests_find() {
    compare(&learned::path(".md"), &page::page());
}

#[test]
fn the_picture_shows_what_the_tests_find() {
    compare(&learned::path("/node.svg"), &picture::picture());
}

#[test]
fn each_difference_from_smoltcp_has_a_reason_and_each_reason_a_difference() {
    let (without, unused) = differences::unexplained(Who::Smoltcp);
    assert!(without.is_empty(), "no reason is written for {without:#?}");
    assert!(unused.is_empty(), "no difference is left for {unused:#?}");
}

#[test]
fn each_difference_from_linux_has_a_reason_and_each_reason_a_difference() {
    let (without, unused) = differences::unexplained(Who::Linux);
    assert!(without.is_empty(), "no reason is written for {without:#?}");
    assert!(unused.is_empty(), "no difference is left for {unused:#?}");
}

/// And says what that is: `SMOLCHAT_WORD="SYN(nxt) ACK(nxt,nxt) Close" cargo test --test it machine::a_word -- --nocapture`
#[test]
fn a_word_draws_the_same_from_each_fresh_subject() {
    let asked = std::env::var("SMOLCHAT_WORD").ok();
    let word = asked.unwrap_or("SYN(nxt) ACK(nxt,nxt) Accept Send Close Time".to_owned());
    let opening = match word.contains("Connect") {
        true => Opening::Active,
        false => Opening::Passive,
    };
    let alphabet = opening.alphabet(true);
    for column in [Column::Node, Column::Alone] {
        let draw = || {
            let mut session = Session::new(InMemory::new(column, opening));
            let inputs = learned::word(&alphabet, &word);
            let inputs = inputs.into_iter().map(|it| alphabet[usize::from(it)]);
            let line = inputs.map(|input| {
                let said = session.step(input);
                format!("{input} / {said} -> {}", session.subject.state())
            });
            line.collect::<Vec<_>>()
        };
        let drawn = draw();
        println!("{column:?}: {drawn:#?}");
        assert_eq!(drawn, draw());
    }
}
