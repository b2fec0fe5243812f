//! Where datagrams go back to: on the way that they came, whatever others say.

use super::*;
use crate::hall::Paper;
use crate::host::udp;
use crate::pair::{Pair, address};
use smolchat::app::{App, Memory};

#[test]
fn an_answer_over_udp_goes_back_to_where_its_datagram_came_from_and_waits_for_nobody() {
    let mut host = Host::new();
    for (us, them) in host::US.into_iter().zip(host::THEM) {
        let other = match them {
            IpAddress::Ipv4(_) => host::v4(3),
            IpAddress::Ipv6(_) => host::v6(3),
        };
        for (from, hardware) in [(them, host::THEIRS), (other, THIEF)] {
            let mut datagram = frame(host::MAC, &udp(from, us, PORT, b"there?"));
            datagram[6..12].copy_from_slice(hardware.as_bytes());
            host.cable.inbox.push_back(datagram);
        }
        assert_eq!(host.work(), [[0; 0]; 0]);
        let paths = [(); 2].map(|()| {
            let received = host.node.next_udp().unwrap().recv_from(&mut [0; 64]);
            received.unwrap().path()
        });
        // Each to its own, whoever spoke last, and nobody is asked.
        for (path, hardware) in paths.iter().zip([host::THEIRS, THIEF]).rev() {
            let mut socket = host.node.udp(PORT).unwrap();
            socket.send_back(host.now, path, b"yes").unwrap();
            let frames = host.work();
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0][..6], *hardware.as_bytes());
        }
        // What goes back to nobody waits until somebody is found.
        let to = IpEndpoint::new(them, 9);
        host.node
            .udp(PORT)
            .unwrap()
            .send_to(host.now, to, b"hello")
            .unwrap();
        let frames = host.work();
        assert_eq!(frames.len(), 1, "a question");
        assert_ne!(frames[0][..6], *host::THEIRS.as_bytes());
    }
}

#[test]
fn what_somebody_says_in_the_name_of_a_member_over_udp_moves_none_of_its_lines() {
    let mut hall = Hall::default();
    let code = hall.ask_datagram("/join, please");
    hall.ask_datagram(&format!("/join {}", code.rsplit(' ').next().unwrap()));
    let speaker = hall.join();
    hall.ask(speaker, "hello\n");
    assert!(hall.recv_datagram().ends_with(": hello\n"));
    // A sign of life, and a line; then others speak.
    for forged in [&b""[..], b"hi"] {
        let from = address(Side::A);
        let mut packet = udp(from, Pair::server().addr, Pair::server().port, forged);
        packet[20..22].copy_from_slice(&5000u16.to_be_bytes());
        let mut datagram = frame(hall.pair.b.mac(), &packet);
        datagram[6..12].copy_from_slice(THIEF.as_bytes());
        // Without a checksum, as IPv4 allows.
        datagram[14 + 26..14 + 28].fill(0);
        assert!(hall.pair.wire.inject(Side::A, hall.pair.now, &datagram));
        hall.run_for(Duration::from_millis(100));
        if !forged.is_empty() {
            assert!(hall.hear(speaker).ends_with(": hi\n"));
            assert!(
                hall.recv_datagram().starts_with("Delivered"),
                "its owner is told"
            );
        }
        for _ in 0..3 {
            hall.ask(speaker, "again\n");
            assert!(hall.recv_datagram().ends_with(": again\n"), "{forged:?}");
        }
    }
}

/// A room on a node, and what the host of one member hears, on whichever hardware address.
struct Moves {
    host: Host,
    room: App<'static>,
    screen: Paper,
}

/// What was sent, to where and with which text.
type Told = Vec<(EthernetAddress, String)>;

impl Moves {
    fn new() -> Self {
        let host = Host::new();
        let room = App::new(host.now, Memory::heap(8, 8), crate::hall::config(false));
        Self {
            host,
            room,
            screen: Paper::default(),
        }
    }

    /// Frames for the node, and what it sends then.
    fn give(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
        self.host.cable.inbox.extend(frames);
        let mut sent = self.host.work();
        self.room
            .run(self.host.now, &mut self.host.node, &mut self.screen);
        sent.extend(self.host.work());
        sent
    }

    /// The member says something, from a hardware address.
    fn say(&mut self, hardware: EthernetAddress, text: &str) -> Told {
        let (us, them) = (host::US[0], host::THEM[0]);
        let mut datagram = frame(host::MAC, &udp(them, us, PORT, text.as_bytes()));
        datagram[6..12].copy_from_slice(hardware.as_bytes());
        texts(&self.give([datagram]))
    }

    /// The member is in, by the code that it is given there.
    fn join(&mut self, hardware: EthernetAddress) -> Told {
        let code = code(&self.say(hardware, "/join, please"));
        self.say(hardware, &code)
    }

    /// An answer to the question where the member is.
    fn answer(&mut self, hardware: EthernetAddress) -> Told {
        let answer = arp(ArpOperation::Reply, hardware, MEMBER, NODE);
        texts(&self.give([answer]))
    }

    /// Nothing comes for so long.
    fn wait(&mut self, millis: u64) -> Vec<Vec<u8>> {
        self.host.now += Duration::from_millis(millis);
        self.give([])
    }
}

const NODE: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
const MEMBER: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);

fn texts(frames: &[Vec<u8>]) -> Told {
    let datagrams = frames.iter().filter(|it| it[12..14] == [8, 0]);
    let told = datagrams.map(|it| (EthernetAddress::from_bytes(&it[..6]), it[42..].to_vec()));
    told.map(|(to, text)| (to, String::from_utf8(text).unwrap()))
        .collect()
}

fn code(told: &Told) -> String {
    format!("/join {}", told[0].1.rsplit(' ').next().unwrap().trim())
}

fn went(told: &Told) -> Vec<EthernetAddress> {
    told.iter().map(|it| it.0).collect()
}

#[test]
fn a_member_over_udp_whose_host_changed_its_hardware_address_joins_again_and_is_told_where_it_was()
{
    let mut moves = Moves::new();
    let first = code(&moves.say(host::THEIRS, "/join, please"));
    assert!(moves.say(host::THEIRS, &first)[0].1.starts_with("Welcome"));
    // A code is good on the way that it was given, and on no other.
    let told = moves.say(THIEF, &first);
    assert_eq!(went(&told), [THIEF]);
    assert!(
        told[0].1.starts_with("code ") || told[0].1.contains("/join "),
        "{told:?}"
    );
    let told = moves.join(THIEF);
    assert_eq!(went(&told), [host::THEIRS, THIEF]);
    assert!(told[1].1.starts_with("You are in already"), "{told:?}");
    // Whoever was there has its lines back by what it was told.
    let told = moves.say(host::THEIRS, &code(&told));
    assert_eq!(went(&told), [THIEF, host::THEIRS]);
}

#[test]
fn a_member_over_udp_whose_host_moved_is_asked_where_it_was_then_among_all_and_followed() {
    let mut moves = Moves::new();
    moves.join(host::THEIRS);
    let moved = THIEF;
    // Nobody knows yet that it is not somebody in its name.
    assert_eq!(went(&moves.say(moved, "here")), [host::THEIRS]);
    let asked = moves.wait(1_100);
    assert_eq!(arps(&asked), [(ArpOperation::Request, NODE, MEMBER)]);
    assert_eq!(
        EthernetAddress::from_bytes(&asked[0][..6]),
        EthernetAddress::BROADCAST
    );
    // Once it answers its lines go there, although it says nothing more; where they went the way back is told.
    let told = moves.answer(moved);
    assert_eq!(went(&told), [host::THEIRS]);
    assert!(told[0].1.contains("/join "), "{told:?}");
    assert_eq!(went(&moves.say(moved, "hello")), [moved]);
}

#[test]
fn a_member_over_udp_that_answers_where_it_was_keeps_its_lines_whoever_speaks_in_its_name() {
    let mut moves = Moves::new();
    moves.join(host::THEIRS);
    for _ in 0..10 {
        assert_eq!(went(&moves.say(THIEF, "here")), [host::THEIRS]);
        // Where it was is asked first, and alone.
        assert!(moves.answer(THIEF).is_empty());
        assert!(moves.answer(host::THEIRS).is_empty());
        assert!(texts(&moves.wait(1_100)).is_empty());
    }
    assert_eq!(went(&moves.say(host::THEIRS, "hello")), [host::THEIRS]);
}
