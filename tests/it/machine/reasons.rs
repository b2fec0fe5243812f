//! Why the node differs from smoltcp alone, and from Linux. The first that covers a difference counts; one
//! that covers none is an error, as is a difference that none covers. Sections without a name are those of
//! RFC 9293.

use smolchat::trace::State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
    SynSent, TimeWait,
};

use super::differences::Reason;

const ANY: Reason = Reason {
    states: &[],
    symbols: &[],
    node: &[],
    other: &[],
    why: "",
};

pub(crate) const SMOLTCP: &[Reason] = &[
    Reason {
        states: &[CloseWait],
        symbols: &["Time"],
        other: &["-"],
        why: "what followed the peer's FIN is refused as a whole, so it acknowledged nothing: no honest peer \
              sends it; smoltcp believes it",
        ..ANY
    },
    Reason {
        symbols: &["Time"],
        node: &["over:timed-out"],
        why: "the node gives up at R2 (3.8.3); smoltcp goes on for ever unless it is told a time, with what \
              it holds to be unacknowledged",
        ..ANY
    },
    Reason {
        states: &[Closed],
        symbols: &["data"],
        why: "a reset that answers a segment without ACK acknowledges all of it (3.10.7.1)",
        ..ANY
    },
    Reason {
        states: &[SynSent],
        symbols: &["Abort", "Close"],
        why: "the peer knows of no connection: it is deleted without a word (3.10.4, 3.10.5)",
        ..ANY
    },
    Reason {
        states: &[LastAck, Closing],
        symbols: &["Abort"],
        why: "both sides have closed: there is nothing to reset (3.10.5)",
        ..ANY
    },
    Reason {
        states: &[Listen],
        symbols: &["SYN(", "Accept"],
        node: &["-", "ok readable over:reset"],
        why: "a connection that was reset before `Accept` keeps what it brought, and here the only place: \
              a SYN waits for it; an application of smoltcp that listens anew loses the octets",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["SYN(nxt)", "SYN(in)", "SYN,ACK(nxt,nxt)"],
        node: &["SYN,ACK", "RST"],
        why: "the peer lost its memory: the passive opening starts over (3.10.7.4, fourth)",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["SYN(old)"],
        why: "the peer's SYN again: our SYN,ACK may be lost, and goes again",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["Time"],
        why: "a handshake has a time of its own in the node; smoltcp goes on for ever",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["SYN,ACK"],
        node: &["LISTEN"],
        why: "the SYN bit is looked at before the acknowledgment, and ends the passive opening (3.10.7.4, \
              fourth); smoltcp looks at the acknowledgment first",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        node: &["FIN(", "SYN-RECEIVED"],
        why: "CLOSE in SYN-RECEIVED waits for ESTABLISHED (3.10.4); smoltcp's FIN has left, with the number \
              of its SYN",
        ..ANY
    },
    Reason {
        states: &[SynSent, SynReceived],
        node: &["RST(seg)"],
        why: "an acknowledgment of anything but our SYN draws a reset (3.10.7.3, first; 3.10.7.4, fifth)",
        ..ANY
    },
    Reason {
        symbols: &["SYN"],
        node: &["ACK(nxt,nxt)"],
        why: "a SYN on a live connection is challenged (RFC 5961 section 4); smoltcp drops or resets",
        ..ANY
    },
    Reason {
        symbols: &["RST(in)"],
        node: &["ACK(nxt,nxt)"],
        why: "a reset in the window but not at RCV.NXT is challenged (RFC 5961 section 3); smoltcp obeys it",
        ..ANY
    },
    Reason {
        states: &[CloseWait, LastAck, Closing],
        symbols: &[
            "DATA(nxt,nxt)",
            "DATA(nxt,old)",
            "DATA(in",
            "FIN(nxt,nxt)",
            "FIN(nxt,old)",
            "FIN(in",
        ],
        node: &["ACK(nxt,nxt)"],
        why: "nothing may follow the peer's FIN: it is acknowledged and not taken (3.10.7.4, seventh, eighth)",
        ..ANY
    },
    Reason {
        states: &[Established, FinWait1, FinWait2],
        symbols: &["DATA(nxt,old)", "FIN(nxt,old)"],
        why: "an old acknowledgment is ignored, the text and the FIN with it count (3.10.7.4, fifth)",
        ..ANY
    },
    Reason {
        states: &[FinWait1, FinWait2],
        symbols: &["FIN(nxt,nxt)"],
        node: &["over:closed"],
        why: "TIME-WAIT needs no socket: the application hears at once that both sides have closed",
        ..ANY
    },
    Reason {
        node: &["ACK(nxt,nxt)"],
        other: &["-"],
        why: "smoltcp gives one such answer a second; the gate has a budget for all connections together \
              (RFC 5961 section 7)",
        ..ANY
    },
    Reason {
        symbols: &["ACK(old"],
        node: &["-", "over:closed", "FIN-WAIT-2"],
        why: "a new acknowledgment at an old number counts: two ends that both went back after a timeout \
              would refuse each other's for ever; smoltcp does not take it",
        ..ANY
    },
    Reason {
        symbols: &["Time"],
        node: &["-"],
        other: &["..."],
        why: "such an acknowledgment came before: smoltcp still sends again what it acknowledged",
        ..ANY
    },
];

/// The node's settings are its own, Linux's those of the test: no answer is limited, none delayed.
pub(crate) const LINUX: &[Reason] = &[
    Reason {
        states: &[Listen],
        symbols: &["SYN(", "Accept"],
        why: "a connection that was reset before `Accept` keeps what it brought, and here the only place: \
              a SYN waits for it; the application on Linux was made to forget it at once",
        ..ANY
    },
    Reason {
        states: &[SynSent],
        symbols: &["Close"],
        why: "a connection that is closed before it is open is closed (3.10.4); Linux calls it reset",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["SYN,ACK"],
        node: &["LISTEN"],
        why: "the SYN bit is looked at before the acknowledgment, and ends the passive opening (3.10.7.4, \
              fourth); Linux looks at the acknowledgment first",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["SYN(nxt)", "SYN(in)"],
        node: &["SYN,ACK"],
        why: "the peer lost its memory: the passive opening starts over with its new SYN (3.10.7.4, fourth); \
              Linux resets it, and waits for another",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["SYN(old)"],
        why: "the peer's SYN again: our SYN,ACK may be lost, and goes again at once; in a simultaneous \
              opening Linux sends it again by its timer only",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        symbols: &["ACK(nxt,old)", "DATA(nxt,old)", "FIN(nxt,old)"],
        node: &["RST(seg)"],
        why: "an acknowledgment of anything but our SYN draws a reset (3.10.7.4, fifth); in a simultaneous \
              opening Linux is content with one of nothing at all",
        ..ANY
    },
    Reason {
        symbols: &["DATA(old", "FIN(old"],
        other: &["open", "over:closed", "FIN-WAIT-2", "FIN("],
        why: "a segment that ends at RCV.NXT brings nothing new and is not acceptable (3.10.7.4, first); \
              Linux takes what it acknowledges",
        ..ANY
    },
    Reason {
        states: &[SynReceived, Established, FinWait1, FinWait2],
        symbols: &["FIN(in"],
        why: "smoltcp forgets a FIN that comes before what it follows, in silence, and the peer sends it \
              again; Linux keeps it (3.10.7.4: SHOULD) and says what is missing",
        ..ANY
    },
    Reason {
        states: &[SynReceived],
        node: &["FIN("],
        other: &["FIN(nxt,nxt) ACK("],
        why: "a CLOSE that waited for ESTABLISHED (3.10.4): the node's FIN acknowledges what came, or follows \
              that; Linux sends the FIN before",
        ..ANY
    },
    Reason {
        symbols: &["RST(old"],
        why: "a reset counts at exactly RCV.NXT (RFC 5961 section 3); behind the peer's FIN Linux also obeys \
              one that does not count the FIN",
        ..ANY
    },
    Reason {
        states: &[TimeWait],
        symbols: &["RST"],
        why: "a reset does not end TIME-WAIT (RFC 1337); for Linux it does, unless `tcp_rfc1337` is set",
        ..ANY
    },
    Reason {
        states: &[TimeWait],
        symbols: &["data"],
        why: "a segment without ACK is dropped (3.10.7.4, fifth); in TIME-WAIT Linux acknowledges all text",
        ..ANY
    },
    Reason {
        states: &[LastAck, Closing],
        symbols: &["Abort"],
        why: "both sides have closed: there is nothing to reset (3.10.5); Linux resets all the same",
        ..ANY
    },
    Reason {
        states: &[LastAck, Closing],
        symbols: &["DATA(nxt,nxt)", "DATA(in", "FIN(nxt,nxt)", "FIN(in"],
        other: &["over:closed"],
        why: "what follows the peer's FIN is refused as a whole: no honest peer sends it; Linux ignores the \
              text only, as 3.10.7.4 says, and takes the acknowledgment",
        ..ANY
    },
    Reason {
        states: &[CloseWait, LastAck, Closing],
        symbols: &["DATA(", "FIN("],
        node: &["ACK(nxt,nxt)"],
        other: &["-"],
        why: "what follows the peer's FIN is answered: what is not acceptable is acknowledged (3.10.7.4, \
              first); Linux is silent",
    },
    Reason {
        symbols: &["ACK(nxt,old)", "DATA(nxt,old)", "FIN(nxt,old)"],
        other: &["ACK(nxt,nxt)"],
        why: "an old acknowledgment is ignored and what is with it counts, unless it is older than the \
              largest window (RFC 5961 section 5); for Linux also unless it is older than all octets that \
              were acknowledged so far",
        ..ANY
    },
    Reason {
        symbols: &["ACK(old"],
        node: &["over:closed"],
        why: "a new acknowledgment at an old number counts: two ends that both went back after a timeout \
              would refuse each other's for ever; Linux does not take it",
        ..ANY
    },
    Reason {
        symbols: &["ACK(out", "ACK(old", "FIN(old"],
        node: &["-"],
        other: &["ACK(nxt,nxt)"],
        why: "the smoltcp in the node gives one such answer a second; at an old number a new acknowledgment \
              counts and needs none. Linux has such a limit, too, and here it is off",
        ..ANY
    },
];
