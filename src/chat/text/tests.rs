//! What is shown of what was sent.

use std::string::String as Owned;

use super::*;

fn shown(octets: &[u8]) -> Owned {
    let mut out: String<4096> = String::new();
    clean(octets, &mut out).expect("fits");
    out.as_str().into()
}

#[test]
fn every_white_space_that_a_clean_line_may_hold_is_known() {
    for character in '\0'..=char::MAX {
        let mut line = String::<8>::new();
        clean(character.encode_utf8(&mut [0; 4]).as_bytes(), &mut line).unwrap();
        for kept in line.chars() {
            assert_eq!(is_space(kept), kept.is_whitespace(), "{kept:?}");
        }
    }
}

#[test]
fn text_of_any_script_stays_as_it_is() {
    for text in [
        "hello",
        "你好么,我好哟",
        "Ünïcödé",
        "👩‍👩‍👧 ❤️",
        "می‌خواهم",
        "a  b",
        "",
    ] {
        assert_eq!(shown(text.as_bytes()), text);
    }
}

#[test]
fn each_invalid_sequence_becomes_one_replacement_character() {
    assert_eq!(shown(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    assert_eq!(shown(b"a\xe4\xbdb"), "a\u{fffd}b");
    assert_eq!(shown(b"\xf0\x9f\x98"), "\u{fffd}");
    assert_eq!(shown(b"\xc0\xaf"), "\u{fffd}\u{fffd}");
    assert_eq!(shown(b"\xed\xa0\x80"), "\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(shown(b"GET \x80 /"), "GET \u{fffd} /");
}

#[test]
fn the_beginning_of_a_character_is_told_from_a_wrong_one() {
    for text in ["é", "好", "😀"] {
        for cut in 1..text.len() {
            assert!(ends_inside_a_character(&text.as_bytes()[..cut]));
        }
        assert!(!ends_inside_a_character(text.as_bytes()));
    }
    for octets in [
        &b""[..],
        b"a",
        b"\xff",
        b"\xc0",
        b"\xe4\xbd\xa0\xbd",
        b"\xed\xa0",
        b"\xf5\x80",
    ] {
        assert!(!ends_inside_a_character(octets), "{octets:x?}");
    }
}

#[test]
fn control_characters_are_removed_and_line_ends_become_a_space() {
    assert_eq!(shown(b"a\x00b\x07c\x08d\x7fe"), "abcde");
    assert_eq!(shown("a\u{80}b\u{9c}c".as_bytes()), "abc");
    assert_eq!(shown(b"one\r\n\r\ntwo\tthree"), "one two three");
    assert_eq!(
        shown("x\u{2028}operator: hi\u{85}y".as_bytes()),
        "x operator: hi y"
    );
}

#[test]
fn escape_sequences_are_removed_whole() {
    for (sent, seen) in [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hx", "x"),
        ("\x1b[?1049hx", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://a/\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\x", "x"),
        ("\x1b_hidden\x1b\\x", "x"),
        ("\x1b(Bx\x1bcy\x1b7z", "xyz"),
        ("\u{9b}31mx", "x"),
        ("\u{9d}0;t\u{9c}x", "x"),
        ("\x1b\x1b[1mx", "x"),
        ("x\x1b", "x"),
        ("x\x1b[", "x"),
        ("x\x1b[3", "x"),
        ("\x1b[3好", "好"),
        ("\x1b好", "好"),
    ] {
        assert_eq!(shown(sent.as_bytes()), seen, "{sent:?}");
    }
}

#[test]
fn a_control_string_without_an_end_hides_nothing() {
    assert_eq!(shown(b"a\x1b]0;still here"), "a0;still here");
    assert_eq!(shown(b"\x1bPa\x1b_b"), "ab");
    assert_eq!(shown(b"\x1b]a\x07b\x1b]c"), "bc");
    assert_eq!(shown(b"\x1b]a\xffb\x07c"), "a\u{fffd}bc");
}

#[test]
fn overrides_and_invisible_characters_are_removed() {
    for hidden in "\u{202e}\u{202d}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}\u{200b}\u{2060}\u{feff}\u{ad}\u{180e}\u{3164}\
        \u{e0041}\u{1d173}\u{1d17a}\u{1bca0}\u{1bca3}\u{1d159}\u{13430}\u{2065}\u{fff0}\u{e0001}\u{fffe}\u{10ffff}\u{fdd0}"
        .chars()
    {
        assert_eq!(shown(std::format!("a{hidden}b").as_bytes()), "ab", "{hidden:?}");
    }
}

#[cfg(feature = "unicode")]
#[test]
fn what_unicode_ignores_by_default_is_shown_nowhere_by_itself() {
    for character in '\0'..=char::MAX {
        let mut octets = [0; 4];
        let alone = character.encode_utf8(&mut octets);
        if unicode_security::skeleton(alone).next().is_none() {
            assert_eq!(shown(alone.as_bytes()), "", "{character:?}");
            let between = std::format!("a{character}b");
            assert_eq!(shown(between.as_bytes()), "ab", "{character:?}");
        }
    }
}

#[test]
fn no_format_control_is_shown_but_those_with_a_picture() {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
    // Signs that stand around a number, and such.
    let pictures = ['\u{70f}', '\u{8e2}', '\u{110bd}', '\u{110cd}'];
    for character in '\0'..=char::MAX {
        let visible = matches!(
            character,
            '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{890}' | '\u{891}'
        ) || pictures.contains(&character);
        if character.general_category() == GeneralCategory::Format {
            let text = std::format!("a{character}b");
            assert_eq!(shown(text.as_bytes()) == text, visible, "{character:?}");
        }
    }
}

#[test]
fn joiners_and_selectors_stay_where_they_change_what_is_seen_and_only_once() {
    for text in [
        "👩\u{200d}❤\u{fe0f}\u{200d}👨",
        "🏳\u{fe0f}\u{200d}🌈",
        "👍🏽",
        "1\u{fe0f}\u{20e3}",
        "☎\u{fe0e}",
        "葛\u{e0100}城",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
    ] {
        assert_eq!(shown(text.as_bytes()), text);
    }
    for (sent, seen) in [
        ("a\u{200d}b", "ab"),
        ("👩\u{200d}\u{200d}👩", "👩\u{200d}👩"),
        ("👩\u{200d}", "👩"),
        ("\u{200d}👩", "👩"),
        ("a\u{fe0f}", "a"),
        ("1\u{fe0f}2", "12"),
        ("❤\u{fe0f}\u{fe0f}\u{fe0f}", "❤\u{fe0f}"),
        ("葛\u{e0100}\u{e0101}", "葛\u{e0100}"),
        ("😀\u{e0100}", "😀"),
        (" \u{fe0f}", " "),
    ] {
        assert_eq!(shown(sent.as_bytes()), seen, "{sent:?}");
    }
}

#[test]
fn four_marks_stand_on_a_character_and_none_on_nothing() {
    let piled = |mark: char, count| std::format!("a{}b", Owned::from(mark).repeat(count));
    // Latin, enclosing, Thai, Tibetan, Hangul vowels, cuneiform of marks beyond the first plane.
    for mark in [
        '\u{301}',
        '\u{20dd}',
        '\u{e47}',
        '\u{f90}',
        '\u{1161}',
        '\u{1e8d0}',
    ] {
        assert_eq!(shown(piled(mark, 4).as_bytes()), piled(mark, 4), "{mark:?}");
        assert_eq!(
            shown(piled(mark, 300).as_bytes()),
            piled(mark, 4),
            "{mark:?}"
        );
    }
    assert_eq!(shown("\u{301}a \u{301}b\n\u{301}c".as_bytes()), "a b c");
    let hidden = "a\u{301}\u{200b}".repeat(2) + &"\u{301}\u{200b}".repeat(9);
    assert_eq!(
        shown(hidden.as_bytes()),
        "a\u{301}a\u{301}\u{301}\u{301}\u{301}"
    );
    for word in [
        "ཧཱུྃ",
        "שָּׁ֖",
        "Việt Nam".replace('ệ', "e\u{323}\u{302}").as_str(),
        "ကျွန်ုပ်",
        "विद्यार्थी",
    ] {
        assert_eq!(shown(word.as_bytes()), word);
    }
}

#[test]
fn a_line_of_blank_patterns_is_blank() {
    assert_eq!(shown("\u{2800}\u{2800}".as_bytes()), "  ");
}

#[test]
fn nothing_that_steers_a_terminal_is_ever_shown() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        let octets: [u8; 24] = core::array::from_fn(|_| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            [
                0x1b, b'[', b']', 0x07, b'\\', 0xc2, 0x9b, 0x9d, b'm', b';', 0xe2, 0x80, 0xae,
                b'\n',
            ][(random % 14) as usize]
        });
        assert!(
            !shown(&octets)
                .chars()
                .any(|c| c.is_control() || c == '\u{202e}'),
            "{octets:x?}"
        );
    }
}

#[test]
fn what_does_not_fit_leaves_the_line_as_it_was() {
    let mut line: String<8> = String::new();
    assert_eq!(clean("ab你".as_bytes(), &mut line), Ok(()));
    assert_eq!(clean("cd你".as_bytes(), &mut line), Err(TooLong));
    assert_eq!(line, "ab你");
    assert_eq!(clean(b"c\xff", &mut line), Err(TooLong));
    assert_eq!(clean(b"c\xffd", &mut line), Err(TooLong));
    assert_eq!(line, "ab你");
    assert_eq!(clean(b"\x1b[1mcd", &mut line), Ok(()));
    assert_eq!(line, "ab你cd");
}
