//! English.

mod terms;

use std::format;
use std::string::{String, ToString};

use smoltcp::time::Duration;

use super::act::{Did, Guest};
use super::term::Term;
use super::texts::Texts;
use crate::explain::meaning::{Meaning, Party, View};
use crate::plural::Count;
use crate::trace::{Ending, Timer};

pub(super) const TEXTS: Texts = Texts {
    code: "en",
    sentence,
    entry: terms::entry,
    legend: terms::LEGEND,
    list: "smolchat explain WORD says what one of these is:",
    unknown,
    phrase: |_| None,
    bill: terms::bill,
    guest: |guest| match guest {
        Guest::Member => "member",
        Guest::First => "first",
        Guest::Second => "second",
        Guest::OverUdp => "eve, over UDP",
    },
    did: |did, what| match did {
        Did::Call => format!(": {what}"),
        Did::Received => format!(": recv(1024) gives {what}"),
        Did::End => format!(": recv(1024) gives {what} octets: the end"),
        Did::Linger => ": close() with a linger time of zero".into(),
        Did::Operator => format!("operator: {what}"),
    },
    contest: |[messages, octets, lost, twice, late, seed]| {
        format!(
            "   {messages} messages of {octets} octets each, on a wire that loses {lost}, repeats {twice} and reorders {late} of a\n   \
             thousand frames each way (seed {seed}, virtual time). TCP delivers all of them in order and\n   \
             makes them wait for each other; UDP delivers what the wire delivers, when it does.\n"
        )
    },
    rows: [
        "delivered",
        "delivered twice",
        "out of order",
        "latency, median (ms)",
        "latency, 99th of a hundred (ms)",
        "octets on the wire for each message",
        "octets of memory for each peer",
    ],
    members: [
        "Members: kernel sockets, and the node behind a TAP in a private network.",
        "Members: two nodes on a wire in memory, on a virtual clock.",
    ],
    played: |acts| format!("{acts} acts played. Now try it yourself: smolchat serve"),
};

const fn name(view: View, who: Party) -> &'static str {
    match (view, who) {
        (View::Inside, Party::Node) => "this node",
        (View::Inside, Party::Peer) => "the peer",
        (View::Opened, Party::Node) => "the client",
        (View::Opened, Party::Peer) => "the server",
        (View::Middle, Party::Node) => "the left end",
        (View::Middle, Party::Peer) => "the right end",
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

fn span(time: Duration) -> String {
    let micros = time.total_micros();
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
    }
}

fn octets(count: impl Into<u64>) -> String {
    Count(count.into(), "octet").to_string()
}

/// Octets by their numbers.
fn range(first: u32, last: u32) -> String {
    if first == last {
        format!("octet {first}")
    } else {
        format!("octets {first} to {last}")
    }
}

/// What is unknown of what was under way.
fn open(unacked: u32, who: &str) -> String {
    match unacked {
        0 => format!("Nothing that {who} had said was under way."),
        _ => format!(
            "Whether the last {} of {who} arrived is not known: no ACK came for them.",
            octets(unacked)
        ),
    }
}

fn sentence(meaning: &Meaning, view: View) -> String {
    let name = |who| name(view, who);
    let s = |who| capital(name(who));
    let r = |who: Party| name(who.other());
    let node = name(Party::Node);
    let peer = name(Party::Peer);
    match *meaning {
        Meaning::Syn { who, isn } => format!("1 of 3. {} asks to open: SYN says that it numbers its octets from {isn} on, shown here as 0, and asks {} to answer and to say its own number.", s(who), r(who)),
        Meaning::SynAck { who, isn } => format!("2 of 3. {} answers and asks in one segment. ACK: the SYN arrived, and ack=1 is what comes next, since a SYN counts as one octet (0 + 1). SYN: its own octets are numbered from {isn} on, shown as 0.", s(who)),
        Meaning::ThirdAck { who } => format!("3 of 3. {} answers the other SYN: ack=1. Without this third message {} could not know that its number arrived, or that the first SYN was no old one that had strayed in the network.", s(who), r(who)),
        Meaning::SynCrosses { who, isn } => format!("{} asks to open, too (its octets are numbered from {isn} on): without ACK, so it had not seen {}'s SYN. The two cross, and make one connection.", s(who), r(who)),
        Meaning::SynAckCrossed { who } => format!("{} answers the SYN that crossed its own: ack=1. The SYN in it is the one from before, seq=0, and asks nothing new.", s(who)),
        Meaning::SynAgain { who, waited, times } => format!("No answer in {}: {} sends its SYN again, transmission {times}, with the same number, so that it cannot be taken for another connection. It, or the answer to it, did not arrive.", span(waited), name(who)),
        Meaning::SynDuplicate { who } => format!("{}'s SYN again, with the same number: the answer to it had not arrived when it sent this, or the network doubled it.", s(who)),
        Meaning::SynAckAgain { who } => format!("{} gives the same answer once more, since the SYN came once more.", s(who)),
        Meaning::Cookie { who, isn } => format!("{} answers and remembers nothing: what it must know later is coded in its number, {isn} (SYN cookie), and a true third message brings it back as ack. So it can answer while its list of handshakes is full.", s(who)),
        Meaning::Held { who } => format!("No connection is free at this moment: the SYN of {} waits here, and is answered when one is.", name(who)),
        Meaning::MaximumSegment { who, mss } => format!("mss={mss}: {} takes at most {mss} octets of data in one segment. Only a SYN says so.", name(who)),
        Meaning::Data { who, first, last } => format!("{} sends {}. The ACK to wait for: seq {first} + len {} = {}.", s(who), range(first, last), last.wrapping_sub(first).wrapping_add(1), last.wrapping_add(1)),
        Meaning::Push => "PSH: nothing more is waiting behind this. Hand it to the application now instead of waiting for more.".into(),
        Meaning::Rides { who, ack, octets: count } => format!("It carries the ACK along: ack={ack}, so {} of {} arrived, and no segment of its own is needed to say so.", octets(count), r(who)),
        Meaning::AckDelayed { who, ack, octets: count, waited } => format!("ack={ack}: {} arrived, {ack} is the next number. The ACK waited {} for something to ride on, {} had nothing to say, and so it goes alone (delayed ACK).", octets(count), span(waited), name(who)),
        Meaning::AckAtOnce { who, ack, octets: count } => format!("ack={ack}: {} arrived, {ack} is the next number that {} expects. It goes alone, at once.", octets(count), name(who)),
        Meaning::AckCame { who, ack, octets: count, after } => format!("ack={ack}: {} has the {} before it and expects {ack} next. No data goes with it; it is seen {} after the last segment that it acknowledges: the way, and whatever {} waited for something to ride on.", name(who), octets(count), span(after), name(who)),
        Meaning::AckNothingNew { who, ack } => format!("{} still expects {ack}: this acknowledges nothing new. Three of these in a row ask for what is missing.", s(who)),
        Meaning::AckRepeats { who, ack } => format!("In answer, {} says where it is: all before {ack} is here.", name(who)),
        Meaning::AckAsksAgain { who, ack } => format!("{} still expects {ack}, though later octets came: this tells {} what is missing.", s(who), r(who)),
        Meaning::WindowZero { who } => format!("win=0: {} has no room left, since its application has not read what came. {} must stop until there is room.", name(who), s(who.other())),
        Meaning::WindowStillZero { who } => format!("Still win=0: {} is there, and has no room yet.", name(who)),
        Meaning::WindowOpens { who, window } => format!("{}'s application has read, and there is room again: win={window} in the header. Were this lost, only a probe would find out.", s(who)),
        Meaning::WindowProbe { who, number } => format!("Window probe: {} sends one octet, {number}, into the closed window, and {} must answer. The segment that opens the window may be lost, and both would wait for ever.", name(who), r(who)),
        Meaning::ProbedBefore { number } => format!("Octet {number} went before, as a window probe that was not taken: therefore it counts as sent again."),
        Meaning::KeepAlive { who, seq, silent } => format!("Nothing was heard for {}: {} asks whether {} is still there, by a segment with the old number {seq}, which must be answered (keep-alive).", span(silent), name(who), r(who)),
        Meaning::KeepAliveAnswer { who } => format!("{} is still there: the same ACK again, in answer to the keep-alive.", s(who)),
        Meaning::DataAgain { who, first, last, waited, times } => format!("No ACK for {} came in {}{}: {} sends the same again, transmission {times}. The segment, or the ACK for it, did not arrive.", range(first, last), span(waited), if view == View::Inside { " (the retransmission timeout, RTO)" } else { "" }, name(who)),
        Meaning::DataAgainFast { who, first, last, asked } => format!("{asked} ACKs in a row asked for number {first}: {} sends {} again without waiting for its timer (fast retransmit).", name(who), range(first, last)),
        Meaning::HadArrived { who } => format!("{}'s own record says that it had arrived: what was lost is the ACK.", s(who)),
        Meaning::HadNotArrived { who } => format!("{}'s own record says that it had not arrived: the segment itself was lost.", s(who)),
        Meaning::DataDuplicate { who, first, last } => format!("{} had arrived already: the ACK had not reached {} in time, or the network doubled the segment. The application gets them once.", capital(&range(first, last)), name(who)),
        Meaning::OutOfOrder { who, missing, before } => format!("{} of {} are missing before this: lost, or overtaken on the way. Until they come, the application gets nothing of it.", capital(&range(missing, before)), name(who)),
        Meaning::HoleFilled { who, last } => format!("The gap is filled: all that {} said up to number {last} is there, and in order.", name(who)),
        Meaning::Fin { who, number } => format!("{} has nothing more to say: FIN. It counts as one octet, number {number}, so that it can be acknowledged and sent again like one. {} may go on speaking.", s(who), s(who.other())),
        Meaning::FinOnData { octets: count } => format!("The FIN rides on the last {}: what is known to be the end needs no segment of its own.", octets(count)),
        Meaning::FinAcked { who, ack } => format!("ack={ack}, one more than the FIN's number: {} has the FIN and all before it. That direction is closed; {} may still speak in the other.", name(who), name(who)),
        Meaning::FinAnswers { who, ack, number } => format!("{} has nothing more to say either. The ACK of the FIN (ack={ack}) and its own FIN (number {number}) go in one segment: three segments for the teardown instead of four.", s(who)),
        Meaning::FinSecond { who, number } => format!("{} closes its direction, too: FIN, number {number}. Only the ACK of it is missing now.", s(who)),
        Meaning::FinCrosses { who, number } => format!("{} closes, too: FIN, number {number}. Its ack does not cover {}'s FIN, so it had not seen that: the two cross.", s(who), r(who)),
        Meaning::LastAck { who, ack } => format!("ack={ack}: {} has the second FIN, too. Nobody acknowledges an ACK, so {} cannot know whether this one arrives: that is what its 2 MSL in TIME-WAIT are for.", name(who), name(who)),
        Meaning::CrossedFinAcked { who, ack } => format!("ack={ack}: {} has the FIN that crossed its own. Both closed first, so both wait 2 MSL.", name(who)),
        Meaning::FinAgain { who, waited, times } => format!("No ACK of the FIN in {}: {} sends it again, transmission {times}. It, or the ACK of it, did not arrive.", span(waited), name(who)),
        Meaning::FinDuplicate { who } => format!("{}'s FIN again: the ACK of it had not arrived when it sent this, or the network doubled it.", s(who)),
        Meaning::FinInTimeWait { who } => format!("{}'s FIN again: the last ACK had not arrived, or the network doubled the FIN. This is what TIME-WAIT is for: without it the answer would be a reset, and {} would end with an error.", s(who), name(who)),
        Meaning::FinAckedAgain { who, ack } => format!("{} acknowledges the FIN once more: ack={ack}.", s(who)),
        Meaning::ResetByCall { who, unacked } => format!("{} ends both directions at once: RST wants no answer, and nobody waits in TIME-WAIT. {} What it had not read is dropped.", s(who), open(unacked, name(who))),
        Meaning::ResetByNode { who, unacked } => format!("{} gives the connection up and says so: RST, without waiting for an answer. {}", s(who), open(unacked, name(who))),
        Meaning::ResetReceived { who, unacked } => format!("{} has given the connection up: it aborted, closed with something unread, or does not know it any more. RST says not which. {}", s(who), open(unacked, r(who))),
        Meaning::Refused { who } => format!("{} refuses: as a rule because nobody listens at that port. Nothing was open, so nothing is lost.", s(who)),
        Meaning::ResetNotInPlace { who } => format!("This reset does not have a number that {} expects: it is old, or forged, and is ignored.", r(who)),
        Meaning::ResetInTimeWait { who } => format!("A reset in TIME-WAIT is ignored (RFC 1337): {}'s may be an old one, and would end the wait too early.", name(who)),
        Meaning::ChallengedReset { who, seq } => format!("A reset with number {seq}, which is not exactly the one that {} expects next: somebody may have guessed it. It is not believed, but asked back (RFC 5961).", r(who)),
        Meaning::ChallengedSyn { who } => format!("A SYN on a connection that is open: {} has started anew, or somebody plays it. {} asks back instead of giving up (RFC 5961).", name(who), s(who.other())),
        Meaning::ChallengedNumbers { who } => format!("Its ack is of nothing that {} sent lately: old, or forged. {} asks back (RFC 5961).", r(who), s(who.other())),
        Meaning::ChallengeAck { who, ack } => format!("Challenge ACK: {} says where it is, ack={ack}. If {} really gave up, it answers with a reset of just that number; if not, nothing has happened.", name(who), r(who)),
        Meaning::OldInTimeWait { who } => format!("A late segment of {} comes in TIME-WAIT, and goes no further. Without the wait, a new connection between the same ports might take it for its own data.", name(who)),
        Meaning::Unacceptable { who } => format!("{} does not expect these numbers of {} now: outside of its window. It takes nothing of it, and says where it is.", s(who.other()), name(who)),
        Meaning::Dropped { who, reason } => format!("{} does not take this ({reason}); {} will send again what was not acknowledged.", s(who.other()), name(who)),
        Meaning::NotSent { who, reason } => format!("This did not leave {} ({reason}). Its retransmission timer takes care of it.", name(who)),
        Meaning::Repaired { repair } => format!("Taken, but not as it came ({repair})."),
        Meaning::Listens => format!("listen(): {node} waits for a SYN from anybody."),
        Meaning::Connects => format!("connect(): the application of {node} wants a connection; a SYN goes out."),
        Meaning::Closes => format!("close(): the application of {node} has nothing more to say. What it said before still goes out, and a FIN after it."),
        Meaning::ClosesToo => format!("close(): the application of {node} read that {peer} closed, and closes, too; until now it could have gone on speaking."),
        Meaning::GivesUp => format!("close() before there is a connection: {node} gives up, and has nothing to send for it."),
        Meaning::Aborts => format!("abort(): the application of {node} wants the connection gone now, whatever is under way."),
        Meaning::TimeWaits { lasts } => format!("TIME-WAIT, {}: twice as long as a segment may live in the network (2 MSL). Without it, two things go wrong: a FIN that comes again, because the last ACK was lost, draws a reset; and late segments end up in a new connection between the same ports.", span(lasts)),
        Meaning::TimeWaitsAgain { lasts } => format!("2 MSL begin anew, {}: the ACK that was just sent may be lost, too.", span(lasts)),
        Meaning::TimeWaitOver => "2 MSL are over: nothing of this connection is under way any more, and the same ports may serve a new one. This is the end, and it is safe.".into(),
        Meaning::TimedOut { timer } => timed_out(timer, node, peer),
        Meaning::AddressLost => format!("{} lost the address that the connection stands on: it can neither send nor receive there.", s(Party::Node)),
        Meaning::Unreachable => format!("A router or {peer}'s host says by ICMP that {peer} cannot be reached."),
        Meaning::Evicted => "Another connection needed the place of this one.".into(),
        Meaning::SlowPeer { attempts } => format!("Sent {attempts} times without an ACK: {node} reports it, and goes on trying."),
        Meaning::OtherNumber => "The connection was to begin with another number than the stack drew. It goes on with the one that left.".into(),
        Meaning::Illegal { from, to } => format!("RFC 9293 knows no way from {from} to {to} by this: a fault of this program."),
        Meaning::EndedClosed { sent: 0, received: 0, again } => format!("Over. Both FINs were acknowledged; nothing was said between SYN and FIN. {}", sent_again(again, node)),
        Meaning::EndedClosed { sent, received, again } => format!("Over. Both FINs were acknowledged, and with them everything before: {} of {node} and {} of {peer} arrived. {}", octets(sent), octets(received), sent_again(again, node)),
        Meaning::EndedClosedPartly => "Over. Both FINs were acknowledged, and with them everything before: nothing was lost.".into(),
        Meaning::EndedUnopened => "Over before it was open: nothing was said, so nothing is lost.".into(),
        Meaning::EndedRefused => "Over: it was never open, so nothing is lost.".into(),
        Meaning::EndedEarly { ending: ending @ (Ending::ResetByPeer | Ending::Aborted), .. } => early(ending).into(),
        Meaning::EndedEarly { ending, unacked } => format!("{} {}", early(ending), open(unacked, node)),
        Meaning::Inferred if view != View::Inside => "States in parentheses are inferred from the segments: a capture shows nothing else.".into(),
        Meaning::Inferred => format!("A state in parentheses is inferred: {node} cannot look into {peer}, and reads it from the segments."),
        Meaning::Enters { state } => format!("{state}: {}.", terms::entry(Term::of_state(state)).gloss),
    }
}

fn timed_out(timer: Timer, node: &str, peer: &str) -> String {
    match timer {
        Timer::TimeWait => "2 MSL are over.".into(),
        Timer::Retransmission => {
            format!("Sent again and again, and {peer} acknowledges nothing: {node} gives up (R2).")
        }
        Timer::HalfOpen => format!(
            "The third message of the handshake did not come in time: {node} gives up, so that half-open connections cannot fill its memory."
        ),
        Timer::FinWait2 => format!(
            "{} acknowledged the FIN and never sent its own: {node} waits no longer.",
            capital(peer)
        ),
        Timer::CloseWait => format!(
            "{} closed, and the application of {node} did not in all this time: it is ended for it.",
            capital(peer)
        ),
        Timer::KeepAlive => format!(
            "{} answers no keep-alive any more: its host is gone, or the way to it.",
            capital(peer)
        ),
    }
}

fn sent_again(again: u32, node: &str) -> String {
    match again {
        0 => format!("{} had to send nothing again.", capital(node)),
        again => format!(
            "{} sent {} again; the applications noticed nothing but time.",
            capital(node),
            Count(again.into(), "segment")
        ),
    }
}

const fn early(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed => "Over.",
        Ending::ResetByPeer => {
            "Over by a reset, not by FINs: the application reads an error, not the end."
        }
        Ending::Refused => "Over: refused.",
        Ending::TimedOut(_) => {
            "Over, since a wait was too long; no FIN was exchanged to say where the end is."
        }
        Ending::Aborted => "Over by abort(): the other application reads an error, not the end.",
        Ending::AddressLost => "Over, without an address to speak from.",
        Ending::Unreachable => "Over, since the other side cannot be reached.",
        Ending::Evicted => "Over, to make room.",
    }
}

fn unknown(word: &str, nearest: &str) -> String {
    format!(
        "the legend has no word {word:?}; the nearest is {nearest}: smolchat explain {nearest}. All of them: smolchat explain"
    )
}
