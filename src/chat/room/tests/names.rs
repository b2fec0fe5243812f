//! `/nick`, `/who`, `/msg`: names and what is done with them.

use super::*;

#[test]
fn a_new_name_is_told_to_everybody() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    scene.line(1, "/nick 小明");
    assert_eq!(scene.tcp(1), [text("You are now 小明.\n")]);
    assert_eq!(scene.tcp(2), [text("-- guest-1 is now 小明.\n")]);
    scene.line(1, "hello");
    assert_eq!(scene.tcp(2), [text("小明: hello\n")]);
    scene.line(1, "/me 挥手");
    assert_eq!(scene.tcp(2), [text("* 小明 挥手\n")]);
}

#[test]
fn a_name_that_is_taken_or_looks_like_one_is_refused() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    scene.line(1, "/nick alice");
    scene.delivered.got.clear();
    let characters = format!(
        "A name has {}, and - _ . between them. Try another.\n",
        name::LETTERS
    );
    for (wanted, answer) in [
        ("alice", "alice is taken. Try another name.\n"),
        (
            "Alice",
            "That looks like alice, who is here. Try another name.\n",
        ),
        (
            "a1ice",
            "That looks like alice, who is here. Try another name.\n",
        ),
        (
            "ali\u{200b}ce\u{202e}",
            "alice is taken. Try another name.\n",
        ),
        ("ali\u{200d}ce", "alice is taken. Try another name.\n"),
        ("operator", "That name is kept for the room. Try another.\n"),
        (
            "Delivered",
            "That name is kept for the room. Try another.\n",
        ),
        ("guest-7", "That name is kept for the room. Try another.\n"),
        ("udp-abcd", "That name is kept for the room. Try another.\n"),
        ("a:b", &characters),
        (
            "abcdefghijklmnopqrstuvwxyz",
            "That name is too long: at most 24 octets.\n",
        ),
        ("guest-2", "That name is kept for the room. Try another.\n"),
    ] {
        scene.line(2, &format!("/nick {wanted}"));
        assert_eq!(scene.tcp(2), [text(answer)], "{wanted}");
    }
    assert_eq!(scene.tcp(1), []);
}

#[cfg(feature = "unicode")]
#[test]
fn a_name_of_another_script_is_taken_unless_it_looks_like_one_here() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    scene.line(1, "/nick coco");
    scene.delivered.got.clear();
    for (wanted, answer) in [
        (
            "Сосо",
            "That looks like coco, who is here. Try another name.\n",
        ),
        (
            "сoсo",
            "That name mixes scripts whose letters look alike. Try letters of one.\n",
        ),
        (
            "НОТ",
            "The capitals of that name look like Latin letters. Try it in small letters.\n",
        ),
        (
            "𝐜𝐨𝐜𝐨",
            "A name has letters and digits, and - _ . between them. Try another.\n",
        ),
        ("Ольга", "You are now Ольга.\n"),
        ("अमिताभ", "You are now अमिताभ.\n"),
    ] {
        scene.line(2, &format!("/nick {wanted}"));
        assert_eq!(scene.tcp(2), [text(answer)], "{wanted}");
    }
}

#[test]
fn a_member_may_change_the_spelling_of_its_own_name_and_others_get_what_it_leaves() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    scene.line(1, "/nick alice");
    scene.line(1, "/nick Alice");
    scene.line(1, "/nick Alice");
    let told: Vec<Got> = [
        "You are now alice.\n",
        "You are now Alice.\n",
        "You are Alice already.\n",
    ]
    .map(text)
    .into();
    assert_eq!(scene.tcp(1), told);
    scene.line(1, "/nick carol");
    scene.tcp(2);
    scene.line(2, "/nick alice");
    assert_eq!(scene.tcp(2), [text("You are now alice.\n")]);
}

#[test]
fn the_name_of_one_who_left_is_free() {
    let mut scene = Scene::with(4, 2);
    scene.settle();
    scene.line(1, "/nick alice");
    scene.room.leave(scene.ids[&1]);
    scene.delivered.got.clear();
    scene.line(2, "/nick alice");
    assert_eq!(scene.tcp(2), [text("You are now alice.\n")]);
}

#[test]
fn who_lists_the_members_the_asker_first() {
    let mut scene = Scene::with(8, 3);
    scene.settle();
    scene.admit((1, 1));
    scene.line(2, "/who");
    assert_eq!(
        scene.tcp(2),
        [text("4 here: guest-2 (you), guest-1, guest-3, guest-4.\n")]
    );
}

#[test]
fn who_says_how_many_do_not_fit() {
    let mut scene = Scene::with(4096, 4096);
    scene.line(7, "/who");
    let got = scene.tcp(7);
    let [Got::Text(line)] = &got[..] else {
        panic!("{got:?}")
    };
    assert!(
        line.contains("4096 here: guest-7 (you), guest-1, ") && line.ends_with(" more.\n"),
        "{line}"
    );
    let named = line.matches("guest-").count() - 1;
    let rest: usize = line
        .rsplit(' ')
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number");
    assert_eq!(named + rest, 4096);
}

#[test]
fn a_private_line_reaches_one_member_only() {
    let mut scene = Scene::with(4, 3);
    scene.settle();
    scene.line(1, "/msg Guest-2 psst  you");
    assert_eq!(scene.tcp(2), [text("guest-1 (only to you): psst  you\n")]);
    assert_eq!(scene.tcp(3), []);
    assert_eq!(scene.tcp(1), [text("Delivered to guest-2 only.\n")]);
    scene.line(1, "/msg guest-9 hello?");
    assert_eq!(
        scene.tcp(1),
        [text(
            "Nobody here is called guest-9; /who lists the members.\n"
        )]
    );
    scene.line(1, "/msg guest-1 me");
    assert_eq!(
        scene.tcp(1),
        [text("That is you; /who lists the others.\n")]
    );
    scene.delivered.full.insert(key(&Peer::Tcp(2)));
    scene.line(1, "/msg guest-2 are you there?");
    assert_eq!(
        scene.tcp(1),
        [text("guest-2 could not be reached: its queue is full.\n")]
    );
}

#[test]
fn what_is_typed_comes_back_with_an_end() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    scene.line(1, &format!("/{}", "x".repeat(1000)));
    assert_eq!(
        scene.tcp(1),
        [text(&format!(
            "There is no command /{}...; /help lists them.\n",
            "x".repeat(24)
        ))]
    );
    scene.line(1, &format!("/msg {} hi", "好".repeat(300)));
    let expected = format!(
        "Nobody here is called {}...; /who lists the members.\n",
        "好".repeat(24)
    );
    assert_eq!(scene.tcp(1), [text(&expected)]);
}

#[test]
fn help_names_every_command() {
    let mut scene = Scene::with(4, 1);
    scene.settle();
    scene.line(1, "/help");
    let got = scene.tcp(1);
    let [Got::Text(help)] = &got[..] else {
        panic!("{got:?}")
    };
    for command in [
        "/nick", "/who", "/msg", "/me", "/states", "/ladder", "/quit", "q leaves",
    ] {
        assert!(help.contains(command), "{command}");
    }
    assert!(!help.contains("/kick"));
}
