//! The languages: nothing of one is missing in another, nothing is wider than its place.

use smolchat::explain::{Meaning, Party, View};
use smolchat::lang::{Lang, Term};
use smolchat::trace::{Answer, Ending, Reason, Repair, State, Timer};
use smoltcp::time::Duration;
use unicode_width::UnicodeWidthStr;

const TIMERS: [Timer; 6] = [
    Timer::TimeWait,
    Timer::Retransmission,
    Timer::HalfOpen,
    Timer::FinWait2,
    Timer::CloseWait,
    Timer::KeepAlive,
];

/// What stands on rules and beside arrows.
fn phrases() -> Vec<String> {
    let timed_out = TIMERS.map(Ending::TimedOut);
    let endings = [
        Ending::Closed,
        Ending::ResetByPeer,
        Ending::Refused,
        Ending::Aborted,
        Ending::AddressLost,
        Ending::Unreachable,
        Ending::Evicted,
    ];
    let endings = endings.into_iter().chain(timed_out);
    let gates = Answer::ALL.map(|answer| format!("[gate: {answer}]"));
    let answers = Answer::ALL.map(|answer| format!("[duplicate; answered: {answer}]"));
    let repairs = Repair::ALL.map(|repair| format!("[repaired: {repair}]"));
    let drops = Reason::ALL.map(|reason| format!("[out of order; dropped: {reason}]"));
    let timeouts = TIMERS.map(|timer| format!("timeout: {timer}"));
    let fixed = [
        "three-way handshake",
        "simultaneous open",
        "data",
        "teardown",
        "four-way teardown",
        "teardown in three segments",
        "simultaneous close",
        "half-closed: data one way",
        "teardown, second half",
        "reset",
        "given up",
        "closed before it was open",
        "this node",
        "the node (noted)",
        "peer (inferred)",
        "client (inferred)",
        "server (inferred)",
        "one end (inferred)",
        "other end (inferred)",
        "connection #12",
        "2 MSL over",
        "2 MSL starts again: 60.0 s",
        "2 MSL starts again: 600 ms",
        "2 MSL: 600 ms of 60.0 s left",
        "no acknowledgment after 3 attempts",
        "no acknowledgment after 1 attempt",
        "17 earlier records overwritten",
        "1 earlier record overwritten",
        "initial number 5, not 6",
        "SYN seq=0 mss=1460 [retransmission]",
        "[held until a connection is free]",
        "ACK seq=150 ack=1 len=1 [keep-alive]",
        "ACK seq=150 ack=1 len=1 [window probe]",
        "[not sent: no route]",
    ];
    let endings = endings.map(|ending| ending.to_string());
    let composed = gates.into_iter().chain(answers).chain(repairs).chain(drops);
    let fixed = fixed.map(String::from).into_iter();
    fixed
        .chain(endings)
        .chain(composed)
        .chain(timeouts)
        .collect()
}

#[test]
fn what_a_ladder_says_is_chinese_in_a_chinese_one_and_no_wider() {
    for phrase in phrases() {
        let chinese = Lang::Zh.phrase(&phrase).unwrap_or_default();
        // What is no word of a language: flags, numbers, calls, states.
        let rest = chinese.split(|it: char| !it.is_ascii_lowercase());
        let rest: Vec<_> = rest.filter(|it| it.len() > 3 && *it != "cookie").collect();
        assert!(
            !chinese.is_empty() && rest.is_empty(),
            "{phrase}: {chinese}"
        );
        let widest = phrase.width().max(16);
        assert!(chinese.width() <= widest, "{phrase}: {chinese}");
    }
}

#[test]
fn what_is_measured_in_a_note_keeps_its_numbers() {
    let said = Lang::Zh.phrase("2 MSL: 3.5 s of 20.0 s left").unwrap();
    assert!(said.contains("3.5 s") && said.contains("20.0 s"), "{said}");
    assert_eq!(Lang::Zh.phrase("2 MSL: 20.0 s"), None);
    assert_eq!(Lang::En.phrase("data"), None);
}

#[test]
fn every_word_has_an_entry_in_each_language_and_a_place_of_its_own() {
    for &term in Term::ALL {
        assert_eq!(Term::find(term.name()), Some(term));
        for lang in Lang::ALL {
            let entry = lang.entry(term);
            assert!(!entry.gloss.is_empty() && !entry.text.is_empty());
            assert!(entry.gloss.width() <= 60, "{}", entry.gloss);
        }
    }
    assert_eq!(Term::find("time_wait"), Some(Term::TimeWait));
    assert_eq!(Term::find("2 msl"), Some(Term::TwoMsl));
    assert_eq!(
        (Term::find("ACK"), Term::find("ack")),
        (Some(Term::Ack), Some(Term::AckNumber))
    );
    assert_eq!(Term::find("nothing"), None);
    assert_eq!(Term::nearest("tim-wat"), Term::TimeWait);
    assert_eq!(Term::nearest("FINN"), Term::Fin);
}

#[test]
fn the_legend_is_one_screen_in_each_language() {
    for lang in Lang::ALL {
        let legend = lang.legend();
        assert!(legend.lines().count() <= 23, "{legend}");
        for line in legend.lines() {
            assert!(line.width() <= 100, "{line}");
        }
    }
}

#[test]
fn the_locale_says_which_language() {
    let of = |set: &[(&str, &str)]| {
        Lang::of_locale(|name| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| value.to_string())
        })
    };
    assert_eq!(of(&[]), Lang::En);
    assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
    assert_eq!(
        of(&[("LANG", "zh_CN.UTF-8"), ("LC_MESSAGES", "C")]),
        Lang::En
    );
    assert_eq!(of(&[("LANG", "en_US"), ("LC_ALL", "zh")]), Lang::Zh);
    assert_eq!(of(&[("LC_ALL", ""), ("LANG", "zh_TW")]), Lang::Zh);
    assert_eq!(of(&[("LANG", "de_AT.UTF-8")]), Lang::En);
}

#[test]
fn the_ends_are_called_by_where_they_were_seen() {
    let who = Party::Peer;
    let meaning = Meaning::KeepAlive {
        who,
        seq: 1,
        silent: Duration::from_secs(30),
    };
    for (view, english, chinese) in [
        (View::Inside, "the peer asks whether this node", "对端用"),
        (
            View::Opened,
            "the server asks whether the client",
            "服务器用",
        ),
        (
            View::Middle,
            "the right end asks whether the left end",
            "右端用",
        ),
    ] {
        assert!(Lang::En.sentence(&meaning, view).contains(english));
        assert!(Lang::Zh.sentence(&meaning, view).contains(chinese));
    }
    let state = State::TimeWait;
    let gloss = Lang::Zh.sentence(&Meaning::Enters { state }, View::Inside);
    assert!(gloss.starts_with("TIME-WAIT：时间等待"), "{gloss}");
}
