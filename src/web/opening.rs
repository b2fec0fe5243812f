//! The protocol of a peer, recognised by the first octets of its stream: text, or a protocol that is not supported
//! here.
//!
//! Whatever begins like another protocol is never a line of the chat, however it is cut. A first line is HTTP (RFC
//! 9112, section 3) if it has
//!
//! - a method of HTTP or WebDAV and a target: `/…`, `scheme://…` or `*`; whatever follows;
//! - such a method, anything, and a version;
//! - any token, a target and a version. The token may be missing: it came earlier.
//!
//! So `GET a life` and `POST it` are chat lines. What may still become a request waits for [`UNCLEAR`].

use smoltcp::time::Duration;

/// How long the beginning of a possible request waits for more.
pub const UNCLEAR: Duration = Duration::from_secs(3);

/// What a stream begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A chat line.
    Text,
    /// A chat line, unless it continues as a request.
    Unclear,
    /// An HTTP request: its line, or the beginning of it.
    Http,
    /// TLS.
    Tls,
    /// Another protocol, in which there is no way to report an error.
    Other,
}

/// RFC 9110, RFC 5789, RFC 4918, and the preface of RFC 9113.
const METHODS: [&[u8]; 17] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"PRI",
];

/// Whether a method is one that there is.
pub(super) fn is_method(word: &[u8]) -> bool {
    METHODS.contains(&word)
}

/// Recognises a stream by everything it has brought so far.
pub fn opening(seen: &[u8]) -> Opening {
    match *seen {
        [0x16, 3, ..] => return Opening::Tls,
        [0x16] => return Opening::Unclear,
        // A hello in the form of SSL 2: its length, its type, the version it wants.
        [0x80..=0x8f, _, 1, 0 | 2 | 3, ..] => return Opening::Tls,
        [0x80..=0x8f] | [0x80..=0x8f, _] | [0x80..=0x8f, _, 1] => return Opening::Unclear,
        [b'S', b'S', b'H', b'-', b'0'..=b'9', ..] => return Opening::Other,
        // SMB over TCP.
        [0, _, _, _, 0xfd..=0xff, b'S', b'M', b'B', ..] => return Opening::Other,
        _ => {}
    }
    let seen = begin(seen);
    match line_of(seen) {
        Some(line) if is_request(line) => Opening::Http,
        Some(_) => Opening::Text,
        None => begun(seen),
    }
}

/// The stream from its first line on: empty lines before it are skipped (RFC 9112, section 2.2).
pub fn begin(seen: &[u8]) -> &[u8] {
    let empty = seen
        .iter()
        .take_while(|octet| matches!(octet, 0 | b'\r' | b'\n'));
    &seen[empty.count()..]
}

/// The first line, without its end; `None` if it is not complete.
pub fn line_of(seen: &[u8]) -> Option<&[u8]> {
    let end = seen.iter().position(|octet| *octet == b'\n')?;
    Some(seen[..end].strip_suffix(b"\r").unwrap_or(&seen[..end]))
}

/// The words of a line, the first of which may be empty.
pub(super) fn words(line: &[u8]) -> (&[u8], impl DoubleEndedIterator<Item = &[u8]> + Clone) {
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let end = line.iter().position(blank).unwrap_or(line.len());
    let rest = line[end..].split(blank);
    (&line[..end], rest.filter(|word| !word.is_empty()))
}

fn is_request(line: &[u8]) -> bool {
    let (method, mut rest) = words(line);
    let Some(target) = rest.next() else {
        return false;
    };
    let versioned = rest.next_back().is_some_and(is_version);
    match is_method(method) {
        true => versioned || is_target(target),
        false => method.iter().all(is_token) && is_target(target) && versioned,
    }
}

/// The beginning of a line.
fn begun(seen: &[u8]) -> Opening {
    let (method, mut rest) = words(seen);
    if method.len() == seen.len() {
        let cut = !seen.is_empty()
            && (METHODS.iter().any(|method| method.starts_with(seen)) || b"SSH-".starts_with(seen));
        return if cut { Opening::Unclear } else { Opening::Text };
    }
    let (target, version) = (rest.next().unwrap_or(b""), rest.next_back());
    let known = is_method(method);
    let cut = [b"http://".as_slice(), b"https://"]
        .iter()
        .any(|scheme| scheme.starts_with(target));
    let named = method.len() > 2 && method.iter().all(u8::is_ascii_uppercase);
    if known && is_target(target) {
        Opening::Http
    } else if known && (cut || version.is_some_and(is_version) || method == b"CONNECT")
        || named && (target.is_empty() || is_target(target))
    {
        Opening::Unclear
    } else {
        Opening::Text
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet)
}

/// Whether something is meant as a target (RFC 9112, section 3.2) and as nothing else.
fn is_target(word: &[u8]) -> bool {
    word.starts_with(b"/") || word == b"*" || word.windows(3).any(|three| three == b"://")
}

/// A version of HTTP in any writing, or of what has its form (RTSP, SIP).
fn is_version(word: &[u8]) -> bool {
    let http = word.len() >= 5 && word[..5].eq_ignore_ascii_case(b"HTTP/");
    http || matches!(word, [name @ .., b'/', b'0'..=b'9', b'.', b'0'..=b'9']
        if !name.is_empty() && name.iter().all(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_from_what_people_say() {
        for line in [
            "GET / HTTP/1.1",
            "GET /",
            "GET / HTP/1.1",
            "GET  /x y HTTP/1.1 ",
            "POST http://192.0.2.1/ HTTP/1.0",
            "OPTIONS * HTTP/1.1",
            "OPTIONS rtsp://192.0.2.1/ RTSP/1.0",
            "OPTIONS sip:nm SIP/2.0",
            "CONNECT example.org:443 HTTP/1.1",
            "PROPFIND /dav HTTP/1.1",
            "PRI * HTTP/2.0",
            "get / http/1.1",
            "BREW /pot HTTP/1.1",
            " / HTTP/1.1",
            "T / HTTP/1.1",
        ] {
            assert_eq!(
                opening(std::format!("{line}\r\n").as_bytes()),
                Opening::Http,
                "{line}"
            );
        }
        for line in [
            "GET a life",
            "POST it",
            "GET",
            "LOCK the door",
            "I like HTTP/1.1",
            "see /who for more",
            "/who",
            "hello / world",
            "",
            "你好么",
        ] {
            assert_eq!(
                opening(std::format!("{line}\n").as_bytes()),
                Opening::Text,
                "{line}"
            );
        }
    }

    #[test]
    fn a_request_is_no_text_wherever_it_is_cut() {
        for request in [
            "GET / HTTP/1.1\r\nCookie: a=b\r\n\r\n",
            "\r\nDELETE /a/very/long/target HTTP/1.0\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "POST http://192.0.2.1/ HTTP/1.1\r\n",
            "CONNECT example.org:443 HTTP/1.1\r\n",
        ] {
            let begin = request.len() - request.trim_start().len();
            for cut in begin + 1..request.len() {
                let seen = opening(&request.as_bytes()[..cut]);
                assert!(
                    matches!(seen, Opening::Unclear | Opening::Http),
                    "{request:?} at {cut}"
                );
            }
        }
    }

    #[test]
    fn what_people_say_first_is_text_at_once() {
        for text in [
            "你好么,我好哟",
            "hello",
            "q",
            "GET a",
            "POSTER",
            "Hi /all",
            "I / you",
            "\0\0",
            "\u{1}",
        ] {
            assert_eq!(opening(text.as_bytes()), Opening::Text, "{text}");
        }
        // Chinese in GBK.
        assert_eq!(opening(b"\x81\x40\x84\x51"), Opening::Text);
        for text in [
            "G",
            "GE",
            "GET",
            "GET ",
            "PRI",
            "S",
            "SSH",
            "BREW /pot",
            "GET htt",
        ] {
            assert_eq!(opening(text.as_bytes()), Opening::Unclear, "{text}");
        }
    }

    #[test]
    fn no_octets_at_all_stop_it_and_more_of_a_request_is_still_one() {
        const ODD: &[u8] = b"GET / HTTP/1.1\r\n*:OPTIONS\0\x16\x03\x80\xffSMB \t";
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let octets: [u8; 24] = core::array::from_fn(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                ODD[(random % ODD.len() as u64) as usize]
            });
            let mut http = false;
            for len in 0..octets.len() {
                let now = opening(&octets[..len]) == Opening::Http;
                assert!(now || !http, "{octets:x?} at {len}");
                http = now;
            }
        }
    }

    #[test]
    fn other_protocols_are_known_by_their_first_octets() {
        for (octets, expected) in [
            (b"\x16".as_slice(), Opening::Unclear),
            (b"\x16\x03", Opening::Tls),
            (b"\x16\x03\x01\x02\x00\x01", Opening::Tls),
            (b"\x80\x2e\x01", Opening::Unclear),
            (b"\x80\x2e\x01\x03\x01", Opening::Tls),
            (b"\x80\x2e\x01\x00\x02", Opening::Tls),
            (b"SSH-2.0-OpenSSH_9.6\r\n", Opening::Other),
            (b"\0\0\0\x85\xffSMBr", Opening::Other),
        ] {
            assert_eq!(opening(octets), expected, "{octets:x?}");
        }
    }
}
