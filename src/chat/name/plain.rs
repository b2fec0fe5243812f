//! Names without Unicode's tables, for boards: ASCII letters and digits, Chinese characters, kana and
//! Hangul syllables. Among these few look alike.

/// What names are made of.
pub(in crate::chat) const LETTERS: &str =
    "letters from a to z, digits, Chinese, Japanese or Korean characters";

/// Kana, each behind the Chinese character or the kana that it looks like.
const LOOK_ALIKES: &str = "工エ力カ夕タ卜ト二ニ八ハ匕ヒへヘ厶ム口ロ彐ヨ";

/// The one way to write a name: as it is.
pub(super) fn spelling(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
}

pub(super) fn is_letter(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character,
            '々' | '〇' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '가'..='힣')
}

/// Whether it can stand without a letter before it.
pub(super) fn may_begin(character: char) -> bool {
    is_letter(character)
}

/// These scripts are used together.
pub(super) fn is_mixed(_: &str) -> bool {
    false
}

/// Only Greek, Cyrillic and their like have capitals that do.
pub(super) fn capitals_mislead(_: &str) -> bool {
    false
}

/// What a name looks like.
pub(super) fn skeleton_of(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().map(|character| {
        if character.is_ascii() {
            return character.to_ascii_lowercase();
        }
        let mut before = character;
        LOOK_ALIKES
            .chars()
            .find_map(|alike| {
                (alike == character).then_some(before).or_else(|| {
                    before = alike;
                    None
                })
            })
            .filter(|_| matches!(character, 'ァ'..='ヺ'))
            .unwrap_or(character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn a_board_has_names_of_ascii_and_east_asia_in_any_mixture() {
        for name in [
            "alice",
            "X1",
            "小明",
            "さくら",
            "サクラ",
            "김철수",
            "山田々a",
        ] {
            assert!(
                name.starts_with(may_begin) && name.chars().all(is_letter),
                "{name}"
            );
            assert!(!is_mixed(name) && !capitals_mislead(name));
            assert!(spelling(name).eq(name.chars()));
        }
        for other in "éßоαｂ𝐚ⅰᴀअعא\u{363}\u{200b}\u{1161}".chars() {
            assert!(!is_letter(other), "{other:?}");
        }
        assert!(LETTERS.contains("Chinese"));
    }

    #[test]
    fn kana_that_look_like_chinese_characters_count_as_those() {
        let looks = |name| skeleton_of(name).collect::<String>();
        assert_eq!(looks("カニ"), looks("力二"));
        assert_eq!(looks("ヘ"), looks("へ"));
        assert_eq!(looks("工力卜口"), "工力卜口");
        assert_eq!(looks("Bob"), "bob");
    }
}
