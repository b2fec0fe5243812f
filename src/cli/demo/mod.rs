//! `smolchat demo`: every act of the play.

mod acts;
mod cable;
mod contest;
mod kernel;
mod screen;
mod stage;
mod together;
mod world;

use std::io::{self, Write};

use smolchat::lang::Act;
use smolchat::trace::Style;

use super::args::DemoArguments;
use super::colours::language;
use super::output::{Console, teller};
use super::{link, namespace};
use acts::{Director, titled};
use cable::CableWorld;
use contest::Outcome;
use kernel::KernelWorld;
use screen::Paper;
pub use world::Stuck;
use world::World;

/// Plays every act; an error says which could not be played.
pub fn play(arguments: &DemoArguments) -> Result<(), Stuck> {
    let style = Console::Stdout.style(&arguments.colours);
    let mut out = io::stdout().lock();
    let mut world = open(arguments, style, &mut out);
    let _ = writeln!(out, "Members: {}.\n", world.describe());
    let lang = language(arguments.colours.lang);
    let _ = write!(out, "{}", lang.legend());
    let played = Director::new(world.as_mut(), &mut out, lang).play()?;
    drop(world);
    together::play(&style, &mut teller(&arguments.colours), lang, &mut out)?;
    let (tcp, udp) = (contest::tcp(arguments.seed), contest::udp(arguments.seed));
    let _ = write!(out, "{}", titled(lang, Act::Contest));
    report(&mut out, arguments.seed, &tcp, &udp);
    let _ = writeln!(out, "\n{}", lang.played(played + 2));
    Ok(())
}

/// The kernel's sockets where a private network can be had, and the wire in memory elsewhere.
fn open(arguments: &DemoArguments, style: Style, out: &mut dyn Write) -> Box<dyn World> {
    let colours = &arguments.colours;
    let paper = || Paper::new(teller(colours), !colours.no_text);
    if !arguments.wire {
        let kernel = |tap| KernelWorld::new(tap, style, paper()).map_err(|error| error.to_string());
        match open_tap().and_then(kernel) {
            Ok(world) => return Box::new(world),
            Err(why) => {
                let _ = writeln!(
                    out,
                    "{why}\nSo the same acts are played on a wire in memory."
                );
            }
        }
    }
    Box::new(CableWorld::new(style, paper()))
}

fn open_tap() -> Result<smolchat::device::Tap, String> {
    namespace::enter().map_err(|error| error.to_string())?;
    let plan = link::Plan {
        tap: "tap0",
        mtu: stage::MTU,
        offload: false,
        host: &link::Host::Given(vec![stage::network(stage::HOST)]),
        node: &[stage::network(stage::NODE)],
    };
    link::open(&plan).map_err(|error| error.to_string())
}

/// Act five: the table.
fn report(out: &mut dyn Write, seed: u64, tcp: &Outcome, udp: &Outcome) {
    let shares = contest::SHARES;
    let _ = writeln!(
        out,
        "   {} messages of {} octets each, on a wire that loses {}, repeats {} and reorders {} of a\n   \
         thousand frames each way (seed {seed}, virtual time). TCP delivers all of them in order and\n   \
         makes them wait for each other; UDP delivers what the wire delivers, when it does.\n",
        contest::MESSAGES,
        contest::LENGTH,
        shares.drop,
        shares.duplicate,
        shares.reorder,
    );
    let _ = writeln!(out, "   {:<44}{:>12}{:>12}", "", "TCP", "UDP");
    let mut row = |what: &str, of: fn(&Outcome) -> String| {
        let _ = writeln!(out, "   {what:<44}{:>12}{:>12}", of(tcp), of(udp));
    };
    row("delivered", |o| o.delivered.to_string());
    row("delivered twice", |o| o.repeated.to_string());
    row("out of order", |o| o.out_of_order.to_string());
    row("latency, median (ms)", |o| {
        o.median.total_millis().to_string()
    });
    row("latency, 99th of a hundred (ms)", |o| {
        o.p99.total_millis().to_string()
    });
    row("octets on the wire for each message", |o| {
        o.octets.to_string()
    });
    row("octets of memory for each peer", |o| o.memory.to_string());
}
