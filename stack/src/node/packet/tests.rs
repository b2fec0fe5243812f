use super::*;
use std::vec::Vec;

fn v4(options: &[u8]) -> Result<u8, Reason> {
    let len = 20 + options.len() as u8;
    let mut octets = [&[0x40 + len / 4, 0, 0, len + 2][..], &[0, 0, 0, 0, 64, 6]].concat();
    octets.extend([0, 0, 192, 0, 2, 2, 192, 0, 2, 1]);
    octets.extend(options);
    octets.extend([0xab, 0xcd, 0xff, 0xff]);
    Ipv4Packet::new_unchecked(&mut octets[..]).fill_checksum();
    let packet = Packet::v4(&octets, &ChecksumCapabilities::default());
    let packet = match packet {
        Ok(packet) => packet,
        Err(Refused::Silently(reason)) => return Err(reason),
        Err(Refused::Turned(turned)) => panic!("{turned:?}"),
    };
    assert_eq!(packet.payload, [0xab, 0xcd]);
    assert!(!packet.extended);
    Ok(packet.protocol.into())
}

#[test]
fn options_are_skipped_and_source_routes_are_not_followed() {
    assert_eq!(v4(&[]), Ok(6));
    // Router alert, a timestamp, an end with anything behind it.
    assert_eq!(v4(&[148, 4, 0, 0]), Ok(6));
    assert_eq!(v4(&[1, 68, 7, 5, 0, 0, 0, 0]), Ok(6));
    assert_eq!(v4(&[0, 131, 3, 4]), Ok(6));
    assert_eq!(v4(&[131, 7, 8, 192, 0, 2, 1, 0]), Err(Reason::SourceRoute));
    assert_eq!(v4(&[1, 137, 7, 8, 192, 0, 2, 1]), Err(Reason::SourceRoute));
    assert_eq!(v4(&[7, 0, 0, 0]), Err(Reason::Malformed));
    assert_eq!(v4(&[1, 7, 4, 0]), Err(Reason::Malformed));
    assert_eq!(v4(&[1, 1, 1, 7]), Err(Reason::Malformed));
}

#[cfg(feature = "ipv6")]
mod v6 {
    use super::*;

    /// A packet of TCP, whose payload is 0xab and 0xcd, behind these headers: each its number and its
    /// octets from the second on.
    fn packet(headers: &[(u8, &[u8])]) -> Vec<u8> {
        let mut next: Vec<u8> = headers.iter().map(|(kind, _)| *kind).collect();
        next.push(6);
        let mut octets = [&[0x60, 0, 0, 0, 0, 0, next[0], 64][..], &[0; 32]].concat();
        for ((_, rest), next) in headers.iter().zip(&next[1..]) {
            octets.push(*next);
            octets.extend(*rest);
        }
        octets.extend([0xab, 0xcd]);
        octets[5] = octets.len() as u8 - 40;
        // The link pads.
        octets.extend([0xff; 3]);
        octets
    }

    fn read(headers: &[(u8, &[u8])]) -> Result<u16, Refused> {
        let octets = packet(headers);
        let found = Packet::v6(&octets)?;
        assert_eq!(found.payload, [0xab, 0xcd]);
        assert_eq!(found.protocol, IpProtocol::Tcp);
        assert_eq!(found.extended, !headers.is_empty());
        let mut room = [0; 64];
        let bare = found.write_bare(&mut room).expect("there is room");
        assert_eq!(bare, &packet(&[])[..42]);
        Ok(found.named_at)
    }

    fn refused(headers: &[(u8, &[u8])]) -> Refused {
        read(headers).expect_err("it is refused")
    }

    /// What the sender of such a packet is told.
    fn told(headers: &[(u8, &[u8])]) -> Complaint {
        match refused(headers) {
            Refused::Turned(turned) => turned.complaint,
            Refused::Silently(reason) => panic!("{reason}"),
        }
    }

    const PADDED: &[u8] = &[0, 1, 4, 0, 0, 0, 0];

    #[test]
    fn headers_that_ask_for_nothing_are_walked_through() {
        assert_eq!(read(&[]), Ok(6));
        assert_eq!(read(&[(0, PADDED)]), Ok(40));
        assert_eq!(read(&[(60, PADDED)]), Ok(40));
        // Six times Pad1; an unknown option whose bits say: skip.
        assert_eq!(read(&[(60, &[0, 0, 0, 0, 0, 0, 0])]), Ok(40));
        assert_eq!(
            read(&[(0, &[0, 0x3e, 2, 9, 9, 0, 0]), (60, PADDED)]),
            Ok(48)
        );
        // No segments left, whatever the kind of routing.
        assert_eq!(read(&[(43, &[0, 0, 0, 0, 0, 0, 0])]), Ok(40));
        assert_eq!(read(&[(43, &[0, 253, 0, 0, 0, 0, 0])]), Ok(40));
        // A fragment header around all of it.
        let whole = [0, 0, 0, 1, 2, 3, 4];
        assert_eq!(read(&[(44, &whole), (60, PADDED)]), Ok(48));
        assert_eq!(read(&[(60, PADDED); MOST_HEADERS - 1]), Ok(104));
    }

    #[test]
    fn options_that_nobody_knows_are_answered_as_their_bits_say() {
        let silent = refused(&[(0, &[0, 1, 0, 0x7e, 2, 0, 0])]);
        assert_eq!(silent, Reason::ExtensionHeader.into());
        let with = |kind| told(&[(0, &[0, 1, 0, kind, 2, 0, 0])]);
        assert_eq!(with(0xbe), Complaint::unknown_option(44, true));
        assert_eq!(with(0xfe), Complaint::unknown_option(44, false));
    }

    #[test]
    fn the_first_thing_that_speaks_against_a_packet_is_the_one_that_is_said() {
        let found = told(&[(60, &[0, 0xfe, 4, 0, 0, 0, 0]), (0, PADDED)]);
        assert_eq!(found, Complaint::unknown_option(42, false));
        let found = told(&[(60, PADDED), (0, PADDED)]);
        assert_eq!(found, Complaint::unknown_header(40));
        let found = told(&[(43, &[0, 9, 1, 0, 0, 0, 0])]);
        assert_eq!(found, Complaint::bad_field(42));
    }

    #[test]
    fn nothing_is_said_about_an_error_message() {
        let mut octets = packet(&[(60, &[0, 0xfe, 4, 0, 0, 0, 0])]);
        octets[40] = 58;
        // 0xab is an informational message, 1 is an error.
        let found = Packet::v6(&octets).unwrap_err();
        assert!(matches!(found, Refused::Turned(_)));
        octets[48] = 1;
        let found = Packet::v6(&octets).unwrap_err();
        assert_eq!(found, Reason::ExtensionHeader.into());
    }

    #[test]
    fn long_chains_and_lengths_that_lead_out_of_the_packet_are_refused() {
        let long = [(60, PADDED); MOST_HEADERS];
        assert_eq!(refused(&long), Reason::ExtensionHeader.into());
        for header in [
            &[9, 0, 0, 0, 0, 0, 0],
            &[0, 1, 5, 0, 0, 0, 0],
            &[0, 1, 3, 0, 0, 0, 1],
        ] {
            assert_eq!(refused(&[(60, header)]), Reason::Malformed.into());
        }
        let octets = packet(&[(44, &[0; 7])]);
        for len in 40..48 {
            let mut cut = octets[..len].to_vec();
            cut[5] = len as u8 - 40;
            let found = Packet::v6(&cut).unwrap_err();
            assert_eq!(found, Reason::Malformed.into());
        }
    }

    #[test]
    fn parts_of_a_datagram_are_fragments() {
        for offset in [[0, 1], [0, 8], [1, 0]] {
            let header = [0, offset[0], offset[1], 0, 0, 0, 1];
            assert_eq!(refused(&[(44, &header)]), Reason::Fragment.into());
        }
    }
}
