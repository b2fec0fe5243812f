//! The page: what a browser is told that comes to the chat's port. Text in, text out.
//!
//! Enough of HTTP/1.1 (RFC 9112) for one request and one response; the connection closes after it,
//! which ends the body (RFC 9112 section 6.3).

use core::fmt::{self, Write};

use smoltcp::wire::IpEndpoint;

use crate::trace::Spelled;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// The page.
    Page,
    /// Its head only.
    Head,
    /// Anything that is not there, such as an icon.
    NotFound,
    /// A method that makes no sense here.
    NotAllowed,
}

/// The whole response while too many others are on their way (RFC 9110 section 15.6.4).
pub const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";

/// Understands a request line without its line end (RFC 9112 section 3); `None` if it is none.
pub fn request(line: &[u8]) -> Option<Request> {
    let line = core::str::from_utf8(line).ok()?;
    let mut words = line.as_bytes().split(|&octet| octet == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_version = version
        .strip_prefix(b"HTTP/1.")
        .is_some_and(|minor| matches!(minor, [b'0'..=b'9']));
    let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    if words.next().is_some() || !is_version || !is_method || target.is_empty() {
        return None;
    }
    let mut parts = target.split(|octet| matches!(octet, b'?' | b'#'));
    let path = parts.next().unwrap_or(target);
    Some(match (method, path) {
        (b"GET", b"/" | b"/index.html") => Request::Page,
        (b"HEAD", b"/" | b"/index.html") => Request::Head,
        (b"GET" | b"HEAD", _) => Request::NotFound,
        (_, _) => Request::NotAllowed,
    })
}

/// Writes the status line, the header fields, and the body of responses that have a fixed one.
///
/// # Errors
/// Those of `out`.
pub fn write_head(request: Request, out: &mut dyn Write) -> fmt::Result {
    let (status, body) = match request {
        Request::Page => ("200 OK", None),
        Request::Head => ("200 OK", Some("")),
        Request::NotFound => ("404 Not Found", Some("There is one page here: /\n")),
        Request::NotAllowed => (
            "405 Method Not Allowed",
            Some("This is a chat; its page can be read only.\n"),
        ),
    };
    write!(out, "HTTP/1.1 {status}\r\nConnection: close\r\n")?;
    write!(
        out,
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    )?;
    if request == Request::NotAllowed {
        write!(out, "Allow: GET, HEAD\r\n")?;
    }
    match (request, body) {
        (Request::NotFound | Request::NotAllowed, Some(body)) => write!(
            out,
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
        (_, _) => write!(out, "Content-Type: text/html; charset=utf-8\r\n\r\n"),
    }
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
        Spelled(local)
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

/// Writes the end of the page, behind the table of connections.
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

/// Text, made safe to stand in HTML.
pub struct Escaped<'o, W: ?Sized>(pub &'o mut W);

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
    fn a_request_line_is_told_from_what_people_say() {
        for (line, expected) in [
            ("GET / HTTP/1.1", Some(Request::Page)),
            ("GET /?x=1 HTTP/1.0", Some(Request::Page)),
            ("HEAD / HTTP/1.1", Some(Request::Head)),
            ("GET /favicon.ico HTTP/1.1", Some(Request::NotFound)),
            ("POST / HTTP/1.1", Some(Request::NotAllowed)),
            ("GET / HTTP/1.1 ", None),
            ("GET / HTTP/2.0", None),
            ("GET / HTTP/1.", None),
            ("GET lost", None),
            ("get / HTTP/1.1", None),
            ("GET  HTTP/1.1", None),
            ("", None),
        ] {
            assert_eq!(request(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(request(b"GET /\xff HTTP/1.1"), None);
    }

    #[test]
    fn what_a_member_chose_cannot_become_markup() {
        let mut out = String::new();
        Escaped(&mut out).write_str("<b>a&\"b\"</b>").unwrap();
        assert_eq!(out, "&lt;b&gt;a&amp;&quot;b&quot;&lt;/b&gt;");
    }

    #[test]
    fn a_fixed_body_is_as_long_as_its_header_says() {
        for request in [Request::NotFound, Request::NotAllowed] {
            let mut out = String::new();
            write_head(request, &mut out).unwrap();
            let (head, body) = out.split_once("\r\n\r\n").unwrap();
            let length = std::format!("Content-Length: {}", body.len());
            assert!(head.contains(&length), "{head}");
        }
    }
}
