//! The legend in English.

use crate::lang::act::{Act, Bill};
use crate::lang::term::{Entry, Term};

const fn is(gloss: &'static str, text: &'static str) -> Entry {
    Entry { gloss, text }
}

/// How to read a ladder.
pub(super) const LEGEND: &str = "\
How to read a ladder
  Time goes down, from the first event on. Left: this node and its state, where it changes, certain.
  Right: the peer; (its state) is inferred from what it sends. An arrow is a segment that crossed.
    SYN   asks to open, and says from where octets are numbered   seq  number of the first octet
    ACK   ack=N: all before N arrived, N comes next               len  octets of data in it
    PSH   hand this to the application now                        mss  largest segment taken
    FIN   nothing more to say; counts as one octet, as SYN does   win  room for data; 0: stop
    RST   ends all at once, without an answer
  ack = seq + len: of SYN and FIN + 1, so that they can be acknowledged and sent again like octets.
  Opening   LISTEN - SYN-RECEIVED - ESTABLISHED         connect(): SYN-SENT - ESTABLISHED
  Closing   who closes first: FIN-WAIT-1 - FIN-WAIT-2 - TIME-WAIT (waits 2 MSL) - CLOSED
            the other:        CLOSE-WAIT - LAST-ACK - CLOSED          both at once: CLOSING
  MSL   as long as a segment may live in the network     RTO  time without ACK until sent again
  More: smolchat explain WORD
";

/// What an act is.
pub(super) const fn bill(act: Act) -> Bill {
    let (title, seen) = match act {
        Act::Exchange => (
            "1. One exchange: socket, connect, send, recv(1024), close",
            "The member closes first, so the node goes through CLOSE-WAIT and LAST-ACK.",
        ),
        Act::Loop => (
            "2. A chat loop that ends at q, and the next client after it",
            "The node answers q with q and closes first: it is the node that waits 2 MSL in TIME-WAIT.",
        ),
        Act::Several => (
            "3. Several people at once, over TCP and UDP, in one room",
            "A line goes to everybody else; whoever said it gets one receipt.",
        ),
        Act::ServerFirst => (
            "4a. The node closes first",
            "FIN-WAIT-1 until its FIN is acknowledged, FIN-WAIT-2 until the peer's FIN, then TIME-WAIT for 2 MSL.",
        ),
        Act::Reset => (
            "4b. A reset",
            "No FIN, no TIME-WAIT: one RST, and both ends are CLOSED.",
        ),
        Act::Together => (
            "4c. Both close at once",
            "The FINs cross on the wire: CLOSING on both sides, and both wait 2 MSL. On a wire in memory.",
        ),
        Act::Contest => ("5. TCP against UDP", ""),
    };
    Bill { title, seen }
}

pub(super) const fn entry(term: Term) -> Entry {
    match term {
        Term::Syn => is(
            "asks to open",
            "Synchronize: \"I number my octets from here on; say yours.\" Each side sends one. It counts as one octet, so it is acknowledged, and sent again if it is lost.",
        ),
        Term::Ack => is(
            "the ack number counts",
            "Acknowledgment: the field ack is valid. All segments have it but the very first SYN, and some resets.",
        ),
        Term::Fin => is(
            "nothing more to say",
            "Finish: the sender's direction is closed; the other direction may go on (half-closed). It counts as one octet: its ACK says that everything before it arrived, too.",
        ),
        Term::Rst => is(
            "ends all at once",
            "Reset: no such connection, or no longer. Both sides forget it without FIN and TIME-WAIT; what was under way or not read may be lost, and the application reads an error.",
        ),
        Term::Psh => is(
            "hand it over now",
            "Push: the sender has nothing more at the moment. The receiver hands what it has to the application instead of waiting for more. It marks no end of a message: TCP is a stream of octets.",
        ),
        Term::Seq => is(
            "number of the first octet",
            "Sequence number of the first octet in the segment. A ladder counts from the ISN: the SYN is 0, the first octet of data 1.",
        ),
        Term::AckNumber => is(
            "number expected next",
            "Acknowledgment number: everything before it arrived. For a segment it is seq + len, and 1 more for SYN or FIN.",
        ),
        Term::Len => is(
            "octets of data",
            "Octets of data in the segment; SYN and FIN are counted beside it. A segment without len is without data.",
        ),
        Term::Mss => is(
            "largest segment",
            "Maximum segment size: how many octets of data its sender takes in one segment. An option that only SYNs have; on Ethernet mostly 1460, the 1500 of the MTU less 40 of headers.",
        ),
        Term::Win => is(
            "room to receive",
            "Window: how many octets, from ack on, the receiver has room for. It falls as the application does not read. At 0 the sender must stop; a ladder shows only that.",
        ),
        Term::Isn => is(
            "where the numbers begin",
            "Initial sequence number: drawn anew for each connection, so that segments of an old one do not fit into the new one, and strangers cannot guess it.",
        ),
        Term::Handshake => is(
            "three messages to open",
            "SYN, SYN and ACK, ACK. Each side must say its number and hear that it arrived: four messages, of which the middle two go as one. With two, an old SYN that strayed would open a connection.",
        ),
        Term::Teardown => is(
            "four messages to close",
            "FIN and ACK for each direction. Three if the second FIN goes with the first ACK; crossed if both close at once. Who closes first waits 2 MSL.",
        ),
        Term::Listen => is("waits for somebody's SYN", "A server that called listen()."),
        Term::SynSent => is("has sent a SYN, waits for the answer", "After connect()."),
        Term::SynReceived => is(
            "a SYN came; its own waits for an ACK",
            "Half-open: the third message of the handshake is missing.",
        ),
        Term::Established => is("open: both sides may speak", "Both SYNs are acknowledged."),
        Term::FinWait1 => is(
            "closed first; its FIN waits for an ACK",
            "After close(). The other side may still speak.",
        ),
        Term::FinWait2 => is(
            "its FIN is acknowledged; waits for the other's",
            "Half-closed: this side listens only. It lasts until the other application closes.",
        ),
        Term::CloseWait => is(
            "the other closed; the application here has not yet",
            "It may still speak. One that stays is an application that forgot close().",
        ),
        Term::Closing => is(
            "both closed at once; its FIN waits for an ACK",
            "The FINs crossed. After the ACK both are in TIME-WAIT.",
        ),
        Term::LastAck => is(
            "closed second; its FIN waits for the last ACK",
            "After that it is CLOSED, without a wait.",
        ),
        Term::TimeWait => is(
            "closed first; waits 2 MSL",
            "Two reasons. If its last ACK is lost, the FIN comes again, and somebody must answer it with an ACK: without TIME-WAIT it would be a reset. And late segments must be gone before the same addresses and ports serve a new connection: else they would end up in its data.",
        ),
        Term::Closed => is("no connection", "Nothing is kept of it."),
        Term::Msl => is(
            "longest life of a segment",
            "Maximum segment lifetime: how long a segment may be under way in the network. Two minutes in RFC 9293; 30 s is usual.",
        ),
        Term::TwoMsl => is(
            "how long TIME-WAIT lasts",
            "Time for the last ACK to get lost there and for the FIN to come again from there: one life each.",
        ),
        Term::Rto => is(
            "retransmission timeout",
            "How long to wait for an ACK before sending again: from measured round trips, doubled each time that nothing comes (RFC 6298).",
        ),
        Term::Retransmission => is(
            "sent again",
            "No ACK came: the segment was lost, or the ACK was. The sender cannot know which, so it sends the same numbers again.",
        ),
        Term::Duplicate => is(
            "came again",
            "All of it had arrived. It is acknowledged once more, and handed over once only.",
        ),
        Term::OutOfOrder => is(
            "something is missing before it",
            "A segment before it was lost or overtaken. The receiver goes on acknowledging what it expects; three such ACKs make the sender send that at once (fast retransmit).",
        ),
        Term::DelayedAck => is(
            "an ACK that waits for company",
            "An ACK may wait a little (RFC 9293: less than 0.5 s; this node: 10 ms) for data to ride on. If none comes, it goes alone.",
        ),
        Term::WindowProbe => is(
            "one octet into a closed window",
            "At win=0 the sender tries an octet now and then: the ACK that opens the window may be lost, and without the probe both would wait for ever.",
        ),
        Term::KeepAlive => is(
            "are you still there?",
            "After a long silence, a segment with an old number, which must be answered. Who answers none is gone.",
        ),
        Term::ChallengeAck => is(
            "an ACK that asks back",
            "To a reset or SYN that might be forged the answer is an ACK with the true numbers. A genuine peer that has given up answers with a reset that fits exactly (RFC 5961).",
        ),
        Term::SynCookie => is(
            "a handshake without memory",
            "When the list of half-open connections is full, what must be known is coded in the ISN, and comes back as ack (RFC 4987).",
        ),
        Term::Inferred => is(
            "in parentheses: read from segments",
            "A node knows its own state. The peer's it can only read from what it sends and answers; such states stand in parentheses.",
        ),
    }
}
