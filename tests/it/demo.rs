//! The demonstration as its audience sees it.

use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smolchat"))
        .arg("demo")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What every audience must see, in this order.
const SEEN: [&str; 27] = [
    "1. One exchange",
    "three-way handshake",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "你好么,我好哟",
    "CLOSE-WAIT",
    "LAST-ACK",
    "CLOSED",
    "2. A chat loop",
    "recv(1024) gives \"q\"",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "2 MSL over",
    "3. Several people",
    "/join",
    "eve, over UDP: recv(1024) gives \"ann: good morning\\n\"",
    "4a. The node closes first",
    "four-way teardown",
    "4b. A reset",
    "reset by peer",
    "4c. Both close at once",
    "simultaneous close",
    "CLOSING",
    "5. TCP against UDP",
    "delivered",
    "7 acts played",
];

fn assert_seen(text: &str) {
    let mut rest = text;
    for seen in SEEN {
        let Some((_, after)) = rest.split_once(seen) else {
            panic!("{seen:?} is not seen, or not in its place:\n{text}");
        };
        rest = after;
    }
    assert!(!text.contains("ILLEGAL"), "{text}");
    for line in text.lines().filter(|line| line.contains('│')) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn kernel_sockets_play_every_act_with_a_node_behind_a_tap() {
    let text = text(&demo(&[]));
    assert!(text.contains("kernel sockets"), "{text}");
    assert_seen(&text);
}

#[test]
fn the_same_acts_are_played_on_a_wire_in_memory_and_always_the_same_way() {
    let first = text(&demo(&["--wire"]));
    assert_seen(&first);
    assert_eq!(first, text(&demo(&["--wire"])));
}

/// When each piece of an act began, as it stands on the screen, in microseconds.
fn began(line: &str) -> Option<u64> {
    let (before, after) = line.split_once('│').unwrap_or((line, ""));
    let parse = |text: &str| -> Option<u64> {
        let (number, _) = text.split_once(" ms")?;
        let number = number.split_whitespace().next_back()?;
        number.replace('.', "").parse().ok()
    };
    let left = parse(before);
    // What the right end sends is in the order of when it left there.
    match after.contains('◀') {
        true => parse(after.rsplit('│').next()?),
        false => left,
    }
}

#[test]
fn both_ends_are_certain_on_the_wire_and_time_goes_forward_on_the_screen() {
    let text = text(&demo(&["--both"]));
    assert!(
        !text.contains("(ESTABLISHED)") && !text.contains("(SYN-SENT)"),
        "{text}"
    );
    let (acts, _) = text.split_once("══ 4c.").unwrap();
    let (_, acts) = acts.split_once("══ 1.").unwrap();
    let mut last = 0;
    for line in acts.lines() {
        if let Some(at) = began(line) {
            assert!(at >= last, "{line}");
            last = at;
        }
    }
    assert!(last > 1_000_000);
    let (_, crossing) = text.split_once("══ 4c.").unwrap();
    assert!(
        crossing.contains("                     ╳                      "),
        "{text}"
    );
}

#[test]
fn the_dialogue_is_chinese_where_that_is_wanted() {
    let text = text(&demo(&["--both", "--lang", "zh"]));
    for said in [
        "成员：connect()",
        "recv(1024) 得到",
        "个字节：结尾",
        "管理员：/states",
        "已交付",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains("recv(1024) gives"), "{text}");
}
