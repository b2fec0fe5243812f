//! The acts: what members do, said line by line, with what the node saw of it.

use std::io::Write;

use smolchat::lang::{Act, Bill, Did, Guest, Lang};
use unicode_width::UnicodeWidthStr;

use super::screen::{Order, Piece};
use super::world::{Member, Stuck, World};

/// What both tutorials send.
const GREETING: &str = "你好么,我好哟";

type Play<'w> = fn(&mut Director<'w>) -> Result<(), Stuck>;

/// Plays on a world and tells about it.
pub struct Director<'w> {
    world: &'w mut dyn World,
    out: &'w mut dyn Write,
    lang: Lang,
    /// What was said and done, and is not told yet.
    pending: Vec<Piece>,
}

impl<'w> Director<'w> {
    /// A director who tells on `out`, in this language.
    pub fn new(world: &'w mut dyn World, out: &'w mut dyn Write, lang: Lang) -> Self {
        Self {
            world,
            out,
            lang,
            pending: Vec::new(),
        }
    }

    /// Every act that is played between members and the node; says how many.
    pub fn play(&mut self) -> Result<usize, Stuck> {
        let acts: [Play<'w>; 5] = [
            Self::one_exchange,
            Self::chat_until_q,
            Self::several_at_once,
            Self::server_closes_first,
            Self::reset,
        ];
        for act in acts {
            act(self)?;
        }
        Ok(acts.len())
    }

    fn one_exchange(&mut self) -> Result<(), Stuck> {
        self.title(Act::Exchange);
        let member_name = self.lang.guest(Guest::Member);
        let member = self.join(member_name)?;
        self.ask(member_name, member, GREETING)?;
        self.close(member_name, member)?;
        self.end()
    }

    fn chat_until_q(&mut self) -> Result<(), Stuck> {
        self.title(Act::Loop);
        for guest in [Guest::First, Guest::Second] {
            let name = self.lang.guest(guest);
            let member = self.join(name)?;
            self.ask(name, member, GREETING)?;
            self.ask(name, member, "q")?;
            let rest = self.world.recv(member)?;
            let words = self.lang.did(Did::End, &rest.len().to_string());
            self.hears(&format!("{name}{words}"));
            self.close(name, member)?;
        }
        self.end()
    }

    fn several_at_once(&mut self) -> Result<(), Stuck> {
        self.title(Act::Several);
        let over_udp = self.lang.guest(Guest::OverUdp);
        let ann = self.join("ann")?;
        self.ask("ann", ann, "/nick ann\n")?;
        let bob = self.join("bob")?;
        self.ask("bob", bob, "/nick bob\n")?;
        self.hear("ann", ann)?;
        let eve = self.world.open_datagrams()?;
        let receipt = self.ask(over_udp, eve, "hello from a datagram\n")?;
        self.hear("ann", ann)?;
        self.hear("bob", bob)?;
        if let Some(code) = join_code(&receipt) {
            self.ask(over_udp, eve, &format!("/join {code}\n"))?;
        }
        self.ask("ann", ann, "good morning\n")?;
        self.hear("bob", bob)?;
        self.hear(over_udp, eve)?;
        self.ask("bob", bob, "/who\n")?;
        self.ask(over_udp, eve, "q")?;
        self.close("ann", ann)?;
        self.close("bob", bob)?;
        self.end()
    }

    fn server_closes_first(&mut self) -> Result<(), Stuck> {
        self.title(Act::ServerFirst);
        let member_name = self.lang.guest(Guest::Member);
        let member = self.join(member_name)?;
        self.ask(member_name, member, "who closes first?\n")?;
        let words = self.lang.did(Did::Operator, "/states");
        self.say(&words);
        self.operate_on_last("/close")?;
        let rest = self.world.recv(member)?;
        let words = self.lang.did(Did::End, &rest.len().to_string());
        self.hears(&format!("{member_name}{words}"));
        self.close(member_name, member)?;
        self.end()
    }

    fn reset(&mut self) -> Result<(), Stuck> {
        self.title(Act::Reset);
        let member_name = self.lang.guest(Guest::Member);
        let member = self.join(member_name)?;
        self.ask(member_name, member, "good-bye without a word\n")?;
        let words = self.lang.did(Did::Linger, "");
        self.say(&format!("{member_name}{words}"));
        self.world.reset(member);
        self.show()?;
        self.end()
    }

    fn operate_on_last(&mut self, command: &str) -> Result<(), Stuck> {
        self.world.operate("/states")?;
        let pieces = self.world.screen()?;
        let states: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        self.merge(pieces);
        let Some(number) = last_connection(&states) else {
            return Ok(());
        };
        let line = format!("{command} {number}");
        let words = self.lang.did(Did::Operator, &line);
        self.say(&words);
        self.world.operate(&line)?;
        self.show()
    }

    fn join(&mut self, name: &str) -> Result<Member, Stuck> {
        let words = self.lang.did(Did::Call, "connect()");
        self.say(&format!("{name}{words}"));
        let member = self.world.connect()?;
        self.show()?;
        Ok(member)
    }

    fn ask(&mut self, name: &str, member: Member, text: &str) -> Result<String, Stuck> {
        let words = self.lang.did(Did::Call, &format!("send({text:?})"));
        self.say(&format!("{name}{words}"));
        self.world.send(member, text.as_bytes())?;
        let answer = self.hear(name, member)?;
        self.show()?;
        Ok(answer)
    }

    fn hear(&mut self, name: &str, member: Member) -> Result<String, Stuck> {
        let octets = self.world.recv(member)?;
        let text = String::from_utf8_lossy(&octets).into_owned();
        let words = self.lang.did(Did::Received, &format!("{text:?}"));
        self.hears(&format!("{name}{words}"));
        Ok(text)
    }

    fn close(&mut self, name: &str, member: Member) -> Result<(), Stuck> {
        let words = self.lang.did(Did::Call, "close()");
        self.say(&format!("{name}{words}"));
        self.world.close(member);
        self.show()
    }

    fn show(&mut self) -> Result<(), Stuck> {
        let pieces = self.world.screen()?;
        self.merge(pieces);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stuck> {
        let pieces = self.world.end()?;
        self.merge(pieces);
        Ok(())
    }

    /// Tells what members did and what the screen shows, in the order of time.
    fn merge(&mut self, pieces: Vec<Piece>) {
        self.pending.extend(pieces);
        let mut pending = std::mem::take(&mut self.pending);
        // Stable: the rows of a ladder stay in their order.
        pending.sort_by_key(|piece| (piece.at, piece.order));
        for piece in pending {
            self.tell(&shown(&piece));
        }
    }

    fn title(&mut self, act: Act) {
        let title = titled(self.lang, act);
        self.tell(&title);
    }

    /// A member calls.
    fn say(&mut self, what: &str) {
        self.note(Order::Call, what);
    }

    /// Something came of it.
    fn hears(&mut self, what: &str) {
        self.note(Order::Result, what);
    }

    fn note(&mut self, order: Order, what: &str) {
        let at = self.world.now();
        let text = format!("{what}\n");
        self.pending.push(Piece { at, order, text });
    }

    /// A reader who went away ends the play by its own means; there is nobody to tell.
    fn tell(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

/// A piece as it stands on the screen: with its time, unless it has that in its rows.
fn shown(piece: &Piece) -> String {
    if piece.order == Order::Ladder {
        return piece.text.clone();
    }
    let micros = piece.at.total_micros().max(0);
    let time = format!("{}.{:03} ms", micros / 1000, micros % 1000);
    let mut lines = piece.text.lines();
    let first = lines.next().unwrap_or_default();
    let rest = lines.map(|line| format!("{:>15}{line}\n", ""));
    let rest: String = rest.collect();
    format!("{time:>15}  {first}\n{rest}")
}

/// What stands above an act.
pub fn titled(lang: Lang, act: Act) -> String {
    let Bill { title, seen } = lang.bill(act);
    let rule = "═".repeat(100_usize.saturating_sub(title.width() + 4));
    let seen = if seen.is_empty() {
        String::new()
    } else {
        format!("   {seen}\n")
    };
    format!("\n══ {title} {rule}\n{seen}")
}

/// The code in a receipt that offers one: what follows `/join`.
fn join_code(receipt: &str) -> Option<&str> {
    let (_, after) = receipt.split_once("/join ")?;
    after.split_whitespace().next()
}

/// The highest connection number in a table of states.
fn last_connection(states: &str) -> Option<u32> {
    states
        .lines()
        .filter(|line| line.contains("ESTABLISHED"))
        .filter_map(|line| {
            line.split_once('#')?
                .1
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .max()
}
