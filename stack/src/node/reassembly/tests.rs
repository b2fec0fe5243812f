use super::*;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec as Many;

const US: IpAddress = IpAddress::v4(192, 0, 2, 1);
const START: Instant = Instant::ZERO;

fn reassembly(places: usize) -> Reassembly<'static> {
    let place = |_| Assembly::new(vec![0; Assembly::ROOM]);
    let places: Many<_> = (0..places).map(place).collect();
    Reassembly::new(places.into())
}

/// Datagram `ident` of a host by the last octet of its address.
fn key(host: u8, ident: u32) -> Key {
    Key {
        src: IpAddress::v4(192, 0, 2, host),
        dst: US,
        ident,
        protocol: Some(IpProtocol::Udp),
    }
}

/// A payload in which each octet says where it is.
fn payload(len: usize) -> Many<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// The pieces of a payload, of so many octets each.
fn pieces(key: Key, payload: &[u8], len: usize) -> Many<Fragment<'_>> {
    let count = payload.len().div_ceil(len);
    let piece = |(index, octets)| Fragment {
        key,
        offset: (index * len) as u16,
        more: index + 1 < count,
        protocol: IpProtocol::Udp,
        hop_limit: 64,
        octets,
    };
    payload.chunks(len).enumerate().map(piece).collect()
}

/// Adds pieces; the payload of the datagram that they come to, and what became of each before.
fn add(
    reassembly: &mut Reassembly<'_>,
    now: Instant,
    pieces: &[Fragment<'_>],
) -> (Many<Kept>, Option<Many<u8>>) {
    let mut kept = Many::new();
    for piece in pieces {
        let (it, _) = reassembly.add(now, piece);
        if let Kept::Whole(place) = it {
            let mut whole = reassembly.take(place).expect("it is whole");
            let payload = whole.frame()[HEADER + 20..].to_vec();
            reassembly.give_back(place, whole);
            return (kept, Some(payload));
        }
        kept.push(it);
    }
    (kept, None)
}

#[test]
fn pieces_come_together_in_whatever_order_and_however_often() {
    let whole = payload(3000);
    let one = pieces(key(2, 1), &whole, 1480);
    for order in [
        &[0, 1, 2][..],
        &[2, 1, 0],
        &[1, 2, 0],
        &[1, 0, 2],
        &[0, 0, 1, 1, 0, 2],
        &[2, 2, 0, 2, 0, 1],
    ] {
        let pieces: Many<_> = order.iter().map(|index| one[*index]).collect();
        let mut reassembly = reassembly(1);
        let (kept, found) = add(&mut reassembly, START, &pieces);
        assert_eq!(found.as_deref(), Some(&whole[..]), "{order:?}");
        assert!(kept.iter().all(|kept| *kept == Kept::Waits));
        assert_eq!(reassembly.deadline(), None);
    }
}

#[test]
fn the_packet_is_like_one_that_was_never_cut() {
    let whole = payload(2000);
    let mut reassembly = reassembly(1);
    let mut pieces = pieces(key(2, 1), &whole, 1480);
    pieces[1].hop_limit = 1;
    assert_eq!(reassembly.add(START, &pieces[1]), (Kept::Waits, false));
    assert_eq!(reassembly.add(START, &pieces[0]), (Kept::Whole(0), false));
    let mut found = reassembly.take(0).unwrap();
    let packet = smoltcp::wire::Ipv4Packet::new_checked(&found.frame()[HEADER..]).unwrap();
    assert!(packet.verify_checksum() && !packet.more_frags() && packet.frag_offset() == 0);
    assert_eq!(packet.hop_limit(), 64);
    assert_eq!(packet.payload(), whole);
}

#[test]
fn the_longest_datagram_fits_and_no_octet_more() {
    let whole = payload(65_515);
    let one = pieces(key(2, 1), &whole, 1480);
    let backwards: Many<_> = one.into_iter().rev().collect();
    let (_, found) = add(&mut reassembly(1), START, &backwards);
    assert_eq!(found, Some(whole));
    let beyond = Fragment {
        offset: 65_512,
        octets: &[0; 4],
        ..pieces(key(2, 1), &[0; 8], 8)[0]
    };
    let dropped = (Kept::Dropped(Reason::Malformed), false);
    assert_eq!(reassembly(1).add(START, &beyond), dropped);
}

#[test]
fn pieces_of_no_length_or_that_leave_a_crumb_are_none() {
    let whole = payload(16);
    let good = pieces(key(2, 1), &whole, 8)[0];
    for octets in [&whole[..0], &whole[..7]] {
        let piece = Fragment { octets, ..good };
        let dropped = (Kept::Dropped(Reason::Malformed), false);
        assert_eq!(reassembly(1).add(START, &piece), dropped);
    }
}

#[test]
fn what_overlaps_spoils_the_whole_datagram_for_good() {
    let whole = payload(48);
    let all = pieces(key(2, 1), &whole, 16);
    let other = [9; 48];
    let piece = |from: usize, to: usize, more| Fragment {
        offset: from as u16,
        more,
        octets: &other[from..to],
        ..all[0]
    };
    let spoiled = Kept::Dropped(Reason::FragmentOverlap);
    for bad in [
        // The same place with other octets; one octet less, or more, or around it.
        piece(16, 32, true),
        piece(8, 24, true),
        piece(24, 40, true),
        piece(8, 40, true),
        // Another end.
        piece(16, 24, false),
        piece(8, 16, false),
    ] {
        let mut reassembly = reassembly(1);
        assert_eq!(reassembly.add(START, &all[1]).0, Kept::Waits);
        assert_eq!(reassembly.add(START, &bad).0, spoiled, "{bad:?}");
        let (kept, found) = add(&mut reassembly, START, &all);
        assert_eq!((kept, found), (vec![spoiled; 3], None), "{bad:?}");
        // It was counted piece by piece.
        assert!(!reassembly.expire(START + REASSEMBLY_TIMEOUT));
        assert_eq!(reassembly.deadline(), None);
    }
}

#[test]
fn an_end_that_comes_twice_in_two_places_is_no_end() {
    let whole = payload(48);
    let all = pieces(key(2, 1), &whole, 16);
    let mut reassembly = reassembly(1);
    assert_eq!(reassembly.add(START, &all[2]).0, Kept::Waits);
    let later = Fragment {
        offset: 48,
        ..all[2]
    };
    let spoiled = Kept::Dropped(Reason::FragmentOverlap);
    assert_eq!(reassembly.add(START, &later).0, spoiled);
}

#[test]
fn a_datagram_full_of_holes_is_given_up() {
    let whole = payload(8 * 64);
    let odd: Many<_> = pieces(key(2, 1), &whole, 8)
        .into_iter()
        .skip(1)
        .step_by(2)
        .collect();
    let (kept, found) = add(&mut reassembly(1), START, &odd);
    let waits = kept.iter().filter(|kept| **kept == Kept::Waits).count();
    assert_eq!((waits, found), (STRETCHES, None));
}

#[test]
fn datagrams_do_not_mix() {
    let (one, other) = (payload(32), vec![9; 32]);
    let mut keys = vec![key(2, 1), key(3, 1), key(2, 2)];
    keys.push(Key {
        protocol: Some(IpProtocol::Tcp),
        ..key(2, 1)
    });
    for wrong in &keys[1..] {
        let mut reassembly = reassembly(4);
        let (first, second) = (pieces(keys[0], &one, 16), pieces(*wrong, &other, 16));
        let order = [first[0], second[0], second[1]];
        let (_, found) = add(&mut reassembly, START, &order);
        assert_eq!(found.as_ref(), Some(&other));
        let (_, found) = add(&mut reassembly, START, &first[1..]);
        assert_eq!(found.as_ref(), Some(&one));
    }
}

#[test]
fn a_datagram_whose_rest_does_not_come_is_given_up_after_half_a_minute() {
    let whole = payload(32);
    let all = pieces(key(2, 1), &whole, 16);
    let mut reassembly = reassembly(1);
    reassembly.add(START, &all[0]);
    // What comes later does not prolong it.
    let later = START + Duration::from_secs(20);
    assert_eq!(reassembly.add(later, &all[0]).0, Kept::Waits);
    assert_eq!(reassembly.deadline(), Some(START + REASSEMBLY_TIMEOUT));
    assert!(!reassembly.expire(START + REASSEMBLY_TIMEOUT - Duration::from_micros(1)));
    assert!(reassembly.expire(START + REASSEMBLY_TIMEOUT));
    assert!(!reassembly.expire(START + REASSEMBLY_TIMEOUT));
    assert_eq!(reassembly.add(later, &all[1]).0, Kept::Waits);
}

#[test]
fn one_sender_pushes_out_only_its_own() {
    let whole = payload(32);
    let mut reassembly = reassembly(4);
    let honest = pieces(key(2, 1), &whole, 16);
    reassembly.add(START, &honest[0]);
    for ident in 0..1000 {
        let now = START + Duration::from_millis(ident);
        let flood = pieces(key(3, ident as u32), &whole, 16);
        let (kept, evicted) = reassembly.add(now, &flood[0]);
        assert_eq!(kept, Kept::Waits);
        assert_eq!(evicted, ident >= SHARE as u64);
    }
    let (_, found) = add(&mut reassembly, START, &honest[1..]);
    assert_eq!(found, Some(whole));
}

#[test]
fn where_all_places_are_taken_those_with_most_give_way_and_among_them_the_oldest() {
    let whole = payload(32);
    let mut reassembly = reassembly(4);
    let give = |reassembly: &mut Reassembly<'_>, host, ident, millis| {
        let now = START + Duration::from_millis(millis);
        reassembly.add(now, &pieces(key(host, ident), &whole, 16)[0])
    };
    for (host, ident, millis) in [(2, 1, 0), (3, 1, 1), (3, 2, 2), (4, 1, 3)] {
        let kept = give(&mut reassembly, host, ident, millis);
        assert_eq!(kept, (Kept::Waits, false));
    }
    assert_eq!(give(&mut reassembly, 5, 1, 4), (Kept::Waits, true));
    let left = |reassembly: &Reassembly<'_>| {
        let keys = reassembly.places.iter().flat_map(|place| &place.partial);
        keys.map(|partial| (partial.key.src, partial.key.ident))
            .collect::<BTreeSet<_>>()
    };
    let host = |host, ident| (key(host, ident).src, ident);
    let all = BTreeSet::from([host(2, 1), host(3, 2), host(4, 1), host(5, 1)]);
    assert_eq!(left(&reassembly), all);
    assert_eq!(give(&mut reassembly, 6, 1, 5), (Kept::Waits, true));
    assert!(!left(&reassembly).contains(&host(2, 1)));
}

#[test]
fn without_places_no_piece_is_kept() {
    let whole = payload(32);
    let piece = pieces(key(2, 1), &whole, 16)[0];
    let dropped = (Kept::Dropped(Reason::Fragment), false);
    assert_eq!(reassembly(0).add(START, &piece), dropped);
}
