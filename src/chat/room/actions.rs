//! What each command does.

use core::fmt::{self, Write};

use super::{LINE_MAX, Line, Room};
use crate::chat::command::Command;
use crate::chat::members::{Endpoint, Members, Peer};
use crate::chat::name::{self, Name};
use crate::chat::outbox::{Ask, Outbox};
use crate::chat::words::{self, Answer};

impl<'a, K: Copy, E: Endpoint> Room<'a, K, E> {
    /// Does it, or says what it asks for.
    pub(super) fn act(
        &mut self,
        slot: u32,
        command: Command<'_>,
        out: &mut impl Outbox<K, E>,
    ) -> Option<Ask> {
        let member = self.roster.members.get(slot)?;
        let name = member.name.clone();
        let operator = matches!(member.peer, Peer::Console);
        match command {
            Command::Say(text) => self.say(slot, format_args!("{name}: {text}"), out),
            Command::Me(text) => self.say(slot, format_args!("* {name} {text}"), out),
            Command::Msg { to, text } => self.whisper(slot, &name, to, text, out),
            Command::Nick(wanted) => self.rename(slot, wanted, out),
            Command::Who => self.who(slot, out),
            Command::Help => self.answer(slot, Answer::Help { operator }, out),
            Command::Quit if operator => return Some(Ask::Shutdown),
            Command::Quit => self.roster.farewell(slot, out),
            Command::States => return Some(Ask::States),
            Command::Ladder(None) if operator => {
                self.answer(slot, Answer::Incomplete("/ladder N"), out)
            }
            Command::Ladder(None) => return Some(Ask::Ladder(None)),
            Command::Ladder(_) | Command::Close(_) | Command::Abort(_) | Command::Kick(_)
                if !operator =>
            {
                self.answer(slot, Answer::OperatorOnly, out);
            }
            Command::Ladder(number) => return Some(Ask::Ladder(number)),
            Command::Close(number) => return Some(Ask::Close(number)),
            Command::Abort(number) => return Some(Ask::Abort(number)),
            Command::Kick(whom) => self.kick(slot, whom, out),
            Command::Join(_) => self.answer(slot, Answer::InAlready(&name), out),
            Command::Incomplete(usage) => self.answer(slot, Answer::Incomplete(usage), out),
            Command::Unknown(word) => self.answer(slot, Answer::Unknown(word), out),
            Command::Nothing => self.answer(slot, Answer::Nothing, out),
        }
        None
    }

    /// One answer to a member, in one send, with the welcome in front of the first.
    pub(super) fn answer(&mut self, slot: u32, answer: Answer<'_>, out: &mut impl Outbox<K, E>) {
        self.reply(slot, |_, line| write!(line, "{answer}"), out);
    }

    fn reply(
        &mut self,
        slot: u32,
        answer: impl FnOnce(&Members<'a, K, E>, &mut Line) -> fmt::Result,
        out: &mut impl Outbox<K, E>,
    ) {
        let Some(member) = self.roster.members.get(slot) else {
            return;
        };
        let end = if member.lines { "\n" } else { "" };
        self.line.clear();
        if !member.welcomed {
            let between = if member.lines { "\n" } else { " " };
            let _ = write!(self.line, "{}{between}", words::Welcome(&member.name));
        }
        let _ = answer(&self.roster.members, &mut self.line);
        let _ = self.line.push_str(end);
        if self.roster.post(slot, self.line.as_bytes(), out)
            && let Some(member) = self.roster.members.get_mut(slot)
        {
            member.welcomed = true;
        }
    }

    pub(super) fn refuse_long(&mut self, slot: u32, out: &mut impl Outbox<K, E>) {
        self.roster.counts.messages += 1;
        self.roster.counts.too_long += 1;
        self.answer(slot, Answer::TooLong, out);
    }

    /// A line to everybody else, and the receipt to its sender.
    fn say(&mut self, slot: u32, line: fmt::Arguments<'_>, out: &mut impl Outbox<K, E>) {
        self.line.clear();
        let _ = writeln!(self.line, "{line}");
        let reached = self.roster.broadcast(Some(slot), self.line.as_bytes(), out);
        let receipt = match self.roster.members.len() {
            0 | 1 => Answer::Alone,
            _ => Answer::Delivered(reached),
        };
        self.answer(slot, receipt, out);
    }

    fn whisper(
        &mut self,
        slot: u32,
        from: &str,
        to: &str,
        text: &str,
        out: &mut impl Outbox<K, E>,
    ) {
        let Some((other, name)) = self.find(to) else {
            return self.answer(slot, Answer::Nobody(to), out);
        };
        if other == slot {
            return self.answer(slot, Answer::Yourself, out);
        }
        self.line.clear();
        let _ = writeln!(self.line, "{from} (only to you): {text}");
        let answer = match self.roster.post(other, self.line.as_bytes(), out) {
            true => Answer::DeliveredTo(&name),
            false => Answer::NotDelivered(&name),
        };
        self.answer(slot, answer, out);
    }

    fn kick(&mut self, slot: u32, whom: &str, out: &mut impl Outbox<K, E>) {
        let Some((other, name)) = self.find(whom) else {
            return self.answer(slot, Answer::Nobody(whom), out);
        };
        if other == slot {
            return self.answer(slot, Answer::Yourself, out);
        }
        self.roster.dismiss(other, words::KICKED, out);
        self.answer(slot, Answer::Kicked(&name), out);
    }

    /// Who is meant by a name as somebody typed it.
    fn find(&self, typed: &str) -> Option<(u32, Name)> {
        let slot = self.roster.members.alike(typed)?;
        Some((slot, self.roster.members.get(slot)?.name.clone()))
    }

    fn rename(&mut self, slot: u32, wanted: &str, out: &mut impl Outbox<K, E>) {
        let new = match name::parse(wanted) {
            Ok(new) => new,
            Err(bad) => return self.answer(slot, Answer::BadName(bad), out),
        };
        if let Some((other, name)) = self.find(wanted) {
            if name == new {
                let same = if other == slot {
                    Answer::SameName(&name)
                } else {
                    Answer::NameTaken(&name)
                };
                return self.answer(slot, same, out);
            }
            if other != slot {
                return self.answer(slot, Answer::NameAlike(&name), out);
            }
        }
        let Some(old) = self.roster.members.rename(slot, new.clone()) else {
            return;
        };
        self.line.clear();
        let _ = writeln!(self.line, "-- {old} is now {new}.");
        self.roster.broadcast(Some(slot), self.line.as_bytes(), out);
        self.answer(slot, Answer::Renamed(&new), out);
    }

    fn who(&mut self, slot: u32, out: &mut impl Outbox<K, E>) {
        self.reply(slot, |members, line| write_names(members, slot, line), out);
    }
}

/// Who is here, as far as a line holds it, the reader first.
fn write_names<K: Copy, E: Endpoint>(
    members: &Members<'_, K, E>,
    reader: u32,
    line: &mut Line,
) -> fmt::Result {
    /// For ` and 4294967295 more.` and LF.
    const REST: usize = 24;
    let reader = members.get(reader);
    write!(
        line,
        "{} here: {} (you)",
        members.len(),
        reader.map_or("", |member| &member.name)
    )?;
    let mut unnamed = members.len() - 1;
    for member in members
        .iter()
        .filter(|member| reader.is_none_or(|reader| member.number != reader.number))
    {
        if line.len() + 2 + member.name.len() + REST > LINE_MAX {
            return write!(line, " and {unnamed} more.");
        }
        write!(line, ", {}", member.name)?;
        unnamed -= 1;
    }
    line.write_char('.')
}
