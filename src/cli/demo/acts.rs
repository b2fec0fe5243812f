//! The acts: what members do, said line by line, with what the node saw of it.

use std::io::Write;

use smolchat::lang::{Act, Bill, Lang};
use unicode_width::UnicodeWidthStr;

use super::world::{Member, Stuck, World};

/// What both tutorials send.
const GREETING: &str = "你好么,我好哟";

type Play<'w> = fn(&mut Director<'w>) -> Result<(), Stuck>;

/// Plays on a world and tells about it.
pub struct Director<'w> {
    world: &'w mut dyn World,
    out: &'w mut dyn Write,
    lang: Lang,
}

impl<'w> Director<'w> {
    /// A director who tells on `out`, in this language.
    pub fn new(world: &'w mut dyn World, out: &'w mut dyn Write, lang: Lang) -> Self {
        Self { world, out, lang }
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
        let member = self.join("member")?;
        self.ask("member", member, GREETING)?;
        self.close("member", member)?;
        self.end()
    }

    fn chat_until_q(&mut self) -> Result<(), Stuck> {
        self.title(Act::Loop);
        for name in ["first", "second"] {
            let member = self.join(name)?;
            self.ask(name, member, GREETING)?;
            self.ask(name, member, "q")?;
            let rest = self.world.recv(member)?;
            self.say(&format!(
                "{name}: recv(1024) gives {} octets: the end",
                rest.len()
            ));
            self.close(name, member)?;
        }
        self.end()
    }

    fn several_at_once(&mut self) -> Result<(), Stuck> {
        self.title(Act::Several);
        let ann = self.join("ann")?;
        self.ask("ann", ann, "/nick ann\n")?;
        let bob = self.join("bob")?;
        self.ask("bob", bob, "/nick bob\n")?;
        self.hear("ann", ann)?;
        let eve = self.world.open_datagrams()?;
        let receipt = self.ask("eve, over UDP", eve, "hello from a datagram\n")?;
        self.hear("ann", ann)?;
        self.hear("bob", bob)?;
        if let Some(code) = join_code(&receipt) {
            self.ask("eve, over UDP", eve, &format!("/join {code}\n"))?;
        }
        self.ask("ann", ann, "good morning\n")?;
        self.hear("bob", bob)?;
        self.hear("eve, over UDP", eve)?;
        self.ask("bob", bob, "/who\n")?;
        self.ask("eve, over UDP", eve, "q")?;
        self.close("ann", ann)?;
        self.close("bob", bob)?;
        self.end()
    }

    fn server_closes_first(&mut self) -> Result<(), Stuck> {
        self.title(Act::ServerFirst);
        let member = self.join("member")?;
        self.ask("member", member, "who closes first?\n")?;
        self.say("operator: /states");
        self.operate_on_last("/close")?;
        let rest = self.world.recv(member)?;
        self.say(&format!(
            "member: recv(1024) gives {} octets: the end",
            rest.len()
        ));
        self.close("member", member)?;
        self.end()
    }

    fn reset(&mut self) -> Result<(), Stuck> {
        self.title(Act::Reset);
        let member = self.join("member")?;
        self.ask("member", member, "good-bye without a word\n")?;
        self.say("member: close() with a linger time of zero");
        self.world.reset(member);
        self.show()?;
        self.end()
    }

    fn operate_on_last(&mut self, command: &str) -> Result<(), Stuck> {
        self.world.operate("/states")?;
        let states = self.world.screen()?;
        self.tell(&states);
        let Some(number) = last_connection(&states) else {
            return Ok(());
        };
        let line = format!("{command} {number}");
        self.say(&format!("operator: {line}"));
        self.world.operate(&line)?;
        self.show()
    }

    fn join(&mut self, name: &str) -> Result<Member, Stuck> {
        self.say(&format!("{name}: connect()"));
        let member = self.world.connect()?;
        self.show()?;
        Ok(member)
    }

    fn ask(&mut self, name: &str, member: Member, text: &str) -> Result<String, Stuck> {
        self.say(&format!("{name}: send({text:?})"));
        self.world.send(member, text.as_bytes())?;
        let answer = self.hear(name, member)?;
        self.show()?;
        Ok(answer)
    }

    fn hear(&mut self, name: &str, member: Member) -> Result<String, Stuck> {
        let octets = self.world.recv(member)?;
        let text = String::from_utf8_lossy(&octets).into_owned();
        self.say(&format!("{name}: recv(1024) gives {text:?}"));
        Ok(text)
    }

    fn close(&mut self, name: &str, member: Member) -> Result<(), Stuck> {
        self.say(&format!("{name}: close()"));
        self.world.close(member);
        self.show()
    }

    fn show(&mut self) -> Result<(), Stuck> {
        let text = self.world.screen()?;
        self.tell(&text);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stuck> {
        let text = self.world.end()?;
        self.tell(&text);
        Ok(())
    }

    fn title(&mut self, act: Act) {
        let title = titled(self.lang, act);
        self.tell(&title);
    }

    fn say(&mut self, what: &str) {
        self.tell(&format!("\n   {what}\n"));
    }

    /// A reader who went away ends the play by its own means; there is nobody to tell.
    fn tell(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
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
