//! Lives of connections, written by hand: what happened, when, and in which segments.

use smolchat::trace::{
    Answer, Call, Cause, ConnectionId, Ending, Kind, Mark, Reason, Repair, State, Timer,
    Transition, Verdict,
};
use smoltcp::time::Duration;

use super::Scene;

/// A client connects, says something, is answered, and closes first.
pub(crate) fn client_first() -> Scene {
    let mut scene = Scene::passive();
    scene.after(10_000).receives("PSH,ACK", 1, 1, 24);
    scene.after(40).sends("ACK", 1, 25, 0);
    scene.after(180).sends("PSH,ACK", 1, 25, 31);
    scene.after(90).receives("ACK", 25, 32, 0);
    scene.after(2_000_000).receives("FIN,ACK", 25, 32, 0);
    scene.goes(State::Established, State::CloseWait);
    scene.after(30).sends("ACK", 32, 26, 0);
    scene
        .after(300)
        .calls(Call::Close, State::CloseWait, State::LastAck);
    scene.sends("FIN,ACK", 32, 26, 0);
    scene.after(100).receives("ACK", 26, 33, 0);
    scene.goes(State::LastAck, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

/// The server closes first and has to wait.
pub(crate) fn server_first() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives("PSH,ACK", 1, 1, 1);
    scene.after(50).sends("PSH,ACK", 1, 2, 1);
    scene.after(60).receives("ACK", 2, 2, 0);
    scene
        .after(20)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 2, 2, 0);
    scene.after(100).receives("ACK", 2, 3, 0);
    scene.goes(State::FinWait1, State::FinWait2);
    scene.after(900).receives("FIN,ACK", 2, 3, 0);
    scene.goes(State::FinWait2, State::TimeWait);
    scene.waits(Duration::from_secs(60));
    scene.after(20).sends("ACK", 3, 3, 0);
    scene
}

pub(crate) fn server_first_to_the_end() -> Scene {
    let mut scene = server_first();
    scene.after(60_000_000 - 20).turns(
        Cause::Timer(Timer::TimeWait),
        State::TimeWait,
        State::Closed,
    );
    scene.ends(Ending::Closed);
    scene
}

/// Our FIN and the peer's cross on the way.
pub(crate) fn simultaneous_close() -> Scene {
    let mut scene = Scene::active();
    scene
        .after(5_000)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 1, 1, 0);
    scene.after(20).receives("FIN,ACK", 1, 1, 0);
    scene.goes(State::FinWait1, State::Closing);
    scene.after(10).sends("ACK", 2, 2, 0);
    scene.after(30).receives("ACK", 2, 2, 0);
    scene.goes(State::Closing, State::TimeWait);
    scene.waits(Duration::from_millis(600));
    scene.after(600_000).turns(
        Cause::Timer(Timer::TimeWait),
        State::TimeWait,
        State::Closed,
    );
    scene.ends(Ending::Closed);
    scene
}

/// Both sides open at once.
pub(crate) fn simultaneous_open() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends("SYN", 0, 0, 0);
    scene.after(40).receives("SYN", 0, 0, 0);
    scene.goes(State::SynSent, State::SynReceived);
    scene.after(10).sends("SYN,ACK", 0, 1, 0);
    scene.after(40).receives("SYN,ACK", 0, 1, 0);
    scene.goes(State::SynReceived, State::Established);
    scene.after(10).sends("ACK", 1, 1, 0);
    scene
}

pub(crate) fn three_segments() -> Scene {
    let mut scene = Scene::active();
    scene.after(70).sends("PSH,ACK", 1, 1, 1_000);
    scene
        .after(3_000)
        .calls(Call::Close, State::Established, State::FinWait1);
    scene.sends("FIN,ACK", 1_001, 1, 0);
    scene.after(80).receives("FIN,ACK", 1, 1_002, 0);
    scene.goes(State::FinWait1, State::TimeWait);
    scene.waits(Duration::from_secs(20));
    scene.after(10).sends("ACK", 1_002, 2, 0);
    scene.after(1_000_000).receives_as(
        "FIN,ACK",
        1,
        1_002,
        0,
        Mark::Duplicate,
        Verdict::Answered(Answer::TimeWaitAck),
    );
    scene.waits(Duration::from_secs(20));
    scene.sends_as(
        "ACK",
        1_002,
        2,
        0,
        Mark::None,
        Verdict::Gate(Answer::TimeWaitAck),
    );
    scene
}

pub(crate) fn reset_by_peer() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives_as(
        "RST",
        70_000,
        0,
        0,
        Mark::None,
        Verdict::Answered(Answer::ChallengeAck),
    );
    scene.sends_as(
        "ACK",
        1,
        1,
        0,
        Mark::None,
        Verdict::Gate(Answer::ChallengeAck),
    );
    scene.after(1_000).receives_as(
        "RST",
        900_000,
        0,
        0,
        Mark::None,
        Verdict::Dropped(Reason::ResetOutOfWindow),
    );
    scene.after(500).receives("RST,ACK", 1, 1, 0);
    scene.goes(State::Established, State::Closed);
    scene.ends(Ending::ResetByPeer);
    scene
}

pub(crate) fn abort() -> Scene {
    let mut scene = Scene::passive();
    scene
        .after(1_000)
        .calls(Call::Abort, State::Established, State::Closed);
    scene.sends("RST,ACK", 1, 1, 0);
    scene.ends(Ending::Aborted);
    scene
}

pub(crate) fn refused() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends("SYN", 0, 0, 0);
    scene.after(120).receives("RST,ACK", 0, 1, 0);
    scene.goes(State::SynSent, State::Closed);
    scene.ends(Ending::Refused);
    scene
}

/// The SYN is lost, then its answer; nobody answers in the end.
pub(crate) fn lost_syn() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends_as(
        "SYN",
        0,
        0,
        0,
        Mark::None,
        Verdict::Dropped(Reason::Unresolved),
    );
    scene
        .after(1_000_000)
        .sends_as("SYN", 0, 0, 0, Mark::Retransmission, Verdict::Passed);
    scene
        .after(2_000_000)
        .sends_as("SYN", 0, 0, 0, Mark::Retransmission, Verdict::Passed);
    scene.slow(3);
    scene.after(180_000_000).turns(
        Cause::Timer(Timer::Retransmission),
        State::SynSent,
        State::Closed,
    );
    scene.ends(Ending::TimedOut(Timer::Retransmission));
    scene
}

/// Every step of a handshake and a teardown is lost once, and the peer's states are taken back.
pub(crate) fn losses() -> Scene {
    let mut scene = Scene::new();
    scene.receives_as("SYN", 0, 0, 0, Mark::None, Verdict::Held);
    scene.goes(State::Listen, State::SynReceived);
    scene.after(20).sends("SYN,ACK", 0, 1, 0);
    scene.after(1_000_000).receives_as(
        "SYN",
        0,
        0,
        0,
        Mark::Duplicate,
        Verdict::Answered(Answer::SynAckAgain),
    );
    scene.sends_as(
        "SYN,ACK",
        0,
        1,
        0,
        Mark::Retransmission,
        Verdict::Gate(Answer::SynAckAgain),
    );
    scene.after(200).receives("ACK", 1, 1, 0);
    scene.goes(State::SynReceived, State::Established);
    scene
        .after(1_000)
        .receives_as("PSH,ACK", 101, 1, 50, Mark::OutOfOrder, Verdict::Passed);
    scene.sends("ACK", 1, 1, 0);
    scene.after(1_000).receives_as(
        "PSH,ACK",
        1,
        1,
        100,
        Mark::None,
        Verdict::Repaired(Repair::OldAck),
    );
    scene.sends("ACK", 1, 151, 0);
    scene
        .after(7_200_000_000)
        .receives_as("ACK", 150, 1, 1, Mark::KeepAlive, Verdict::Passed);
    scene.sends("ACK", 1, 151, 0);
    scene.after(1_000_000).receives("FIN,ACK", 151, 1, 0);
    scene.goes(State::Established, State::CloseWait);
    scene.sends("ACK", 1, 152, 0);
    scene
        .after(210_000)
        .receives_as("FIN,ACK", 151, 1, 0, Mark::Duplicate, Verdict::Passed);
    scene.sends("ACK", 1, 152, 0);
    scene.after(10).sends("PSH,ACK", 1, 152, 5);
    scene.after(100).receives("ACK", 152, 6, 0);
    scene
        .after(10)
        .calls(Call::Close, State::CloseWait, State::LastAck);
    scene.sends("FIN,ACK", 6, 152, 0);
    scene
        .after(1_000_000)
        .sends_as("FIN,ACK", 6, 152, 0, Mark::Retransmission, Verdict::Passed);
    scene.after(100).receives("ACK", 152, 7, 0);
    scene.goes(State::LastAck, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

pub(crate) fn long_numbers() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives_as(
        "FIN,SYN,PSH,ACK,URG",
        4_294_967_295,
        4_294_967_295,
        65_535,
        Mark::OutOfOrder,
        Verdict::Dropped(Reason::RateLimited),
    );
    scene.after(1_000).receives_as(
        "PSH,ACK",
        123_456_789,
        123_456_789,
        1_460,
        Mark::None,
        Verdict::Dropped(Reason::RateLimited),
    );
    scene
}

pub(crate) fn illegal() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).push(Kind::Illegal(Transition {
        connection: ConnectionId(1),
        from: State::Established,
        to: State::LastAck,
        cause: Cause::Segment,
    }));
    scene
}
