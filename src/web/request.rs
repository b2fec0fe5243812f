//! A request line, and the status of its response (RFC 9112, section 3; RFC 9110, section 15).

use super::opening::{is_method, words};

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// With the page.
    Ok,
    /// With the methods that are supported (RFC 9110, 9.3.7).
    Options,
    /// It is not a request.
    BadRequest,
    /// There is no such page.
    NotFound,
    /// A method that is not allowed here.
    NotAllowed,
    /// Its line did not end in time.
    Timeout,
    /// Its line is longer than any message.
    TooLong,
    /// An unknown method.
    NotImplemented,
    /// Too many requests at the moment.
    Busy,
    /// Another version of HTTP.
    Version,
}

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// How it is answered.
    pub status: Status,
    /// Whether only the head of the response is wanted: it then has no body, whatever the status (RFC 9110, 9.3.2).
    pub head: bool,
}

impl Request {
    /// Parses a request line, without its end.
    pub fn parse(line: &[u8]) -> Self {
        let (method, rest) = words(line);
        Self {
            status: status(method, rest),
            head: method == b"HEAD",
        }
    }

    /// A request whose line is incomplete, as far as it came.
    pub fn cut(line: &[u8], status: Status) -> Self {
        let head = Self::parse(line).head;
        Self { status, head }
    }
}

fn status<'l>(method: &[u8], mut rest: impl Iterator<Item = &'l [u8]>) -> Status {
    let (Some(target), Some(version), None) = (rest.next(), rest.next(), rest.next()) else {
        return Status::BadRequest;
    };
    match version {
        b"HTTP/1.0" | b"HTTP/1.1" => {}
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] => {}
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => return Status::Version,
        _ => return Status::BadRequest,
    }
    if !is_method(method) {
        return match method {
            [] => Status::BadRequest,
            _ => Status::NotImplemented,
        };
    }
    let mut parts = target.split(|octet| matches!(octet, b'?' | b'#'));
    let path = parts.next().unwrap_or(target);
    match (method, path) {
        (b"GET" | b"HEAD", b"/" | b"/index.html") => Status::Ok,
        (b"OPTIONS", b"*" | b"/" | b"/index.html") => Status::Options,
        (b"GET" | b"HEAD" | b"OPTIONS", _) => Status::NotFound,
        (_, _) => Status::NotAllowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_line_has_its_status() {
        for (line, status) in [
            ("GET / HTTP/1.1", Status::Ok),
            ("GET /?x=1 HTTP/1.0", Status::Ok),
            ("HEAD / HTTP/1.1", Status::Ok),
            ("GET /favicon.ico HTTP/1.1", Status::NotFound),
            ("HEAD /favicon.ico HTTP/1.1", Status::NotFound),
            ("OPTIONS * HTTP/1.1", Status::Options),
            ("OPTIONS / HTTP/1.1", Status::Options),
            ("OPTIONS /none HTTP/1.1", Status::NotFound),
            ("GET * HTTP/1.1", Status::NotFound),
            ("POST / HTTP/1.1", Status::NotAllowed),
            ("PROPFIND / HTTP/1.1", Status::NotAllowed),
            ("BREW / HTTP/1.1", Status::NotImplemented),
            ("get / HTTP/1.1", Status::NotImplemented),
            ("GET / HTTP/2.0", Status::Version),
            ("PRI * HTTP/2.0", Status::Version),
            ("GET / HTTP/0.9", Status::Version),
            ("GET / http/1.1", Status::BadRequest),
            ("GET / HTTP/1.", Status::BadRequest),
            ("GET /a b HTTP/1.1", Status::BadRequest),
            ("GET /", Status::BadRequest),
            (" / HTTP/1.1", Status::BadRequest),
            ("GET /\u{e9} HTTP/1.1", Status::NotFound),
        ] {
            let request = Request::parse(line.as_bytes());
            assert_eq!(request.status, status, "{line}");
            assert_eq!(request.head, line.starts_with("HEAD "), "{line}");
        }
    }
}
