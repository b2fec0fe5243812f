//! Crowds at a full room: who never spoke makes room for who waits, and is told why.

use crate::hall::{Hall, Paper};
use crate::pair::{Pair, receive, sizes};
use smolchat::app::{App, Memory};
use smolchat::chat;
use smolchat::device::{Faults, Policy, Shares, Side};
use smolchat::node::{Handle, Limits};
use smoltcp::time::Duration;

const PLACES: usize = 16;

/// A wire on which nothing that the room sends arrives.
const DEAD: Policy<'static> = Policy {
    shares: Shares {
        drop: 1000,
        duplicate: 0,
        reorder: 0,
        corrupt: 0,
        delay: 0,
    },
    ..Policy::NONE
};

const TOLD: &str = "Others wait for a place and you were silent for longest, so yours goes to them. Come again to talk.\n";

/// A room with every place taken from one address, by members that say nothing.
fn full() -> (Hall, Vec<Handle>) {
    let mut hall = Hall::new(sizes(PLACES), 8, false);
    hall.pair = Pair::new(sizes(PLACES), Limits::default());
    hall.pair.a = crate::pair::node(Side::A, sizes(100), Limits::default());
    hall.app = App::new(
        hall.pair.now,
        Memory::heap(PLACES, 8),
        crate::hall::config(false),
    );
    hall.screen = Paper::default();
    hall.add_a_second_network();
    let members = (0..PLACES).map(|_| hall.join()).collect();
    (hall, members)
}

/// The same, but for one place that somebody has from elsewhere.
fn full_with_one_from_elsewhere() -> (Hall, Vec<Handle>, Handle) {
    let (mut hall, mut members) = full();
    let place = members.pop().unwrap();
    hall.pair.a.tcp(place).unwrap().abort(hall.pair.now);
    hall.run_for(Duration::from_millis(10));
    let elsewhere = hall.join_at(Hall::from_elsewhere());
    (hall, members, elsewhere)
}

/// Connects, says hello, and returns how long the answer took.
fn hello(hall: &mut Hall, room: smoltcp::wire::IpEndpoint) -> Duration {
    let since = hall.pair.now;
    let client = hall.pair.a.connect(since, room).unwrap();
    let mut said = false;
    hall.run_until("the welcome", |hall| {
        said = said || hall.pair.a.tcp(client).unwrap().send(b"hello\n").is_ok();
        receive(&mut hall.pair.a, client).starts_with(b"Welcome, ")
    });
    hall.pair.now - since
}

#[test]
fn silent_members_stay_as_long_as_nobody_waits() {
    let (mut hall, members) = full();
    hall.run_for(Duration::from_secs(24 * 3600));
    assert_eq!(hall.app.room().len(), PLACES + 1);
    assert_eq!(hall.hear(members[0]), "");
}

#[test]
fn who_comes_from_elsewhere_is_let_in_at_once_and_who_made_room_is_told() {
    let (mut hall, members) = full();
    let took = hello(&mut hall, Hall::from_elsewhere());
    assert!(took < Duration::from_secs(1), "{took}");
    assert_eq!(hall.hear(members[0]), TOLD, "the one silent for longest");
    assert_eq!(hall.hear(members[1]), "guest-17: hello\n");
    assert!(
        hall.console("/states")
            .contains("1 put out for others who waited")
    );
    hall.run_for(Duration::from_secs(1));
    let ladder = hall.console("/ladder 1");
    assert!(
        ladder.contains("gave way to another connection"),
        "{ladder}"
    );
    hall.pair.assert_all_legal();
}

#[test]
fn a_crowd_that_comes_all_the_time_and_says_nothing_keeps_nobody_waiting() {
    let (mut hall, _) = full();
    for _ in 0..6 {
        // More of them wait, and have waited for longer, than anybody else.
        for _ in 0..4 {
            let _ = hall.pair.a.connect(hall.pair.now, Pair::server());
        }
        hall.run_for(Duration::from_millis(40));
        let took = hello(&mut hall, Hall::from_elsewhere());
        assert!(took < Duration::from_millis(150), "{took}");
    }
}

#[test]
fn browsers_from_one_address_that_never_finish_keep_nobody_waiting_from_elsewhere() {
    // A request that never ends, one that goes on for ever, and a page that nobody reads.
    for request in [
        "GET /aaa",
        "GET / HTTP/1.1\r\nX: y\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let (mut hall, browsers) = full();
        for browser in &browsers {
            hall.send(*browser, request);
        }
        hall.run_for(Duration::from_millis(60));
        for _ in 0..3 {
            for _ in 0..4 {
                let browser = hall.pair.a.connect(hall.pair.now, Pair::server());
                let _ = browser.map(|it| hall.pair.a.tcp(it).map(|mut it| it.send(b"GET /b")));
            }
            let took = hello(&mut hall, Hall::from_elsewhere());
            assert!(took < Duration::from_millis(150), "{request:?}: {took}");
        }
        hall.pair.assert_all_legal();
    }
}

#[test]
fn visitors_each_alone_have_a_second_when_others_wait() {
    // A request that never ends, a page that nobody reads, and a good-bye after which nobody closes.
    for visitor_says in ["GET /aaa", "GET / HTTP/1.1\r\n\r\n", "q\n"] {
        let (mut hall, members, visitor) = full_with_one_from_elsewhere();
        // All members have spoken, so none of them makes room.
        for member in &members {
            hall.ask(*member, "hello\n");
        }
        hall.send(visitor, visitor_says);
        let took = hello(&mut hall, Pair::server());
        assert!(
            took < Duration::from_millis(1_400),
            "{visitor_says:?}: {took}"
        );
        if visitor_says != "GET /aaa" {
            continue;
        }
        assert!(took > Duration::from_millis(900), "{took}");
    }
}

#[test]
fn one_address_that_comes_all_the_time_puts_out_nobody_who_only_listens_elsewhere() {
    let (mut hall, _, listener) = full_with_one_from_elsewhere();
    hall.run_for(Duration::from_secs(60));
    for _ in 0..60 {
        for _ in 0..4 {
            let _ = hall.pair.a.connect(hall.pair.now, Pair::server());
        }
        hall.run_for(Duration::from_millis(300));
        assert_eq!(hall.hear(listener), "");
    }
    assert!(hall.pair.a.tcp(listener).unwrap().ended().is_none());
    assert!(!hall.console("/states").contains(" 0 put out"));
}

#[test]
fn forged_syns_put_out_nobody_who_only_listens_in_a_room_that_has_places() {
    let (mut hall, mut members) = full();
    for member in members.split_off(14) {
        hall.pair.a.tcp(member).unwrap().abort(hall.pair.now);
    }
    hall.run_for(Duration::from_secs(60));
    // From everywhere, a thousand in a second; nobody is there to answer.
    for number in 0..5_000 {
        let syn = crate::floods::forged(number, false);
        assert!(hall.pair.wire.inject(Side::A, hall.pair.now, &syn));
        hall.run_for(Duration::from_millis(1));
    }
    for member in &members {
        assert_eq!(hall.hear(*member), "");
        assert!(hall.pair.a.tcp(*member).unwrap().ended().is_none());
    }
    let took = hello(&mut hall, Hall::from_elsewhere());
    assert!(took < Duration::from_millis(1_200), "{took}");
}

#[test]
fn who_comes_from_the_same_address_waits_until_somebody_was_silent_for_a_while() {
    let (mut hall, members) = full();
    let took = hello(&mut hall, Pair::server());
    assert!(took < Duration::from_secs(10), "{took}");
    assert_eq!(hall.hear(members[0]), TOLD);
}

#[test]
fn who_has_spoken_stays_and_of_a_crowd_no_more_than_its_share_when_others_wait() {
    let (mut hall, members) = full();
    for member in &members {
        hall.ask(*member, "hello\n");
    }
    for _ in 0..PLACES {
        hall.pair
            .a
            .connect(hall.pair.now, Hall::from_elsewhere())
            .unwrap();
    }
    hall.run_for(Duration::from_secs(60));
    let heard: Vec<_> = members
        .iter()
        .map(|member| hall.pair.a.tcp(*member).and_then(|it| it.ended()).is_none())
        .collect();
    let stay = heard.iter().filter(|stays| **stays).count();
    assert!((PLACES / 4..=PLACES / 2).contains(&stay), "{stay}");
    assert_eq!(hall.app.room().len(), PLACES + 1);
}

#[test]
fn who_has_spoken_and_is_silent_for_ten_minutes_makes_room_for_who_waits_and_no_sooner() {
    let (mut hall, members) = full();
    let idle = chat::Limits::default().idle;
    // The last to come speaks first, and is then silent for longest.
    let (silent, others) = members.split_last().unwrap();
    hall.ask(*silent, "hello\n");
    let since = hall.pair.now;
    for member in others {
        hall.ask(*member, "hello\n");
    }
    for member in &members {
        hall.hear(*member);
    }
    hall.run_for(idle - Duration::from_secs(60));
    hello(&mut hall, Pair::server());
    let took = hall.pair.now - since;
    assert!(
        (idle..idle + Duration::from_secs(1)).contains(&took),
        "{took}"
    );
    assert_eq!(hall.app.room().counts().yielded, 1);
    assert_eq!(hall.hear(*silent), TOLD);
    assert_eq!(hall.hear(others[0]), "guest-17: hello\n");
}

#[test]
fn a_closed_connection_whose_peer_never_closes_makes_room_first() {
    let (mut hall, members) = full();
    assert_eq!(hall.ask(members[3], "q"), "q");
    hall.run_for(Duration::from_secs(2));
    let took = hello(&mut hall, Pair::server());
    assert!(took < Duration::from_secs(1), "{took}");
    assert_eq!(hall.app.room().counts().yielded, 0);
}

#[test]
fn what_was_said_before_good_bye_outlasts_a_quarter_of_a_minute_of_loss() {
    let mut hall = Hall::default();
    let (ann, bob) = (hall.join(), hall.join());
    hall.ask(ann, "hello\n");
    hall.faults = Faults::heap(1, DEAD, Policy::NONE, 1514, 64);
    hall.send(bob, "good night\n");
    hall.run_for(Duration::from_secs(1));
    hall.pair.a.tcp(ann).unwrap().shutdown(hall.pair.now);
    hall.run_for(Duration::from_secs(15));
    hall.faults = Faults::heap(1, Policy::NONE, Policy::NONE, 1514, 64);
    hall.run_until("the end of the stream", |hall| {
        hall.pair.a.tcp(ann).unwrap().has_finished()
    });
    let heard = String::from_utf8(receive(&mut hall.pair.a, ann)).unwrap();
    assert!(heard.ends_with(": good night\n"), "{heard:?}");
}

#[test]
fn good_bye_itself_may_be_lost_when_what_was_said_before_it_arrived_late() {
    let mut hall = Hall::default();
    let (ann, bob) = (hall.join(), hall.join());
    hall.ask(ann, "hello\n");
    let wire =
        |hall: &mut Hall, policy| hall.faults = Faults::heap(1, policy, Policy::NONE, 1514, 64);
    wire(&mut hall, DEAD);
    hall.send(bob, "good night\n");
    hall.run_for(Duration::from_secs(1));
    hall.send(ann, "q\n");
    hall.run_for(Duration::from_secs(12));
    wire(&mut hall, Policy::NONE);
    let mut heard = Vec::new();
    hall.run_until("the line", |hall| {
        heard.extend(receive(&mut hall.pair.a, ann));
        heard.ends_with(b": good night\n")
    });
    // The room's patience ends here, with nothing sent again since the line arrived.
    wire(&mut hall, DEAD);
    hall.run_for(Duration::from_secs(7));
    wire(&mut hall, Policy::NONE);
    hall.run_until("good-bye", |hall| {
        heard.extend(receive(&mut hall.pair.a, ann));
        hall.pair.a.tcp(ann).unwrap().has_finished()
    });
    assert!(heard.ends_with(b": good night\nq"), "{heard:?}");
}

#[test]
fn who_answers_nothing_after_good_bye_makes_room_first() {
    let (mut hall, members) = full();
    for member in &members {
        hall.ask(*member, "hello\n");
    }
    hall.pair.a.tcp(members[0]).unwrap().shutdown(hall.pair.now);
    hall.faults = Faults::heap(1, DEAD, Policy::NONE, 1514, 64);
    // Nobody hears of anything, and one is being said good-bye to.
    hall.run_for(Duration::from_secs(30));
    assert_eq!(hall.pair.b.free(), 0);
    hall.faults = Faults::heap(1, Policy::NONE, Policy::NONE, 1514, 64);
    let took = hello(&mut hall, Pair::server());
    assert!(took < Duration::from_secs(2), "{took}");
    assert_eq!(hall.app.room().len(), PLACES + 1);
}
