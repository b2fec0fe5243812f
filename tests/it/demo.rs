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
