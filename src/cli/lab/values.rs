//! What may stand behind an option of the laboratory, and the sentence for what may not.

use smolchat::lab::{DELAY, DROP, LOSS, MSL};
use smolchat::lang::Lang;
use smolchat::picture::Format;
use smoltcp::time::Duration;

fn time(text: &str, [least, most]: [Duration; 2], sentence: &str) -> Result<Duration, String> {
    let parsed = humantime::parse_duration(text).ok();
    let time = parsed.map(|time| Duration::from_micros(time.as_micros() as u64));
    time.filter(|time| (least..=most).contains(time))
        .ok_or_else(|| sentence.into())
}

fn number(text: &str, [least, most]: [u64; 2], sentence: &str) -> Result<u64, String> {
    let parsed = text.parse().ok();
    parsed
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| sentence.into())
}

pub fn msl(text: &str) -> Result<Duration, String> {
    time(
        text,
        MSL,
        "here a maximum segment lifetime is a time from 1s to 2min, such as 30s",
    )
}

pub fn delay(text: &str) -> Result<Duration, String> {
    time(
        text,
        DELAY,
        "here a delay is a time from 1ms to 100ms, such as 20ms",
    )
}

pub fn loss(text: &str) -> Result<u64, String> {
    number(
        text,
        LOSS,
        "give the number of the message that is to be lost: 1, 2 or 3",
    )
}

pub fn drop(text: &str) -> Result<u64, String> {
    number(
        text,
        DROP,
        "give how many times in a row it is to be lost: from 1 to 4",
    )
}

pub fn language(text: &str) -> Result<Lang, String> {
    Lang::of_code(text).ok_or_else(|| "a language is en (English) or zh (Chinese)".into())
}

pub fn seed(text: &str) -> Result<u64, String> {
    number(
        text,
        [0, u64::MAX],
        "a seed is a whole number, such as 1; the same seed makes the same choices",
    )
}

pub fn format(text: &str) -> Result<Format, String> {
    Format::of_name(text).ok_or_else(|| {
        let names = Format::ALL.map(Format::name);
        let [first @ .., last] = &names;
        format!("a ladder can be had as {} or {last}", first.join(", "))
    })
}
