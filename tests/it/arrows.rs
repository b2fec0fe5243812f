//! Figure 5 of RFC 9293, walked: every state and every arrow by a story with a name, and the sum of the
//! stories held against the figure.

use crate::lab::{Column, Lab, PORT, Segment, Setup};
use crate::pair::{Pair, address};
use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
    SynSent, TimeWait,
};
use smolchat::device::Side;
use smolchat::node::{Node, RecvError};
use smolchat::trace::rfc9293::{STATES, arrows};
use smolchat::trace::{Call, Cause, Kind, State, Transition};
use smoltcp::time::Duration;
use smoltcp::wire::IpEndpoint;

type Walked = Vec<(State, State, Cause)>;

/// Every change of state that a node's journal tells.
fn walked(node: &Node<'_>) -> Walked {
    let walked = node
        .journal()
        .iter()
        .filter_map(|(_, event)| match event.kind() {
            Kind::Transition(Transition {
                from, to, cause, ..
            }) => Some((from, to, cause)),
            Kind::Illegal(what) => panic!("{what:?}"),
            _ => None,
        });
    walked.collect()
}

/// The states of a walk from its first to its last, of a node that had one connection.
fn path(walked: &Walked) -> Vec<State> {
    let first = walked.first().map(|step| step.0);
    let rest = walked.iter().map(|step| step.1);
    first.into_iter().chain(rest).collect()
}

fn both(pair: &Pair) -> Walked {
    [walked(&pair.a), walked(&pair.b)].concat()
}

fn the_client_closes_first() -> Walked {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.run_until(|pair| {
        pair.b.tcp(server).unwrap().recv(&mut [0; 8]) == Err(RecvError::Finished)
    });
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.run_for(Duration::from_secs(61));
    assert_eq!(
        path(&walked(&pair.a)),
        [
            Closed,
            SynSent,
            Established,
            FinWait1,
            FinWait2,
            TimeWait,
            Closed
        ]
    );
    assert_eq!(
        path(&walked(&pair.b)),
        [Listen, SynReceived, Established, CloseWait, LastAck, Closed]
    );
    both(&pair)
}

fn both_close_at_once() -> Walked {
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.run_for(Duration::from_secs(61));
    let end = [Established, FinWait1, Closing, TimeWait, Closed];
    assert!(path(&walked(&pair.a)).ends_with(&end));
    assert!(path(&walked(&pair.b)).ends_with(&end));
    both(&pair)
}

fn both_open_at_once() -> Walked {
    let mut pair = Pair::default();
    let (a, b) = (address(Side::A), address(Side::B));
    let one = IpEndpoint::new(b, 6000);
    let other = IpEndpoint::new(a, 5000);
    let client = pair.a.connect_from(pair.now, 5000, one).unwrap();
    let server = pair.b.connect_from(pair.now, 6000, other).unwrap();
    pair.run_for(Duration::from_secs(5));
    // Whoever asked for the other's hardware address first was the first to send.
    let met = [path(&walked(&pair.a)), path(&walked(&pair.b))];
    assert!(
        met.contains(&vec![Closed, SynSent, SynReceived, Established]),
        "{met:?}"
    );
    pair.a.abort(pair.now, client);
    pair.b.abort(pair.now, server);
    both(&pair)
}

fn the_peers_end_comes_with_the_acknowledgment_of_ours() -> Walked {
    let mut lab = Lab::established(Column::Node);
    lab.close();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack().fin());
    let walked = walked(lab.node());
    assert!(path(&walked).ends_with(&[Established, FinWait1, TimeWait]));
    walked
}

fn a_connect_is_taken_back() -> Walked {
    let (mut lab, _) = Lab::opening(Column::Node);
    lab.close();
    let walked = walked(lab.node());
    assert_eq!(path(&walked), [Closed, SynSent, Closed]);
    walked
}

fn a_syn_is_taken_back() -> Walked {
    let mut lab = Lab::server(Column::Node);
    lab.half_open();
    let reset = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst());
    let walked = walked(lab.node());
    assert_eq!(path(&walked), [Listen, SynReceived, Listen]);
    walked
}

/// A listener is a port and holds no connection: the journal, which tells of connections, does not
/// tell of it, and what it does is seen from outside.
fn a_port_is_served_and_no_longer() -> Walked {
    let setup = Setup {
        listens: false,
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    let syn = lab.syn();
    assert_eq!(lab.state(), Closed);
    assert!(lab.give(&syn).iter().any(Segment::is_rst));
    lab.node().listen(PORT, 1).unwrap();
    assert_eq!(lab.state(), Listen);
    lab.node().unlisten(PORT);
    assert_eq!(lab.state(), Closed);
    assert!(lab.give(&syn).iter().any(Segment::is_rst));
    vec![
        (Closed, Listen, Cause::Call(Call::Listen)),
        (Listen, Closed, Cause::Call(Call::Close)),
    ]
}

/// The FIN waits for the acknowledgment of our SYN, which makes the one arrow two.
fn a_close_in_syn_received_is_kept_for_established() -> Walked {
    let mut lab = Lab::server(Column::Node);
    lab.half_open();
    lab.close();
    assert_eq!(lab.state(), SynReceived);
    let sent = lab.give(&lab.ack());
    assert!(sent.iter().any(Segment::is_fin));
    let mut walked = walked(lab.node());
    assert_eq!(path(&walked), [Listen, SynReceived, Established, FinWait1]);
    walked.push((SynReceived, FinWait1, Cause::Call(Call::Close)));
    walked
}

macro_rules! stories {
    ($($name:ident)*) => {
        const STORIES: &[fn() -> Walked] = &[$($name),*];

        mod story {
            $(
                #[test]
                fn $name() {
                    super::$name();
                }
            )*
        }
    };
}

stories! {
    the_client_closes_first
    both_close_at_once
    both_open_at_once
    the_peers_end_comes_with_the_acknowledgment_of_ours
    a_connect_is_taken_back
    a_syn_is_taken_back
    a_port_is_served_and_no_longer
    a_close_in_syn_received_is_kept_for_established
}

#[test]
fn the_stories_walk_every_arrow_of_the_figure() {
    let walked: Walked = STORIES.iter().flat_map(|story| story()).collect();
    for arrow in arrows().filter(|arrow| arrow.in_figure) {
        let step = (arrow.from, arrow.to, arrow.cause);
        if step == (Listen, SynSent, Cause::Call(Call::Connect)) {
            // SEND on a listener: no socket interface has it, and neither has the node.
            assert!(!walked.contains(&step));
        } else {
            assert!(walked.contains(&step), "{arrow:?} is not walked");
        }
    }
    for state in STATES {
        assert!(
            walked.iter().any(|step| step.0 == state),
            "{state} is not left"
        );
        assert!(
            walked.iter().any(|step| step.1 == state),
            "{state} is not reached"
        );
    }
}
