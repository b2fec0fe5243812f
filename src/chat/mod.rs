//! The chat: octets and peers in, octets and peers out. It knows no socket, no node and no trace.
//!
//! [`framing`] makes messages of a TCP member's byte stream, [`text`] makes them safe to show, and
//! the [`Room`] decides who gets what. What the room wants sent goes to the caller's [`Outbox`].
//!
//! # The protocol
//!
//! There is one room. Everything is UTF-8 text.
//!
//! ## Messages
//!
//! - Over TCP a message is a line (LF, CR LF), or, from programs that send no line end, what has
//!   arrived when the stream has been idle for 40 ms. A member that ends its lines has 500 ms to end
//!   the next one, and a pause inside a character is waited out for 1 s. A single octet that comes
//!   first may be a key: it is a message after 1 s. A terminal that sends each key, or telnet commands,
//!   ends its lines itself, and may erase in them with backspace; nothing is echoed.
//! - Telnet commands are removed and answered: options are refused, a timing mark is given. NULs behind a
//!   message are nothing; NULs alone are an empty message.
//! - What begins like HTTP, TLS, SSH or SMB is no message and its sender no member: [`crate::web`].
//! - Over UDP a datagram is a message.
//! - A message has at most 1,024 octets. A longer one is refused with a line that says so; its
//!   sender stays.
//! - Invalid octets become U+FFFD. Control characters, escape sequences, directional overrides,
//!   invisible characters and more than four marks on one character are removed before others see them.
//! - **Every message draws exactly one answer to its sender**, in one segment: the receipt
//!   `Delivered to 3 members.`, the result of a command, or the reason of a refusal. So a program
//!   that does one send, then one receive, never gets out of step. The answer ends with LF if the
//!   message did. Lines that were sent without waiting for answers are answered together.
//! - Everybody else receives one line for it: `alice: hello`.
//!
//! ## Members over TCP
//!
//! A connection is a member at once, called `guest-3`, and hears everybody. Nothing is said to it
//! before its first message; the answer to that has the welcome in front. Coming and going are not
//! announced, since programs may be waiting for an answer; `/who` tells. Nobody is listened to while a
//! member's queue has no room; one that has not read half of it 80 ms later is told so and disconnected.
//!
//! ## Members over UDP
//!
//! Anybody may send, from any source address that can be written on a datagram. So:
//!
//! - A datagram from an unknown endpoint is passed on, under a name like `udp-k7m2`. Its sender gets a
//!   receipt, never larger than the datagram, and hears nobody else. If there is room for it, 13 octets, the
//!   receipt has a join code; `/join, please` asks for one.
//! - An endpoint that returns its code behind `/join`, as in `/join k7m2p9qa`, has shown that it receives
//!   what is sent to it, and is a member; its lines go from then on where the code came from. No answer reads
//!   like that, so a service that returns what it is sent never becomes one. The code is a keyed hash of the
//!   endpoint and the minute, good for one to two minutes; nothing is kept before it comes back.
//! - Datagrams from ports below 1024, or from a port that the node itself serves, are dropped, and what
//!   reads like an answer to a stranger is not answered: services and rooms never talk to each other.
//! - What protects a member from a datagram with its address forged on it: nothing but the network. Such a
//!   datagram says a line in its name, or `q`; its owner is told, and returns with `/join`. A code is good on
//!   the way that it was given on. From elsewhere on the link it moves the member's lines there, as when a host got
//!   another hardware address; whoever was there before is told how to have them back. Who needs more joins over TCP.
//! - A member that sends nothing for 120 s is dropped and told how to return. An empty datagram is
//!   enough to stay.
//! - Lines that a full queue does not take are counted, and the count is told with the next line.
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
//! `q` is good-bye only if it is the whole message. The operator's console is a member, too, and has
//! `/ladder N`, `/close N`, `/abort N`, `/kick NAME` besides.
//!
//! ## Names and floods
//!
//! A name has letters and digits of any script, with `-`, `_` and `.` between them, in at most 24
//! octets, by Unicode Technical Standard #39: characters for identifiers, of one script or of Latin with
//! those of Chinese, Japanese or Korean. On boards, without Unicode's tables, it has ASCII letters and
//! digits, Chinese characters, kana and Hangul. One that is taken, that looks like one that is (`Alice`,
//! `a1ice`, letters of other scripts with the same shape), or that is kept for the room is refused.
//! Digits that are like letters only at a glance (`5` and `S`) stay different, as in that standard.
//! Each member may say 20 messages at once and then 5 a second; the rest is refused, one answer each. Who leaves
//! and comes again from the same address goes on where it was, but for one message over TCP.
//! Endpoints without proof say 20 from one address (or IPv6 network of 64 bits) and then 2 a second,
//! beyond which nobody answers, and together 60 and then 10 a second.
//!
//! ## A full room
//!
//! TCP and UDP have places of their own. While places are free, one address may have all of them. When none
//! is left and somebody waits for one, the address that has most of them makes room, if it would still have
//! more than the newcomer's: the member that never spoke and is silent for longest, or, if the address has
//! more than its share of all places, one that spoke. With so many addresses the share is that part of all, at most
//! a quarter, and never less than two or a thirty-second part. Who has said nothing for 5 s, or nothing more for ten minutes,
//! makes room in any case. Whoever makes room is told why.
//!
//! Shares hold against whoever has few addresses. A host on the node's own link can take as many as it likes, on and
//! behind the link, and answer for each: against it nothing helps but a link that is looked after.

mod command;
pub mod framing;
mod hall;
mod index;
mod members;
mod name;
mod outbox;
mod proof;
mod rate;
mod room;
pub mod text;
mod words;

pub use crate::origin::{Origin, Origins, count, most_crowded};
pub use command::{HELP, OPERATOR_HELP};
pub use framing::{Ending, Framer, Step};
pub use index::Cell;
pub use members::{CELLS_PER_MEMBER, Endpoint, MemberId, Peer, Slot};
pub use name::{NAME_MAX, Name};
pub use outbox::{Ask, Counts, Full, LAST_WORDS_MAX, Outbox, Request};
pub use proof::{CODE_LEN, CODE_PERIOD};
pub use rate::{Rate, Source};
pub use room::{
    AMPLIFICATION, LINE_MAX, Limits, Lines, Memory, Newcomer, NotAMember, PutOut, Room, RoomFull,
    Storage, Voice, unheard_lines,
};
pub use words::RECEIPT_MAX;
