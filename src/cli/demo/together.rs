//! Both ends close at the same moment. Over a real network that is luck; on a wire in memory it is made.

use std::io::Write;

use smolchat::device::Side;
use smolchat::explain::Said;
use smolchat::lang::{Act, Lang};
use smolchat::picture::{Both, Drawer, End};
use smolchat::trace::Style;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::acts::titled;
use super::stage::{self, MSL, PORT, address};
use super::world::Stuck;
use smolchat::pair::Clockwork;

/// Plays the act and draws it as both ends saw it. With `explains`, each row says what it means.
pub fn play(style: &Style, lang: Lang, explains: bool, out: &mut dyn Write) -> Result<(), Stuck> {
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
    let mut both = Both::new(lang, Instant::ZERO, explains);
    let rows = both.read([pair.a.journal(), pair.b.journal()], &Said::default());
    let (style, tagged) = (*style, false);
    let names = [Side::A, Side::B].map(|side| End {
        name: address(side).to_string(),
        role: String::new(),
    });
    let head = Drawer::head(&names);
    let rows = Drawer { style, tagged }.rows(&rows);
    let _ = write!(out, "{head}{rows}");
    Ok(())
}
