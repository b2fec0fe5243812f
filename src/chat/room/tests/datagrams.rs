//! UDP: strangers, proof, members, silence.

use super::*;
use crate::chat::AMPLIFICATION;

const ALICE: Endpoint = (1, 4000);
const MALLORY: Endpoint = (66, 666);

#[test]
fn a_datagram_of_a_stranger_is_a_message_and_its_receipt_tells_how_to_hear_the_others() {
    let said = "hello, is anybody here who would like to talk about ports?";
    let mut scene = Scene::with(4, 2);
    scene.datagram(ALICE, format!("{said}\n").as_bytes());
    let got = scene.udp(ALICE);
    let [Got::Text(receipt)] = &got[..] else {
        panic!("{got:?}")
    };
    let code = receipt
        .strip_prefix("Delivered to 2. To hear the others, send: /join ")
        .expect("a receipt");
    assert_eq!(code.trim_end().len(), 8);
    let heard = scene.tcp(1);
    let [Got::Text(line)] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert!(
        line.starts_with("udp-") && line.ends_with(&format!(": {said}\n")),
        "{line}"
    );
    scene.line(1, "who said that?");
    assert_eq!(scene.udp(ALICE), [], "a stranger hears nobody");
}

#[test]
fn a_code_returned_makes_a_member() {
    for end in ["", "\n"] {
        let mut scene = Scene::with(4, 1);
        scene.keep(2);
        scene.settle();
        let proof = scene.ask_for_a_code(ALICE);
        scene.datagram(ALICE, format!("{proof}{end}").as_bytes());
        let welcome = "Welcome, guest-2. You hear everybody now. To stay, send something every 120 s, even an empty \
                       datagram. /help lists the commands, q leaves.";
        assert_eq!(scene.udp(ALICE), [text(&format!("{welcome}{end}"))]);
        scene.line(1, "welcome");
        assert_eq!(scene.udp(ALICE), [text("guest-1: welcome\n")]);
        assert_eq!(scene.tcp(1), [text("Delivered to 1 member.\n")]);
        scene.datagram(ALICE, b"thanks");
        assert_eq!(scene.udp(ALICE), [text("Delivered to 1 member.")]);
        assert_eq!(scene.tcp(1), [text("guest-2: thanks\n")]);
    }
}

#[test]
fn whoever_returns_what_it_was_sent_proves_nothing_and_is_not_answered_again() {
    for asked in [
        "/join",
        "/join, please",
        "/join, please do",
        "/who is here?",
        "hello",
    ] {
        for length in [0, 40, 100] {
            let mut scene = Scene::with(4, 1);
            let asked = format!("{asked:length$}");
            scene.datagram(ALICE, asked.as_bytes());
            for _ in 0..3 {
                for got in scene.udp(ALICE) {
                    let Got::Text(answer) = got else {
                        panic!("{got:?}")
                    };
                    scene.datagram(ALICE, answer.as_bytes());
                    assert_eq!(scene.udp(ALICE), [], "{answer}");
                }
            }
            assert_eq!(scene.room.len(), 1, "{asked}");
        }
    }
}

#[test]
fn two_rooms_that_are_shown_each_other_s_answers_fall_silent() {
    const OTHER: Endpoint = (2, 9001);
    for forged in [
        "hello there, this is somebody else who says very much indeed",
        "q",
        "/who",
        "x",
        "",
    ] {
        let mut rooms = [Scene::with(4, 1), Scene::with(4, 1)];
        let mut crossing = forged.to_string();
        let mut crossed = 0;
        for turn in 0.. {
            let scene = &mut rooms[turn % 2];
            scene.datagram(OTHER, crossing.as_bytes());
            match scene.udp(OTHER).pop() {
                Some(Got::Text(answer)) => crossing = answer,
                _ => break,
            }
            crossed += 1;
        }
        let most = if forged == "q" { 4 } else { 1 };
        assert!(crossed <= most, "{forged}: {crossed}");
    }
}

#[test]
fn a_code_is_good_for_its_own_endpoint_and_for_two_minutes_at_most() {
    let mut scene = Scene::new(4);
    let proof = scene.ask_for_a_code(ALICE);
    scene.datagram(MALLORY, proof.as_bytes());
    scene.datagram((1, 4001), proof.as_bytes());
    assert!(scene.room.is_empty());
    scene.wait(120);
    scene.datagram(ALICE, proof.as_bytes());
    assert!(scene.room.is_empty());
}

#[test]
fn a_proof_that_arrives_twice_is_no_message() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    let proof = scene.ask_for_a_code(ALICE);
    for _ in 0..3 {
        scene.datagram(ALICE, proof.as_bytes());
    }
    assert_eq!(
        scene.udp(ALICE)[1..],
        [
            text("You are in already, as guest-2."),
            text("You are in already, as guest-2.")
        ]
    );
    assert_eq!(scene.tcp(1), []);
    assert_eq!(scene.room.len(), 2);
}

#[test]
fn no_answer_to_a_stranger_is_larger_than_its_datagram() {
    let bodies = [
        "x", "/help", "/join", "/who", "/msg a b", "/kick x", "q", "/quit", "/nosuch", " ", "好",
        "\x1b[1m", "\u{202e}",
    ];
    for members in [0, 3, 1500] {
        let mut scene = Scene::with(1500, members);
        let mut send = |datagram: &[u8], silent: bool| {
            scene.now += Duration::from_secs(10);
            scene.delivered.got.clear();
            scene.datagram(MALLORY, datagram);
            let answers = scene.udp(MALLORY);
            assert!(answers.len() <= 1);
            let octets: usize = answers
                .iter()
                .map(|got| {
                    if let Got::Text(text) = got {
                        text.len()
                    } else {
                        0
                    }
                })
                .sum();
            assert!(
                octets <= AMPLIFICATION * datagram.len(),
                "{datagram:?}: {answers:?}"
            );
            assert_eq!(octets == 0, silent, "{datagram:?}: {answers:?}");
        };
        send(b"", true);
        for length in 1..60 {
            send(&vec![b'x'; length], false);
        }
        for length in [1024, 1025, 1472, 65_507] {
            send(&vec![b'x'; length], false);
            send(&vec![0xff; length], false);
        }
        for body in bodies {
            send(body.as_bytes(), false);
            send(format!("{body}\n").as_bytes(), false);
            send(format!("{body}\r\n").as_bytes(), false);
        }
    }
}

#[test]
fn one_origin_is_heard_and_answered_at_its_rate_and_others_as_ever() {
    let mut scene = Scene::with(4, 1);
    let mut send = |from: Endpoint| {
        scene.datagram(from, b"says something");
        (scene.udp(from).len(), scene.tcp(1).len())
    };
    let burst = Limits::default().stranger.burst;
    for port in 0..burst as u16 {
        assert_eq!(send((66, port)), (1, 1));
    }
    assert_eq!(send((66, 999)), (1, 0), "not heard, and told so");
    for port in 0..1000 {
        assert_eq!(send((66, port)), (0, 0), "neither heard nor answered");
    }
    assert_eq!(send(ALICE), (1, 1));
    assert_eq!(scene.room.counts().unanswered, 1000);
    scene.wait(1);
    for port in 0..1000 {
        scene.datagram((66, port), b"says something!");
    }
    assert_eq!(scene.tcp(1).len(), 2, "two a second");
    // Whoever else is behind that address is told, once a second.
    let told = scene.udp((66, 2));
    assert!(
        matches!(&told[..], [Got::Text(told)] if told.starts_with("Too fast")),
        "{told:?}"
    );
    assert_eq!(scene.udp((66, 3)), []);
}

#[test]
fn what_strangers_from_everywhere_say_together_has_a_bound_and_members_are_not_in_it() {
    let mut scene = Scene::with(4, 1);
    let burst = Limits::default().unvalidated.burst as usize;
    for host in 0..200 {
        scene.datagram((host, 1), &[b'x'; 80]);
    }
    assert_eq!(scene.tcp(1).len(), burst);
    assert_eq!(scene.room.len(), 1);
    let Some(Got::Text(answer)) = scene.udp((199, 1)).pop() else {
        panic!("an answer")
    };
    assert!(
        answer.starts_with("Too fast: nobody was told. Wait, or join: /join "),
        "{answer}"
    );
    scene.keep(2);
    scene.admit(ALICE);
    scene.datagram(ALICE, b"members may speak");
    assert_eq!(scene.udp(ALICE), [text("Delivered to 1 member.")]);
}

#[test]
fn a_member_over_udp_has_the_commands_and_a_bucket_of_its_own() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    scene.admit(ALICE);
    scene.datagram(ALICE, b"/nick alice\n");
    assert_eq!(scene.udp(ALICE), [text("You are now alice.\n")]);
    assert_eq!(scene.tcp(1), [text("-- guest-2 is now alice.\n")]);
    scene.line(1, "/msg alice psst");
    assert_eq!(scene.udp(ALICE), [text("guest-1 (only to you): psst\n")]);
    scene.datagram(ALICE, b"/states");
    assert_eq!(scene.delivered.asked, [(Peer::Udp(ALICE), Ask::States)]);
    (0..30).for_each(|_| scene.datagram(ALICE, b"flood"));
    assert_eq!(
        scene
            .udp(ALICE)
            .iter()
            .filter(|got| matches!(got, Got::Text(t) if t.starts_with("Too fast")))
            .count(),
        12
    );
    scene.datagram(ALICE, &[b'x'; 1025]);
    assert!(
        matches!(&scene.udp(ALICE)[..], [Got::Text(line)] if line.starts_with("That was too long"))
    );
    scene.datagram(ALICE, b"q");
    assert_eq!(scene.udp(ALICE), [text("q")]);
    assert_eq!(scene.room.len(), 1);
}

#[test]
fn a_member_that_falls_silent_is_dropped_and_told_how_to_return() {
    let mut scene = Scene::new(4);
    scene.admit(ALICE);
    let start = scene.now;
    assert_eq!(scene.wait(119), Some(start + Duration::from_secs(120)));
    scene.datagram(ALICE, b"");
    assert_eq!(
        scene.udp(ALICE),
        [],
        "an empty datagram is only a sign of life"
    );
    assert_eq!(scene.wait(119), Some(start + Duration::from_secs(239)));
    assert_eq!(scene.wait(1), None);
    let got = scene.udp(ALICE);
    let [Got::Text(told)] = &got[..] else {
        panic!("{got:?}")
    };
    let proof = told
        .strip_prefix("You were silent for 120 s and have left. To return, send: ")
        .expect("told");
    assert!(scene.room.is_empty());
    assert_eq!(scene.room.counts().silent, 1);
    let proof = proof.to_string();
    scene.datagram(ALICE, proof.as_bytes());
    assert_eq!(scene.room.len(), 1);
}

#[test]
fn the_silent_leave_in_the_order_in_which_they_were_last_heard() {
    let mut scene = Scene::new(8);
    for host in 1..=4 {
        scene.admit((host, 1));
        scene.wait(10);
    }
    scene.datagram((1, 1), b"");
    scene.wait(90);
    assert_eq!(
        scene
            .room
            .members()
            .map(|(_, peer)| peer)
            .collect::<Vec<_>>(),
        [Peer::Udp((3, 1)), Peer::Udp((4, 1)), Peer::Udp((1, 1))]
    );
    scene.wait(29);
    assert_eq!(
        scene
            .room
            .members()
            .map(|(_, peer)| peer)
            .collect::<Vec<_>>(),
        [Peer::Udp((1, 1))]
    );
}

#[test]
fn lines_that_a_queue_did_not_take_are_counted_and_told() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    scene.admit(ALICE);
    scene.delivered.full.insert(key(&Peer::Udp(ALICE)));
    scene.line(1, "one");
    assert_eq!(scene.tcp(1), [text("Delivered to 0 members.\n")]);
    scene.delivered.full.clear();
    scene.line(1, "two");
    assert_eq!(
        scene.udp(ALICE),
        [
            text("-- 1 line did not reach you.\n"),
            text("guest-1: two\n")
        ]
    );
    assert_eq!(scene.room.counts().lost, 1);
}

#[test]
fn one_who_finds_the_room_full_over_udp_is_told() {
    let mut scene = Scene::with(1, 1);
    let proof = scene.ask_for_a_code(ALICE);
    scene.datagram(ALICE, format!("{proof:60}").as_bytes());
    assert_eq!(
        scene.udp(ALICE),
        [text("The room is full. Please come again later.")]
    );
    assert_eq!(scene.room.counts().turned_away, 1);
}

#[test]
fn any_number_of_members_over_udp_leave_the_places_of_others_free() {
    let mut scene = Scene::new(20);
    scene.keep(12);
    for port in 0..1000 {
        let proof = scene.ask_for_a_code((66, port));
        scene.now += Duration::from_secs(1);
        scene.datagram((66, port), proof.as_bytes());
    }
    assert_eq!(scene.room.len(), 8);
    for key in 0..12 {
        scene.join(key).expect("a place of its own");
    }
    assert!(scene.join(12).is_err());
}

#[test]
fn a_crowd_over_udp_makes_room_for_who_comes_from_elsewhere() {
    let mut scene = Scene::new(9);
    scene.keep(1);
    for port in 1..=8 {
        scene.admit((66, port));
    }
    scene.datagram((66, 1), b"I have spoken");
    scene.delivered.got.clear();
    scene.admit(ALICE);
    let told = "Others wait for a place and you were silent for longest, so yours goes to them. Come again to talk.";
    assert_eq!(scene.udp((66, 2)), [text(told)]);
    assert_eq!((scene.room.len(), scene.room.counts().yielded), (8, 1));
    // From the crowd itself nobody gets in before somebody was silent for a while.
    let proof = scene.ask_for_a_code((66, 99));
    scene.datagram((66, 99), proof.as_bytes());
    assert_eq!(scene.room.counts().turned_away, 1);
    scene.wait(5);
    scene.admit((66, 99));
    assert!(matches!(&scene.udp((66, 3))[..], [Got::Text(line)] if line == told));
}

#[test]
fn a_crowd_that_has_spoken_keeps_its_share_and_no_more() {
    let mut scene = Scene::new(9);
    scene.keep(1);
    for port in 1..=8 {
        scene.admit((66, port));
        scene.datagram((66, port), b"I have spoken");
        scene.now += Duration::from_secs(1);
    }
    for host in 1..=6 {
        scene.admit((host, 1));
        scene.datagram((host, 1), b"me too");
    }
    let crowd = scene
        .room
        .members()
        .filter(|(_, peer)| matches!(peer, Peer::Udp((66, _))));
    assert_eq!(crowd.count(), 2, "a quarter of eight");
    let proof = scene.ask_for_a_code((7, 1));
    scene.datagram((7, 1), proof.as_bytes());
    assert_eq!(scene.room.counts().turned_away, 1);
}

#[test]
fn no_datagram_at_all_stops_the_room() {
    let mut scene = Scene::with(16, 2);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..20_000_u32 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let length = (random >> 20) as usize % 40;
        let parts: [&[u8]; 8] = [
            b"/",
            b"join ",
            b"nick a",
            b"\xff\xe4",
            b"q",
            b" ",
            b"\n",
            b"msg guest-1 ",
        ];
        let octets: Vec<u8> = (0..length)
            .flat_map(|at| parts[(random >> (at % 50)) as usize % 8].to_vec())
            .collect();
        scene.datagram(((random >> 8) as u8 % 20, 1), &octets);
        if round % 16 == 0 {
            scene.admit_if_room(((random >> 9) as u8 % 20, 1));
            scene.wait(1);
        }
        scene.delivered.got.clear();
    }
    assert_eq!(scene.room.members().count(), scene.room.len());
}

impl Scene<'_> {
    fn admit_if_room(&mut self, endpoint: Endpoint) {
        self.datagram(endpoint, b"/join, please");
        if let Some(Got::Text(reply)) = self.udp(endpoint).pop() {
            self.datagram(endpoint, reply.replace("code", "/join").as_bytes());
        }
    }
}
