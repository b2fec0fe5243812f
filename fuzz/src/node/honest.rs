//! The peers' side of conversations as they should be.

use super::acts::{ACK, Draft, FIN, PSH, RST, SYN};
use super::plan::Step;
use super::world::World;
use crate::frames::Tcp;
use crate::text::TEXTS;

/// Segments that fill a window at most, and their octets: with long segments a file that fills and fills would
/// have the room read a hundred megabytes.
const BURST: usize = 64;
const BURST_OCTETS: usize = 1 << 17;

/// The options of an honest SYN: MSS 1460 and a window scale of 7.
const HONEST: [u8; 8] = [2, 4, 5, 180, 1, 3, 3, 7];

impl World {
    pub(super) fn step(&mut self, at: usize, step: Step) {
        match step {
            Step::Handshake => self.handshake(at),
            Step::Syn => self.syn(at),
            Step::Say(what) => self.say(at, what, ACK | PSH),
            Step::Finish(what) => self.say(at, what, ACK | FIN),
            Step::Fill => {
                let mut left = BURST_OCTETS;
                for _ in 0..BURST {
                    let talk = &self.talks[at];
                    let room = talk.edge.wrapping_sub(talk.next) as i32;
                    let len = self.longest().min(room.max(0) as usize).min(left);
                    if len == 0 {
                        return;
                    }
                    left -= len;
                    self.data(at, len, ACK, None);
                }
            }
            Step::Lose(len) => {
                let talk = &mut self.talks[at];
                talk.next = talk.next.wrapping_add(len.into());
            }
            Step::GoBack => self.talks[at].next = self.talks[at].expected,
            Step::Acknowledge(window) => {
                let talk = &mut self.talks[at];
                let header = Tcp {
                    seq: talk.next,
                    ack: talk.acknowledge(),
                    flags: ACK,
                    window,
                    options: &[],
                };
                self.send_bare(at, header);
            }
            Step::Reset => {
                let talk = &self.talks[at];
                let header = Tcp {
                    seq: talk.next,
                    ack: talk.snd_nxt,
                    flags: RST | ACK,
                    ..Tcp::default()
                };
                self.send_bare(at, header);
            }
        }
    }

    /// The peer's first SYN, or a new one after an old conversation.
    fn syn(&mut self, at: usize) {
        let talk = &mut self.talks[at];
        if talk.heard_syn_ack {
            let isn = talk.next.wrapping_add(100_000);
            talk.begin_anew(isn);
        }
        let seq = talk.isn;
        talk.scales.1 = Some(7);
        talk.next = seq.wrapping_add(1);
        let header = Tcp {
            seq,
            flags: SYN,
            window: 65_535,
            options: &HONEST,
            ..Tcp::default()
        };
        self.send_bare(at, header);
    }

    fn handshake(&mut self, at: usize) {
        let talk = &self.talks[at];
        if talk.heard_syn && !talk.heard_syn_ack {
            // The node began.
            let header = Tcp {
                seq: talk.isn,
                ack: talk.snd_nxt,
                flags: SYN | ACK,
                window: 65_535,
                options: &HONEST,
            };
            let talk = &mut self.talks[at];
            talk.scales.1 = Some(7);
            talk.next = talk.isn.wrapping_add(1);
            return self.send_bare(at, header);
        }
        self.syn(at);
        if self.talks[at].heard_syn_ack {
            self.step(at, Step::Acknowledge(65_535));
        }
    }

    fn say(&mut self, at: usize, what: u8, flags: u8) {
        if self.app.is_some() {
            let text = TEXTS[usize::from(what) % TEXTS.len()];
            return self.data(at, text.len(), flags, Some(text));
        }
        let len = [1, 2, 100, 536, 1460, 0][usize::from(what) % 6];
        self.data(at, len, flags, None);
    }

    fn data(&mut self, at: usize, len: usize, flags: u8, text: Option<&'static [u8]>) {
        let talk = &mut self.talks[at];
        let header = Tcp {
            seq: talk.next,
            ack: talk.acknowledge(),
            flags,
            window: 65_535,
            options: &[],
        };
        talk.next = talk.next.wrapping_add(len as u32 + u32::from(flags & FIN));
        let salt = talk.salt;
        self.send(
            at,
            Draft {
                header,
                len,
                salt,
                text,
            },
        );
    }
}
