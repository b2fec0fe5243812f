//! A Linux TAP, opened through the crate `tun-tap`.
//!
//! One read per frame received, one write per frame sent, both without blocking and from buffers
//! that are used again and again. Nothing here panics because of the system: an error that makes the
//! device useless is kept until the caller asks for it ([`Tap::error`]); all others are counted.
//!
//! The caller polls the device's descriptor ([`AsFd`]) and looks at [`Tap::error`] once per round.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::string::{String, ToString};
use std::vec::Vec;

use rustix::io::Errno;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use tun_tap::{Iface, Mode};

use super::CLEARED;

/// Octets of an Ethernet header, which count towards a frame but not towards an MTU.
const ETHERNET_HEADER: usize = 14;

/// The longest name of a network interface, in octets (`IFNAMSIZ` less the final zero).
pub const MAX_NAME: usize = 15;

/// The largest MTU in octets: with the Ethernet header a frame is then 65,535 octets long.
pub const MAX_MTU: usize = 65_521;

/// Why a TAP cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The name cannot be one of a network interface.
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
        "the TAP {0} is busy: another program has it open; end that program or use another name"
    )]
    Busy(String),
    /// An interface of that name is there, but it is no TAP.
    #[error("the interface {0} exists and is not a TAP that can be attached to; use another name")]
    NotATap(String),
    /// Making one needs `CAP_NET_ADMIN`, attaching to one needs to be its owner.
    #[error(
        "not allowed to make or attach to the TAP {0}: this needs root, or a TAP made for you \
         with `sudo ip tuntap add {0} mode tap user $USER`"
    )]
    NotPermitted(String),
    /// `/dev/net/tun` is there but not for us.
    #[error(
        "not allowed to open /dev/net/tun: run as root, or let root give access with \
         `sudo chmod 0666 /dev/net/tun`"
    )]
    NoAccess,
    /// `/dev/net/tun` is not there.
    #[error("there is no /dev/net/tun: load the kernel module with `sudo modprobe tun`")]
    NoTun,
    /// Anything else the system says.
    #[error("cannot open the TAP {0}: {1}")]
    Io(String, #[source] io::Error),
}

/// What went through a TAP, and what did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TapCounters {
    /// Frames received.
    pub received: u64,
    /// Octets received, Ethernet headers included.
    pub octets_received: u64,
    /// Frames sent.
    pub sent: u64,
    /// Octets sent, Ethernet headers included.
    pub octets_sent: u64,
    /// Received frames that are longer than the MTU allows; lost.
    pub too_long: u64,
    /// Frames not sent because the kernel had no room.
    pub send_full: u64,
    /// Frames not sent because the link is down.
    pub link_down: u64,
}

/// A TAP as a device.
#[derive(Debug)]
pub struct Tap {
    iface: Iface,
    // The same open device. The crate's own handle gives out raw descriptors only.
    file: File,
    frame_size: usize,
    // One octet longer than a frame may be, to notice longer ones.
    received: Vec<u8>,
    // Length of the frame in `received` that nobody has taken yet.
    waiting: Option<usize>,
    sending: Vec<u8>,
    counters: TapCounters,
    error: Option<io::Error>,
    habit: Habit,
}

/// How many frames there usually are at once.
///
/// A read that finds nothing costs as much as one that finds a frame. Where a frame has come alone for a
/// while, the second look is left out: the caller waits for the descriptor anyway, and is woken at once
/// if there was another frame after all. Now and then the look is made, to notice when habits change.
#[derive(Debug, Clone, Copy, Default)]
struct Habit {
    /// Frames since the last time there was none.
    frames: u32,
    /// How often in a row a frame came alone.
    alone: u8,
    /// Looks left out since the last one that was made.
    left_out: u8,
}

impl Habit {
    /// So often alone, and it is a habit.
    const TIMES: u8 = 8;
    /// So many looks are left out in a row.
    const LEFT_OUT: u8 = 31;

    /// Whether the next look is to be left out, as if it had found nothing.
    const fn leaves_out(&mut self) -> bool {
        if self.frames != 1 || self.alone < Self::TIMES {
            return false;
        }
        if self.left_out == Self::LEFT_OUT {
            self.left_out = 0;
            return false;
        }
        self.left_out += 1;
        self.frames = 0;
        true
    }

    const fn found(&mut self) {
        self.frames = self.frames.saturating_add(1);
        if self.frames > 1 {
            self.alone = 0;
        }
    }

    const fn found_nothing(&mut self) {
        if self.frames == 1 {
            self.alone = self.alone.saturating_add(1);
        }
        self.frames = 0;
    }
}

impl Tap {
    /// Makes the TAP `name`, or attaches to it if it is there. A TAP made here goes away with this
    /// value; one that was there stays.
    ///
    /// `mtu` is the largest IP packet in octets, at most [`MAX_MTU`]. That of the host's side is
    /// not changed.
    ///
    /// # Errors
    /// Each says what to do next.
    pub fn open(name: &str, mtu: usize) -> Result<Self, TapError> {
        if !is_interface_name(name) {
            return Err(TapError::Name(name.to_string()));
        }
        if mtu > MAX_MTU {
            return Err(TapError::Mtu(mtu));
        }
        let iface = Iface::without_packet_info(name, Mode::Tap).map_err(|e| refused(name, e))?;
        let other = |error| TapError::Io(name.to_string(), error);
        let file = filedescriptor::FileDescriptor::dup(&iface)
            .and_then(|descriptor| descriptor.as_file())
            .map_err(|error| other(io::Error::other(error)))?;
        rustix::io::ioctl_fionbio(&file, true).map_err(|errno| other(errno.into()))?;
        let frame_size = mtu + ETHERNET_HEADER;
        Ok(Self {
            iface,
            file,
            frame_size,
            received: std::vec![0; frame_size + 1],
            waiting: None,
            sending: std::vec![0; frame_size],
            counters: TapCounters::default(),
            error: None,
            habit: Habit::default(),
        })
    }

    /// The interface's name on the host's side.
    pub fn name(&self) -> &str {
        self.iface.name()
    }

    /// The largest IP packet in octets.
    pub const fn mtu(&self) -> usize {
        self.frame_size - ETHERNET_HEADER
    }

    /// What went through.
    pub const fn counters(&self) -> TapCounters {
        self.counters
    }

    /// The error that made the device useless. It then receives nothing and takes nothing.
    pub const fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Takes that error. The device may then be tried again, and fails again if nothing changed.
    pub const fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Reads one frame, unless there is one that nobody took.
    fn fill(&mut self) {
        if self.waiting.is_none() && self.habit.leaves_out() {
            return;
        }
        while self.waiting.is_none() && self.error.is_none() {
            match (&self.file).read(&mut self.received) {
                Ok(len) if len > self.frame_size => self.counters.too_long += 1,
                Ok(len) => {
                    self.counters.received += 1;
                    self.counters.octets_received += len as u64;
                    self.waiting = Some(len);
                    self.habit.found();
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return self.habit.found_nothing(),
                    ErrorKind::Interrupted => (),
                    _ => self.error = Some(error),
                },
            }
        }
    }
}

/// Whether the kernel takes it as the name of an interface (`dev_valid_name`), a pattern excluded.
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
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => TapError::NoTun,
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
        let len = self.waiting?;
        Some((
            Received {
                octets: &self.received[..len],
                waiting: &mut self.waiting,
            },
            Sending {
                file: &self.file,
                buffer: &mut self.sending,
                counters: &mut self.counters,
                error: &mut self.error,
            },
        ))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
        self.error.is_none().then_some(Sending {
            file: &self.file,
            buffer: &mut self.sending,
            counters: &mut self.counters,
            error: &mut self.error,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.frame_size;
        capabilities
    }
}

/// A frame that arrived. If the token is dropped unused, the frame is still there.
#[derive(Debug)]
pub struct Received<'t> {
    octets: &'t [u8],
    waiting: &'t mut Option<usize>,
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
    buffer: &'t mut [u8],
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
        let frame = &mut self.buffer[..len];
        frame[..len.min(CLEARED)].fill(0);
        let result = f(frame);
        let mut file = self.file;
        let sent = loop {
            match file.write(frame) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_interface_can_have_is_refused_before_the_kernel_cuts_it() {
        for name in ["", "sixteen-octets-x", "a b", "a/b", "a:b", "tap%d", "."] {
            assert!(matches!(Tap::open(name, 1500), Err(TapError::Name(_))));
        }
        assert!(is_interface_name("fifteen-octets-"));
    }

    #[test]
    fn the_second_look_is_left_out_where_frames_come_alone_and_made_where_they_do_not() {
        let mut habit = Habit::default();
        let mut round = |frames: u32| {
            for _ in 0..frames {
                if habit.leaves_out() {
                    return false;
                }
                habit.found();
            }
            let looked = !habit.leaves_out();
            if looked {
                habit.found_nothing();
            }
            looked
        };
        for _ in 0..Habit::TIMES {
            assert!(round(1));
        }
        for _ in 0..Habit::LEFT_OUT {
            assert!(!round(1));
        }
        // The look that is made now and then finds that frames come in pairs again.
        assert!(round(2));
        assert!(round(1));
        // A wake-up without a frame says nothing about habits.
        assert!(round(0));
    }

    #[test]
    fn an_mtu_larger_than_a_frame_is_refused() {
        let refused = Tap::open("tap0", MAX_MTU + 1);
        assert!(matches!(refused, Err(TapError::Mtu(65_522))));
    }
}
