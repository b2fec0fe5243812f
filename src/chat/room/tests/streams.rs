//! TCP members and the operator's console.

use super::*;
use crate::chat::{CELLS_PER_MEMBER, Slot};

#[test]
fn nothing_is_said_to_a_member_before_its_first_message() {
    let mut scene = Scene::with(4, 2);
    assert_eq!(scene.delivered.sends, 0);
    scene.line(1, "hello");
    assert_eq!(scene.tcp(2), [text("guest-1: hello\n")]);
}

#[test]
fn welcome_and_receipt_of_the_first_message_leave_in_one_send() {
    let mut scene = Scene::with(4, 3);
    scene.line(1, "hello");
    let welcome =
        "Welcome, guest-1. /help lists the commands, q leaves.\nDelivered to 2 members.\n";
    assert_eq!(scene.tcp(1), [text(welcome)]);
    scene.line(1, "again");
    assert_eq!(scene.tcp(1), [text("Delivered to 2 members.\n")]);
}

#[test]
fn a_member_that_sends_no_line_ends_is_answered_without() {
    let mut scene = Scene::with(4, 2);
    scene.bare(1, "你好么,我好哟");
    let welcome = "Welcome, guest-1. /help lists the commands, q leaves. Delivered to 1 member.";
    assert_eq!(scene.tcp(1), [text(welcome)]);
    assert_eq!(scene.tcp(2), [text("guest-1: 你好么,我好哟\n")]);
    scene.bare(1, "/nick 小明");
    assert_eq!(scene.tcp(1), [text("You are now 小明.")]);
}

#[test]
fn one_alone_is_told_so() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    scene.line(1, "hello?");
    assert_eq!(
        scene.tcp(1),
        [text("Delivered to 0 members: nobody else is here yet.\n")]
    );
}

#[test]
fn every_message_draws_exactly_one_answer_to_its_sender() {
    let messages = [
        "hello",
        "",
        "   ",
        "/me waves",
        "/nick",
        "/nick bob",
        "/nick bob",
        "/nick operator",
        "/nick a b",
        "/who",
        "/msg",
        "/msg guest-2 hi",
        "/msg nobody hi",
        "/msg bob me",
        "/help",
        "/join",
        "/join 12345678",
        "/kick guest-2",
        "/close 1",
        "/abort 1",
        "/ladder 1",
        "/frobnicate",
        "/",
        "//x",
        "\x1b[1m",
        "Q",
        "q q",
    ];
    for ending in [MessageEnd::Line, MessageEnd::Idle] {
        let mut scene = Scene::with(4, 2);
        scene.room.limits.rate = Rate::UNLIMITED;
        for message in messages {
            scene
                .octets(1, message.as_bytes(), ending)
                .expect("a member");
            let got = scene.tcp(1);
            let [Got::Text(answer)] = &got[..] else {
                panic!("{message:?}: {got:?}")
            };
            assert_eq!(
                answer.ends_with('\n'),
                ending == MessageEnd::Line,
                "{answer:?}"
            );
        }
    }
}

#[test]
fn q_alone_is_answered_by_a_farewell_and_by_nothing_else() {
    for quit in ["q", "/quit"] {
        let mut scene = Scene::with(4, 2);
        scene.bare(1, quit);
        assert_eq!(scene.tcp(1), [Got::Farewell]);
        assert_eq!(scene.tcp(2), []);
        assert_eq!(scene.room.len(), 1);
        assert_eq!(scene.octets(1, b"more", MessageEnd::Idle), Err(NotAMember));
        scene.line(2, "q");
        assert_eq!(scene.tcp(2), [Got::Farewell], "as a line, too");
    }
    let mut scene = Scene::with(4, 2);
    scene.line(1, "q?");
    assert_eq!(scene.tcp(2), [text("guest-1: q?\n")]);
}

#[test]
fn q_is_answered_even_in_a_flood() {
    let mut scene = Scene::with(4, 1);
    (0..100).for_each(|_| scene.bare(1, "x"));
    scene.tcp(1);
    scene.bare(1, "q");
    assert_eq!(scene.tcp(1), [Got::Farewell]);
}

#[test]
fn the_slot_of_one_who_left_serves_the_next() {
    let mut scene = Scene::new(1);
    for key in 1..=1000 {
        let id = scene.join(key).expect("free");
        assert_eq!(scene.room.name(id), Some(&*format!("guest-{key}")));
        assert_eq!(scene.join(key + 5000), Err(RoomFull));
        scene.room.leave(id);
        scene.room.leave(id);
        assert_eq!(scene.room.name(id), None);
    }
    assert_eq!(scene.room.counts().turned_away, 1000);
}

#[test]
fn one_who_finds_the_room_full_is_told_and_let_go() {
    let mut scene = Scene::with(2, 2);
    assert_eq!(scene.join(3), Err(RoomFull));
    assert_eq!(
        scene.tcp(3),
        [Got::Parted(
            "The room is full. Please come again later.\n".into()
        )]
    );
}

#[test]
fn a_stale_handle_never_speaks_for_its_successor() {
    let mut scene = Scene::with(1, 1);
    let old = scene.ids[&1];
    scene.room.leave(old);
    let new = scene.join(2).expect("free");
    assert_eq!(
        scene
            .room
            .message(scene.now, old, b"q", MessageEnd::Line, &mut scene.delivered),
        Err(NotAMember)
    );
    scene.room.leave(old);
    assert!(scene.room.name(new).is_some());
}

#[test]
fn a_slow_reader_is_told_why_and_disconnected_and_the_others_go_on() {
    let mut scene = Scene::with(4, 4);
    scene.settle();
    scene.delivered.full.insert(key(&Peer::Tcp(2)));
    scene.line(1, "hello");
    assert_eq!(scene.tcp(1), [text("Delivered to 2 members.\n")]);
    assert_eq!(scene.tcp(3), [text("guest-1: hello\n")]);
    assert_eq!(scene.tcp(4), [text("guest-1: hello\n")]);
    assert_eq!(scene.tcp(2), [Got::Parted(format!("{}\n", words::SLOW))]);
    assert_eq!(scene.octets(2, b"x", MessageEnd::Line), Err(NotAMember));
    assert_eq!(scene.room.counts().slow, 1);
}

#[test]
fn one_that_does_not_read_its_own_answers_is_disconnected() {
    let mut scene = Scene::with(4, 1);
    scene.delivered.full.insert(key(&Peer::Tcp(1)));
    scene.line(1, "/help");
    assert_eq!(scene.tcp(1), [Got::Parted(format!("{}\n", words::SLOW))]);
    assert!(scene.room.is_empty());
}

#[test]
fn a_flood_is_refused_with_one_answer_each_until_the_bucket_fills_again() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    scene.now += Duration::from_secs(60);
    for _ in 0..25 {
        scene.line(1, "buy!");
    }
    assert_eq!(scene.tcp(2).len(), 20);
    let answers = scene.tcp(1);
    assert_eq!(answers.len(), 25);
    let refused = text("Too fast: nobody was told. Wait a moment, then send it again.\n");
    assert!(answers[20..].iter().all(|answer| *answer == refused));
    scene.now += Duration::from_millis(400);
    (0..3).for_each(|_| scene.line(1, "calmer"));
    assert_eq!(scene.tcp(2).len(), 2);
    scene.line(2, "I may speak");
    assert_eq!(scene.tcp(2), [text("Delivered to 1 member.\n")]);
    assert_eq!(scene.room.counts().too_fast, 6);
}

#[test]
fn a_message_that_is_too_long_is_refused_and_its_sender_stays() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    let refusal = "That was too long: at most 1024 octets. Nobody was told; send it in parts.";
    let id = scene.ids[&1];
    scene
        .room
        .too_long(scene.now, id, MessageEnd::Line, &mut scene.delivered)
        .expect("a member");
    assert_eq!(scene.tcp(1), [text(&format!("{refusal}\n"))]);
    // Each invalid octet is shown as three.
    scene
        .octets(1, &[0xff; 342], MessageEnd::Idle)
        .expect("a member");
    assert_eq!(scene.tcp(1), [text(refusal)]);
    assert_eq!(scene.tcp(2), []);
    scene.line(1, &"x".repeat(1024));
    assert_eq!(
        scene.tcp(2),
        [text(&format!("guest-1: {}\n", "x".repeat(1024)))]
    );
    assert_eq!(scene.room.counts().too_long, 2);
}

#[test]
fn the_longest_line_fits_with_the_longest_name() {
    let mut scene = Scene::with(4, 3);
    scene.settle();
    for key in [1, 2] {
        scene.line(
            key,
            &format!(
                "/nick {}{}",
                "n".repeat(23),
                char::from(b'0' + key as u8 + 1)
            ),
        );
    }
    let full = "y".repeat(1024);
    scene.delivered.got.clear();
    scene.line(1, &full);
    assert_eq!(
        scene.tcp(3),
        [text(&format!("{}2: {full}\n", "n".repeat(23)))]
    );
    let rest = "y".repeat(1024 - 4);
    scene.line(1, &format!("/me {rest}"));
    assert_eq!(
        scene.tcp(3),
        [text(&format!("* {}2 {rest}\n", "n".repeat(23)))]
    );
    let rest = "y".repeat(1024 - 5 - 25);
    scene.line(1, &format!("/msg {}3 {rest}", "n".repeat(23)));
    assert_eq!(
        scene.tcp(2).pop(),
        Some(text(&format!(
            "{}2 (only to you): {rest}\n",
            "n".repeat(23)
        )))
    );
}

#[test]
fn others_see_clean_text_on_one_line() {
    let mut scene = Scene::with(4, 2);
    scene
        .octets(
            1,
            b"a\x1b[31mb\x07\r\noperator: c\xff\xe2\x80\xae",
            MessageEnd::Line,
        )
        .expect("a member");
    assert_eq!(scene.tcp(2), [text("guest-1: ab operator: c\u{fffd}\n")]);
}

#[test]
fn states_and_ladders_are_asked_of_the_caller() {
    let mut scene = Scene::with(4, 1);
    scene.line(1, "/states");
    scene.line(1, "/ladder");
    assert_eq!(
        scene.delivered.asked,
        [
            (Peer::Tcp(1), Ask::States),
            (Peer::Tcp(1), Ask::Ladder(None))
        ]
    );
    assert_eq!(scene.tcp(1), []);
}

#[test]
fn the_console_is_a_member_that_can_do_more() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    let console = scene.room.join_console(scene.now).expect("free");
    assert_eq!(
        scene.room.join_console(scene.now),
        Err(RoomFull),
        "there is one"
    );
    let before = scene.room.counts().messages;
    let mut say = |message: &str| {
        let (room, delivered) = (&mut scene.room, &mut scene.delivered);
        let octets = message.as_bytes();
        let asked = room.message(scene.now, console, octets, MessageEnd::Line, delivered);
        scene.passed_on(asked.expect("a member"));
    };
    [
        "good day",
        "/ladder 3",
        "/close 4",
        "/abort 5",
        "/states",
        "/ladder",
        "/kick nobody",
        "/kick operator",
    ]
    .into_iter()
    .for_each(&mut say);
    say("/kick guest-1");
    say("q");
    // The greeting below. Orders to the program are for nobody to read.
    assert_eq!(scene.room.counts().messages - before, 1);
    let asked: Vec<Ask> = scene
        .delivered
        .asked
        .drain(..)
        .map(|(_, ask)| ask)
        .collect();
    assert_eq!(
        asked,
        [
            Ask::Ladder(Some(3)),
            Ask::Close(4),
            Ask::Abort(5),
            Ask::States,
            Ask::Shutdown
        ]
    );
    let removed = Got::Parted("The operator has removed you from the room.\n".into());
    assert_eq!(scene.tcp(1), [text("operator: good day\n"), removed]);
    let answers = scene.take(Peer::Console);
    assert_eq!(
        answers,
        [
            text("Delivered to 1 member.\n"),
            text("Write it as /ladder N\n"),
            text("Nobody here is called nobody; /who lists the members.\n"),
            text("That is you; /who lists the others.\n"),
            text("guest-1 is removed.\n"),
        ]
    );
}

#[test]
fn lines_lost_by_the_console_are_told_with_the_next_one() {
    let mut scene = Scene::with(4, 1);
    scene.room.join_console(scene.now).expect("free");
    scene.delivered.full.insert(key(&Peer::Console));
    (0..3).for_each(|_| scene.line(1, "lost"));
    scene.delivered.full.clear();
    scene.line(1, "seen");
    assert_eq!(
        scene.take(Peer::Console),
        [
            text("-- 3 lines did not reach you.\n"),
            text("guest-1: seen\n")
        ]
    );
}

#[test]
fn shutdown_says_exactly_q_to_everybody() {
    let mut scene = Scene::with(8, 3);
    scene.admit((9, 9));
    scene.room.join_console(scene.now).expect("free");
    scene.room.shutdown(&mut scene.delivered);
    for key in 1..=3 {
        assert_eq!(scene.tcp(key), [Got::Farewell]);
    }
    assert_eq!(scene.udp((9, 9)), [text("q")]);
    assert!(scene.room.is_empty());
}

#[test]
fn a_room_in_fixed_memory_behaves_alike() {
    let mut storage = Storage::<Key, Endpoint, 3>::new();
    let now = Instant::ZERO;
    let mut room = Room::new(now, storage.memory(), Limits::default(), SECRET);
    let mut delivered = Delivered::default();
    assert_eq!(room.capacity(), 3);
    let ids: Vec<_> = (0..3)
        .map(|key| {
            room.join_tcp(now, key, origin_of(key), &mut delivered)
                .expect("free")
        })
        .collect();
    assert_eq!(
        room.join_tcp(now, 3, origin_of(3), &mut delivered),
        Err(RoomFull)
    );
    room.message(now, ids[0], b"hi", MessageEnd::Line, &mut delivered)
        .expect("a member");
    assert_eq!(delivered.got[&key(&Peer::Tcp(2))], [text("guest-1: hi\n")]);
    assert!(
        room.members()
            .map(|(name, _)| name)
            .eq(["guest-1", "guest-2", "guest-3"])
    );
}

#[test]
fn a_member_of_a_large_room_costs_little() {
    assert!(size_of::<Slot<u32, smoltcp::wire::IpEndpoint>>() <= 112);
    assert!(CELLS_PER_MEMBER * size_of::<crate::chat::Cell>() <= 24);
}

#[test]
fn lines_that_nobody_hears_are_counted_up_to_whatever_is_more_than_text() {
    let of = |seen: &[u8]| {
        let Lines { lines, octets } = unheard_lines(seen);
        (lines, octets)
    };
    assert_eq!(of(b"\n\r\na\n/who\n"), (4, 10));
    for end in [
        &b"q\n"[..],
        b"/quit\r\n",
        b"\xff\xf1\n",
        b"x\x08q\n",
        b"a\0\n",
        b"unfinished",
    ] {
        assert_eq!(of(&[b"one\n", end].concat()), (1, 4), "{end:?}");
    }
}
