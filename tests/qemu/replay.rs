//! The board is the node that Linux runs: the same frames at the same times give the same journal.

use std::collections::VecDeque;

use smolchat::app::{self, App, Nowhere};
use smolchat::chat;
use smolchat::node::{Config, Memory, Node, Sizes};
use smolchat::trace::Style;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Address};

use crate::board::{BOARDS, Board, PORT, Plug, Setup};
use crate::cable::{Host, Socket};
use crate::members::is_answer;

/// As `firmware/src/boot.rs` makes it of `seed=5eed`.
const SECRET: [u8; 16] = [0xed, 0x5e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xed];

/// Frames that are taken in one by one; what leaves is not looked at.
struct Frames(VecDeque<Vec<u8>>);
struct Incoming(Vec<u8>);
struct Away;

impl Device for Frames {
    type RxToken<'t> = Incoming;
    type TxToken<'t> = Away;

    fn receive(&mut self, _: Instant) -> Option<(Incoming, Away)> {
        Some((Incoming(self.0.pop_front()?), Away))
    }

    fn transmit(&mut self, _: Instant) -> Option<Away> {
        Some(Away)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

impl RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Away {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        fill(&mut vec![0; length])
    }
}

/// The journal of the board: when and what.
fn journal_of(board: &mut Board) -> Vec<(i64, String)> {
    let mut records = Vec::new();
    loop {
        board.type_line(&format!("/journal {}", records.len()));
        let line = board.expect("record: ");
        let record = line.split_once("record: ").unwrap().1;
        let Some((at, what)) = record.split_once(' ') else {
            return records; // None.
        };
        records.push((at.parse().unwrap(), what.to_owned()));
    }
}

/// Whether the record is that of a frame received.
fn is_frame(what: &str) -> bool {
    what.contains("direction: In") || what.contains("AskedForUs") || what.starts_with("Dropped")
}

/// Whether the record is of what a node says of its own accord when it starts: its frames do not say when.
fn is_start(what: &str) -> bool {
    what.contains("Probed")
}

/// The journal of a node on this machine that takes in `frames` at `times`.
fn journal_here(frames: &[Vec<u8>], times: &[i64]) -> Vec<String> {
    let sizes = Sizes {
        connections: 8,
        receive: chat::framing::SCRATCH,
        transmit: chat::LINE_MAX + chat::LAST_WORDS_MAX,
        time_waits: 32,
        backlog: 8,
        ..Sizes::default()
    };
    let none = IpCidr::new(IpAddress::v4(0, 0, 0, 0), 32);
    let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 2]), none, SECRET);
    let mut node = Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap();
    let address = IpCidr::new(IpAddress::v4(192, 0, 2, 2), 24);
    node.set_addresses(Instant::ZERO, &[address], &[]).unwrap();
    node.listen(PORT, 8).unwrap();
    node.bind(PORT).unwrap();
    let config = app::Config {
        limits: chat::Limits::default(),
        secret: [1, 2],
        style: Style::ASCII,
        live: false,
    };
    let mut app = App::new(Instant::ZERO, app::Memory::heap(8, 9), config);
    let mut device = Frames(VecDeque::new());
    let mut round = |now, frame: Option<&Vec<u8>>| {
        device.0.extend(frame.cloned());
        node.poll_ingress(now, &mut device);
        app.run(now, &mut node, &mut Nowhere);
        let egress = node.poll_egress(now, &mut device);
        let deadline = [egress, app.deadline()].into_iter().flatten().min();
        let journal = node.journal().iter();
        let journal = journal.map(|(_, event)| format!("{:?}", event.kind()));
        (deadline, journal.collect::<Vec<_>>())
    };
    let mut journal = Vec::new();
    for (place, frame) in frames.iter().enumerate() {
        let next = times.get(place + 1).copied().unwrap_or(times[place]);
        let mut due;
        (due, journal) = round(Instant::from_micros(times[place]), Some(frame));
        while let Some(at) = due.filter(|at| at.total_micros() < next) {
            let now = at.max(Instant::from_micros(times[place] + 1));
            (due, journal) = round(now, None);
        }
    }
    journal
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_same_frames_give_the_same_journal_on_the_board_and_here() {
    for name in BOARDS {
        let socket = Socket::new();
        let setup = Setup {
            drill: true,
            boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24 live=off",
            ..Setup::new(name, Plug::Cable(socket.address()))
        };
        let mut board = Board::start(&setup);
        let mut host = Host::new(socket.cable(), Ipv4Address::new(192, 0, 2, 1));
        board.expect("listening on port 4000");
        for said in ["你好", "/who", "and good-bye"] {
            host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
            if said != "/who" {
                assert!(is_answer(&host.say(said)));
            }
            host.close();
            board.type_line("/states");
            board.expect("0 connections, 0 in TIME-WAIT, 1 in the room.");
        }
        let records = journal_of(&mut board);
        let frames = records.iter().filter(|(_, what)| is_frame(what));
        let times: Vec<i64> = frames.map(|(at, _)| *at).collect();
        let sent = &host.cable.sent;
        assert_eq!(times.len(), sent.len(), "{name}: {records:#?}");
        let here = journal_here(sent, &times);
        let here = here.into_iter().filter(|what| !is_start(what));
        let here: Vec<String> = here.collect();
        let there = records.into_iter().map(|(_, what)| what);
        let there: Vec<String> = there.filter(|what| !is_start(what)).collect();
        assert!(there.len() > 40, "{there:#?}");
        assert_eq!(there, here, "{name}");
    }
}
