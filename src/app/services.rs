//! Echo, discard and character generator (RFC 862, 863, 864), for measurements.
//!
//! They are off until [`App::offer_services`] is called, because anyone can use them to keep this node busy. They must
//! not become a weapon against others: the address on a datagram may be forged.
//!
//! - A datagram from a port below 1024, or from one that this node serves itself, gets no answer: two services that
//!   answer each other would never stop.
//! - Nothing that was sent to everyone is answered.
//! - No answer is longer than its request. RFC 864 specifies a random number of up to 512 octets; here it is as many as
//!   the request had, up to 512.
//! - Over TCP the peer's own window is the limit.
//!
//! What gets no answer is recorded in the journal.

use smoltcp::time::Instant;

use super::app::App;
use super::chargen::Pattern;
use super::service::{Served, Service, may_be_answered};
use super::session::{Parting, Role, Session};
use super::sessions::discard;
#[cfg(feature = "services")]
use crate::node::ListenError;
use crate::node::{Handle, Node, Received, TcpSocket};
use crate::trace::Reason;

/// Whether they are there to be offered. Where they are not, nothing else here is reached either.
const COMPILED_IN: bool = cfg!(feature = "services");

/// Pieces that one connection sends back in one turn.
const TURN: usize = 64;

/// The longest answer of the character generator to a datagram (RFC 864).
const LONGEST: usize = 512;

impl App<'_> {
    /// Serves echo, discard and character generator from now on, over TCP and UDP.
    ///
    /// # Errors
    /// If the node cannot serve three more ports each.
    #[cfg(feature = "services")]
    pub fn offer_services(&mut self, node: &mut Node<'_>, backlog: u16) -> Result<(), ListenError> {
        for service in Service::ALL {
            node.listen(service.port(), backlog)?;
            node.bind(service.port())?;
        }
        self.services = true;
        Ok(())
    }

    /// The service that is offered at a port.
    fn service_at(&self, port: u16) -> Option<Service> {
        (COMPILED_IN && self.services).then(|| Service::at(port))?
    }

    /// The service that a new connection is for, unless it is for the room.
    pub(super) fn service_of(&self, node: &Node<'_>, handle: Handle) -> Option<Service> {
        self.service_at(node.status(handle)?.flow.local.port)
    }

    /// Begins to serve a connection to a service.
    pub(super) fn serve(&mut self, now: Instant, handle: Handle, service: Service) {
        let served = Served {
            handle,
            service,
            pattern: Pattern::default(),
        };
        self.sessions.set(handle.slot(), Role::Served(served));
        // The generator speaks first.
        self.sessions.later(now, handle.slot());
    }

    /// The turn of a connection to a service.
    pub(super) fn go_on_serving(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        slot: usize,
        scratch: &mut [u8],
    ) {
        let served = match self.sessions.slots.get_mut(slot) {
            Some(Session(Role::Served(served))) if COMPILED_IN => served,
            _ => return,
        };
        let handle = served.handle;
        let Some(mut socket) = node.tcp(handle) else {
            return;
        };
        let more = match served.service {
            Service::Echo => echo(&mut socket, scratch),
            Service::Discard => {
                discard(&mut socket);
                false
            }
            Service::Generator => {
                discard(&mut socket);
                generate(&mut socket, &mut served.pattern);
                false
            }
        };
        if socket.ended().is_some() {
            socket.close(now);
            self.sessions.set(slot, Role::Empty);
        } else if more {
            self.sessions.later(now, slot);
        } else if !socket.may_recv() {
            self.sessions.part(now, node, handle, Parting::Finishing);
        }
    }

    /// Answers a datagram in the scratch, if it came to a service. False: it is for the room.
    pub(super) fn serve_datagram(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        received: &Received,
        scratch: &mut [u8],
    ) -> bool {
        let Some(service) = self.service_at(received.local.port) else {
            return false;
        };
        let len = match service {
            Service::Echo => received.len,
            Service::Discard => return true,
            Service::Generator => {
                let len = received.len.min(LONGEST);
                Pattern::default().write(&mut scratch[..len]);
                len
            }
        };
        let may_be_answered = may_be_answered(node, received);
        let Some(mut socket) = node.udp(received.local.port) else {
            return true;
        };
        if !may_be_answered {
            socket.refuse(now, received, Reason::Unanswerable);
        } else if received.is_truncated() {
            socket.refuse(now, received, Reason::TooLong);
        } else if socket
            .send_back(now, &received.path(), &scratch[..len])
            .is_err()
        {
            socket.refuse(now, received, Reason::QueueFull);
        }
        true
    }
}

/// Sends back what came; true if it stopped for fairness and there is more.
fn echo(socket: &mut TcpSocket<'_, '_>, scratch: &mut [u8]) -> bool {
    for _ in 0..TURN {
        let count = socket.peek(scratch).unwrap_or(0);
        if count == 0 {
            return false;
        }
        let sent = socket.send(&scratch[..count]).unwrap_or(0);
        socket.consume(sent);
        if sent < count {
            // There is news once there is room.
            return false;
        }
    }
    true
}

/// Fills the transmit buffer with the pattern. There is news once there is room again.
fn generate(socket: &mut TcpSocket<'_, '_>, pattern: &mut Pattern) {
    let mut write = |room: &mut [u8]| {
        pattern.write(room);
        (room.len(), ())
    };
    while socket.send_with(&mut write).is_ok() {}
}
