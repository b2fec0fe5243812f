//! 2 MSL: a connection in TIME-WAIT has said everything, and an entry of 48 octets speaks for it until they are over.

use super::host::Host;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use super::time_wait::{TimeWait, TimeWaitId};
use crate::trace::{Cause, Ending, Kind, Resource, State, Transition};

impl Tcp<'_> {
    /// The connection is in TIME-WAIT and has said everything: from here on it needs no socket.
    pub(super) fn enter_time_wait(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let connection = self.table[slot];
        let wait = TimeWait {
            connection: connection.id,
            flow: connection.flow,
            iss: connection.numbers.iss,
            snd_nxt: connection.numbers.snd_nxt,
            irs: connection.numbers.irs,
            rcv_nxt: connection.numbers.rcv_nxt,
            deadline: host.now,
        };
        self.table.unlink(slot);
        self.begin_time_wait(host, wait);
        self.table[slot].ending = Some(Ending::Closed);
        self.retire(slot);
    }

    /// Waits 2 MSL from now on. Where there is no place the one that has waited for longest is over.
    pub(super) fn begin_time_wait(&mut self, host: &mut Host<'_>, wait: TimeWait) {
        let lasts = host.limits.msl * 2;
        let wait = TimeWait {
            deadline: host.now + lasts,
            ..wait
        };
        if self.table.time_waits().is_full() {
            host.note_full(Resource::TimeWaits);
            if let Some((oldest, forgotten)) = self.oldest_time_wait(host) {
                self.end_time_wait(host, oldest, &forgotten, Cause::Evicted);
            }
        }
        self.table.keep_time_wait(&wait, host.link.locals());
        host.note(Kind::TimeWaiting {
            connection: wait.connection,
            lasts: lasts.into(),
        });
    }

    /// The one that has waited for longest.
    pub(super) fn oldest_time_wait(&self, host: &Host<'_>) -> Option<(TimeWaitId, TimeWait)> {
        let waits = self.table.time_waits();
        let id = waits.oldest()?;
        Some((id, waits.get(id, host.now, host.link.locals())?))
    }

    /// TIME-WAIT is over.
    pub(super) fn end_time_wait(
        &mut self,
        host: &mut Host<'_>,
        id: TimeWaitId,
        wait: &TimeWait,
        cause: Cause,
    ) {
        self.table.forget_time_wait(id, &wait.flow);
        host.record.transition(Transition {
            connection: wait.connection,
            from: State::TimeWait,
            to: State::Closed,
            cause,
        });
        host.record.ended(wait.connection, Ending::Closed);
    }
}
