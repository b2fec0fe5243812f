//! What two nodes do to one another, story by story.

use super::play::Play;
use crate::pair::sizes;
use smolchat::device::{Fault, Policy};
use smolchat::node::Sizes;
use smoltcp::time::Duration;

/// Every story.
pub(super) fn all() -> impl Iterator<Item = Play> {
    let plays: [fn() -> Play; 12] = [
        handshake,
        data,
        four,
        three,
        both_close,
        reset,
        refused,
        lost,
        fast,
        lost_syn_and_fin,
        window,
        time_wait,
    ];
    plays.into_iter().map(|play| play())
}

const fn script(script: &'static [(u64, Fault)]) -> Policy<'static> {
    Policy {
        script,
        delay: Duration::from_millis(5000),
        ..Policy::NONE
    }
}

/// A handshake and its three messages.
pub(super) fn handshake() -> Play {
    let mut play = Play::calm();
    play.connect();
    play
}

/// Data both ways with an ack that waits and one that rides.
pub(super) fn data() -> Play {
    let mut play = Play::calm();
    let both = play.connect();
    play.a_says(both, "你好么,我好哟");
    play.b_says(both, "hello\r\n");
    play.pass(100);
    play.b_says(both, "anybody there?");
    play.pass(100);
    play
}

/// A teardown in four segments.
pub(super) fn four() -> Play {
    let mut play = Play::calm();
    let [client, server] = play.connect();
    play.b.tcp(server).unwrap().close(play.now);
    play.pass(100);
    play.a.tcp(client).unwrap().close(play.now);
    play.pass(30_000);
    play
}

/// A teardown in three segments.
pub(super) fn three() -> Play {
    let mut play = Play::calm();
    let [client, server] = play.connect();
    play.a.tcp(client).unwrap().close(play.now);
    play.closes = Some(server);
    play.pass(30_000);
    play
}

/// Both close at once.
pub(super) fn both_close() -> Play {
    let mut play = Play::calm();
    let [client, server] = play.connect();
    play.a.tcp(client).unwrap().close(play.now);
    play.b.tcp(server).unwrap().close(play.now);
    play.pass(30_000);
    play
}

/// A reset with something under way.
pub(super) fn reset() -> Play {
    let mut play = Play::calm();
    let both = play.connect();
    play.a_says(both, "good-bye without a word");
    play.a.tcp(both[0]).unwrap().send(b"and this?").unwrap();
    play.b.tcp(both[1]).unwrap().send(b"who knows").unwrap();
    play.let_out_and_abort(both[0]);
    play
}

/// A connection that is refused.
pub(super) fn refused() -> Play {
    let mut play = Play::calm();
    let now = play.now;
    play.a.connect(now, Play::elsewhere()).unwrap();
    play.pass(100);
    play
}

/// Data that is lost and an ack that is lost.
pub(super) fn lost() -> Play {
    // Before the first data: two frames about hardware addresses, the SYN, the ACK.
    let mut play = Play::new(
        script(&[(5, Fault::Drop)]),
        script(&[(6, Fault::Drop)]),
        sizes(4),
    );
    let both = play.connect();
    play.a_says(both, "is this lost?");
    play.pass(2_000);
    play.a_says(both, "and the answer to this?");
    play.pass(3_000);
    play
}

/// A lost segment that later ones ask for.
pub(super) fn fast() -> Play {
    let mut play = Play::new(script(&[(5, Fault::Drop)]), Policy::NONE, sizes(4));
    let both = play.connect();
    for word in ["one ", "two ", "three ", "four ", "five "] {
        play.a.tcp(both[0]).unwrap().send(word.as_bytes()).unwrap();
        play.pass(2);
    }
    play.pass(3_000);
    play
}

/// A syn that is lost and a fin that is lost.
pub(super) fn lost_syn_and_fin() -> Play {
    let mut play = Play::new(
        script(&[(2, Fault::Drop), (7, Fault::Drop)]),
        Policy::NONE,
        sizes(4),
    );
    let both = play.connect();
    play.a.tcp(both[0]).unwrap().close(play.now);
    play.pass(5_000);
    play
}

/// A window that closes is probed and opens.
pub(super) fn window() -> Play {
    let small = Sizes {
        receive: 64,
        ..sizes(4)
    };
    let mut play = Play::new(Policy::NONE, Policy::NONE, small);
    let [client, server] = play.connect();
    play.a.tcp(client).unwrap().send(&[b'x'; 100]).unwrap();
    play.pass(8_000);
    let mut buffer = [0; 64];
    play.b.tcp(server).unwrap().recv(&mut buffer).unwrap();
    play.pass(3_000);
    play
}

/// Time wait with an old segment and a last ack that is lost.
pub(super) fn time_wait() -> Play {
    // The first data is late, and comes when all is over; the ACK of the second FIN is lost.
    let mut play = Play::new(
        script(&[(5, Fault::Delay)]),
        script(&[(7, Fault::Drop)]),
        sizes(4),
    );
    let both = play.connect();
    play.a_says(both, "late");
    play.b.tcp(both[1]).unwrap().close(play.now);
    play.pass(100);
    play.a.tcp(both[0]).unwrap().close(play.now);
    play.pass(40_000);
    play
}
