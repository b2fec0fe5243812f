//! The node on a board without an operating system: no allocator, fixed memory, one program.
//!
//! The run loop: take in the frames that wait, let the application work, send what is due, read the
//! operator's typing, sleep until a frame, a key or the next deadline. All `unsafe` is in the
//! library `smolboard` beside it.
#![no_std]
#![no_main]

mod application;
#[cfg(feature = "drill")]
mod sizes;

use core::mem::MaybeUninit;

use cortex_m_rt::entry;
use smolboard::console::{Console, LineEditor};
use smolboard::driver::MAX_FRAME;
use smolboard::ethernet::Ethernet;
use smolboard::machine::operator::Operator;
use smolboard::machine::{clock, fault, interrupt, semihosting, stack};
use smolboard::{board, command_line, say};
use smolchat::app::App;
use smolchat::node::Node;
use smolchat_firmware::boot::{Options, halves};
use smoltcp::phy::Device as _;
use smoltcp::time::{Duration, Instant};

use application::{Application, Memory, make_app, make_node};

/// Boot options built into the image, for boards that nobody gives any: `SMOLCHAT_BOOT=… cargo build`.
const BUILT_IN: Option<&str> = option_env!("SMOLCHAT_BOOT");

/// How long the operator has to begin typing boot options when no seed was given.
const SEED_TIMEOUT: Duration = Duration::from_secs(5);

#[entry]
fn main() -> ! {
    static mut RX_FRAME: [u8; MAX_FRAME] = [0; MAX_FRAME];
    static mut TX_FRAME: [u8; MAX_FRAME] = [0; MAX_FRAME];
    static mut MEMORY: Memory = Memory::new();
    // Not on the stack, of which little is left while the node and the room are made.
    static mut NODE: MaybeUninit<Node<'static>> = MaybeUninit::uninit();
    static mut APP: MaybeUninit<App<'static>> = MaybeUninit::uninit();

    let mut ethernet = Ethernet::new(smolboard::start(), RX_FRAME, TX_FRAME);
    say!("\nsmolchat on {}", board::NAME);

    let mut editor = LineEditor::new();
    let (options, seed) = start(&mut editor, &mut ethernet);
    #[cfg(feature = "drill")]
    if options.sizes {
        sizes::say_sizes();
        stop();
    }
    let now = clock::now();
    let node = make_node(ethernet.address(), seed, now, &mut MEMORY.node, NODE);
    let app = make_app(options.live, seed, now, &mut MEMORY.app, APP);
    let node = match node {
        Ok(node) => node,
        Err(error) => fault::give_up(format_args!("the node cannot start: {error}")),
    };
    let mut application = Application::new(&options, clock::now(), node, app);
    let mut work = Work::default();
    loop {
        let woke = clock::cycles();
        let mut deadline = application.poll(clock::now(), &mut ethernet);
        work.add(woke);
        while let Some(octet) = interrupt::with_console(Console::read) {
            if let Some(line) = editor.feed(octet, &mut Operator) {
                obey(line, &mut ethernet, &mut application, &mut work);
                deadline = Some(Instant::ZERO); // The application may have something to send now.
            }
        }
        if application.is_over(clock::now()) {
            say!("stopped by the operator");
            stop();
        }
        interrupt::sleep(&mut ethernet, deadline);
    }
}

/// Ends the firmware once everything is said.
fn stop() -> ! {
    interrupt::with_console(Console::flush);
    semihosting::exit(semihosting::Status::Stopped)
}

/// Reads the boot options, and settles on a seed. A function of its own, so that the stack it needs is
/// free again when the run loop begins.
#[inline(never)]
fn start(editor: &mut LineEditor, ethernet: &mut Ethernet<'_, board::Mac>) -> (Options, u64) {
    let options = read_options(editor, ethernet);
    if let Some(address) = options.mac {
        ethernet.set_address(address);
    }
    let seed = settle_seed(&options, ethernet);
    (options, seed)
}

/// The boot options: from the build, from outside, and without a seed in either, from the operator.
fn read_options(editor: &mut LineEditor, ethernet: &mut Ethernet<'_, board::Mac>) -> Options {
    let mut options = Options::default();
    let complain = |word: &str| say!("boot option not understood: {word}");
    options.read(BUILT_IN.unwrap_or_default(), complain);
    let mut memory = [0; command_line::MAX];
    match semihosting::command_line(&mut memory) {
        // The first word is the name the program was started by.
        Ok(line) => options.read(halves(line, b' ').map_or("", |(_, rest)| rest), complain),
        Err(untaken) => say!("boot options from outside: NONE taken, {untaken}"),
    }
    if options.seed.is_none() {
        say!("no seed: type boot options now, such as seed=<16 hexadecimal digits>");
        if let Some(line) = typed_line(editor, ethernet, clock::now() + SEED_TIMEOUT) {
            options.read(core::str::from_utf8(line).unwrap_or("?"), complain);
        }
    }
    options
}

/// One line from the operator, if it begins before `deadline`. Frames are thrown away meanwhile.
fn typed_line<'e>(
    editor: &'e mut LineEditor,
    ethernet: &mut Ethernet<'_, board::Mac>,
    deadline: Instant,
) -> Option<&'e [u8]> {
    let mut typing = false;
    loop {
        let until = if typing { None } else { Some(deadline) };
        interrupt::sleep(ethernet, until);
        let _ = ethernet.receive(clock::now());
        while let Some(octet) = interrupt::with_console(Console::read) {
            typing = true;
            if editor.feed(octet, &mut Operator).is_some() {
                return Some(editor.line());
            }
        }
        if !typing && clock::now() >= deadline {
            return None;
        }
    }
}

/// The seed, and whether it deserves the name.
fn settle_seed(options: &Options, ethernet: &mut Ethernet<'_, board::Mac>) -> u64 {
    if let Some(seed) = options.seed {
        let from = if BUILT_IN
            .is_some_and(|options| options.split(' ').any(|word| word.starts_with("seed=")))
        {
            "in the image: NOT SECURE, every start and every copy of it has the same"
        } else {
            "given at boot"
        };
        say!("seed: {from}");
        return seed;
    }
    say!(
        "seed: none given, made from the clock and the station address: NOT SECURE, sequence numbers can be guessed"
    );
    let [a, b, c, d, e, f] = ethernet.address().0;
    u64::from_le_bytes([a, b, c, d, e, f, 0, 0]).rotate_left(16) ^ clock::cycles()
}

/// What the run loop cost since the operator last asked. The operator's own commands are not in it.
///
/// In QEMU with `-icount` the processor's cycles are counted instructions, so the figures are the
/// same on every machine.
#[derive(Default)]
struct Work {
    rounds: u32,
    cycles: u64,
    most: u64,
}

impl Work {
    /// Counts a round that began when the processor woke at `woke`.
    fn add(&mut self, woke: u64) {
        let cycles = clock::cycles() - woke;
        self.rounds = self.rounds.saturating_add(1);
        self.cycles += cycles;
        self.most = self.most.max(cycles);
    }
}

/// Does what the operator typed. What is not about the board is for the chat.
#[inline(never)]
fn obey(
    line: &[u8],
    ethernet: &mut Ethernet<'_, board::Mac>,
    application: &mut Application<'_>,
    work: &mut Work,
) {
    match line {
        b"/board" => {
            describe_board(ethernet, core::mem::take(work));
            application.describe();
        }
        #[cfg(all(feature = "drill", feature = "ladder"))]
        [
            b'/',
            b'j',
            b'o',
            b'u',
            b'r',
            b'n',
            b'a',
            b'l',
            b' ',
            number @ ..,
        ] => {
            application.say_record(number);
        }
        #[cfg(feature = "drill")]
        b"/panic" => panic!("a drill"),
        #[cfg(feature = "drill")]
        b"/fault" => fault::provoke(),
        #[cfg(feature = "drill")]
        b"/overflow" => say!("{}", stack::overflow(1)),
        _ => application.obey(clock::now(), line),
    }
}

#[inline(never)]
fn describe_board(ethernet: &mut Ethernet<'_, board::Mac>, work: Work) {
    let counters = ethernet.counters();
    let lost = interrupt::with_console(|console| console.lost());
    say!(
        "up {}, stack {} of {} octets at worst",
        clock::now(),
        stack::worst(),
        stack::size()
    );
    say!(
        "frames: {} in, {} out; refused: {} runts, {} oversized, {} damaged; lost: {} overruns, {} out of step",
        counters.received,
        counters.sent,
        counters.runts,
        counters.oversized,
        counters.damaged,
        counters.overruns,
        counters.out_of_step
    );
    say!(
        "work: {} cycles in {} rounds, at most {}",
        work.cycles,
        work.rounds,
        work.most
    );
    say!("console: {lost} octets not shown");
}
