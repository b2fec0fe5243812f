//! Nobody speaks faster than those hear who read, and who does not read holds up nobody for long.

use smolchat::app::{App, Memory};
use smolchat::chat::Rate;
use smolchat::device::{Side, Wire};
use smolchat::node::{Handle, Limits, Sizes};
use smoltcp::time::Duration;

use crate::hall::{Hall, config};
use crate::pair::{node, receive, sizes};

const MEMBERS: usize = 6;
const LINE: usize = 1_000;

/// Octets of datagrams that may wait: all that is said at once, and less than a segment of short lines is.
const MUCH: usize = 64 * 1_024;
const LITTLE: usize = 1_024;

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
fn a_reader_that_stands_still_is_cut_off_and_holds_up_long_lines_for_a_quarter_of_a_second() {
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
    let window = Duration::from_millis(250)..Duration::from_millis(270);
    assert!(window.contains(&longest), "{longest}");
    let told = hall.hear(*still);
    assert!(
        told.ends_with("nothing after this line reaches you.\n"),
        "{told}"
    );
}

/// A room with the usual allowance on a wire of so much delay each way: so many from one address who say much, and
/// one from elsewhere who says little.
fn crowd_and_one(delay: u64, crowd: usize, datagrams: usize) -> (Hall, Vec<Handle>, Handle) {
    let small = Sizes {
        datagrams,
        ..sizes(16)
    };
    let mut hall = Hall::new(small, 8, false);
    hall.pair.a = node(Side::A, sizes(16), Limits::default());
    hall.pair.a.bind(5000).unwrap();
    hall.add_a_second_network();
    hall.pair.wire = Wire::heap(Duration::from_millis(delay), 1514, 1024);
    let talkers: Vec<_> = (0..crowd).map(|_| hall.join()).collect();
    let one = hall.join_at(Hall::from_elsewhere());
    for member in talkers.iter().chain([&one]) {
        hall.ask(*member, "hello\n");
    }
    hall.run_for(Duration::from_secs(5));
    for member in talkers.iter().chain([&one]) {
        receive(&mut hall.pair.a, *member);
    }
    (hall, talkers, one)
}

/// Says much with all of a crowd at once, and a short word from elsewhere every 300 ms, for three seconds.
/// How late each word was at whoever heard it last of those who read as fast as they can; `slow` says how many octets
/// in each millisecond somebody reads at most.
fn words_beside_a_burst(
    hall: &mut Hall,
    talkers: &[Handle],
    one: Handle,
    slow: impl Fn(usize) -> Option<usize>,
) -> Vec<Duration> {
    let burst = format!("{}\n", "x".repeat(LINE)).repeat(20);
    let mut left = vec![burst.as_str(); talkers.len()];
    let mut heard = vec![String::new(); talkers.len()];
    let mut late = Vec::new();
    for word in 0..10 {
        let (since, line) = (hall.pair.now, format!("word {word}."));
        hall.send(one, &format!("{line}\n"));
        let mut last = None;
        for _ in 0..300 {
            for (talker, left) in talkers.iter().zip(&mut left) {
                let Some(mut socket) = hall.pair.a.tcp(*talker) else {
                    continue;
                };
                let sent = socket.send(left.as_bytes()).unwrap_or(0);
                *left = &left[sent..];
            }
            hall.run_for(Duration::from_millis(1));
            receive(&mut hall.pair.a, one);
            for (at, talker) in talkers.iter().enumerate() {
                match (slow(at), hall.pair.a.tcp(*talker)) {
                    (None, Some(_)) => {
                        heard[at].push_str(&text(receive(&mut hall.pair.a, *talker)));
                    }
                    (Some(octets), Some(mut socket)) => {
                        let _ = socket.recv(&mut vec![0; octets]);
                    }
                    (_, None) => {}
                }
            }
            let readers = heard.iter().enumerate();
            let readers = readers.filter(|(at, _)| slow(*at).is_none());
            if last.is_none() && readers.into_iter().all(|(_, it)| it.contains(&line)) {
                last = Some(hall.pair.now - since);
            }
        }
        late.extend(last);
    }
    late
}

#[test]
fn far_readers_are_not_cut_off_by_a_burst_and_a_word_beside_it_is_late_by_a_way_or_two() {
    for (delay, worst_allowed) in [(15, 90), (50, 350)] {
        let (mut hall, talkers, one) = crowd_and_one(delay, 8, MUCH);
        let late = words_beside_a_burst(&mut hall, &talkers, one, |_| None);
        assert_eq!(hall.app.room().counts().slow, 0, "{delay} ms");
        assert_eq!(late.len(), 10, "{late:?}");
        let worst = late.iter().max().unwrap();
        assert!(*worst <= Duration::from_millis(worst_allowed), "{late:?}");
        hall.pair.assert_all_legal();
    }
}

#[test]
fn a_reader_that_is_slow_holds_up_whoever_says_much_and_not_a_word_beside_it() {
    let (mut hall, talkers, one) = crowd_and_one(1, 8, MUCH);
    let slow = |at| (at == 0).then_some(20);
    let late = words_beside_a_burst(&mut hall, &talkers, one, slow);
    assert_eq!(hall.app.room().counts().slow, 0);
    assert_eq!(late.len(), 10, "{late:?}");
    let worst = late.iter().max().unwrap();
    assert!(*worst <= Duration::from_millis(5), "{late:?}");
}

#[test]
fn a_reader_that_stands_still_is_cut_off_and_holds_up_no_word() {
    let (mut hall, talkers, one) = crowd_and_one(1, 8, MUCH);
    let still = |at| (at == 0).then_some(0);
    let late = words_beside_a_burst(&mut hall, &talkers, one, still);
    assert_eq!(hall.app.room().counts().slow, 1);
    assert_eq!(late.len(), 10, "{late:?}");
    let worst = late.iter().max().unwrap();
    assert!(*worst <= Duration::from_millis(5), "{late:?}");
}

#[test]
fn whoever_says_much_over_udp_while_somebody_reads_slowly_is_told_that_nobody_heard_it() {
    let (mut hall, talkers, _) = crowd_and_one(1, 1, MUCH);
    let code = hall.ask_datagram("/join, please");
    hall.ask_datagram(&format!("/join {}", code.rsplit(' ').next().unwrap()));
    let (mut said, mut answers) = (0, Vec::new());
    for _ in 0..200 {
        if said < 12 {
            hall.send_datagram(&format!("{}\n", "x".repeat(LINE)));
            said += 1;
        }
        hall.run_for(Duration::from_millis(1));
        let mut socket = hall.pair.a.tcp(talkers[0]).unwrap();
        let _ = socket.recv(&mut [0; 20]);
        while let Some(answer) = hall.take_datagram() {
            answers.push(answer);
        }
    }
    let count = |begins: &str| answers.iter().filter(|it| it.starts_with(begins)).count();
    let (heard, unheard) = (count("Delivered to "), count("Too fast: nobody was told."));
    assert_eq!(heard + unheard, said, "{answers:?}");
    assert!(heard >= 5 && unheard >= 3, "{answers:?}");
    assert_eq!(hall.app.room().counts().slow, 0);
}

#[test]
fn members_over_udp_hear_every_line_that_a_crowd_says_at_once_over_tcp() {
    let (mut hall, talkers, _) = crowd_and_one(1, 8, LITTLE);
    let code = hall.ask_datagram("/join, please");
    hall.ask_datagram(&format!("/join {}", code.rsplit(' ').next().unwrap()));
    let mut heard = 0;
    for line in 0..20 {
        for talker in &talkers {
            let mut socket = hall.pair.a.tcp(*talker).unwrap();
            let text = format!("line {line} {}\n", "x".repeat(150));
            assert_eq!(socket.send(text.as_bytes()), Ok(text.len()));
        }
    }
    for _ in 0..1_000 {
        hall.run_for(Duration::from_millis(1));
        for talker in &talkers {
            receive(&mut hall.pair.a, *talker);
        }
        while let Some(line) = hall.take_datagram() {
            assert!(line.contains(": line "), "{line}");
            heard += 1;
        }
    }
    assert_eq!(heard, 20 * talkers.len());
}
