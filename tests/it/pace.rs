//! Nobody speaks faster than those hear who read, and who does not read holds up nobody for long.

use smolchat::app::{App, Memory};
use smolchat::chat::Rate;
use smolchat::node::Handle;
use smoltcp::time::Duration;

use crate::hall::{Hall, config};
use crate::pair::receive;

const MEMBERS: usize = 6;
const LINE: usize = 1_000;

/// A room in which anybody may say as much as it likes, with members over TCP who have settled, and one over UDP.
fn room() -> (Hall, Vec<Handle>) {
    let mut hall = Hall::default();
    let mut config = config(false);
    config.limits.rate = Rate::UNLIMITED;
    hall.app = App::new(hall.pair.now, Memory::heap(8, 8), config);
    let members: Vec<_> = (0..MEMBERS).map(|_| hall.join()).collect();
    for member in &members {
        hall.ask(*member, "hello\n");
    }
    let code = hall.ask_datagram("/join, please");
    hall.ask_datagram(&format!("/join {}", code.rsplit(' ').next().unwrap()));
    hall.run_for(Duration::from_millis(100));
    members
        .iter()
        .for_each(|member| drop(receive(&mut hall.pair.a, *member)));
    while hall.take_datagram().is_some() {}
    (hall, members)
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap()
}

/// How often a member has heard the long line, as far as it has read.
fn lines(heard: &str) -> usize {
    heard.matches("xxx\n").count()
}

#[test]
fn a_burst_over_udp_cuts_off_nobody_who_reads_and_what_was_said_is_heard_by_all_of_them() {
    let (mut hall, members) = room();
    let mut heard = vec![String::new(); MEMBERS];
    let mut receipts = 0;
    for round in 0..400 {
        // Far more at once than any queue holds.
        if round < 40 {
            (0..10).for_each(|_| hall.send_datagram(&format!("{}\n", "x".repeat(LINE))));
        }
        hall.run_for(Duration::from_millis(1));
        for (member, heard) in members.iter().zip(&mut heard) {
            heard.push_str(&text(receive(&mut hall.pair.a, *member)));
        }
        while let Some(answer) = hall.take_datagram() {
            receipts += usize::from(answer.starts_with("Delivered"));
        }
    }
    assert!(receipts >= 40, "{receipts}");
    for (member, heard) in members.iter().zip(&heard) {
        assert!(hall.pair.a.tcp(*member).unwrap().ended().is_none());
        assert!(lines(heard) >= receipts, "{} of {receipts}", lines(heard));
    }
    assert_eq!(hall.app.room().counts().slow, 0);
    hall.pair.assert_all_legal();
}

#[test]
fn a_reader_that_stands_still_is_cut_off_and_holds_up_the_others_for_less_than_100_ms() {
    let (mut hall, members) = room();
    let (still, others) = members.split_first().unwrap();
    let (speaker, listeners) = others.split_first().unwrap();
    let mut longest = Duration::ZERO;
    for _ in 0..60 {
        let since = hall.pair.now;
        hall.send(*speaker, &format!("{}\n", "x".repeat(LINE)));
        for listener in listeners {
            let mut heard = String::new();
            hall.run_until("the line", |hall| {
                heard.push_str(&text(receive(&mut hall.pair.a, *listener)));
                lines(&heard) == 1
            });
        }
        longest = longest.max(hall.pair.now - since);
        hall.run_for(Duration::from_millis(5));
        receive(&mut hall.pair.a, *speaker);
    }
    assert_eq!(hall.app.room().counts().slow, 1);
    let window = Duration::from_millis(80)..Duration::from_millis(100);
    assert!(window.contains(&longest), "{longest}");
    let told = hall.hear(*still);
    assert!(
        told.ends_with("nothing after this line reaches you.\n"),
        "{told}"
    );
}
