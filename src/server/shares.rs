//! What all peers have together, and each of them: connections, or bytes of answers that they have not taken.
//!
//! Whoever takes something has a [`Share`], and gives it back by dropping it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rate::network;

/// Who has how much.
#[derive(Clone, Debug, Default)]
pub struct Shares(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// How much there is at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// For all together.
    pub all: usize,
    /// For one peer.
    pub peer: usize,
}

/// What one connection or answer has.
#[derive(Debug)]
pub struct Share {
    peer: IpAddr,
    amount: usize,
    shares: Shares,
}

/// Who has too much already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All together.
    All,
    /// The peer.
    Peer,
}

impl Shares {
    /// Takes an amount for a peer.
    pub fn take(&self, peer: IpAddr, amount: usize, bounds: Bounds) -> Result<Share, Full> {
        let peer = network(peer);
        let mut taken = self.taken();
        let own = taken.of.get(&peer).copied().unwrap_or(0);
        if taken.all.saturating_add(amount) > bounds.all {
            return Err(Full::All);
        }
        if own.saturating_add(amount) > bounds.peer {
            return Err(Full::Peer);
        }
        taken.all += amount;
        taken.of.insert(peer, own + amount);
        Ok(Share { peer, amount, shares: self.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.all = taken.all.saturating_sub(self.amount);
        if let Some(own) = taken.of.get_mut(&self.peer) {
            *own = own.saturating_sub(self.amount);
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
        let shares = Shares::default();
        let (one, two): (IpAddr, IpAddr) = ("192.0.2.1".parse()?, "192.0.2.2".parse()?);
        let same: [IpAddr; 2] = ["2001:db8::1".parse()?, "2001:db8::2:3".parse()?];
        let few = Bounds { all: 50, peer: 20 };
        let mut open: Vec<_> = [one, two, one, same[0], same[1]].map(|peer| shares.take(peer, 10, few)).into();
        assert!(open.iter().all(Result::is_ok));
        assert_eq!(shares.take("192.0.2.3".parse()?, 1, few).err(), Some(Full::All));
        let more = Bounds { all: 500, peer: 20 };
        assert_eq!(shares.take(one, 1, more).err(), Some(Full::Peer));
        assert_eq!(shares.take(same[1], 1, more).err(), Some(Full::Peer));
        assert_eq!(shares.take(two, 11, more).err(), Some(Full::Peer));
        assert!(shares.take(two, 10, more).is_ok());
        open.clear();
        assert!(shares.taken().of.is_empty() && shares.taken().all == 0);
        assert_eq!(shares.take(one, usize::MAX, Bounds { all: 5, peer: 5 }).err(), Some(Full::All));
        Ok(())
    }
}
