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

use smolchat::lang::{Act, Lang};
use smolchat::trace::Style;
use unicode_width::UnicodeWidthStr;

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
    let lang = language(arguments.colours.lang);
    let _ = writeln!(
        out,
        "{}\n",
        lang.members()[usize::from(!world.is_of_the_kernel())]
    );
    let _ = write!(out, "{}", lang.legend());
    let played = Director::new(world.as_mut(), &mut out, lang).play()?;
    drop(world);
    together::play(&style, lang, arguments.colours.explain, &mut out)?;
    let (tcp, udp) = (contest::tcp(arguments.seed), contest::udp(arguments.seed));
    let _ = write!(out, "{}", titled(lang, Act::Contest));
    report(&mut out, lang, arguments.seed, &tcp, &udp);
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
    let lang = language(colours.lang);
    Box::new(CableWorld::new(style, paper(), lang, colours.explain))
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
fn report(out: &mut dyn Write, lang: Lang, seed: u64, tcp: &Outcome, udp: &Outcome) {
    let shares = contest::SHARES;
    let [lost, twice, late] = [shares.drop, shares.duplicate, shares.reorder].map(u64::from);
    let numbers = [
        contest::MESSAGES,
        contest::LENGTH as u64,
        lost,
        twice,
        late,
        seed,
    ];
    let _ = writeln!(out, "{}", lang.contest(numbers));
    let _ = writeln!(out, "   {:<44}{:>12}{:>12}", "", "TCP", "UDP");
    let of: [fn(&Outcome) -> String; 7] = [
        |o| o.delivered.to_string(),
        |o| o.repeated.to_string(),
        |o| o.out_of_order.to_string(),
        |o| o.median.total_millis().to_string(),
        |o| o.p99.total_millis().to_string(),
        |o| o.octets.to_string(),
        |o| o.memory.to_string(),
    ];
    for (what, of) in lang.rows().into_iter().zip(of) {
        let fill = " ".repeat(44_usize.saturating_sub(what.width()));
        let _ = writeln!(out, "   {what}{fill}{:>12}{:>12}", of(tcp), of(udp));
    }
}
