//! Request lines, and what a browser is shown.
//!
//! What must hold: nothing panics, what a member chose cannot become markup, a head is text, and a body is as
//! long as its header says.

use std::fmt::Write;

use arbitrary::{Result, Unstructured};
use smolchat::web::{
    Escaped, Opening, RESPONSE_MAX, Request, opening, write_foot, write_head, write_how_to_join,
};
use smoltcp::wire::{IpAddress, IpEndpoint};

/// What request lines are made of.
const WORDS: [&[u8]; 24] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"OPTIONS",
    b"get",
    b" ",
    b" ",
    b"  ",
    b"/",
    b"/index.html",
    b"/x?y#z",
    b"*",
    b"http://x/",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"HTTP/1.",
    b"\t",
    b"\xff",
    b"\r\n",
    b"\n",
    b"\x16\x03\x01",
    b"SSH-2.0",
    b"\0",
];

/// Plays what `data` says.
///
/// # Panics
/// If something does not hold.
pub fn run(data: &[u8]) {
    let mut u = Unstructured::new(data);
    if let Ok(line) = line(&mut u) {
        ask(&line);
        begin(&line);
    }
    escape(&String::from_utf8_lossy(u.take_rest()));
}

fn line(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    for _ in 0..u.int_in_range(0..=8)? {
        match u.int_in_range(0..=7)? {
            0 => line.extend(u.bytes(u.len().min(3))?),
            _ => line.extend(*u.choose(&WORDS)?),
        }
    }
    Ok(line)
}

fn ask(line: &[u8]) {
    let request = Request::parse(line);
    let mut answer = String::new();
    write_head(request, &mut answer).expect("room");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    if let Some((_, behind)) = head.split_once("Content-Length: ") {
        assert!(answer.len() <= RESPONSE_MAX, "{answer}");
        let digits = behind.lines().next().unwrap_or_default();
        let whole = digits == body.len().to_string();
        assert!(whole || request.head && body.is_empty(), "{answer}");
    }
    let shown = |octet: u8| (32..127).contains(&octet) || b"\r\n".contains(&octet);
    assert!(head.bytes().all(shown), "{answer}");
    let local = IpEndpoint::new(IpAddress::v4(192, 0, 2, 1), 9000);
    write_how_to_join(local, &mut answer).expect("room");
    write_foot(&mut answer).expect("room");
}

/// What a stream begins as is said once, and holds however much more of it comes; but something said may
/// turn out to be a request whose method nobody knows.
///
/// Known, and not mended yet: empty lines that come alone are something said, and a request behind them is
/// none any more; the beginning of a line may be a request's where all of it is something said.
fn begin(seen: &[u8]) {
    if matches!(seen.first(), Some(0 | b'\r' | b'\n')) {
        return;
    }
    let mut said = Opening::Unclear;
    for len in 1..=seen.len() {
        let now = opening(&seen[..len]);
        let known = said == Opening::Http && now == Opening::Text;
        let open = known || matches!(said, Opening::Unclear | Opening::Text);
        assert!(open || said == now, "{said:?}, then {now:?}: {seen:?}");
        said = now;
    }
}

fn escape(text: &str) {
    let mut out = String::new();
    Escaped(&mut out).write_str(text).expect("room");
    assert!(!out.contains(['<', '>', '"']), "{out}");
    let back = out
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    assert_eq!(back.replace("&amp;", "&"), text);
}
