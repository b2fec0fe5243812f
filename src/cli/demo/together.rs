//! Both ends close at the same moment. Over a real network that is luck; on a wire in memory it is made.

use std::io::Write;

use smolchat::device::Side;
use smolchat::explain::Teller;
use smolchat::lang::{Act, Lang};
use smolchat::trace::{Follower, Style};
use smoltcp::time::Duration;
use smoltcp::wire::IpEndpoint;

use super::acts::titled;
use super::stage::{self, MSL, PORT, address};
use super::world::Stuck;
use smolchat::pair::Clockwork;

/// Plays the act and draws it as one of the two ends saw it; the other saw its mirror image.
pub fn play(
    style: &Style,
    teller: &mut Teller,
    lang: Lang,
    out: &mut dyn Write,
) -> Result<(), Stuck> {
    let _ = writeln!(out, "{}", titled(lang, Act::Together));
    let mut pair = stage::pair();
    let server = IpEndpoint::new(address(Side::B), PORT);
    let client = pair
        .a
        .connect(pair.now, server)
        .map_err(|error| Stuck::Node(error.to_string()))?;
    let accepted = pair
        .run_until(Duration::from_secs(1), |pair| pair.b.accept())
        .ok_or(Stuck::NoAnswer)?;
    let sockets = [pair.a.tcp(client), pair.b.tcp(accepted)];
    for socket in sockets.into_iter().flatten() {
        socket.close(pair.now);
    }
    pair.run_for(MSL * 2 + Duration::from_secs(1));
    let mut text = String::new();
    let mut follower = Follower::new(client.id());
    // Writing to a string cannot fail.
    let _ = teller.follow(&mut follower, pair.a.journal(), None, style, &mut text);
    let _ = out.write_all(text.as_bytes());
    Ok(())
}
