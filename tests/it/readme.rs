//! What the README shows is what the program does.

use crate::accepted::kept;
use crate::hall::Hall;
use crate::pair::{Pair, ladder, receive, sizes};
use smolchat::explain::explain;
use smolchat::lang::Lang;
use smolchat::node::{Limits, Node};
use smolchat::trace::{ConnectionId, Style};
use smoltcp::phy::Device;
use smoltcp::time::{Duration, Instant};

const README: &str = include_str!("../../README.md");
const README_ZH: &str = include_str!("../../README.zh-CN.md");

/// A member of the second tutorial says `q`; the node closes first and waits 2 MSL.
fn farewell() -> Hall {
    let mut hall = Hall::default();
    let client = hall.join();
    hall.ask(client, "你好么,我好哟");
    hall.ask(client, "q");
    hall.run_for(Duration::from_millis(50));
    hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
    hall.run_for(Duration::from_secs(61));
    hall
}

#[test]
fn the_ladder_of_the_readme_is_a_real_one() {
    let hall = farewell();
    let drawn = ladder(&hall.pair.b, ConnectionId(1), hall.pair.now);
    let drawn = drawn.trim_end();
    assert!(README.contains(drawn), "put this into the README:\n{drawn}");
}

#[test]
fn the_explained_rows_of_the_readme_are_real_ones() {
    let Hall { pair, .. } = farewell();
    for (lang, from, to) in [
        (Lang::En, " 165.000 ms        TIME-WAIT ", "  60.165000 s "),
        (Lang::Zh, "   0.000 ms     SYN-RECEIVED ", "  10.000 ms "),
    ] {
        let connection = ConnectionId(1);
        let text = explain(
            pair.b.journal(),
            connection,
            [],
            pair.now,
            lang,
            &Style::PLAIN,
        );
        let rows = text.find(from).zip(text.find(to));
        let drawn = rows.map(|(from, to)| text[from..to].trim_end()).unwrap();
        assert!(README.contains(drawn), "put this into the README:\n{drawn}");
        let is_shown = lang != Lang::Zh || README_ZH.contains(drawn);
        assert!(is_shown, "put this into README.zh-CN.md:\n{drawn}");
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_budget_of_the_readme_is_what_the_program_prints() {
    let program = env!("CARGO_BIN_EXE_smolchat");
    let output = std::process::Command::new(program).arg("budget").output();
    let budget = String::from_utf8(output.unwrap().stdout).unwrap();
    let budget = budget.trim_end();
    assert!(
        README.contains(budget),
        "put this into the README:\n{budget}"
    );
}

#[test]
fn whoever_says_which_rust_is_needed_says_the_same() {
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    let script = kept("scripts/lib/firmware.sh");
    let (_, script) = script.split_once("\nFIRMWARE_RUST=").unwrap();
    let firmware = script.split_whitespace().next().unwrap();
    let field = format!("rust-version = \"{oldest}\"");
    let or_newer = format!("Rust {oldest} or newer");
    let for_firmware = format!("Rust {firmware} for the firmware");
    let alone = format!("That needs Rust {firmware}. `cargo build` alone does with Rust {oldest}");
    for (file, said) in [
        ("Cargo.toml", &field),
        ("firmware/Cargo.toml", &field),
        ("fuzz/Cargo.toml", &field),
        ("benches/peers/Cargo.toml", &field),
        ("README.md", &or_newer),
        ("README.md", &for_firmware),
        ("stack/README.md", &or_newer),
        ("firmware/PORTING.md", &alone),
    ] {
        let text = kept(file).replace('\n', " ");
        assert!(text.contains(said), "{file} must say: {said}");
    }
}

// What follows stands in the README as it is.
fn echo(now: Instant, node: &mut Node<'_>, device: &mut impl Device) -> Option<Instant> {
    node.poll_ingress(now, device); // frames in, timers
    while node.accept().is_some() {} // who came is among the ready ones, too
    while let Some(peer) = node.next_ready() {
        let Some(mut socket) = node.tcp(peer) else {
            continue;
        };
        let mut octets = [0; 512];
        while let Ok(count @ 1..) = socket.peek(&mut octets) {
            let sent = socket.send(&octets[..count]).unwrap_or(0); // as much as there is room for
            socket.consume(sent);
            if sent < count {
                break; // ready again when there is more room
            }
        }
        if !socket.may_recv() {
            socket.close(now);
        }
    }
    node.poll_egress(now, device) // segments out; when to call again, if no frame comes before
}

#[test]
fn the_run_loop_of_the_readme_is_an_echo_server() {
    let source = include_str!("readme.rs");
    let (_, shown) = source.split_once("as it is.\n").unwrap();
    let (shown, _) = shown.split_once("\n\n").unwrap();
    assert!(README.contains(shown), "put this into the README:\n{shown}");

    let mut pair = Pair::new(sizes(2), Limits::default());
    pair.b.listen(7, 8).unwrap();
    let mut server = Pair::server();
    server.port = 7;
    let client = pair.a.connect(pair.now, server).unwrap();
    let mut heard = Vec::new();
    for round in 0..400 {
        if round == 100 {
            pair.a.tcp(client).unwrap().send(b"hello").unwrap();
        }
        if round == 200 {
            pair.a.tcp(client).unwrap().close(pair.now);
        }
        let _ = pair.a.poll(pair.now, &mut pair.wire.end_a());
        echo(pair.now, &mut pair.b, &mut pair.wire.end_b());
        heard.extend(receive(&mut pair.a, client));
        pair.now += Duration::from_millis(1);
    }
    assert_eq!(heard, b"hello");
    assert_eq!(pair.b.free(), pair.b.capacity());
}
