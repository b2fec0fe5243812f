//! The page that a browser gets when it comes to the chat's port. Text in, text out.
//!
//! Enough of HTTP/1.1 (RFC 9112) for one request and one response; the connection closes after it,
//! which ends the body (RFC 9112 section 6.3).

use core::fmt::{self, Write};

use smoltcp::wire::IpEndpoint;

use crate::trace::DisplayEndpoint;
use smolhost::opaque;

mod opening;
mod request;

pub use opening::{Opening, UNCLEAR, begin, line_of, opening};
pub use request::{Request, Status};

/// The longest response except the page, in octets.
pub const RESPONSE_MAX: usize = 320;

/// The answer to a TLS client: a fatal alert, "protocol version" (RFC 8446, section 6).
pub const ALERT: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];

/// What methods of other kinds are told.
const READ_ONLY: &str = "This is a chat; its page can be read only.\n";

impl Status {
    /// Its line, and the body, if that is always the same.
    fn texts(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Ok => ("200 OK", None),
            Self::Options => ("200 OK", Some(READ_ONLY)),
            Self::BadRequest => ("400 Bad Request", Some("That is no request.\n")),
            Self::NotFound => ("404 Not Found", Some("There is one page here: /\n")),
            Self::NotAllowed => ("405 Method Not Allowed", Some(READ_ONLY)),
            Self::Timeout => ("408 Request Timeout", Some("The request was not ended.\n")),
            Self::TooLong => ("414 URI Too Long", Some("There is one page here: /\n")),
            Self::NotImplemented => ("501 Not Implemented", Some(READ_ONLY)),
            Self::Busy => (
                "503 Service Unavailable",
                Some("Too much is asked for now; try again in a moment.\n"),
            ),
            Self::Version => (
                "505 HTTP Version Not Supported",
                Some("HTTP/1.1 is spoken here.\n"),
            ),
        }
    }
}

/// Writes the status line, the header fields, and the body of responses that have a fixed one; together at most
/// [`RESPONSE_MAX`] octets. The page follows separately.
///
/// # Errors
/// Those of `out`.
pub fn write_head(request: Request, out: &mut dyn Write) -> fmt::Result {
    let (status, body) = request.status.texts();
    write!(out, "HTTP/1.1 {status}\r\nConnection: close\r\n")?;
    write!(
        out,
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    )?;
    if matches!(request.status, Status::NotAllowed | Status::Options) {
        write!(out, "Allow: GET, HEAD, OPTIONS\r\n")?;
    }
    if request.status == Status::Busy {
        write!(out, "Retry-After: 5\r\n")?;
    }
    let Some(body) = body else {
        return write!(out, "Content-Type: text/html; charset=utf-8\r\n\r\n");
    };
    write!(
        out,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{}",
        body.len(),
        if request.head { "" } else { body }
    )
}

/// Writes the beginning of the page, for a browser that reached `local`.
///
/// # Errors
/// Those of `out`.
pub fn write_how_to_join(local: IpEndpoint, out: &mut dyn Write) -> fmt::Result {
    let (address, port) = (local.addr, local.port);
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>smolchat</title>\n\
         <style>body{{max-width:60em;margin:2em auto;padding:0 1em;font-family:sans-serif}}\n\
         pre{{overflow-x:auto;background:#f4f4f4;color:#111;padding:1em}}</style>\n\
         <h1>smolchat</h1>\n\
         <p>This is {}, a chat node with a TCP/IP stack of its own. A browser cannot chat here,\n\
         but these can:</p>",
        DisplayEndpoint(local)
    )?;
    writeln!(
        out,
        "<pre>nc {address} {port}\nnc -u {address} {port}\n\
         telnet {address} {port}</pre>\n\
         <p>or two lines of Python:</p>\n\
         <pre>import socket; s = socket.create_connection((\"{address}\", {port}))\n\
         s.send(\"hello\".encode()); print(s.recv(1024).decode()); s.close()</pre>"
    )
}

/// Writes the end of the page, after the table of connections.
///
/// # Errors
/// Those of `out`.
pub fn write_foot(out: &mut dyn Write) -> fmt::Result {
    writeln!(
        out,
        "</pre>\n<p>Your browser's connection is among them; after this page the node closes it.\n\
         Reload to see it in TIME-WAIT.</p>\n</html>"
    )
}

/// Text, escaped for HTML.
pub struct Escaped<'o, W: ?Sized>(pub &'o mut W);

opaque!([W: ?Sized] Escaped<'_, W>, "Escaped");

impl<W: Write + ?Sized> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        let special = |octet: u8| matches!(octet, b'<' | b'>' | b'&' | b'"');
        while let Some(at) = rest.bytes().position(special) {
            self.0.write_str(&rest[..at])?;
            self.0.write_str(match rest.as_bytes()[at] {
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'&' => "&amp;",
                _ => "&quot;",
            })?;
            rest = &rest[at + 1..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn what_a_member_chose_cannot_become_markup() {
        let mut out = String::new();
        Escaped(&mut out).write_str("<b>a&\"b\"</b>").unwrap();
        assert_eq!(out, "&lt;b&gt;a&amp;&quot;b&quot;&lt;/b&gt;");
    }

    #[test]
    fn a_fixed_body_is_as_long_as_its_header_says_and_a_head_has_none() {
        for status in [
            Status::Options,
            Status::BadRequest,
            Status::NotFound,
            Status::NotAllowed,
            Status::Timeout,
            Status::TooLong,
            Status::NotImplemented,
            Status::Busy,
            Status::Version,
        ] {
            let written = |head| {
                let mut out = String::new();
                write_head(Request { status, head }, &mut out).unwrap();
                assert!(out.len() <= RESPONSE_MAX);
                out
            };
            let (whole, only) = (written(false), written(true));
            let (head, body) = whole.split_once("\r\n\r\n").unwrap();
            let length = std::format!("Content-Length: {}", body.len());
            assert!(head.contains(&length) && !body.is_empty(), "{head}");
            assert_eq!(only, std::format!("{head}\r\n\r\n"));
        }
    }
}
