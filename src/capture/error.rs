//! What can be wrong with a capture, in sentences.

use std::io;
use std::path::PathBuf;

/// Why a capture could not be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// There is no such file.
    #[error(
        "there is no file {}; smolchat serve --pcap FILE and tcpdump -w FILE make captures",
        .0.display()
    )]
    NoSuchFile(PathBuf),
    /// The path is a directory.
    #[error("{} is a directory: give a pcap or pcapng file", .0.display())]
    Directory(PathBuf),
    /// The file is empty.
    #[error("{} is empty: did whoever was to write it fail, or not write yet?", .0.display())]
    Empty(PathBuf),
    /// The file could not be opened or read.
    #[error("{} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is neither pcap nor pcapng.
    #[error(
        "{} is not a capture: give a pcap or pcapng file, as tcpdump -w and Wireshark write",
        .0.display()
    )]
    NotACapture(PathBuf),
    /// It ends in the middle of a packet, after so many whole ones.
    #[error(
        "{} is cut in the middle of packet {}; what comes before it is drawn",
        .0.display(),
        .1 + 1
    )]
    Cut(PathBuf, u64),
    /// After this many packets comes something that no capture contains.
    #[error("{} is damaged after packet {}; what comes before is drawn", .0.display(), .1)]
    Damaged(PathBuf, u64),
    /// It contains this many packets, none of them TCP.
    #[error("{} holds no TCP over IPv4 or IPv6; packets in it: {}", .0.display(), .1)]
    NoTcp(PathBuf, u64),
    /// It contains this many TCP connections, none of them selected.
    #[error(
        "none of the TCP connections in {} is selected; there are {}. smolchat ladder --list shows them",
        .0.display(),
        .1
    )]
    NoneSelected(PathBuf, usize),
    /// It holds more than is kept at once.
    #[error(
        "{} holds more than is kept at once, and what is left out is counted above: choose connections with --port or \
         --host, or take a part of it with editcap -A and -B",
        .0.display()
    )]
    TooMuch(PathBuf),
    /// The ladders could not be written.
    #[error("the ladders cannot be written: {0}")]
    Output(#[source] io::Error),
}
