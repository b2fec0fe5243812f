//! The ports that accept connections.
//!
//! A [`Listener`] is a port and its backlog; it holds no socket, so a port that nobody calls costs four octets.
//! As many as there are places; a search looks at all of them, and few are meant to be there.

use managed::ManagedSlice;

use super::errors::ListenError;

/// A port that accepts connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listener {
    // Open to the table of them.
    /// 0 where nothing listens.
    pub(super) port: u16,
    /// How many SYNs may wait.
    pub(super) backlog: u16,
}

impl Listener {
    /// Nothing listens; for building tables.
    pub(super) const EMPTY: Self = Self {
        port: 0,
        backlog: 0,
    };
}

/// All of them.
pub(super) struct Listeners<'a> {
    places: ManagedSlice<'a, Listener>,
}

impl<'a> Listeners<'a> {
    /// Nothing listens.
    pub(super) fn new(places: ManagedSlice<'a, Listener>) -> Self {
        Self { places }
    }

    /// What listens on a port.
    pub(super) fn on(&self, port: u16) -> Option<Listener> {
        let place = self.places.iter().find(|place| place.port == port);
        place.copied()
    }

    /// Everything that listens.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Listener> {
        self.places.iter().filter(|place| place.port != 0)
    }

    /// Has a port accept connections, of which up to `backlog` wait.
    ///
    /// # Errors
    /// Port 0, one that is taken, or more than there are places.
    pub(super) fn add(&mut self, port: u16, backlog: u16) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::PortZero);
        }
        if self.on(port).is_some() {
            return Err(ListenError::InUse);
        }
        let place = self.places.iter_mut().find(|place| place.port == 0);
        *place.ok_or(ListenError::Full)? = Listener { port, backlog };
        Ok(())
    }

    /// Nothing listens on a port any more.
    pub(super) fn remove(&mut self, port: u16) {
        if let Some(place) = self.places.iter_mut().find(|place| place.port == port) {
            *place = Listener::EMPTY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn each_port_has_one_listener_and_gives_its_place_back() {
        let mut listeners = Listeners::new(ManagedSlice::Owned(vec![Listener::EMPTY; 2]));
        assert_eq!(listeners.add(0, 1), Err(ListenError::PortZero));
        assert_eq!(listeners.add(80, 1), Ok(()));
        assert_eq!(listeners.add(80, 2), Err(ListenError::InUse));
        assert_eq!(listeners.add(23, 3), Ok(()));
        assert_eq!(listeners.add(25, 1), Err(ListenError::Full));
        listeners.remove(80);
        assert_eq!(listeners.on(80), None);
        let ports: Vec<u16> = listeners.iter().map(|it| it.port).collect();
        assert_eq!(ports, [23]);
        assert_eq!(listeners.add(25, 4), Ok(()));
        assert_eq!(listeners.on(25).map(|it| it.backlog), Some(4));
    }
}
