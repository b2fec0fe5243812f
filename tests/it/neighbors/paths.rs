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

#[test]
fn a_member_over_udp_whose_host_changed_its_hardware_address_joins_again_and_is_told_where_it_was()
{
    let mut host = Host::new();
    let (us, them) = (host::US[0], host::THEM[0]);
    let mut room = App::new(host.now, Memory::heap(8, 8), crate::hall::config(false));
    let mut screen = Paper::default();
    let mut say = |host: &mut Host, hardware: EthernetAddress, text: &str| {
        let mut datagram = frame(host::MAC, &udp(them, us, PORT, text.as_bytes()));
        datagram[6..12].copy_from_slice(hardware.as_bytes());
        host.cable.inbox.push_back(datagram);
        let mut frames = host.work();
        room.run(host.now, &mut host.node, &mut screen);
        frames.extend(host.work());
        let told = frames
            .iter()
            .map(|it| (EthernetAddress::from_bytes(&it[..6]), it[42..].to_vec()));
        let texts = told.map(|(to, text)| (to, String::from_utf8(text).unwrap()));
        texts.collect::<Vec<_>>()
    };
    let code = |told: &[(EthernetAddress, String)]| {
        format!("/join {}", told[0].1.rsplit(' ').next().unwrap())
    };
    let first = code(&say(&mut host, host::THEIRS, "/join, please"));
    assert!(
        say(&mut host, host::THEIRS, &first)[0]
            .1
            .starts_with("Welcome")
    );
    // A code is good on the way that it was given, and on no other.
    let told = say(&mut host, THIEF, &first);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, THIEF);
    assert!(
        told[0].1.starts_with("code ") || told[0].1.contains("/join "),
        "{told:?}"
    );
    let second = code(&say(&mut host, THIEF, "/join, please"));
    let told = say(&mut host, THIEF, &second);
    assert_eq!(
        told.iter().map(|it| it.0).collect::<Vec<_>>(),
        [host::THEIRS, THIEF]
    );
    assert!(told[1].1.starts_with("You are in already"), "{told:?}");
    // Whoever was there has its lines back by what it was told.
    let back = code(&told);
    let told = say(&mut host, host::THEIRS, back.trim());
    assert_eq!(
        told.iter().map(|it| it.0).collect::<Vec<_>>(),
        [THIEF, host::THEIRS]
    );
}
