//! Names: which are allowed, and which look alike.
//!
//! Which letters there are and which look alike is defined by one of two rules: Unicode's, where there is room for its
//! tables (feature `unicode`), or a simple one for boards.

use heapless::String;

#[cfg(any(test, not(feature = "unicode")))]
mod plain;
#[cfg(feature = "unicode")]
mod unicode;

#[cfg(not(feature = "unicode"))]
use plain as rule;
#[cfg(feature = "unicode")]
use unicode as rule;

pub(super) use rule::LETTERS;

/// The longest name, in octets: 24 Latin letters or 8 Chinese characters.
pub const NAME_MAX: usize = 24;

/// A member's name.
pub type Name = String<NAME_MAX, u8>;

/// Names that only the room gives: `guest-3` to members, `udp-k7m2` to senders it does not know.
pub(super) const GIVEN: [&str; 2] = ["guest-", "udp-"];

/// Names nobody may choose, because a reader would take their owner for the room or its operator, or what
/// they say for a line of the room's own, which begins so.
const RESERVED: [&str; 13] = [
    "operator",
    "console",
    "server",
    "room",
    "system",
    "admin",
    "moderator",
    "everybody",
    "nobody",
    "you",
    "smolchat",
    "welcome",
    "delivered",
];

/// The operator's name.
pub(super) const OPERATOR: &str = "operator";

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadName {
    /// It is empty.
    Empty,
    /// It has more than [`NAME_MAX`] octets.
    TooLong,
    /// It has something other than letters, digits and inner `-`, `_`, `.`.
    Characters,
    /// It mixes letters of scripts that look alike.
    Mixed,
    /// It is in capitals that look like letters of another script.
    Capitals,
    /// It is reserved for the room, or looks like one that is.
    Reserved,
}

/// The name in `text`, if it may be one.
pub(super) fn parse(text: &str) -> Result<Name, BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    let joins = |character| matches!(character, '-' | '_' | '.');
    if !text.starts_with(rule::may_begin)
        || !text.ends_with(rule::is_letter)
        || !text.chars().all(|c| rule::is_letter(c) || joins(c))
    {
        return Err(BadName::Characters);
    }
    let mut name = Name::new();
    for character in rule::spelling(text) {
        name.push(character).map_err(|_| BadName::TooLong)?;
    }
    if rule::is_mixed(&name) {
        return Err(BadName::Mixed);
    }
    if rule::capitals_mislead(&name) {
        return Err(BadName::Capitals);
    }
    let given = |prefix: &&str| {
        let mut folded = fold(&name);
        fold(prefix).all(|letter| folded.next() == Some(letter))
    };
    if GIVEN.iter().any(given) || RESERVED.iter().any(|reserved| alike(reserved, &name)) {
        return Err(BadName::Reserved);
    }
    Ok(name)
}

/// Whether a reader could take one for the other.
pub(super) fn alike(a: &str, b: &str) -> bool {
    fold(a).eq(fold(b))
}

/// What is left of a name when the differences that are easy to overlook are taken away.
pub(super) fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    settle(rule::skeleton_of(name))
}

/// Takes away what names differ in less than the skeletons of UTS 39: i and l without regard to case,
/// d and cl, w and vv, the joiners, and strokes among Chinese characters.
fn settle(skeleton: impl IntoIterator<Item = char>) -> impl Iterator<Item = char> {
    skeleton.into_iter().flat_map(|character| {
        let (first, second) = match character {
            '0' | '〇' | '口' => ('o', None),
            '1' | 'i' | '|' | '丨' => ('l', None),
            '_' | '.' | '一' | 'ー' => ('-', None),
            'm' => ('r', Some('n')),
            'w' => ('v', Some('v')),
            'd' => ('c', Some('l')),
            other => (other, None),
        };
        [Some(first), second].into_iter().flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_and_digits_with_inner_joiners() {
        for name in [
            "alice",
            "小明",
            "さくら",
            "김철수",
            "Jean-Luc",
            "x_1",
            "a.b",
            "O-o",
        ] {
            assert_eq!(parse(name).as_deref(), Ok(name));
        }
        for name in [
            "-a",
            "a-",
            "a b",
            "a:b",
            "a'b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{202e}b",
            "\u{3164}",
            "\u{301}a",
            "*",
            "😀",
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
            "guest-3",
            "Guest-x",
            "GUEST_9",
            "guest一3",
            "guestー3",
            "guest.3",
            "udp-1",
            "ucIp-1",
            "r00m",
            "roorn",
            "Admin",
            "adm1n",
            "aclmin",
            "adrnin",
            "y0u",
        ] {
            assert_eq!(parse(name), Err(BadName::Reserved), "{name}");
        }
        for name in ["guest", "guesthouse", "udp", "roomy"] {
            assert_eq!(parse(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn look_alikes_are_found() {
        for (a, b) in [
            ("alice", "Alice"),
            ("alice", "a1ice"),
            ("alice", "aIice"),
            ("bob", "b0b"),
            ("a-b", "a_b"),
            ("tom", "torn"),
            ("will", "vvill"),
            ("dan", "clan"),
            ("カニ", "力二"),
        ] {
            assert!(alike(a, b), "{a} {b}");
        }
        assert!(!alike("alice", "alicia"));
        assert!(!alike("guest-2", "guest-3"));
        assert!(!alike("小明", "小红"));
        assert!(!alike("はな", "ばな"));
    }

    #[cfg(feature = "unicode")]
    mod unicode {
        use super::*;

        #[test]
        fn genuine_names_of_many_scripts_are_taken() {
            for name in [
                "Ольга",
                "Света",
                "Анна",
                "ЮРИЙ",
                "Γιώργος",
                "अमिताभ",
                "محمد",
                "יוסי",
                "สมชาย",
                "நிலா",
                "ქეთევან",
                "Արամ",
                "Müller",
                "Zoë",
                "Đặng",
                "Łukasz",
                "ΝΙΚΟΛΑΟΣ-ΣΩ",
                "山田太郎",
                "김-min",
                "Ọlájùmọ̀kẹ́",
            ] {
                let parsed = parse(name);
                assert!(parsed.is_ok() || name.len() > NAME_MAX, "{name} {parsed:?}");
            }
            assert_eq!(parse("e\u{301}va").as_deref(), Ok("éva"), "one spelling");
        }

        #[test]
        fn letters_of_other_kinds_are_no_letters_of_names() {
            for name in [
                "𝐚lice",
                "𝖆𝖑𝖎𝖈𝖊",
                "𝚊lice",
                "ａｌｉｃｅ",
                "ⅰan",
                "ⅿax",
                "ᴀʟɪᴄᴇ",
                "ᵃlice",
                "ₐlice",
                "ⲁlice",
                "ꓮꓡꓲꓚꓰ",
                "aͤlice",
                "alice\u{345}",
                "ⓐlice",
                "🄰lice",
                "ʟice",
                "ᎪᏞᏆᏟᎬ",
                "Ꭺlice",
                "ℂarl",
                "ſam",
                "ﬁona",
                "ꜱam",
                "ⱥlice",
                "a\u{20dd}",
                "ㅇㅣ",
                "ｱ",
                "卂ㄥ丨匚乇",
                "ᗅlice",
                "𐌀lice",
                "𐐄lga",
                "𝟎perator",
                "①st",
                "²nd",
            ] {
                assert_eq!(parse(name), Err(BadName::Characters), "{name}");
            }
        }

        #[test]
        fn scripts_that_look_alike_are_not_mixed() {
            for name in [
                "аlice",
                "аliсе",
                "ореrator",
                "αlice",
                "οperator",
                "alісe",
                "bοb",
                "Аnna",
                "aا",
                "b٥b",
                "b०b",
                "oס",
                "աlice",
            ] {
                assert_eq!(parse(name), Err(BadName::Mixed), "{name}");
            }
            assert_eq!(
                parse("e\u{301}\u{301}"),
                Err(BadName::Mixed),
                "a mark behind its like"
            );
        }

        #[test]
        fn capitals_that_look_latin_are_refused_and_small_letters_are_compared() {
            for name in ["АННА", "ΑΝΝΑ", "ΒΟΒ", "НОТ"] {
                assert_eq!(parse(name), Err(BadName::Capitals), "{name}");
            }
            for (a, b) in [
                ("pop", "рор"),
                ("Coco", "Сосо"),
                ("olo", "סוס"),
                ("oo", "٥٥"),
                ("alice", "álíce"),
                ("ole", "øle"),
                ("Света", "СВЕТА"),
                ("Ольга", "ОЛЬГА"),
                ("Георг", "георг"),
            ] {
                assert!(alike(a, b), "{a} {b}");
            }
            assert!(!alike("Анна", "Anna"));
            assert!(!alike("はな", "ぱな"));
            assert!(!alike("राम", "रमा"));
        }
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
