//! The page as a long answer: who is here, and the connections.

use core::fmt::{self, Write};

use super::table::{Facts, Table};
use crate::chat::Peer;
use crate::trace::Flow;
use crate::web::{self, Escaped, Request, Status};

/// Whether there is a page: the feature of that name.
pub(super) const HAS_PAGE: bool = cfg!(feature = "page");

/// Names shown; the rest is counted.
const NAMES_MAX: usize = 100;

#[derive(Clone)]
pub(super) struct Page {
    flow: Flow,
    part: Part,
}

#[derive(Clone)]
enum Part {
    Head,
    Names,
    Table(Table),
    Foot,
}

impl Page {
    pub(super) fn new(flow: Flow) -> Self {
        Self {
            flow,
            part: Part::Head,
        }
    }

    #[inline(never)]
    pub(super) fn write_part(
        &mut self,
        facts: &Facts<'_, '_, '_>,
        out: &mut dyn Write,
    ) -> Result<bool, fmt::Error> {
        if !HAS_PAGE {
            return Ok(false);
        }
        match &mut self.part {
            Part::Head => {
                let request = Request {
                    status: Status::Ok,
                    head: false,
                };
                web::write_head(request, out)?;
                self.part = Part::Names;
                web::write_how_to_join(self.flow.local, out)?;
                Ok(true)
            }
            Part::Names => {
                write_names(facts, out)?;
                self.part = Part::Table(Table::default());
                Ok(true)
            }
            Part::Table(table) => {
                if !table.write_part(facts, &mut Escaped(out))? {
                    self.part = Part::Foot;
                }
                Ok(true)
            }
            Part::Foot => web::write_foot(out).map(|()| false),
        }
    }
}

fn write_names(facts: &Facts<'_, '_, '_>, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "<h2>In the room</h2>\n<ul>")?;
    for (name, peer) in facts.room.members().take(NAMES_MAX) {
        write!(out, "<li>")?;
        Escaped(out).write_str(name)?;
        match peer {
            Peer::Tcp(handle) => writeln!(out, ", TCP, connection {}", handle.id())?,
            Peer::Udp(_) => writeln!(out, ", UDP")?,
            Peer::Console => writeln!(out, ", at the console")?,
        }
    }
    let more = facts.room.len().saturating_sub(NAMES_MAX);
    match (facts.room.len(), more) {
        (0, _) => writeln!(out, "<li>nobody yet")?,
        (_, 0) => {}
        (_, more) => writeln!(out, "<li>and {more} more")?,
    }
    writeln!(out, "</ul>\n<h2>Connections</h2>\n<pre>")
}
