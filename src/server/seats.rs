//! How many connections there may be, in all and of one peer. Each has a [`Seat`] for as long as it is open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rate::network;
use crate::config::Limits;

/// Who has how many connections.
#[derive(Clone, Debug)]
pub struct Seats {
    taken: Arc<Mutex<Taken>>,
    /// More than this there can't be.
    most: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// The place of one connection; free again when it is dropped.
#[derive(Debug)]
pub struct Seat {
    peer: IpAddr,
    seats: Seats,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    All,
    /// The peer has as many as it may.
    Peer,
}

impl Seats {
    /// None is taken; there are never more than `most`.
    pub fn new(most: usize) -> Seats {
        Seats { taken: Arc::default(), most }
    }

    /// Takes a seat.
    pub fn take(&self, peer: IpAddr, limits: &Limits) -> Result<Seat, Full> {
        let number = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        let peer = network(peer);
        let mut taken = self.taken();
        if taken.all >= self.most.min(number(limits.connections)) {
            return Err(Full::All);
        }
        let own = taken.of.get(&peer).copied().unwrap_or(0);
        if limits.peer_connections > 0 && own >= number(limits.peer_connections) {
            return Err(Full::Peer);
        }
        taken.all += 1;
        taken.of.insert(peer, own + 1);
        Ok(Seat { peer, seats: self.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.of.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                taken.of.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_share_and_all_have_the_whole() -> Result<(), std::net::AddrParseError> {
        let limits = |connections, peer_connections| Limits { connections, peer_connections, ..Limits::default() };
        let (seats, few) = (Seats::new(100), limits(5, 2));
        let (one, two): (IpAddr, IpAddr) = ("192.0.2.1".parse()?, "192.0.2.2".parse()?);
        let same: [IpAddr; 2] = ["2001:db8::1".parse()?, "2001:db8::2:3".parse()?];
        let mut open: Vec<_> = [one, two, one, same[0], same[1]].map(|peer| seats.take(peer, &few)).into();
        assert!(open.iter().all(Result::is_ok));
        assert_eq!(seats.take("192.0.2.3".parse()?, &few).err(), Some(Full::All));
        let more = limits(50, 2);
        assert_eq!(seats.take(one, &more).err(), Some(Full::Peer));
        assert_eq!(seats.take(same[1], &more).err(), Some(Full::Peer));
        assert!(seats.take(one, &limits(50, 0)).is_ok());
        open.clear();
        assert!(seats.taken().of.is_empty() && seats.taken().all == 0);
        let many: Vec<_> = (0..200).map(|_| seats.take(one, &limits(1000, 0))).collect();
        assert_eq!(many.iter().filter(|seat| seat.is_ok()).count(), 100);
        Ok(())
    }
}
