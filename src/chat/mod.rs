//! The chat: octets and peers in, octets and peers out. It is independent of sockets, nodes and traces.
//!
//! [`framing`] extracts messages from a TCP member's byte stream, [`text`] makes them safe to show, and the [`Room`]
//! decides who gets what. What the room wants to send goes to the caller's [`Outbox`].
//!
//! # The protocol
//!
//! There is one room. Everything is UTF-8 text.
//!
//! ## Messages
//!
//! - Over TCP a message is a line (LF, CR LF) or, from programs that send no line end, whatever has arrived when the
//!   stream has been idle for 40 ms. A member that ends its lines has 500 ms to end the next one; a pause inside a
//!   character may last 1 s. A single octet that comes first may be a keystroke: it becomes a message after 1 s. A
//!   terminal that sends each keystroke, or telnet commands, ends its lines itself, and may edit them with backspace;
//!   nothing is echoed.
//! - Telnet commands are removed and answered: options are refused, a timing mark is given. NULs after a message are
//!   ignored; NULs alone are an empty message.
//! - What begins like HTTP, TLS, SSH or SMB is not a message, and its sender not a member: see [`crate::web`].
//! - Over UDP a datagram is a message.
//! - A message has at most 1,024 octets. A longer one is refused with a line that says so; its sender stays in the
//!   room.
//! - Invalid octets become U+FFFD. Control characters, escape sequences, directional overrides,
//!   invisible characters and more than four marks on one character are removed before others see them.
//! - **Every message gets exactly one answer**, in one segment: the receipt `Delivered to 3 members.`, the result of a
//!   command, or the reason for a refusal. So a program that sends once and then receives once never gets out of step.
//!   The answer ends with LF if the message did. Lines that were sent without waiting for answers are answered
//!   together.
//! - Everyone else receives one line for it: `alice: hello`.
//!
//! ## Members over TCP
//!
//! A connection is a member at once, called `guest-3`, and hears everyone. Nothing is sent to it before its first
//! message, whose answer begins with the welcome. Joining and leaving are not announced, since programs may be waiting
//! for an answer; `/who` lists the members. While a member's queue has no room, no input is read from anyone; a member
//! that has not read half of its queue 80 ms later is told so and disconnected.
//!
//! ## Members over UDP
//!
//! Anyone may send, from any source address that can be written on a datagram. So:
//!
//! - A datagram from an unknown endpoint is passed on, under a name like `udp-k7m2`. Its sender gets a receipt, never
//!   longer than the datagram, and hears nobody else. If there is room for it, 13 octets, the receipt contains a join
//!   code; `/join, please` asks for one.
//! - An endpoint that returns its code after `/join`, as in `/join k7m2p9qa`, has shown that it receives what is sent
//!   to it, and becomes a member; from then on its lines go to where the code came from. No answer reads like that, so
//!   a service that returns whatever it is sent never becomes a member. The code is a keyed hash of the endpoint and
//!   the minute, valid for one to two minutes; nothing is stored before it comes back.
//! - Datagrams from ports below 1024, or from a port that the node itself serves, are dropped, and what reads like an
//!   answer to a stranger is not answered: services and rooms never talk to each other.
//! - Only the network protects a member from a datagram with its address forged on it. Such a datagram says a line in
//!   its name, or `q`; its owner is told, and returns with `/join`. A code is valid on the path on which it was given.
//!   From elsewhere on the link it moves the member's lines there, as when a host gets another hardware address;
//!   whoever was there before is told how to get them back. For more protection, join over TCP.
//! - A member that sends nothing for 120 s is dropped and told how to return. An empty datagram is enough to stay.
//! - Lines that do not fit into a full queue are counted, and the count is reported with the next line.
//!
//! ## Commands
//!
//! | message            | what it does                                                        |
//! |--------------------|---------------------------------------------------------------------|
//! | `q`, `/quit`       | leaves: answered by exactly `q` in a segment of its own, then closed |
//! | `/nick NAME`       | takes a name                                                        |
//! | `/who`             | lists the members                                                   |
//! | `/msg NAME TEXT`   | speaks to one member: `alice (only to you): psst`                   |
//! | `/me TEXT`         | `* alice waves`                                                     |
//! | `/states`          | the connections and their states                                    |
//! | `/ladder`          | the member's own connection as a diagram                            |
//! | `/help`            | the commands                                                        |
//! | `//TEXT`           | says `/TEXT`                                                        |
//!
//! `q` means leaving only if it is the whole message. The operator's console is a member, too, and also has `/ladder
//! N`, `/close N`, `/abort N` and `/kick NAME`.
//!
//! ## Names and floods
//!
//! A name has letters and digits of any script, with `-`, `_` and `.` between them, in at most 24 octets, according to
//! Unicode Technical Standard #39: characters for identifiers, of one script or of Latin with those of Chinese,
//! Japanese or Korean. On boards, which lack Unicode's tables, it has ASCII letters and digits, Chinese characters,
//! kana and Hangul. A name is refused if it is taken, if it looks like one that is (`Alice`, `a1ice`, letters of other
//! scripts with the same shape), or if it is reserved for the room. Digits that resemble letters only at a glance (`5`
//! and `S`) stay different, as in that standard. Each member may send 20 messages at once and then 5 a second; the rest
//! is refused, with one answer each. A member that leaves and comes back from the same address resumes its allowance,
//! except for one message over TCP. Endpoints without proof may send 20 from one address (or IPv6 network of 64 bits)
//! and then 2 a second, beyond which nothing is answered, and together 60 and then 10 a second.
//!
//! ## A full room
//!
//! TCP and UDP have separate places. While places are free, one address may have all of them. When none is left and
//! somebody waits for one, the address that holds most of them makes room, if it would still have more than the
//! newcomer's: with the member that never spoke and has been silent for longest or, if the address has more than its
//! share of all places, with one that spoke. The share is what each would have if all these addresses had the same, at
//! most a quarter, and never less than two or a thirty-second part. A member that has said nothing for 5 s, or nothing
//! more for ten minutes, makes room in any case. Whoever makes room is told why.
//!
//! Shares protect against peers with few addresses. A host on the node's own link can take as many as it likes, on and
//! beyond the link, and answer for each: the only protection against that is a well-kept link.

mod command;
pub mod framing;
mod index;
mod join_code;
mod members;
mod name;
mod outbox;
mod rate;
mod room;
mod roster;
pub mod text;
mod words;

pub use crate::origin::{Origin, Origins, count, most_crowded};
pub use command::{HELP, OPERATOR_HELP};
pub use framing::{Framer, MessageEnd, Step};
pub use index::Cell;
pub use join_code::{CODE_LEN, CODE_PERIOD};
pub use members::{CELLS_PER_MEMBER, Endpoint, MemberId, Peer, Slot};
pub use name::{NAME_MAX, Name};
pub use outbox::{Ask, Counts, Full, LAST_WORDS_MAX, Outbox, Request};
pub use rate::{Rate, Source};
pub use room::{
    AMPLIFICATION, LINE_MAX, Limits, Lines, Memory, Newcomer, NotAMember, PutOut, Room, RoomFull,
    Storage, Voice, unheard_lines,
};
pub use words::RECEIPT_MAX;
