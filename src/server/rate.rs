//! How many requests one peer may make: a bucket of tokens for each, filled as time passes.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::config::Settings;

/// Peers that are told apart; those that ask least are forgotten first.
const MOST_PEERS: usize = 10_000;

/// Who asked how much lately.
#[derive(Debug)]
pub struct Rates {
    settings: watch::Receiver<Arc<Settings>>,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    /// Nobody asked yet.
    pub fn new(settings: watch::Receiver<Arc<Settings>>) -> Rates {
        Rates { settings, buckets: Mutex::default() }
    }

    /// Takes a token of this peer, or says how long it has to wait for one.
    pub fn take(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let requests = self.settings.borrow().limits.requests;
        if requests == 0 {
            return Ok(());
        }
        let rate = requests as f64;
        let most = 2.0 * rate;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = network(peer);
        if buckets.len() >= MOST_PEERS && !buckets.contains_key(&peer) {
            buckets.retain(|_, bucket| bucket.at(now, rate, most) < most);
            if buckets.len() >= MOST_PEERS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(peer).or_insert(Bucket { tokens: most, filled: now });
        *bucket = Bucket { tokens: bucket.at(now, rate, most), filled: now };
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    /// What is in it at `now`.
    fn at(&self, now: Instant, rate: f64, most: f64) -> f64 {
        (self.tokens + rate * now.saturating_duration_since(self.filled).as_secs_f64()).min(most)
    }
}

/// Whoever has an IPv6 address has all of its network.
pub(super) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;

    fn rates(requests: u64) -> (Rates, watch::Sender<Arc<Settings>>) {
        let (sender, settings) = watch::channel(Arc::new(limited(requests)));
        (Rates::new(settings), sender)
    }

    fn limited(requests: u64) -> Settings {
        Settings { limits: Limits { requests, ..Limits::default() }, ..Settings::default() }
    }

    #[test]
    fn a_burst_passes_and_then_a_steady_rate() -> Result<(), std::net::AddrParseError> {
        let ((rates, settings), peer, now) = (rates(10), "192.0.2.1".parse()?, Instant::now());
        let passed = |at| (0..100).filter(|_| rates.take(peer, at).is_ok()).count();
        assert_eq!(passed(now), 20);
        assert_eq!(rates.take(peer, now), Err(Duration::from_millis(100)));
        assert_eq!(passed(now + Duration::from_millis(500)), 5);
        assert_eq!(passed(now + Duration::from_secs(3600)), 20);
        // Others have their own, and a network of IPv6 is one.
        let last = now + Duration::from_secs(3600);
        assert!(rates.take("192.0.2.2".parse()?, last).is_ok());
        let same = ["2001:db8::1".parse()?, "2001:db8::2:3".parse()?];
        assert_eq!((0..30).filter(|n| rates.take(same[n % 2], last).is_ok()).count(), 20);
        settings.send_replace(Arc::new(limited(0)));
        assert_eq!(passed(last), 100);
        Ok(())
    }

    #[test]
    fn many_peers_cost_little() {
        let ((rates, _settings), now) = (rates(10), Instant::now());
        for n in 0..30_000_u32 {
            assert!(rates.take(IpAddr::V4(n.into()), now + Duration::from_millis(n.into())).is_ok());
        }
        assert!(rates.buckets.lock().is_ok_and(|buckets| buckets.len() <= MOST_PEERS));
    }
}
