//! What cannot be had from two nodes that behave, written by hand.

use crate::scene::Scene;
use crate::scene::stories::{
    client_first, illegal, losses, lost_syn, reset_by_peer, simultaneous_open,
};
use smolchat::trace::{
    Answer, Call, Cause, ConnectionId, Ending, Kind, Mark, Reason, State, Timer, Verdict,
};

/// Every scene: its name, and how many of its records are kept.
pub(super) fn all() -> Vec<(&'static str, Scene, usize)> {
    vec![
        ("by-hand-client-first", client_first(), 100),
        ("by-hand-partly", client_first(), 12),
        ("by-hand-open-both", simultaneous_open(), 100),
        ("by-hand-losses", losses(), 100),
        ("by-hand-lost-syn", lost_syn(), 100),
        ("by-hand-reset-by-peer", reset_by_peer(), 100),
        ("by-hand-illegal", illegal(), 100),
        ("by-hand-cookie", cookie(), 100),
        ("by-hand-forged", forged(), 100),
        ("by-hand-given-up", given_up(), 100),
        ("by-hand-half-open", half_open(), 100),
        ("by-hand-fin-on-data", fin_on_data(), 100),
        (
            "by-hand-address-lost",
            ends_by(Cause::AddressLost, Ending::AddressLost),
            100,
        ),
        (
            "by-hand-unreachable",
            ends_by(Cause::Unreachable, Ending::Unreachable),
            100,
        ),
        (
            "by-hand-evicted",
            ends_by(Cause::Evicted, Ending::Evicted),
            100,
        ),
        ("by-hand-silent", silent(), 100),
    ]
}

/// The list of handshakes is full.
fn cookie() -> Scene {
    let mut scene = Scene::new();
    scene.receives_as(
        "SYN",
        0,
        0,
        0,
        Mark::None,
        Verdict::Answered(Answer::SynCookie),
    );
    scene.sends_as(
        "SYN,ACK",
        0,
        1,
        0,
        Mark::None,
        Verdict::Gate(Answer::SynCookie),
    );
    scene.after(200).receives("ACK", 1, 1, 0);
    scene.turns(Cause::Call(Call::Listen), State::Closed, State::Listen);
    scene.push(Kind::OtherNumber {
        connection: ConnectionId(1),
        wanted: 5.into(),
        drawn: 6.into(),
    });
    scene
}

/// Somebody who is not the peer plays it.
fn forged() -> Scene {
    let mut scene = Scene::passive();
    let challenged = Verdict::Answered(Answer::ChallengeAck);
    let challenge = Verdict::Gate(Answer::ChallengeAck);
    scene
        .after(1_000)
        .receives_as("SYN", 70_000, 0, 0, Mark::None, challenged);
    scene.sends_as("ACK", 1, 1, 0, Mark::None, challenge);
    scene
        .after(1_000)
        .receives_as("ACK", 1, 900_000, 0, Mark::None, challenged);
    scene.sends_as("ACK", 1, 1, 0, Mark::None, challenge);
    let owed = Verdict::Answered(Answer::Ack);
    scene
        .after(1_000)
        .receives_as("PSH,ACK", 900_000, 1, 10, Mark::None, owed);
    scene.sends_as("ACK", 1, 1, 0, Mark::None, Verdict::Gate(Answer::Ack));
    let dropped = Verdict::Dropped(Reason::RateLimited);
    scene
        .after(1_000)
        .receives_as("ACK", 1, 900_000, 0, Mark::None, dropped);
    scene
}

/// The user wants to go before there is an answer.
fn given_up() -> Scene {
    let mut scene = Scene::new();
    scene.calls(Call::Connect, State::Closed, State::SynSent);
    scene.sends("SYN", 0, 0, 0);
    scene
        .after(1_000)
        .calls(Call::Close, State::SynSent, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

/// The third message does not come.
fn half_open() -> Scene {
    let mut scene = Scene::new();
    scene.receives("SYN", 0, 0, 0);
    scene.goes(State::Listen, State::SynReceived);
    scene.after(38).sends("SYN,ACK", 0, 1, 0);
    let timer = Timer::HalfOpen;
    scene
        .after(30_000_000)
        .turns(Cause::Timer(timer), State::SynReceived, State::Closed);
    scene.sends("RST,ACK", 1, 1, 0);
    scene.ends(Ending::TimedOut(timer));
    scene
}

/// The last words and the end in one segment, both ways.
fn fin_on_data() -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).receives("FIN,PSH,ACK", 1, 1, 5);
    scene.goes(State::Established, State::CloseWait);
    scene.calls(Call::Close, State::CloseWait, State::LastAck);
    scene.after(20).sends("FIN,PSH,ACK", 1, 7, 3);
    scene.after(90).receives("ACK", 7, 5, 0);
    scene.goes(State::LastAck, State::Closed);
    scene.ends(Ending::Closed);
    scene
}

/// Something from outside ends the connection.
fn ends_by(cause: Cause, ending: Ending) -> Scene {
    let mut scene = Scene::passive();
    scene.after(1_000).sends("PSH,ACK", 1, 1, 5);
    scene
        .after(1_000)
        .turns(cause, State::Established, State::Closed);
    scene.ends(ending);
    scene
}

/// The peer answers no keep-alive.
fn silent() -> Scene {
    let mut scene = Scene::passive();
    scene
        .after(30_000_000)
        .sends_as("ACK", 0, 1, 0, Mark::KeepAlive, Verdict::Passed);
    scene.after(100).receives("ACK", 1, 1, 0);
    scene
        .after(30_000_000)
        .sends_as("ACK", 0, 1, 0, Mark::KeepAlive, Verdict::Passed);
    let timer = Timer::KeepAlive;
    scene
        .after(120_000_000)
        .turns(Cause::Timer(timer), State::Established, State::Closed);
    scene.ends(Ending::TimedOut(timer));
    scene
}
