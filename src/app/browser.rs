//! Who comes to the chat's port and speaks another protocol: a browser gets its response, others are told
//! as well as their protocol can. None of what they send becomes a line.

use heapless::String;
use smoltcp::time::{Duration, Instant};

use super::answers::Content;
use super::app::App;
use super::page::{HAS_PAGE, Page};
use super::response::Reader;
use super::session::{Parting, Role};
use super::sessions::discard;
use crate::chat::MemberId;
use crate::chat::framing::SCRATCH;
use crate::node::{Handle, Node};
use crate::web::{self, Opening, Request, Status};

/// What a browser is told that asks for anything where there is no page.
const NO_PAGE: &[u8] =
    b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n\
    This is a chat without a page. Join with nc.\n";

/// How long a request line may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

impl App<'_> {
    /// Takes a peer out of the room that is no member, and answers it, or begins to.
    pub(super) fn turn_away(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        handle: Handle,
        id: MemberId,
        opening: Opening,
        scratch: &mut [u8],
    ) {
        self.room.leave(id);
        match opening {
            Opening::Http if !HAS_PAGE => {
                if let Some(mut socket) = node.tcp(handle) {
                    // There is room: hardly anything is queued.
                    let _ = socket.send(NO_PAGE);
                }
            }
            Opening::Http => {
                let until = now + REQUEST_TIMEOUT;
                self.sessions
                    .set(handle.slot(), Role::Requesting { handle, until });
                return self.read_request(now, node, handle, until, scratch);
            }
            Opening::Tls => {
                if let Some(mut socket) = node.tcp(handle) {
                    // There is room: hardly anything is queued.
                    let _ = socket.send(&web::ALERT);
                }
            }
            Opening::Other | Opening::Text | Opening::Unclear => {}
        }
        self.sessions.part(now, node, handle, Parting::Finishing);
    }

    /// Waits for the end of a request line.
    pub(super) fn read_request(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        handle: Handle,
        until: Instant,
        scratch: &mut [u8],
    ) {
        if !HAS_PAGE {
            return;
        }
        let Some(mut socket) = node.tcp(handle) else {
            return self.sessions.set(handle.slot(), Role::Empty);
        };
        if socket.ended().is_some() {
            socket.close(now);
            return self.sessions.set(handle.slot(), Role::Empty);
        }
        let count = socket.peek(scratch).unwrap_or(0);
        let seen = web::begin(&scratch[..count]);
        let request = match web::line_of(seen) {
            Some(line) => Request::parse(line),
            None if count >= SCRATCH => Request::cut(seen, Status::TooLong),
            None if socket.has_finished() => Request::cut(seen, Status::BadRequest),
            None if until <= now => Request::cut(seen, Status::Timeout),
            None => return self.sessions.deadlines.not_after(handle.slot(), until),
        };
        self.respond(now, node, handle, request);
    }

    fn respond(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle, mut request: Request) {
        let Some(mut socket) = node.tcp(handle) else {
            return;
        };
        discard(&mut socket);
        if request.status == Status::Ok && !request.head {
            let flow = socket.flow();
            self.sessions.set(handle.slot(), Role::Page(handle));
            let page = Content::Page(Page::new(flow));
            let reader = Reader::Connection(handle);
            if self.begin_answer(now, node, reader, page, true).is_ok() {
                return;
            }
            request.status = Status::Busy;
        }
        let mut response = String::<{ web::RESPONSE_MAX }>::new();
        // It fits, and there is room: hardly anything is queued.
        let _ = web::write_head(request, &mut response);
        if let Some(mut socket) = node.tcp(handle) {
            let _ = socket.send(response.as_bytes());
        }
        self.sessions.part(now, node, handle, Parting::Finishing);
    }
}
