//! What a row and a state mean.

use crate::lab::texts::Meaning;
use crate::trace::State;

pub(super) const fn state(state: State) -> &'static str {
    match state {
        State::Closed => "no connection: nothing is known of one here.",
        State::Listen => "a server waits for anybody's SYN.",
        State::SynSent => "the SYN is out, and waits for an answer.",
        State::SynReceived => "a SYN came and was answered; the answer is not acknowledged yet.",
        State::Established => "both sides know that the other is there: data may go both ways.",
        State::FinWait1 => "this side has closed; its FIN is not acknowledged yet.",
        State::FinWait2 => "the FIN is acknowledged; the other side may still send.",
        State::CloseWait => "the other side has closed; this side's program has not.",
        State::Closing => "both FINs crossed; the acknowledgment of ours is still to come.",
        State::LastAck => "both have closed; only the acknowledgment of our FIN is missing.",
        State::TimeWait => {
            "all is done; it waits 2 MSL, to answer a FIN that comes again and to outlive old segments."
        }
    }
}

pub(super) const fn explained(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Syn => {
            "SYN: may we talk, and my numbers begin here. It takes one sequence number."
        }
        Meaning::SynAck => "SYN,ACK: yes, I have your number, and mine begin here.",
        Meaning::Ack => {
            "ACK: I have everything before this number. An acknowledgment alone is never acknowledged."
        }
        Meaning::Data => "Data: seq is the number of its first octet, len how many there are.",
        Meaning::Fin => {
            "FIN: I shall send no more. It takes one sequence number, so it is acknowledged like data."
        }
        Meaning::Reset => {
            "RST: there is no such connection here, or no more. Nothing is acknowledged and nobody waits."
        }
        Meaning::Datagram => "A datagram: alone, without numbers, never acknowledged.",
        Meaning::Icmp => "ICMP: the host is there, but nobody has that port.",
        Meaning::Retransmission => {
            "Nobody acknowledged it in time, so it is sent again, with the same number."
        }
        Meaning::Duplicate => {
            "All of it was here before: it is acknowledged again and thrown away."
        }
        Meaning::OutOfOrder => {
            "Something before it is missing: it is kept, and the acknowledgment still names the hole."
        }
        Meaning::KeepAlive => {
            "A probe of a silent peer, one number below the next: whoever is there must answer."
        }
        Meaning::WindowProbe => {
            "One octet into a closed window: the answer says whether it has opened."
        }
        Meaning::Lost => {
            "It left and never arrived. Nobody is told: the sender finds out by waiting."
        }
        Meaning::Late => "It is on its way for longer than what was sent after it.",
        Meaning::Copy => {
            "The network delivers something that it has delivered before, or too late."
        }
        Meaning::Forged => "A third party made it up, with the client's address on it.",
        Meaning::NobodyThere => "It arrives where nothing is switched on.",
        Meaning::Refused => "It arrives, and goes no further.",
        Meaning::Held => "It waits until a connection is free. Nothing is answered yet.",
        Meaning::Listen => "The program asks its stack to let others in at this port.",
        Meaning::Connect => "The program asks its stack to open a connection; the SYN follows.",
        Meaning::Accept => "The program takes a connection whose handshake is over already.",
        Meaning::Send => {
            "The octets are in the stack's buffer. That says nothing about the other end."
        }
        Meaning::Receive => {
            "The program takes what the stack has for it, at most as much as it asked for."
        }
        Meaning::WouldBlock => "There is nothing yet: a call that blocks would sleep here.",
        Meaning::EndOfData => "0: the other side has closed, and everything before that was read.",
        Meaning::Failed => "An error: the name is that of C.",
        Meaning::Shutdown => {
            "Only the sending half is closed: a FIN, and this side goes on reading."
        }
        Meaning::Close => "The program is done with the connection; its stack is not.",
        Meaning::Abort => "The connection ends at once, by a reset.",
        Meaning::Bind => "The program asks for the datagrams of this port.",
        Meaning::Timer => "Nothing came: a timer ran out, and it alone changes the state.",
        Meaning::TimeWait => "From here 2 MSL are counted.",
        Meaning::Over => {
            "Nothing is left of the connection but what the program is told of its end."
        }
        Meaning::CablePulled => "From here on nothing crosses. Neither end is told.",
        Meaning::CablePlugged => "What is sent from here on crosses again.",
        Meaning::PowerLost => "It is gone with all it knew, and says nothing.",
        Meaning::Started => "It knows nothing of what was before.",
        Meaning::Killed => "The program is gone; its stack closes what it had open.",
    }
}
