//! The rarer calls of the application, the same for both subjects.

use smolchat::node::RecvError;
use smolchat::trace::Kind;
use smoltcp::socket::tcp;
use smoltcp::time::Duration;

use super::{Lab, trail};

impl Lab {
    /// What RECEIVE says when there is nothing: the node's word, or smoltcp's.
    pub(crate) fn receive_error(&mut self) -> Result<usize, Result<RecvError, tcp::RecvError>> {
        let mut buffer = [0; 8];
        match self.socket() {
            Some(socket) => socket.recv_slice(&mut buffer).map_err(Err),
            None => {
                let handle = self.handle();
                self.node()
                    .tcp(handle)
                    .unwrap()
                    .recv(&mut buffer)
                    .map_err(Ok)
            }
        }
    }

    /// smoltcp's only limit for a silent peer; the node has its own.
    pub(crate) fn set_timeout(&mut self, duration: Duration) {
        if let Some(socket) = self.socket() {
            socket.set_timeout(Some(duration));
        }
    }

    /// smoltcp's probes of an idle peer; the node has its own limit.
    pub(crate) fn set_keep_alive(&mut self, interval: Duration) {
        if let Some(socket) = self.socket() {
            socket.set_keep_alive(Some(interval));
        }
    }

    /// Takes a single octet.
    pub(crate) fn take_one(&mut self) {
        trail::note(self.now, "RECEIVE 1 octet");
        let mut one = [0; 1];
        match self.socket() {
            Some(socket) => {
                socket.recv_slice(&mut one).unwrap();
            }
            None => {
                let handle = self.handle();
                self.node().tcp(handle).unwrap().recv(&mut one).unwrap();
            }
        }
    }

    /// How often the journal says this. smoltcp's TCP has none, nor anything else that tells.
    pub(crate) fn told(&mut self, of: impl Fn(Kind) -> bool) -> usize {
        if !self.is_node() {
            return 0;
        }
        let journal = self.node().journal();
        journal.iter().filter(|(_, it)| of(it.kind())).count()
    }

    /// The application has no more use for the connection.
    pub(crate) fn let_go(&mut self) {
        if self.is_node() {
            trail::note(self.now, "the connection is let go");
            let (now, handle) = (self.now, self.handle());
            self.node().tcp(handle).unwrap().close(now);
        }
    }
}
