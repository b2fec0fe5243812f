//! Captures: what we write is read back with its comments, and every kind of file is told apart.

use crate::scene::{Scene, golden};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, TsResolution};
use smolchat::capture::{CaptureError, Drawn, PcapNg, ladder_file};
use smolchat::trace::{
    Call, Direction, Ending, Event, Flags, Journal, Kind, Mark, Segment, State, Style, Timer,
    Verdict,
};
use smoltcp::time::Duration;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Address, Ipv4Packet,
    TcpPacket,
};
use std::path::PathBuf;
use std::time::{Duration as Passed, UNIX_EPOCH};

/// A file of its own for each test, removed at its end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str, content: &[u8]) -> Self {
        let name = format!("smolchat-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn ladders(&self) -> (String, Result<Drawn, CaptureError>) {
        let mut out = Vec::new();
        let result = ladder_file(&self.0, &mut out, &Style::PLAIN);
        (String::from_utf8(out).unwrap(), result)
    }

    /// The sentence, with the name of the file left out.
    fn complaint(&self) -> String {
        let error = self.ladders().1.unwrap_err().to_string();
        error.replace(&self.0.display().to_string(), "FILE")
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The segment as an Ethernet frame between 192.168.69.1:9000 and 192.168.69.100:40312.
fn frame(segment: &Segment) -> Vec<u8> {
    let header = &segment.header;
    let payload = usize::from(header.len);
    let mut data = vec![0; 14 + 20 + 20 + payload];
    let (from, to, source, destination) = match segment.direction {
        Direction::Out => (1, 100, 9000, 40312),
        Direction::In => (100, 1, 40312, 9000),
    };
    let mut ethernet = EthernetFrame::new_unchecked(&mut data[..]);
    ethernet.set_dst_addr(EthernetAddress([2, 0, 0, 0, 0, to]));
    ethernet.set_src_addr(EthernetAddress([2, 0, 0, 0, 0, from]));
    ethernet.set_ethertype(EthernetProtocol::Ipv4);
    let mut ip = Ipv4Packet::new_unchecked(&mut data[14..]);
    ip.set_version(4);
    ip.set_header_len(20);
    ip.set_total_len(u16::try_from(40 + payload).unwrap());
    ip.set_hop_limit(64);
    ip.set_next_header(IpProtocol::Tcp);
    ip.set_src_addr(Ipv4Address::new(192, 168, 69, from));
    ip.set_dst_addr(Ipv4Address::new(192, 168, 69, to));
    ip.fill_checksum();
    let mut tcp = TcpPacket::new_unchecked(&mut data[34..]);
    tcp.set_src_port(source);
    tcp.set_dst_port(destination);
    tcp.set_seq_number(header.seq.into());
    tcp.set_ack_number(header.ack.into());
    tcp.set_header_len(20);
    tcp.set_fin(header.flags.contains(Flags::FIN));
    tcp.set_syn(header.flags.contains(Flags::SYN));
    tcp.set_rst(header.flags.contains(Flags::RST));
    tcp.set_psh(header.flags.contains(Flags::PSH));
    tcp.set_ack(header.flags.contains(Flags::ACK));
    tcp.set_window_len(header.window);
    data
}

fn segments(scene: &Scene) -> impl Iterator<Item = (&Event, Segment)> {
    scene
        .events()
        .iter()
        .filter_map(|event| match event.kind() {
            Kind::Segment(segment) => Some((event, segment)),
            _ => None,
        })
}

/// The scene as a pcap file of packets no longer than `snaplen`.
fn pcap(scene: &Scene, snaplen: usize, resolution: TsResolution) -> Vec<u8> {
    let header = PcapHeader {
        datalink: DataLink::ETHERNET,
        ts_resolution: resolution,
        ..PcapHeader::default()
    };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    for (event, segment) in segments(scene) {
        let data = frame(&segment);
        let at = Passed::from_micros(event.at().total_micros() as u64);
        let length = u32::try_from(data.len()).unwrap();
        let kept = &data[..data.len().min(snaplen)];
        writer
            .write_packet(&PcapPacket::new(at, length, kept))
            .unwrap();
    }
    writer.into_writer()
}

/// The scene as the node would have it written.
fn pcapng(scene: &Scene) -> Vec<u8> {
    let mut file = Vec::new();
    let mut capture = PcapNg::new(&mut file, UNIX_EPOCH).unwrap();
    let mut journal = Journal::new(vec![None; 100]);
    for event in scene.events() {
        if let Kind::Segment(segment) = event.kind() {
            capture
                .frame(event.at(), segment.direction, &frame(&segment))
                .unwrap();
        }
    }
    for event in scene.events() {
        journal.record(*event);
    }
    capture.annotate(&journal).unwrap();
    capture.finish().unwrap();
    file
}

fn client_first() -> Scene {
    let mut scene = Scene::passive();
    scene.after(10_000).receives("PSH,ACK", 1, 1, 24);
    scene.after(200).sends("PSH,ACK", 1, 25, 31);
    scene.after(2_000_000).receives("FIN,ACK", 25, 32, 0);
    scene.goes(State::Established, State::CloseWait);
    scene.after(30).sends("ACK", 32, 26, 0);
    scene
        .after(300)
        .calls(Call::Close, State::CloseWait, State::LastAck);
    scene.sends("FIN,ACK", 32, 26, 0);
    scene.after(100).receives("ACK", 26, 33, 0);
    scene.goes(State::LastAck, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

/// A capture from which the handshake is missing, with every kind of repetition.
fn in_the_middle() -> Scene {
    let mut scene = Scene::new();
    scene.receives("PSH,ACK", 101, 51, 100);
    scene.after(10).sends("PSH,ACK", 51, 201, 10);
    scene.after(10).receives("PSH,ACK", 301, 61, 100);
    scene.after(10).receives("PSH,ACK", 201, 61, 100);
    scene.after(10).receives("PSH,ACK", 201, 61, 100);
    scene.after(10).sends("ACK", 61, 401, 0);
    scene.after(10).receives("ACK", 400, 61, 1);
    scene.after(10).sends("ACK", 61, 401, 0);
    scene.after(10).sends("FIN,ACK", 61, 401, 0);
    scene.after(1_000_000).sends("FIN,ACK", 61, 401, 0);
    scene.after(10).receives("ACK", 401, 62, 0);
    scene.after(10).receives("RST,ACK", 401, 62, 0);
    scene
}

#[test]
fn a_pcap_is_drawn_with_the_states_of_both_ends() {
    let file = TestFile::new(
        "both",
        &pcap(&client_first(), 65_535, TsResolution::MicroSecond),
    );
    let (text, result) = file.ladders();
    golden("capture", &text);
    let drawn = result.unwrap();
    assert_eq!((drawn.connections, drawn.packets), (1, 9));
}

#[test]
fn a_pcap_of_short_snapshots_in_nanoseconds_draws_the_same() {
    let scene = client_first();
    let whole = TestFile::new("whole", &pcap(&scene, 65_535, TsResolution::MicroSecond));
    let short = TestFile::new("short", &pcap(&scene, 60, TsResolution::NanoSecond));
    assert_eq!(short.ladders().0, whole.ladders().0);
}

#[test]
fn our_pcapng_draws_the_packets_that_a_pcap_does_with_the_states_that_were_noted() {
    let scene = client_first();
    let pcap = TestFile::new("pcap", &pcap(&scene, 65_535, TsResolution::MicroSecond));
    let pcapng = TestFile::new("pcapng", &pcapng(&scene));
    let (noted, inferred) = (pcapng.ladders().0, pcap.ladders().0);
    let packets = |ladder: &str| ladder.matches(['▶', '◀']).count();
    assert_eq!(packets(&noted), packets(&inferred));
    assert!(inferred.contains("│ (LAST-ACK)"), "{inferred}");
    assert!(noted.contains(" LAST-ACK │ close()"), "{noted}");
}

#[test]
fn a_capture_that_begins_in_the_middle_is_drawn_from_there() {
    let file = TestFile::new(
        "middle",
        &pcap(&in_the_middle(), 65_535, TsResolution::MicroSecond),
    );
    golden("capture-middle", &file.ladders().0);
}

#[test]
fn a_port_used_again_is_another_connection() {
    let mut scene = client_first();
    scene.after(1_000).receives("SYN", 70_000, 0, 0);
    scene.after(10).sends("RST,ACK", 0, 70_001, 0);
    let file = TestFile::new("again", &pcap(&scene, 65_535, TsResolution::MicroSecond));
    assert_eq!(file.ladders().1.unwrap().connections, 2);
}

#[test]
fn a_cut_capture_is_drawn_as_far_as_it_goes() {
    let scene = client_first();
    let whole = pcap(&scene, 65_535, TsResolution::MicroSecond);
    let cut = TestFile::new("cut", &whole[..whole.len() - 7]);
    assert_eq!(
        cut.complaint(),
        "FILE is cut in the middle of packet 9; what comes before it is drawn"
    );
    let (text, result) = cut.ladders();
    assert!(matches!(result, Err(CaptureError::Cut(_, 8))));
    assert_eq!(
        text.lines().filter(|line| line.contains("FIN,ACK")).count(),
        2
    );

    let whole = pcapng(&scene);
    let cut = TestFile::new("cut-ng", &whole[..whole.len() - 7]);
    assert!(matches!(cut.ladders().1, Err(CaptureError::Cut(_, 8))));
}

#[test]
fn what_is_no_capture_is_told_in_a_sentence() {
    let text = TestFile::new("text", b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    let refusal =
        "FILE is not a capture: give a pcap or pcapng file, as tcpdump -w and Wireshark write";
    assert_eq!(text.complaint(), refusal);
    assert_eq!(
        TestFile::new("empty", b"").complaint(),
        "FILE is empty: did whoever was to write it fail, or not write yet?"
    );
    let mut out = Vec::new();
    let directory = ladder_file(&std::env::temp_dir(), &mut out, &Style::PLAIN);
    assert!(matches!(directory, Err(CaptureError::Directory(_))));
    let missing = TestFile::new("missing", b"");
    std::fs::remove_file(&missing.0).unwrap();
    assert_eq!(
        missing.complaint(),
        "there is no file FILE; smolchat serve --pcap FILE and tcpdump -w FILE make captures"
    );
}

#[test]
fn a_capture_without_tcp_is_told_in_a_sentence() {
    let mut header = PcapWriter::new(Vec::new()).unwrap();
    header
        .write_packet(&PcapPacket::new(Passed::ZERO, 60, &[0; 60]))
        .unwrap();
    assert_eq!(
        TestFile::new("no-tcp", &header.into_writer()).complaint(),
        "FILE holds no TCP over IPv4 or IPv6; packets in it: 1"
    );
    let nothing = PcapWriter::new(Vec::new()).unwrap().into_writer();
    assert_eq!(
        TestFile::new("nothing", &nothing).complaint(),
        "FILE holds no TCP over IPv4 or IPv6; packets in it: 0"
    );
}

/// The comments of each packet in a pcapng, and those at its end.
fn comments(file: &[u8]) -> String {
    let mut reader = PcapNgReader::new(file).unwrap();
    let mut text = String::new();
    let mut number = 0;
    while let Some(block) = reader.next_block() {
        match block.unwrap() {
            Block::EnhancedPacket(packet) => {
                number += 1;
                for option in &packet.options {
                    if let EnhancedPacketOption::Comment(comment) = option {
                        text.push_str(&format!("{number}: {comment}\n"));
                    }
                }
            }
            Block::InterfaceStatistics(statistics) => {
                text.push_str(&format!("end: {:?}\n", statistics.options));
            }
            _ => {}
        }
    }
    text
}

#[test]
fn a_change_of_state_stands_on_the_packet_that_caused_it() {
    golden("capture-comments", &comments(&pcapng(&client_first())));
}

#[test]
fn a_change_that_no_packet_shows_stands_at_the_end() {
    let mut scene = Scene::active();
    scene
        .after(70)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 1, 1, 0);
    scene.after(80).receives("FIN,ACK", 1, 2, 0);
    scene.goes(State::FinWait1, State::TimeWait);
    scene.waits(Duration::from_secs(60));
    scene
        .after(10)
        .sends_as("ACK", 2, 2, 0, Mark::None, Verdict::Passed);
    scene.after(60_000_000).turns(
        smolchat::trace::Cause::Timer(Timer::TimeWait),
        State::TimeWait,
        State::Closed,
    );
    golden("capture-comments-end", &comments(&pcapng(&scene)));
}
