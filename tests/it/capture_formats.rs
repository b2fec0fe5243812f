//! Captures of every kind that others write: nothing in them is refused that is not needed, nothing
//! is left out without a word, and nothing breaks the reader.

use crate::packets::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use smolchat::capture::{CaptureError, LeftOut};
use std::io::Write;

/// The ladder of [`conversation`], which every format leads to.
#[track_caller]
fn draws_the_conversation(file: &[u8]) {
    let (text, result) = draw(file);
    let drawn = result.unwrap();
    assert_eq!((drawn.connections, drawn.packets), (1, 10));
    assert_eq!(text, draw(&pcap(1, &conversation())).0);
}

/// The conversation, 10 ms apart in units of which there are so many in a millisecond.
fn packets_of(blocks: &mut Blocks, per_milli: u64, start: u64, options: &[u8]) {
    for (index, data) in (0..).zip(conversation()) {
        blocks.packet(start + index * 10 * per_milli, &data, options);
    }
}

#[test]
fn what_is_not_needed_is_skipped() {
    for order in [Order::Little, Order::Big] {
        let mut blocks = Blocks::new(order);
        let options = [
            blocks.option(1, b"not UTF-8: \xff\xfe"),
            blocks.option(2, b"\xc3\x28"),
            blocks.option(10, &[0, 0, 0, 1]),
            blocks.option(4000, b"of nobody"),
        ]
        .concat();
        blocks.interface(&options);
        // An empty name record, statistics, a custom block, decryption secrets, and one of nobody.
        let end_of_records = blocks.option(0, &[]);
        blocks.block(4, &end_of_records);
        blocks.block(5, &[0; 12]);
        blocks.block(0xbad, b"custom");
        blocks.block(10, b"secrets!");
        blocks.block(0x7654_3210, b"unknown");
        let comment = [
            blocks.option(1, b"\xff\xff\xff"),
            blocks.option(2, &[1, 0, 0, 0]),
            blocks.option(1, b"a second comment"),
        ]
        .concat();
        packets_of(&mut blocks, 1000, 0, &comment);
        draws_the_conversation(&blocks.file);
    }
}

#[test]
fn times_in_any_unit_are_read() {
    for (resolution, per_milli) in [(3, 1), (6, 1000), (9, 1_000_000), (12, 1_000_000_000)] {
        let mut blocks = Blocks::new(Order::Little);
        let options = blocks.option(9, &[resolution]);
        blocks.interface(&options);
        packets_of(&mut blocks, per_milli, 1_700_000_000, &[]);
        draws_the_conversation(&blocks.file);
    }
}

#[test]
fn no_unit_and_no_offset_breaks_anything() {
    for resolution in 0..=u8::MAX {
        for offset in [i64::MIN, -1, 0, i64::MAX] {
            let mut blocks = Blocks::new(Order::Little);
            let options = [
                blocks.option(9, &[resolution]),
                blocks.option(14, &offset.to_le_bytes()),
            ]
            .concat();
            blocks.interface(&options);
            for (index, data) in (0..).zip(conversation()) {
                let time = if index % 2 == 0 {
                    u64::MAX - index
                } else {
                    index
                };
                blocks.packet(time, &data, &[]);
            }
            assert_eq!(draw(&blocks.file).1.unwrap().connections, 1);
        }
    }
}

#[test]
fn an_offset_of_time_moves_all_packets_alike() {
    let mut blocks = Blocks::new(Order::Big);
    let options = blocks.option(14, &1_700_000_000_i64.to_be_bytes());
    blocks.interface(&options);
    packets_of(&mut blocks, 1000, 0, &[]);
    draws_the_conversation(&blocks.file);
}

#[test]
fn the_obsolete_packet_block_has_the_high_word_first() {
    for order in [Order::Little, Order::Big] {
        let mut blocks = Blocks::new(order);
        blocks.interface(&[]);
        // The low word wraps in the middle of the conversation.
        for (index, data) in (0..).zip(conversation()) {
            let time = 0x1_ffff_8000_u64 + index * 10_000;
            let length = u32::try_from(data.len()).unwrap();
            let front = [0, (time >> 32) as u32, time as u32, length, length];
            let body = [&blocks.words(&front)[..], &data].concat();
            blocks.block(2, &body);
        }
        draws_the_conversation(&blocks.file);
    }
}

#[test]
fn sections_in_both_orders_follow_each_other() {
    let mut blocks = Blocks::new(Order::Little);
    blocks.interface(&[]);
    for (index, data) in (0..).zip(conversation()) {
        if index == 5 {
            blocks.order = Order::Big;
            blocks.section().interface(&[]);
        }
        blocks.packet(index * 10_000, &data, &[]);
    }
    draws_the_conversation(&blocks.file);
}

#[test]
fn a_block_that_does_not_count_its_padding_is_read() {
    let mut blocks = Blocks::new(Order::Little);
    blocks.interface(&[]);
    packets_of(&mut blocks, 1000, 0, &[]);
    // The length of the first packet's block, 54 octets in a block of 88, stands in it twice.
    let place = blocks.file.windows(4).position(|word| word == [6, 0, 0, 0]);
    let place = place.unwrap() + 4;
    assert_eq!(blocks.file[place], 88);
    blocks.file[place] = 86;
    blocks.file[place + 80] = 86;
    draws_the_conversation(&blocks.file);
}

#[test]
fn gzip_in_one_piece_or_several_is_read() {
    let file = pcap(1, &conversation());
    let compressed = |octets: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    };
    let whole = compressed(&file);
    draws_the_conversation(&whole);
    let (first, second) = file.split_at(100);
    draws_the_conversation(&[compressed(first), compressed(second)].concat());
    let cut = draw(&whole[..whole.len() - 20]).1;
    assert!(matches!(cut, Err(CaptureError::Cut(_, _))), "{cut:?}");
}

#[test]
fn the_upper_half_of_the_link_type_is_not_its_number() {
    // Two units of two octets of frame check sequence, and the bit that says that they are there.
    let mut frames = conversation();
    frames.iter_mut().for_each(|data| data.extend([0xaa; 4]));
    draws_the_conversation(&pcap(0x2400_0001, &frames));
    draws_the_conversation(&pcap(0x2400_0001, &conversation()));
}

#[test]
fn a_link_type_that_is_not_known_is_named() {
    let (text, result) = draw(&pcap(147, &conversation()));
    assert_eq!(text, "packets left out: 10 (link type 147 is not known)\n");
    assert!(matches!(result, Err(CaptureError::NoTcp(_, 10))));
}

#[test]
fn an_interface_that_is_not_described_costs_its_packets_only() {
    let mut blocks = Blocks::new(Order::Little);
    blocks.packet(0, &conversation()[0], &[]);
    blocks.interface(&[]);
    packets_of(&mut blocks, 1000, 0, &[]);
    let (text, result) = draw(&blocks.file);
    let left_out = Vec::from_iter(result.unwrap().left_out.iter());
    assert_eq!(left_out, [(LeftOut::Interface, 1)]);
    assert!(
        text.ends_with("\npackets left out: 1 (their interface is not described in the file)\n")
    );
}

/// A conversation whose data come in a packet of so many octets of payload.
fn with_data(packet: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>, payload: usize) -> Vec<Vec<u8>> {
    let mut frames = conversation();
    frames.truncate(3);
    frames.extend(packet(tcp(CLIENT, SERVER, 101, 501, PSH | ACK, payload)));
    let after = 101 + u32::try_from(payload).unwrap();
    frames.push(frame(SERVER, CLIENT, 501, after, ACK, 0));
    frames.push(frame(CLIENT, SERVER, after, 501, PSH | ACK, 7));
    frames
}

/// The first fragments of a segment hold eight octets, less than its header.
fn fragments(segment: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < segment.len() {
        let end = segment.len().min(start + if start < 40 { 8 } else { 1000 });
        let mut packet = ipv4(CLIENT, SERVER, 6, &segment[start..end]);
        let more = if end < segment.len() { 0x2000 } else { 0 };
        let place = u16::try_from(start / 8).unwrap() | more;
        packet[4..6].copy_from_slice(&[0x12, 0x34]);
        packet[6..8].copy_from_slice(&place.to_be_bytes());
        pieces.push(ethernet(&packet));
        start = end;
    }
    pieces
}

#[test]
fn a_fragmented_segment_is_drawn_once_it_is_whole() {
    let in_order = with_data(|segment| fragments(&segment), 3000);
    let reversed = with_data(
        |segment| {
            let mut pieces = fragments(&segment);
            pieces.reverse();
            // One comes twice.
            pieces.insert(1, pieces[0].clone());
            pieces
        },
        3000,
    );
    for frames in [in_order, reversed] {
        let (text, result) = draw(&pcap(1, &frames));
        assert!(text.contains("PSH,ACK seq=1 ack=1 len=3000"), "{text}");
        assert!(!text.contains("out of order"), "{text}");
        assert_eq!(result.unwrap().left_out.iter().count(), 0);
    }
}

#[test]
fn fragments_of_a_packet_that_is_never_whole_are_counted() {
    let frames = with_data(
        |segment| {
            let mut pieces = fragments(&segment);
            pieces.remove(3);
            pieces
        },
        3000,
    );
    let (text, result) = draw(&pcap(1, &frames));
    let left_out = Vec::from_iter(result.unwrap().left_out.iter());
    assert_eq!(left_out, [(LeftOut::Fragment, 7)], "{text}");
    let line = "packets left out: 7 (fragments, and other fragments are missing)\n";
    assert!(text.ends_with(line), "{text}");
}

#[test]
fn a_packet_longer_than_ip_allows_is_drawn_in_pieces() {
    let frames = with_data(
        |segment| vec![ethernet(&ipv4(CLIENT, SERVER, 6, &segment))],
        150_000,
    );
    let (text, _) = draw(&pcap(1, &frames));
    for piece in [
        " ACK seq=1 ack=1 len=65535 ",
        " ACK seq=65536 ack=1 len=65535 ",
        " PSH,ACK seq=131071 ack=1 len=18930 ",
        " ACK seq=1 ack=150001 ",
        " PSH,ACK seq=150001 ack=1 len=7 ",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
    assert!(!text.contains('['), "{text}");
}

#[test]
fn a_window_that_was_cut_off_is_not_a_closed_one() {
    let mut file = pcap(1, &[]);
    for data in conversation() {
        let kept = 48;
        for word in [1, 0, kept, u32::try_from(data.len()).unwrap()] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(&data[..kept as usize]);
    }
    let (text, result) = draw(&file);
    assert!(text.contains("PSH,ACK seq=1 ack=1 len=24"), "{text}");
    assert!(!text.contains("win="), "{text}");
    assert_eq!(result.unwrap().left_out.iter().count(), 0);
}

#[test]
fn a_syn_with_another_number_begins_another_connection() {
    // Nothing tells that the old one is over.
    let mut frames = conversation();
    frames.truncate(5);
    frames.push(frame(CLIENT, SERVER, 9_000_000, 0, SYN, 0));
    frames.push(frame(SERVER, CLIENT, 77, 9_000_001, SYN | ACK, 0));
    let (text, result) = draw(&pcap(1, &frames));
    assert_eq!(result.unwrap().connections, 2);
    let (_, second) = text.split_once("connection #2").unwrap();
    assert!(second.contains(" SYN seq=0 "), "{second}");
    assert!(second.contains(" SYN,ACK seq=0 ack=1 "), "{second}");
}

#[test]
fn a_syn_whose_number_was_acknowledged_is_of_the_same_connection() {
    // The SYN stands behind its answer.
    let mut frames = conversation();
    frames.swap(0, 1);
    let (text, result) = draw(&pcap(1, &frames));
    assert_eq!(result.unwrap().connections, 1);
    assert!(text.contains(" three-way handshake "), "{text}");
    // Behind data that are not the first ones, and their acknowledgment.
    let frames = [
        frame(CLIENT, SERVER, 201, 501, ACK, 100),
        frame(SERVER, CLIENT, 501, 101, ACK, 0),
        frame(CLIENT, SERVER, 100, 0, SYN, 0),
    ];
    assert_eq!(draw(&pcap(1, &frames)).1.unwrap().connections, 1);
}

#[test]
fn a_server_that_answers_with_another_number_begins_its_stream_with_it() {
    let frames = [
        frame(CLIENT, SERVER, 100, 0, SYN, 0),
        frame(SERVER, CLIENT, 500, 101, SYN | ACK, 0),
        frame(CLIENT, SERVER, 100, 0, SYN, 0),
        frame(SERVER, CLIENT, 90_000, 101, SYN | ACK, 0),
        frame(CLIENT, SERVER, 101, 90_001, ACK, 0),
        frame(SERVER, CLIENT, 90_001, 101, PSH | ACK, 5),
    ];
    let (text, _) = draw(&pcap(1, &frames));
    assert!(text.contains(" ACK seq=1 ack=1 "), "{text}");
    assert!(text.contains(" PSH,ACK seq=1 ack=1 len=5 "), "{text}");
    assert!(!text.contains("out of order"), "{text}");
}

#[test]
fn a_hundred_thousand_holes_are_drawn() {
    // Every other segment is missing, and half of those come later, from the end backwards.
    let segment = |number: u32| frame(CLIENT, SERVER, 1000 + number * 10, 1, ACK, 10);
    let sent = (0..100_000).step_by(2).map(segment);
    let later = (1..100_000).step_by(4).rev().map(segment);
    let frames = Vec::from_iter(sent.chain(later));
    let (text, _) = draw(&pcap(1, &frames));
    assert_eq!(text.matches("[out of order]").count(), 49_999);
    assert_eq!(text.matches("[retransmission]").count(), 0);
}

#[test]
fn mutated_captures_are_survived() {
    let mut blocks = Blocks::new(Order::Little);
    let options = [blocks.option(9, &[6]), blocks.option(14, &[0; 8])].concat();
    blocks.interface(&options);
    packets_of(&mut blocks, 1000, 0, &[]);
    let long = with_data(|segment| fragments(&segment), 3000);
    let corpus = [
        pcap(1, &conversation()),
        blocks.file,
        pcap(1, &long),
        pcap(113, &conversation()),
    ];
    let mut random = fastrand::Rng::with_seed(9);
    for run in 0..8000 {
        let mut file = corpus[run % corpus.len()].clone();
        for _ in 0..random.usize(1..8) {
            let place = random.usize(..file.len());
            file[place] = match random.u8(..4) {
                0 => 0,
                1 => 0xff,
                2 => file[place] ^ (1 << random.u8(..8)),
                _ => random.u8(..),
            };
        }
        if random.u8(..8) == 0 {
            file.truncate(random.usize(..file.len()));
        }
        // Whatever it says, it says it.
        let _ = draw(&file);
    }
}
