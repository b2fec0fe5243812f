//! Who comes over UDP: asks for a code, returns it, hears everybody, and stays as long as it says something.

use smoltcp::time::{Duration, Instant};

use super::ledger::{Ledger, number_in};
use super::network::{Network, host_port};

/// When to ask again for what did not come.
const AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Asking,
    Returning(String),
    In,
    /// It left, or was told that it did.
    Over,
}

/// A member over UDP, one to a host.
#[derive(Debug)]
pub(crate) struct Correspondent {
    pub(crate) number: usize,
    pub(crate) host: usize,
    pub(crate) stage: Stage,
    family: usize,
    asked: Instant,
    /// The lines it heard, in the order in which they came.
    pub(crate) heard: Vec<usize>,
}

impl Correspondent {
    pub(crate) fn new(net: &mut Network, number: usize, (host, family): (usize, usize)) -> Self {
        let mut guest = Self {
            number,
            host,
            stage: Stage::Asking,
            family,
            asked: net.now,
            heard: Vec::new(),
        };
        guest.send(net, "/join, please\n");
        guest
    }

    /// Sends a datagram: what finds no room is lost like any other.
    pub(crate) fn send(&mut self, net: &mut Network, text: &str) {
        let (now, room) = (net.now, net.room_at(self.family));
        self.asked = now;
        let node = &mut net.host(self.host).node;
        let _ = node
            .udp(host_port())
            .unwrap()
            .send_to(now, room, text.as_bytes());
    }

    pub(crate) fn say(&mut self, net: &mut Network, ledger: &mut Ledger) {
        let text = ledger.line(self.number, 0) + "\n";
        self.send(net, &text);
    }

    /// Asks again, if that is due.
    pub(crate) fn remind(&mut self, net: &mut Network) {
        if net.now < self.asked + AGAIN {
            return;
        }
        match self.stage.clone() {
            Stage::Asking => self.send(net, "/join, please\n"),
            Stage::Returning(code) => self.send(net, &format!("/join {code}\n")),
            Stage::In | Stage::Over => {}
        }
    }

    /// Reads what came, at a moment at which something happens on its host.
    pub(crate) fn turn(&mut self, net: &mut Network) {
        let mut buffer = [0; 2048];
        while let Some(received) = net
            .host(self.host)
            .node
            .next_udp()
            .and_then(|mut it| it.recv_from(&mut buffer))
        {
            let text = str::from_utf8(&buffer[..received.len]).expect("UTF-8");
            for line in text.lines() {
                self.read(net, line);
            }
        }
    }

    fn read(&mut self, net: &mut Network, line: &str) {
        if let Some(number) = number_in(line) {
            self.heard.push(number);
        } else if line == "q" || line.starts_with("You were silent") {
            self.stage = Stage::Over;
        } else if line.starts_with("Welcome, ") {
            self.stage = Stage::In;
        } else if let Some((_, code)) = line.split_once("code ")
            && self.stage == Stage::Asking
        {
            self.stage = Stage::Returning(code.into());
            self.send(net, &format!("/join {code}\n"));
        }
    }
}
