//! Drivers: what the firmware asks of an Ethernet MAC and of a UART, and the parts that answer.

pub mod cmsdk_uart;
pub mod lan9118;
pub mod octets;
pub mod pl011;
pub mod stellaris_enet;

use smoltcp::wire::EthernetAddress;

/// The longest frame kept: 1,500 octets of payload, a header, and one VLAN tag. The frame check
/// sequence is not part of it.
pub const MAX_FRAME: usize = 1518;

/// The shortest frame that is one: an Ethernet header. Senders pad to 60, but a cable in memory
/// need not, so a short frame is left to the stack and only half a header is refused.
pub const MIN_FRAME: usize = 14;

/// What a MAC had for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// No frame waits.
    Nothing,
    /// The frame's octets are at the front of the buffer, without its check sequence.
    Frame(usize),
    /// A frame was taken out of the hardware and thrown away.
    Refused(Refusal),
}

/// Why a frame went no further than the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Shorter than [`MIN_FRAME`].
    Runt,
    /// Longer than the buffer that it is taken into: [`MAX_FRAME`], or what the program makes of it.
    Oversized,
    /// The MAC itself marked the frame as damaged.
    Damaged,
    /// A length that no frame can have: the queue was out of step and has been emptied.
    OutOfStep,
}

/// An Ethernet MAC with a receive queue and room for one outgoing frame.
///
/// Nothing here waits. A frame is moved whole, by value of its length, so the queue is never left
/// in the middle of one.
pub trait Mac {
    /// The station address the hardware was given.
    fn address(&mut self) -> EthernetAddress;

    /// Gives the hardware another station address.
    fn set_address(&mut self, address: EthernetAddress);

    /// Takes the next frame out of the hardware into `frame`. A frame that does not fit, or is not
    /// one, is taken out all the same.
    fn receive<const FRAME: usize>(&mut self, frame: &mut [u8; FRAME]) -> Arrival;

    /// Whether [`Mac::transmit`] may be called now.
    fn can_transmit(&mut self) -> bool;

    /// Hands one frame to the hardware, which pads it and adds the check sequence.
    /// The caller has asked [`Mac::can_transmit`] and gives at most [`MAX_FRAME`] octets.
    fn transmit(&mut self, frame: &[u8]);

    /// Acknowledges the receive interrupt and says whether a frame waits. After `false`, the next
    /// frame raises the interrupt: the caller may sleep.
    fn frame_waits(&mut self) -> bool;

    /// How often the hardware lost frames because its queue was full, since the last call.
    fn take_overruns(&mut self) -> u32;
}

/// A UART that neither waits nor buffers beyond its hardware.
pub trait Uart {
    /// The next octet received, if there is one.
    fn receive(&mut self) -> Option<u8>;

    /// Whether [`Uart::transmit`] may be called now.
    fn can_transmit(&mut self) -> bool;

    /// Hands one octet to the hardware. The caller has asked [`Uart::can_transmit`].
    fn transmit(&mut self, octet: u8);

    /// Acknowledges every interrupt, then lets those through that are asked for: room to transmit,
    /// octets received.
    fn acknowledge(&mut self, transmit: bool, receive: bool);
}
