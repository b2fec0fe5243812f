//! What left is what was noted: the frames on the wire against the journal, one to one, in order.

use smolchat::node::Node;
use smolchat::trace::{ConnectionId, Direction, Flow, Kind, Neighbor, State, Style, Verdict, draw};
use smoltcp::time::Instant;

use crate::frames::Fact;

/// A connection as the journal tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub id: ConnectionId,
    pub flow: Flow,
    /// The initial numbers: ours, and the peer's once a segment of ours acknowledged it.
    pub iss: Option<u32>,
    pub irs: Option<u32>,
    pub state: State,
}

/// The journal, read as far as it goes.
#[derive(Default)]
pub struct Ledger {
    next: u64,
    /// Frames that left by the journal's word, oldest first.
    noted: Vec<Fact>,
    /// Which of [`Self::known`] each was a segment of.
    senders: Vec<Option<usize>>,
    /// Connections, oldest first.
    pub known: Vec<Known>,
}

impl Ledger {
    /// Reads on. `false`: records were lost, so nothing can be compared.
    ///
    /// # Panics
    /// At a change of state that the RFC does not know.
    pub fn read(&mut self, node: &Node<'_>) -> bool {
        let journal = node.journal();
        let (missed, events) = journal.since(self.next);
        self.noted.clear();
        self.senders.clear();
        let (noted, known) = (&mut self.noted, &mut self.known);
        for (_, event) in events {
            match event.kind() {
                Kind::Illegal(change) => panic!(
                    "a change of state that no RFC knows: {change:?}\n{}",
                    ladder(node, change.connection, event.at())
                ),
                Kind::Opened { connection, flow } => known.push(Known {
                    id: connection,
                    flow,
                    iss: None,
                    irs: None,
                    state: State::Closed,
                }),
                Kind::Transition(change) => {
                    if let Some(known) = find(known, change.connection) {
                        known.state = change.to;
                    }
                }
                Kind::Segment(segment) if segment.direction == Direction::Out => {
                    let sender = known
                        .iter()
                        .rposition(|known| known.id == segment.connection);
                    let Some(sender) = sender else {
                        assert!(missed > 0, "a segment of nobody: {segment:?}");
                        continue;
                    };
                    self.senders.resize(noted.len(), None);
                    self.senders.push(Some(sender));
                    let known = &mut known[sender];
                    known.iss = Some((segment.header.seq - segment.seq).get());
                    if segment.ack != 0 {
                        known.irs = Some((segment.header.ack - segment.ack).get());
                    }
                    noted.push(Fact::Tcp(known.flow, segment.header));
                }
                Kind::Stray(stray) if stray.direction == Direction::Out && left(stray.verdict) => {
                    noted.push(Fact::Tcp(stray.flow, stray.header));
                }
                Kind::Datagram(datagram)
                    if datagram.direction == Direction::Out && left(datagram.verdict) =>
                {
                    noted.push(Fact::Udp(datagram.flow, datagram.len));
                }
                Kind::Neighbor(
                    it @ (Neighbor::Asked(_) | Neighbor::Probed(_) | Neighbor::WeAnswered(_)),
                ) => {
                    noted.push(Fact::Neighbor(it));
                }
                Kind::Icmp {
                    direction: Direction::Out,
                    kind,
                    code,
                } => noted.push(Fact::Icmp(kind, code)),
                _ => {}
            }
        }
        self.next = journal.next();
        missed == 0
    }

    /// # Panics
    /// If a frame left that the journal does not have, or the other way round.
    pub fn compare(&self, left: &[Fact]) {
        assert!(
            self.noted == left,
            "what left is not what was noted\n left: {left:#?}\nnoted: {:#?}",
            self.noted
        );
    }

    /// Whose segment the frame was that left as number `at`.
    pub fn sender(&self, at: usize) -> Option<&Known> {
        let sender = self.senders.get(at).copied().flatten()?;
        self.known.get(sender)
    }

    pub fn by_id(&self, id: ConnectionId) -> Option<&Known> {
        self.known.iter().rev().find(|known| known.id == id)
    }
}

/// What the journal tells of a connection.
pub fn ladder(node: &Node<'_>, id: ConnectionId, now: Instant) -> String {
    let mut text = String::new();
    let _ = draw(node.journal(), id, now, &Style::PLAIN, &mut text);
    text
}

fn left(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Dropped(_))
}

fn find(known: &mut [Known], id: ConnectionId) -> Option<&mut Known> {
    known.iter_mut().rev().find(|known| known.id == id)
}
