//! resolv.conf(5): which servers to ask, for which names.
//!
//! Input: its text. Output: [`Resolv`]; what it does not say has the C library's defaults.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The port of name servers.
pub(super) const PORT: u16 = 53;

/// What it says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resolv {
    /// In the order in which they are asked.
    pub(super) servers: Vec<SocketAddr>,
    /// Domains that complete a name.
    pub(super) search: Vec<String>,
    /// From so many dots on, a name is first asked for as it is.
    pub(super) ndots: usize,
    /// The longest wait for one reply.
    pub(super) timeout: Duration,
    /// How often all servers are asked.
    pub(super) attempts: u32,
}

impl Resolv {
    /// One server and no completion.
    pub(super) fn only(server: SocketAddr) -> Resolv {
        Resolv { servers: vec![server], attempts: 3, ..Resolv::parse("") }
    }

    pub(super) fn parse(text: &str) -> Resolv {
        let mut resolv =
            Resolv { servers: Vec::new(), search: Vec::new(), ndots: 1, timeout: Duration::from_secs(5), attempts: 2 };
        for line in text.lines().map(|line| line.split(['#', ';']).next().unwrap_or_default()) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    resolv.servers.extend(address.map(|address| SocketAddr::new(address, PORT)));
                }
                // The last one counts.
                Some("search") => resolv.search = words.map(str::to_owned).collect(),
                Some("domain") => resolv.search = words.take(1).map(str::to_owned).collect(),
                Some("options") => words.for_each(|word| resolv.option(word)),
                _ => {}
            }
        }
        resolv
    }

    fn option(&mut self, word: &str) {
        let Some((name, Ok(value))) = word.split_once(':').map(|(name, value)| (name, value.parse::<u32>())) else {
            return;
        };
        match name {
            "ndots" => self.ndots = value.min(15) as usize,
            "timeout" => self.timeout = Duration::from_secs(u64::from(value.clamp(1, 30))),
            "attempts" => self.attempts = value.clamp(1, 5),
            _ => {}
        }
    }

    /// The full names that a name may stand for, in the order in which they are asked for.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let completed = self.search.iter().map(|domain| format!("{name}.{}", domain.trim_start_matches('.')));
        let mut candidates: Vec<String> = completed.collect();
        let at = if name.matches('.').count() >= self.ndots { 0 } else { candidates.len() };
        candidates.insert(at, name.to_owned());
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_the_c_library_reads_it() {
        let text = "# made by hand\nnameserver 192.0.2.1 ; first\nnameserver 2001:db8::1\nnameserver nonsense\n\
                    domain old.example\nsearch a.example b.example\noptions ndots:2 timeout:1 attempts:9 rotate\n";
        let resolv = Resolv::parse(text);
        assert_eq!(resolv.servers, ["192.0.2.1:53", "[2001:db8::1]:53"].map(|s| s.parse::<SocketAddr>().unwrap()));
        assert_eq!((resolv.ndots, resolv.timeout, resolv.attempts), (2, Duration::from_secs(1), 5));
        assert_eq!(resolv.candidates("www.x"), ["www.x.a.example", "www.x.b.example", "www.x"]);
        assert_eq!(
            resolv.candidates("www.x.example"),
            ["www.x.example", "www.x.example.a.example", "www.x.example.b.example"]
        );
        assert_eq!(resolv.candidates("www."), ["www."]);
        assert_eq!(Resolv::parse("options ndots:x\n").candidates("www"), ["www"]);
    }
}
