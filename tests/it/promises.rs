//! The promises page: what is promised, which test holds it, and the command that repeats it.
//!
//! The page is written by `SMOLCHAT_ACCEPT=1 cargo test --test it promises`; without that, a page that says
//! anything else than the rows here is a failure, and so is a row whose test is not there. Whether a
//! promise is kept is said by the test it names, not by this one.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::accepted::compare;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const HEAD: &str = "\
# What is promised, and which test holds it

`cargo test --test it promises` fails when a test named here does not exist, or when this page says anything
else than its rows; `SMOLCHAT_ACCEPT=1 cargo test --test it promises` writes it anew. What stands under
*held to* is asserted by the test that the command runs. Times are of the virtual clock, except where the
test runs over a TAP.

| Promise | Held to | The command that repeats it |
|---|---|---|
";

/// A promise, what its test asserts, and the test: its file under `tests/`, and its function.
struct Promise {
    what: &'static str,
    held_to: &'static str,
    file: &'static str,
    test: &'static str,
}

const fn promise(
    what: &'static str,
    held_to: &'static str,
    file: &'static str,
    test: &'static str,
) -> Promise {
    Promise {
        what,
        held_to,
        file,
        test,
    }
}

const PROMISES: &[Promise] = &[
    promise(
        "No peer can stop the node",
        "changed segments of a real conversation: no panic, no connection left over",
        "hostile",
        "changed_segments_neither_panic_nor_leak",
    ),
    promise(
        "No peer can stop the node",
        "a peer that sends beyond its window is cut off",
        "traps",
        "a_window_overrun_does_not_panic_and_is_cut_off",
    ),
    promise(
        "Every octet arrives once and in order",
        "loss, repetition, reordering, corruption and delay, 30 seeds",
        "long_runs",
        "whatever_the_wire_does_every_octet_arrives_once_and_in_order",
    ),
    promise(
        "Every octet arrives once and in order",
        "every schedule of faults up to a bound, each change of state legal",
        "exhaustive",
        "every_schedule_of_faults_ends_well",
    ),
    promise(
        "A connection changes its state as RFC 9293 says",
        "every transition of the machines that were learned of the node, both openings: the arrow and its cause",
        "machine",
        "each_learned_change_of_state_is_one_that_rfc_9293_knows",
    ),
    promise(
        "Who reads hears every line, once and in order",
        "days of joins, leaves, loss, floods, crowds and changes of address (`scripts/test`: sixty of them); on a good wire within 100 ms",
        "soak",
        "days_of_everything_lose_no_line_and_leave_nothing_behind",
    ),
    promise(
        "Who reads hears every line, once and in order",
        "what was said before a good-bye arrives after 15 s of loss",
        "crowds",
        "what_was_said_before_good_bye_outlasts_a_quarter_of_a_minute_of_loss",
    ),
    promise(
        "Nothing is left of whoever came",
        "the same days: at each midnight no connection, handshake, waiting SYN, TIME-WAIT or member, and nothing due",
        "soak",
        "days_of_everything_lose_no_line_and_leave_nothing_behind",
    ),
    promise(
        "Floods keep nobody out",
        "100,000 forged SYNs from the same network: 25 honest clients or more served, the slowest within 1.1 s",
        "floods",
        "a_flood_from_neighbours_that_do_not_exist_keeps_nobody_out",
    ),
    promise(
        "Floods keep nobody out",
        "100,000 forged SYNs from far away: 25 honest clients or more served, the slowest within 1.1 s",
        "floods",
        "a_flood_from_far_away_keeps_nobody_out",
    ),
    promise(
        "Floods keep nobody out",
        "10,000 handshakes of one stranger",
        "door",
        "a_stranger_with_ten_thousand_handshakes_keeps_nobody_out",
    ),
    promise(
        "A silent crowd keeps nobody out",
        "500 connections over a TAP: from elsewhere answered within 2 s, from the same address within 12 s",
        "tap_crowd",
        "five_hundred_silent_connections_keep_nobody_out",
    ),
    promise(
        "A silent crowd keeps nobody out",
        "a full room: from elsewhere in less than 1 s, and who made room is told",
        "crowds",
        "who_comes_from_elsewhere_is_let_in_at_once_and_who_made_room_is_told",
    ),
    promise(
        "A silent crowd keeps nobody out",
        "a full room: from the same address in less than 10 s",
        "crowds",
        "who_comes_from_the_same_address_waits_until_somebody_was_silent_for_a_while",
    ),
    promise(
        "A crowd of browsers keeps nobody out",
        "every place with an unfinished request, an endless one, or an unread page from one address: from elsewhere in less than 150 ms",
        "crowds",
        "browsers_from_one_address_that_never_finish_keep_nobody_waiting_from_elsewhere",
    ),
    promise(
        "What one asks for is not paid by others",
        "240 connections from one address in 18 s: who only listens, from an address of its own, stays",
        "crowds",
        "one_address_that_comes_all_the_time_puts_out_nobody_who_only_listens_elsewhere",
    ),
    promise(
        "What one asks for is not paid by others",
        "1,000 forged SYNs a second in a room with two free places: who only listens stays, and who comes is served within 1.2 s",
        "crowds",
        "forged_syns_put_out_nobody_who_only_listens_in_a_room_that_has_places",
    ),
    promise(
        "What one asks for is not paid by others",
        "2,000 datagrams a second to hosts that are not there: each one to a host that is there arrives",
        "sockets",
        "datagrams_to_nobody_leave_half_of_the_queue_to_others",
    ),
    promise(
        "A quiet room hears at once",
        "50 members on 50 hosts, after 61 s, 1 h and 100,000 s: no time passes",
        "neighbors",
        "after_any_silence_fifty_members_on_fifty_hosts_hear_a_line_at_once",
    ),
    promise(
        "A quiet room hears at once",
        "10 of 50 hosts vanished, after 61 s, 1 h and 100,000 s: the other 40 hear each line, no time passes",
        "neighbors",
        "one_who_vanished_holds_up_nobody",
    ),
    promise(
        "A reader that stands still holds up nobody",
        "all places for long answers taken: one that reads has its table in less than 3 s",
        "answers",
        "one_that_reads_waits_no_longer_than_those_that_do_not_are_given",
    ),
    promise(
        "A reader that stands still holds up nobody",
        "a full queue beside eight who say twenty lines of 1,000 octets each: cut off, and a word of somebody else is heard within 5 ms",
        "pace",
        "a_reader_that_stands_still_is_cut_off_and_holds_up_no_word",
    ),
    promise(
        "A reader that stands still holds up nobody",
        "a full queue: cut off, and the others hear each line of 1,000 octets within 270 ms",
        "pace",
        "a_reader_that_stands_still_is_cut_off_and_holds_up_long_lines_for_a_quarter_of_a_second",
    ),
    promise(
        "Who reads is not cut off",
        "30 ms of round trip, eight of one address who say twenty lines of 1,000 octets each at once: nobody cut off, each word of somebody else is heard within 90 ms",
        "pace",
        "far_readers_are_not_cut_off_by_a_burst_and_a_word_beside_it_is_late_by_a_way_or_two",
    ),
    promise(
        "What one asks for is not paid by others",
        "400 lines of 1,000 octets at once over UDP, far more than any queue holds: who reads over TCP hears each that has a receipt, and stays",
        "pace",
        "a_burst_over_udp_cuts_off_nobody_who_reads_and_what_was_said_is_heard_by_all_of_them",
    ),
    promise(
        "What others say in somebody's name moves nothing",
        "a datagram in the name of a member over UDP, from elsewhere: each line still goes to the member",
        "neighbors/paths",
        "what_somebody_says_in_the_name_of_a_member_over_udp_moves_none_of_its_lines",
    ),
    promise(
        "What others say in somebody's name moves nothing",
        "a SYN, and data beyond the window, in the name of a live connection: its numbers are told to its peer alone",
        "neighbors/moved",
        "whoever_guesses_at_a_live_connection_from_elsewhere_is_not_told_its_numbers",
    ),
    promise(
        "What one uses up, no other can count",
        "challenge ACKs are budgeted for each connection",
        "budgets",
        "what_one_connection_is_challenged_no_other_one_can_count",
    ),
    promise(
        "Nothing is lost in silence",
        "a SYN beyond the backlog is counted",
        "floods",
        "beyond_the_backlog_a_syn_is_dropped_and_counted_or_refused_if_told_so",
    ),
    promise(
        "Nothing is lost in silence",
        "a TIME-WAIT that is forgotten early is counted",
        "floods",
        "a_server_that_closes_first_forgets_the_oldest_wait_and_counts_it",
    ),
    promise(
        "Memory is a known number of bytes",
        "the README's table is what `smolchat budget` prints",
        "readme",
        "the_budget_of_the_readme_is_what_the_program_prints",
    ),
    promise(
        "An idle connection costs nothing",
        "nothing wakes a node whose connections are idle",
        "two_nodes",
        "nothing_wakes_an_idle_node",
    ),
];

/// Whether `source` has the test, and as a test: a function of that name alone would not run.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}()");
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let found = lines.iter().position(|line| line.starts_with(&head));
    found.is_some_and(|at| {
        let attributes = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("#["));
        attributes.into_iter().any(|line| *line == "#[test]")
    })
}

/// What `scripts/bench --floods` measured last: a head, and a row for each kind of frame.
const FLOODS: &str = include_str!("../../docs/floods.tsv");

const MEASURED: &str = "
## Measured over a TAP

A room of eleven on one core, the node on another, and 20,000 forged frames a second beside them, from
neighbours and from far away. `scripts/bench --floods` measures it anew, each ratio between a flood and the
quiet room right before it. This page is held to no ratio above 1.5, and to nobody turned away: members of
the room, visitors with a connection of their own for each line, and a member over UDP, whose every datagram is
answered.

";

/// The figures as a table for people.
fn floods() -> String {
    let mut table = String::new();
    for (number, line) in FLOODS.lines().enumerate() {
        let _ = writeln!(table, "| {} |", line.replace('\t', " | "));
        if number == 0 {
            let _ = writeln!(table, "|{}", "---|".repeat(line.split('\t').count()));
        }
    }
    table
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in PROMISES {
        let _ = writeln!(
            page,
            "| {} | {} | `cargo test --test it {}::{}` |",
            row.what,
            row.held_to,
            row.file.replace('/', "::"),
            row.test
        );
    }
    page + MEASURED + &floods()
}

#[test]
fn each_promise_names_a_test_that_is_there() {
    for row in PROMISES {
        let path = Path::new(ROOT).join(format!("tests/it/{}.rs", row.file));
        let source =
            fs::read_to_string(&path).unwrap_or_else(|_| panic!("tests/it/{}.rs", row.file));
        assert!(
            has_test(&source, row.test),
            "no test {} in tests/it/{}.rs",
            row.test,
            row.file
        );
    }
}

#[test]
fn no_flood_makes_a_round_trip_longer_by_more_than_half_or_turns_anybody_away() {
    let rows: Vec<Vec<_>> = FLOODS
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let [rate, lines, datagrams] =
            [row[1], row[4], row[7]].map(|field| field.parse::<f32>().unwrap());
        let is_slow = lines > 1.5 || datagrams > 1.5;
        assert!(rate >= 19_000.0 && !is_slow && row[8] == "0", "{row:?}");
    }
}

#[test]
fn a_function_that_is_no_test_does_not_count() {
    assert!(has_test("#[test]\nfn it_holds() {}", "it_holds"));
    assert!(!has_test("fn it_holds() {}", "it_holds"));
    assert!(!has_test("#[test]\nfn it_holds_more() {}", "it_holds"));
}

#[test]
fn the_page_says_what_the_rows_say() {
    compare("docs/promises.md", &page());
}
