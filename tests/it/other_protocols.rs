//! Who comes to the chat's port and speaks something else: nothing of it is ever a line.

use crate::hall::Hall;
use crate::pair::receive;
use smoltcp::time::Duration;

#[test]
fn a_browser_gets_the_page_and_is_no_member() {
    let mut hall = Hall::default();
    let member = hall.join();
    let browser = hall.join();
    hall.send(browser, "GET / HTTP/1.1\r\nHost: 192.0.2.2:9000\r\n\r\n");
    let page = hall.hear(browser);
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.contains("<li>guest-1, TCP, connection #1\n"), "{page}");
    assert!(page.ends_with("</html>\n"), "{page}");
    assert!(hall.pair.a.tcp(browser).unwrap().has_finished());
    assert_eq!(hall.app.room().len(), 2);
    assert_eq!(hall.hear(member), "");
    // Who has spoken before is no browser.
    hall.ask(member, "hi\n");
    assert_eq!(
        hall.ask(member, "GET / HTTP/1.1\n"),
        "Delivered to 1 member.\n"
    );
}

/// What a peer hears that sends this in pieces, and what the room saw of it.
fn heard_by_a_stranger(pieces: &[&[u8]], pause: Duration) -> (Vec<u8>, String, bool) {
    let mut hall = Hall::default();
    let member = hall.join();
    let stranger = hall.join();
    let mut heard = Vec::new();
    for piece in pieces {
        // Once it is told that nobody listens, it may be that nothing more can be sent.
        let _ = hall.pair.a.tcp(stranger).unwrap().send(piece);
        hall.run_for(pause);
        heard.extend(receive(&mut hall.pair.a, stranger));
    }
    for _ in 0..100 {
        hall.run_for(Duration::from_millis(50));
        heard.extend(receive(&mut hall.pair.a, stranger));
    }
    let closed = hall.pair.a.tcp(stranger).unwrap().has_finished();
    let seen = hall.hear(member) + &hall.screen.text;
    (heard, seen, closed)
}

#[test]
fn nothing_of_a_request_becomes_a_line_however_it_is_cut() {
    let long = format!("GET /{} HTTP/1.1\r\nCookie: a=b\r\n\r\n", "x".repeat(3000));
    for (request, status) in [
        (
            "POST / HTTP/1.1\r\nContent-Type: text/plain\r\nCookie: a=b\r\n\r\nbody\nmore\n",
            "405",
        ),
        (long.as_str(), "414"),
        (
            "GET /none HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "404",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", "505"),
        ("BREW /pot HTTP/1.1\r\nCookie: a=b\r\n\r\n", "501"),
        ("GET / HTP/1.1\r\nCookie: a=b\r\n\r\n", "400"),
        ("\r\nGET /x y HTTP/1.1\r\nCookie: a=b\r\n\r\n", "400"),
    ] {
        let octets = request.as_bytes();
        for cut in [2, 3, 5, 9, 14, octets.len()] {
            let pieces = [&octets[..cut], &octets[cut..]];
            let (heard, seen, closed) = heard_by_a_stranger(&pieces, Duration::from_millis(1500));
            let heard = String::from_utf8(heard).unwrap();
            assert!(
                heard.contains(&format!("HTTP/1.1 {status} ")),
                "{request:?} at {cut}: {heard}"
            );
            assert!(heard.contains("Connection: close\r\n"), "{heard}");
            // The beginning of a method that nobody knows is a word like any.
            let said = seen
                .replace("guest-2: BR\n", "")
                .replace("guest-2: BRE\n", "");
            assert_eq!(said, "", "{request:?} at {cut}");
            assert!(closed, "{request:?} at {cut}");
        }
    }
}

#[test]
fn nothing_of_a_request_that_comes_octet_by_octet_becomes_a_line() {
    let request = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    for pause in [1, 60, 400] {
        let pieces: Vec<&[u8]> = request.chunks(1).collect();
        let (heard, seen, _) = heard_by_a_stranger(&pieces, Duration::from_millis(pause));
        assert!(heard.starts_with(b"HTTP/1.1 404 "), "{pause}");
        assert_eq!(seen, "", "{pause}");
    }
}

#[test]
fn a_method_that_was_said_for_silence_may_still_become_a_request() {
    let pieces = [b"GE".as_slice(), b"T / HTTP/1.1\r\nCookie: a=b\r\n\r\n"];
    let (heard, seen, _) = heard_by_a_stranger(&pieces, Duration::from_secs(5));
    assert!(String::from_utf8(heard).unwrap().contains("HTTP/1.1 501 "));
    assert!(!seen.contains("Cookie") && !seen.contains("HTTP"), "{seen}");
}

#[test]
fn a_request_that_does_not_end_is_told_so() {
    let (heard, seen, closed) = heard_by_a_stranger(&[b"GET /index"], Duration::from_secs(11));
    assert!(heard.starts_with(b"HTTP/1.1 408 "));
    assert_eq!((seen.as_str(), closed), ("", true));
}

#[test]
fn who_speaks_tls_gets_an_alert_and_who_speaks_ssh_or_smb_is_let_go() {
    let alert = [21, 3, 1, 0, 2, 2, 70].as_slice();
    for (hello, expected) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\n\n\n".as_slice(), alert),
        (b"\x80\x2e\x01\x03\x01\x00\x15\n\n", alert),
        (b"SSH-2.0-OpenSSH_9.6\r\n", b""),
        (b"\0\0\0\x85\xffSMBr\0\0\0\0\n\n", b""),
    ] {
        for pieces in [&[hello][..], &[&hello[..1], &hello[1..]]] {
            if hello[0] == 0 && pieces.len() > 1 {
                continue;
            }
            let (heard, seen, closed) = heard_by_a_stranger(pieces, Duration::from_millis(200));
            assert_eq!(heard, expected, "{hello:x?}");
            assert_eq!((seen.as_str(), closed), ("", true), "{hello:x?}");
        }
    }
}

#[test]
fn who_says_something_that_begins_with_a_method_is_a_member() {
    for text in ["GET a life\n", "POST it\n", "LOCK the door"] {
        let mut hall = Hall::default();
        let member = hall.join();
        let answer = hall.ask(member, text);
        assert!(answer.contains("Delivered to 1 member."), "{answer}");
        assert_eq!(
            hall.screen.text.trim_end(),
            format!("guest-1: {}", text.trim_end())
        );
    }
}

#[test]
fn a_head_has_no_body_whatever_its_status() {
    for (request, status) in [
        ("HEAD / HTTP/1.1\r\n\r\n", "200"),
        ("HEAD /none HTTP/1.1\r\n\r\n", "404"),
        ("HEAD / HTTP/2.0\r\n\r\n", "505"),
        ("HEAD /\r\n\r\n", "400"),
    ] {
        let (heard, ..) = heard_by_a_stranger(&[request.as_bytes()], Duration::from_millis(100));
        let heard = String::from_utf8(heard).unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert!(heard.ends_with("\r\n\r\n"), "{heard}");
    }
}
