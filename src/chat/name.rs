//! Names: what may be one, and which two look alike.

use heapless::String;

use super::case::to_small;

/// The longest name, in octets: 24 Latin letters or 8 Chinese characters.
pub const NAME_MAX: usize = 24;

/// A member's name.
pub type Name = String<NAME_MAX, u8>;

/// Names that only the room gives: `guest-3` to members, `udp-k7m2` to senders it does not know.
pub(super) const GIVEN: [&str; 2] = ["guest-", "udp-"];

/// Names nobody may choose, because a reader would take their owner for the room or its operator.
const RESERVED: [&str; 8] = [
    "operator",
    "console",
    "server",
    "room",
    "system",
    "admin",
    "everybody",
    "you",
];

/// The operator's name.
pub(super) const OPERATOR: &str = "operator";

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadName {
    /// There is none.
    Empty,
    /// It has more than [`NAME_MAX`] octets.
    TooLong,
    /// It has something else than letters, digits and inner `-`, `_`, `.`.
    Characters,
    /// It is kept for the room, or looks like one that is.
    Reserved,
}

/// The name in `text`, if it may be one.
pub(super) fn parse(text: &str) -> Result<Name, BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    let letter = |c: char| c.is_alphanumeric() && !filler(c);
    if !text.starts_with(letter)
        || !text.ends_with(letter)
        || !text
            .chars()
            .all(|c| letter(c) || matches!(c, '-' | '_' | '.'))
    {
        return Err(BadName::Characters);
    }
    let name = Name::try_from(text).map_err(|_| BadName::TooLong)?;
    let given = |prefix: &&str| {
        prefix
            .chars()
            .zip(fold(text))
            .filter(|(a, b)| fold_one(*a) == *b)
            .count()
            == prefix.len()
    };
    if GIVEN.iter().any(given) || RESERVED.iter().any(|reserved| alike(reserved, text)) {
        return Err(BadName::Reserved);
    }
    Ok(name)
}

/// Whether a reader could take one for the other.
pub(super) fn alike(a: &str, b: &str) -> bool {
    fold(a).eq(fold(b))
}

/// What is left of a name when the differences that are easy to overlook are taken away: case,
/// full-width forms, and letters that look the same in Latin, Greek and Cyrillic.
pub(super) fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().map(to_small).map(fold_one)
}

/// ASCII letters, each with the characters behind it that look like it: after UTS 39 (confusables), for
/// the scripts and shapes that keyboards make easy.
const LOOK_ALIKES: &str = "oоοօ〇øöóòlıіιӏïíìїaаαäáàâåbвβßcсϲçdԁeеёεéèêëgɡhһнjјkкκmмμnñηpрρqԛsѕtтτuυüúùvνѵ\
wԝωxхχyуγýzᴢ";

fn fold_one(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | 'i' | '|' => 'l',
        '_' | '.' => '-',
        '\0'..='\u{7f}' => character,
        // Full width, to its ASCII form, once.
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character);
            fold_one(ascii.to_ascii_lowercase())
        }
        _ => {
            let mut letter = character;
            for alike in LOOK_ALIKES.chars() {
                if alike.is_ascii() {
                    letter = alike;
                } else if alike == character {
                    return letter;
                }
            }
            character
        }
    }
}

/// Letters by Unicode's table that show nothing (Hangul fillers).
fn filler(character: char) -> bool {
    matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_and_digits_of_any_script_with_inner_joiners() {
        for name in ["alice", "小明", "Jean-Luc", "x_1", "Ольга", "a.b"] {
            assert!(parse(name).is_ok(), "{name}");
        }
        for name in [
            "-a",
            "a-",
            "a b",
            "a:b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{202e}b",
            "\u{3164}",
            "*",
            "a\u{301}",
        ] {
            assert_eq!(parse(name), Err(BadName::Characters), "{name:?}");
        }
        assert_eq!(parse(""), Err(BadName::Empty));
    }

    #[test]
    fn a_name_has_at_most_24_octets() {
        assert!(parse("abcdefghijklmnopqrstuvwx").is_ok());
        assert_eq!(parse("abcdefghijklmnopqrstuvwxy"), Err(BadName::TooLong));
        assert!(parse("一二三四五六七八").is_ok());
        assert_eq!(parse("一二三四五六七八九"), Err(BadName::TooLong));
    }

    #[test]
    fn names_of_the_room_and_what_looks_like_them_are_refused() {
        for name in [
            "operator",
            "OPERATOR",
            "0perator",
            "ореrator",
            "guest-3",
            "Guest-x",
            "GUEST_9",
            "udp-1",
            "ｒｏｏｍ",
            "Admin",
            "adm1n",
        ] {
            assert_eq!(parse(name), Err(BadName::Reserved), "{name}");
        }
        assert!(parse("guest").is_ok());
        assert!(parse("guesthouse").is_ok());
    }

    #[test]
    fn look_alikes_are_found_across_scripts_case_and_width() {
        for (a, b) in [
            ("alice", "Alice"),
            ("alice", "a1ice"),
            ("alice", "аlice"),
            ("bob", "b0b"),
            ("bob", "ｂｏｂ"),
            ("a-b", "a_b"),
        ] {
            assert!(alike(a, b), "{a} {b}");
        }
        assert!(!alike("alice", "alicia"));
        assert!(!alike("guest-2", "guest-3"));
        assert!(!alike("小明", "小红"));
    }

    #[test]
    fn no_two_given_names_look_alike() {
        for a in 0..300 {
            for b in 0..a {
                assert!(!alike(
                    &std::format!("guest-{a}"),
                    &std::format!("guest-{b}")
                ));
            }
        }
    }
}
