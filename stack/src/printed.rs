//! What `defmt` can print, with the feature of that name: a list that the compiler holds.

use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

use crate::node::{
    ConfigError, ConnectError, Handle, Ingress, Limits, ListenError, Needs, RecvError, SendError,
    SendToError, Serving, Status,
};
use crate::trace::{
    Answer, Call, Cause, ConnectionId, Counters, Datagram, Direction, DisplayEndpoint, Ending,
    Event, Flags, Flow, Header, Kind, Mark, Millis, Neighbor, Options, Reason, Repair, Resource,
    Segment, SeqNumber, State, Stray, Timer, Transition, Verdict,
};

macro_rules! printed {
    ($($what:ty),* $(,)?) => {
        const _: () = {
            const fn is_printed<T: defmt::Format>() {}
            $(is_printed::<$what>();)*
        };
    };
}

printed!(EthernetAddress, IpAddress, IpCidr, IpEndpoint, State);
printed!(
    Answer,
    Call,
    Cause,
    ConnectionId,
    Counters,
    Datagram,
    Direction,
    Ending,
    Event,
    Flags,
    Flow,
    Header,
    Kind,
    Mark,
    Millis,
    Neighbor,
    Options,
    Reason,
    Repair,
    Resource,
    Segment,
    SeqNumber,
    DisplayEndpoint,
    Stray,
    Timer,
    Transition,
    Verdict,
);
printed!(
    ConnectError,
    ConfigError,
    ListenError,
    Needs,
    RecvError,
    SendError,
    SendToError
);
printed!(Handle, Ingress, Limits, Serving, Status);
#[cfg(feature = "udp")]
printed!(crate::node::Received);
