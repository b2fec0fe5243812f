//! What may be wrong with a capture, in sentences.

use std::path::PathBuf;
use std::{error, fmt, io};

/// Why a capture could not be read, or not to its end.
#[derive(Debug)]
pub enum CaptureError {
    /// The file could not be opened or read.
    Unreadable(PathBuf, io::Error),
    /// It is neither pcap nor pcapng.
    NotACapture(PathBuf),
    /// It ends in the middle of a packet, after so many whole ones.
    Cut(PathBuf, u64),
    /// After so many packets comes what no capture holds.
    Damaged(PathBuf, u64),
    /// It holds so many packets, and no TCP among them.
    NoTcp(PathBuf, u64),
    /// The ladders could not be written.
    Output(io::Error),
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "there is no file {}", path.display())
            }
            Self::Unreadable(path, error) => {
                write!(f, "{} cannot be read: {error}", path.display())
            }
            Self::NotACapture(path) => write!(
                f,
                "{} is not a capture: give a pcap or pcapng file, as tcpdump -w and Wireshark write",
                path.display()
            ),
            Self::Cut(path, whole) => write!(
                f,
                "{} is cut in the middle of packet {}; what comes before it is drawn",
                path.display(),
                whole + 1
            ),
            Self::Damaged(path, whole) => write!(
                f,
                "{} is damaged after packet {whole}; what comes before is drawn",
                path.display()
            ),
            Self::NoTcp(path, 0) => write!(f, "{} holds no packets", path.display()),
            Self::NoTcp(path, packets) => write!(
                f,
                "{} holds no TCP over IPv4 or IPv6; packets in it: {packets}",
                path.display()
            ),
            Self::Output(error) => write!(f, "the ladders cannot be written: {error}"),
        }
    }
}

impl error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) | Self::Output(error) => Some(error),
            Self::NotACapture(_) | Self::Cut(..) | Self::Damaged(..) | Self::NoTcp(..) => None,
        }
    }
}
