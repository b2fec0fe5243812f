//! From checked arguments to a node.

use std::io;

use rustix::io::Errno;
use rustix::rand::GetRandomFlags;
use smolchat::device::MAX_SEGMENT_FRAME;
use smolchat::node::{Config, ConfigError, Limits, Memory, Node, Sizes};
use smoltcp::time::{Duration, Instant};

use super::config::Stack;

/// Octets of an Ethernet header, which count towards a frame but not towards an MTU.
const ETHERNET_HEADER: usize = 14;

/// Frames taken in at once: about a millisecond's work. The kernel keeps 1,000 for a TAP.
const ROUND: usize = 512;

/// Connections up to which each gets large buffers.
const FEW: usize = 256;

impl Stack {
    /// A node as the arguments specify, with its memory from the heap, all of it allocated now: unless a buffer size is
    /// given, 128 KiB for each of up to 256 connections, or 32 KiB for each of more. The buffers are never freed: there
    /// is one node in the life of the program.
    ///
    /// # Errors
    /// What the check of the arguments did not catch.
    pub fn node(&self, secret: [u8; 16], backlog: usize) -> Result<Node<'static>, ConfigError> {
        let Some(first) = self.addresses.first() else {
            return Err(ConfigError::NoAddress);
        };
        let mut config = Config::new(self.mac, *first, secret);
        for address in self.addresses.iter().skip(1) {
            let added = config.addresses.push(*address);
            added.map_err(|_| ConfigError::TooManyAddresses)?;
        }
        if let Some(gateway) = self.gateway {
            let added = config.gateways.push(gateway);
            added.map_err(|_| ConfigError::TooManyAddresses)?;
        }
        config.mtu = self.mtu;
        config.mss = self.mss;
        config.offload = self.offload;
        let buffer = self.buffer_octets();
        config.limits = Limits {
            msl: self.msl,
            keep_alive: self.keep_alive,
            // Three probes may be lost.
            keep_alive_timeout: self.keep_alive.map_or(Duration::ZERO, |time| time * 3),
            ingress_budget: ROUND,
            ingress_octets: buffer / 16 * 7,
            egress_budget: 2 * ROUND,
            ..Limits::default()
        };
        let sizes = Sizes {
            connections: self.connections,
            receive: buffer,
            transmit: buffer,
            time_waits: (4 * self.connections).clamp(4096, 60_000),
            backlog: backlog.max(1),
            events: 16 * 1024,
            mtu: match self.offload {
                true => MAX_SEGMENT_FRAME - ETHERNET_HEADER,
                false => self.mtu,
            },
            ..Sizes::default()
        };
        // Zeros in one piece, which the system makes real page by page as they are written. That it gives
        // them was asked before.
        let buffers = vec![0; sizes.buffers()].leak();
        let memory = Memory::heap_beside(sizes, buffers);
        Node::new(config, memory, Instant::ZERO)
    }

    /// Octets of each buffer of a connection.
    pub fn buffer_octets(&self) -> usize {
        self.buffer.unwrap_or(if self.connections <= FEW {
            64 * 1024
        } else {
            16 * 1024
        })
    }

    /// Secrets that nobody else can know: from the system, or from the seed that was given.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn secrets(&self) -> io::Result<[[u8; 16]; 2]> {
        let mut octets = [[0; 16]; 2];
        match self.seed {
            Some(seed) => {
                let mut random = fastrand::Rng::with_seed(seed);
                octets.iter_mut().for_each(|secret| random.fill(secret));
            }
            None => {
                for secret in &mut octets {
                    fill_from_system(secret)?;
                }
            }
        }
        Ok(octets)
    }
}

fn fill_from_system(mut rest: &mut [u8]) -> io::Result<()> {
    while !rest.is_empty() {
        match rustix::rand::getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(count) => rest = &mut rest[count..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
