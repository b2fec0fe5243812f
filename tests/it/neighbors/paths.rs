//! Where datagrams go back to: on the way that they came, whatever others say.

use super::*;
use crate::host::udp;
use crate::pair::{Pair, address};

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
