//! A Linux TAP, opened with the crate `tun-tap`, or with `tun-rs` if segmentation offload is wanted, for which
//! `tun-tap` has no flag.
//!
//! One read per received frame and one write per sent frame, both non-blocking and from reused buffers. With offload a
//! frame may be a TCP segment of many times the MTU, and the caller need not deal with checksums of TCP and UDP; see
//! [`Tap::open_with_offload`]. Nothing here panics because of the system: an error that makes the device useless is
//! kept until the caller asks for it ([`Tap::error`]); all others are counted.
//!
//! The caller polls the device's descriptor ([`AsFd`]) and checks [`Tap::error`] once per round.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::string::{String, ToString};
use std::vec::Vec;

use rustix::io::Errno;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, PacketMeta, RxToken, TxToken};
use smoltcp::time::Instant;
use tun_rs::{DeviceBuilder, Layer};
use tun_tap::{Iface, Mode};

use super::CLEARED;
use super::offload::{self, Arrival, MAX_SEGMENT_FRAME, Train};
use super::read_ahead::ReadAhead;

/// Octets of an Ethernet header, which count towards a frame but not towards an MTU.
const ETHERNET_HEADER: usize = 14;

/// The longest name of a network interface, in octets (`IFNAMSIZ` less the final zero).
pub const MAX_NAME: usize = 15;

/// The largest MTU in octets: with the Ethernet header a frame is then 65,535 octets long.
pub const MAX_MTU: usize = 65_521;

/// Why a TAP cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TapError {
    /// No network interface can have this name.
    #[error(
        "\"{0}\" cannot be the name of a TAP: it needs 1 to 15 octets and none of them may be \
         white space, '/' or ':'"
    )]
    Name(String),
    /// The MTU is larger than a frame can be.
    #[error("an MTU of {0} octets is too large for a TAP: at most 65521 are possible")]
    Mtu(usize),
    /// Another program holds it.
    #[error(
        "the TAP {0} is busy: another program has it open; end that program, or use another TAP and another subnet"
    )]
    Busy(String),
    /// There is an interface of that name, but it is not a TAP.
    #[error("the interface {0} exists and is not a TAP that can be attached to; use another name")]
    NotATap(String),
    /// Creating one needs `CAP_NET_ADMIN`; attaching to one needs to be its owner.
    #[error(
        "not allowed to make or attach to the TAP {0}: this needs root (in a container, the capability \
         CAP_NET_ADMIN), or a TAP made for you with `sudo ip tuntap add {0} mode tap user $USER`"
    )]
    NotPermitted(String),
    /// `/dev/net/tun` exists, but access is denied.
    #[error(
        "not allowed to open /dev/net/tun: run as root, or let root give access with \
         `sudo chmod 0666 /dev/net/tun`"
    )]
    NoAccess,
    /// `/dev/net/tun` does not exist.
    #[error(
        "there is no /dev/net/tun: load the kernel module with `sudo modprobe tun`, or start the container \
         with --device /dev/net/tun"
    )]
    NoTun,
    /// `/dev/net/tun` exists, but has no driver.
    #[error(
        "/dev/net/tun is there, but this kernel has no driver for it: load the module with `sudo modprobe tun`"
    )]
    NoDriver,
    /// The kernel has no segmentation offload for a TAP.
    #[error(
        "the TAP {0} cannot have segmentation offload: this kernel does not offer it; go without \
         --offload"
    )]
    NoOffload(String),
    /// Any other error of the system.
    #[error("cannot open the TAP {0}: {1}")]
    Io(String, #[source] io::Error),
}

/// What passed through a TAP, and what did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TapCounters {
    /// Frames received.
    pub received: u64,
    /// Octets received, Ethernet headers included.
    pub octets_received: u64,
    /// Frames sent.
    pub sent: u64,
    /// Octets sent, Ethernet headers included.
    pub octets_sent: u64,
    /// Received frames longer than the MTU allows; lost.
    pub too_long: u64,
    /// Received frames whose checksum the kernel has not vouched for and is wrong, with offload only; lost.
    pub damaged: u64,
    /// Frames not sent because the kernel had no room.
    pub send_full: u64,
    /// Frames not sent because the link is down.
    pub link_down: u64,
}

/// A TAP as a device.
#[derive(Debug)]
pub struct Tap {
    name: String,
    file: File,
    mtu: usize,
    // Octets that the kernel puts before each frame.
    header: usize,
    // That header and a frame. One octet longer than a frame may be, to notice longer ones.
    received: Vec<u8>,
    // The frame in `received` that nobody has taken yet.
    waiting: Option<Range<usize>>,
    // Datagrams in `received` behind it.
    train: Option<Train>,
    // Header and frame.
    sending: Vec<u8>,
    counters: TapCounters,
    error: Option<io::Error>,
    read_ahead: ReadAhead,
}

impl Tap {
    /// Creates the TAP `name`, or attaches to it if it exists. A TAP created here disappears with this value; one that
    /// existed stays.
    ///
    /// `mtu` is the largest IP packet in octets, at most [`MAX_MTU`]. The MTU on the host's side is not changed.
    ///
    /// # Errors
    /// See [`TapError`], each variant of which says what to do next.
    pub fn open(name: &str, mtu: usize) -> Result<Self, TapError> {
        check(name, mtu)?;
        let iface = Iface::without_packet_info(name, Mode::Tap).map_err(|e| refused(name, e))?;
        Self::over(iface.name(), &iface, mtu, 0)
    }

    /// Like [`open`](Self::open), with segmentation offload: frames of up to [`MAX_SEGMENT_FRAME`] octets in both
    /// directions, which are TCP segments. A frame to be sent that is longer than the MTU needs the size of its parts
    /// in its [`PacketMeta`].
    ///
    /// TCP and UDP checksums in received frames need no verification, and are often incomplete. TCP checksums in sent
    /// frames are written here.
    ///
    /// # Errors
    /// See [`TapError`], each variant of which says what to do next.
    pub fn open_with_offload(name: &str, mtu: usize) -> Result<Self, TapError> {
        check(name, mtu)?;
        let device = attach(name, true).map_err(|error| match Errno::from_io_error(&error) {
            // It is a TAP, and all that is wrong with it is the offload.
            Some(Errno::INVAL) if attach(name, false).is_ok() => {
                TapError::NoOffload(name.to_string())
            }
            _ => refused(name, error),
        })?;
        Self::over(name, &device, mtu, offload::HEADER)
    }

    /// Undoes what [`Self::open_with_offload`] set on a TAP that existed before and stays: until then the kernel keeps
    /// delivering long segments.
    ///
    /// # Errors
    /// See [`TapError`], each variant of which says what to do next.
    pub fn end_offload(name: &str) -> Result<(), TapError> {
        check(name, MAX_MTU)?;
        attach(name, false).map(drop).map_err(|e| refused(name, e))
    }

    fn over(
        name: &str,
        device: &impl AsRawFd,
        mtu: usize,
        header: usize,
    ) -> Result<Self, TapError> {
        let other = |error| TapError::Io(name.to_string(), error);
        // The crates' own handles give out no more than the descriptor. This one keeps the device open.
        let file = filedescriptor::FileDescriptor::dup(device)
            .and_then(|descriptor| descriptor.as_file())
            .map_err(|error| other(io::Error::other(error)))?;
        rustix::io::ioctl_fionbio(&file, true).map_err(|errno| other(errno.into()))?;
        let longest = header
            + if header == 0 {
                mtu + ETHERNET_HEADER
            } else {
                MAX_SEGMENT_FRAME
            };
        Ok(Self {
            name: name.to_string(),
            file,
            mtu,
            header,
            received: std::vec![0; longest + 1],
            waiting: None,
            train: None,
            sending: std::vec![0; longest],
            counters: TapCounters::default(),
            error: None,
            read_ahead: ReadAhead::default(),
        })
    }

    /// The interface's name on the host's side.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The largest IP packet in octets.
    pub const fn mtu(&self) -> usize {
        self.mtu
    }

    /// What has passed through.
    pub const fn counters(&self) -> TapCounters {
        self.counters
    }

    /// The error that made the device useless. It receives and sends nothing while there is one.
    pub const fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Takes that error. The device can then be tried again, and fails again if nothing has changed.
    pub const fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Reads one frame, unless there is one that nobody took.
    fn fill(&mut self) {
        if self.waiting.is_some() || self.next_of_train() || self.read_ahead.leaves_out() {
            return;
        }
        while self.waiting.is_none() && self.error.is_none() {
            match (&self.file).read(&mut self.received) {
                Ok(len) if len == self.received.len() => self.counters.too_long += 1,
                Ok(len) => self.arrived(len),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return self.read_ahead.found_nothing(),
                    ErrorKind::Interrupted => (),
                    _ => self.error = Some(error),
                },
            }
        }
    }

    /// A frame is in the buffer.
    fn arrived(&mut self, len: usize) {
        let Some((header, frame)) = self.received[..len].split_at_checked(self.header) else {
            return;
        };
        self.read_ahead.found();
        if !header.is_empty() {
            match offload::arrival(header, frame) {
                Arrival::Whole => (),
                Arrival::Damaged => return self.counters.damaged += 1,
                Arrival::Train(train) => {
                    self.train = Some(train);
                    self.next_of_train();
                    return;
                }
            }
        }
        self.hand_over(self.header..len);
    }

    /// Takes the next of several datagrams that came together; false if there is none.
    fn next_of_train(&mut self) -> bool {
        let Some(train) = &mut self.train else {
            return false;
        };
        match train.next(&mut self.received[self.header..]) {
            Some(frame) => {
                self.hand_over(self.header + frame.start..self.header + frame.end);
                true
            }
            None => {
                self.train = None;
                false
            }
        }
    }

    fn hand_over(&mut self, frame: Range<usize>) {
        self.counters.received += 1;
        self.counters.octets_received += frame.len() as u64;
        self.waiting = Some(frame);
    }
}

/// Attaches to a TAP through the crate that knows of offload.
fn attach(name: &str, offload: bool) -> io::Result<tun_rs::SyncDevice> {
    DeviceBuilder::new()
        .name(name)
        .layer(Layer::L2)
        .offload(offload)
        .inherit_enable_state()
        .build_sync()
}

fn check(name: &str, mtu: usize) -> Result<(), TapError> {
    if !is_interface_name(name) {
        return Err(TapError::Name(name.to_string()));
    }
    if mtu > MAX_MTU {
        return Err(TapError::Mtu(mtu));
    }
    Ok(())
}

/// Whether the kernel accepts `name` for an interface (`dev_valid_name`), patterns excluded.
pub fn is_interface_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || matches!(c, '/' | ':' | '%' | '\0');
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name != "."
        && name != ".."
        && !name.contains(forbidden)
}

fn refused(name: &str, error: io::Error) -> TapError {
    let name = name.to_string();
    match Errno::from_io_error(&error) {
        Some(Errno::BUSY) => TapError::Busy(name),
        Some(Errno::INVAL) => TapError::NotATap(name),
        Some(Errno::PERM) => TapError::NotPermitted(name),
        Some(Errno::ACCESS) => TapError::NoAccess,
        Some(Errno::NOENT) => TapError::NoTun,
        Some(Errno::NODEV | Errno::NXIO) => TapError::NoDriver,
        _ => TapError::Io(name, error),
    }
}

impl AsFd for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for Tap {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl Device for Tap {
    type RxToken<'t> = Received<'t>;
    type TxToken<'t> = Sending<'t>;

    fn receive(&mut self, _now: Instant) -> Option<(Received<'_>, Sending<'_>)> {
        self.fill();
        let frame = self.waiting.clone()?;
        Some((
            Received {
                octets: &self.received[frame],
                waiting: &mut self.waiting,
            },
            Sending {
                file: &self.file,
                header: self.header,
                buffer: &mut self.sending,
                size: None,
                counters: &mut self.counters,
                error: &mut self.error,
            },
        ))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
        self.error.is_none().then_some(Sending {
            file: &self.file,
            header: self.header,
            buffer: &mut self.sending,
            size: None,
            counters: &mut self.counters,
            error: &mut self.error,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.mtu + ETHERNET_HEADER;
        capabilities
    }
}

/// A frame that arrived. If the token is dropped unused, the frame is still there.
#[derive(Debug)]
pub struct Received<'t> {
    octets: &'t [u8],
    waiting: &'t mut Option<Range<usize>>,
}

impl RxToken for Received<'_> {
    fn consume<R, F>(self, f: F) -> R
    where
        F: FnOnce(&[u8]) -> R,
    {
        *self.waiting = None;
        f(self.octets)
    }
}

/// Leave to send one frame.
#[derive(Debug)]
pub struct Sending<'t> {
    file: &'t File,
    header: usize,
    buffer: &'t mut [u8],
    // Octets of data in each part of a segment that is to be cut.
    size: Option<NonZeroU16>,
    counters: &'t mut TapCounters,
    error: &'t mut Option<io::Error>,
}

impl TxToken for Sending<'_> {
    /// # Panics
    /// If the stack writes a frame longer than the device says it takes, which smoltcp does not.
    fn consume<R, F>(self, len: usize, f: F) -> R
    where
        F: FnOnce(&mut [u8]) -> R,
    {
        let all = &mut self.buffer[..self.header + len];
        let (header, frame) = all.split_at_mut(self.header);
        frame[..len.min(CLEARED)].fill(0);
        let result = f(frame);
        if !header.is_empty() {
            offload::depart(header, frame, self.size);
        }
        let mut file = self.file;
        let sent = loop {
            match file.write(all) {
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                other => break other,
            }
        };
        match sent {
            Ok(_) => {
                self.counters.sent += 1;
                self.counters.octets_sent += len as u64;
            }
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => self.counters.send_full += 1,
                // The device works again when somebody brings the link up.
                Some(Errno::IO) => self.counters.link_down += 1,
                _ => *self.error = Some(error),
            },
        }
        result
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.size = meta.segmentation_offload_size;
    }
}

#[cfg(test)]
mod tests;
