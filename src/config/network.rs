//! Networks, as `192.0.2.0/24` and `2001:db8::/32` name them.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;

use super::Mistake;

/// All addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The first address.
    first: IpAddr,
    /// How many bits they have in common.
    bits: u8,
}

impl Network {
    /// Reads a network, or a single address.
    ///
    /// ```
    /// use ssi::config::Network;
    ///
    /// let office = Network::parse("192.0.2.0/24")?;
    /// assert!(office.contains("192.0.2.7".parse().unwrap()) && !office.contains("192.0.3.7".parse().unwrap()));
    /// assert!(Network::parse("192.0.2.7/24").is_err());
    /// # Ok::<(), ssi::config::Mistake>(())
    /// ```
    pub fn parse(text: &str) -> Result<Network, Mistake> {
        let wrong = |meant: Option<Network>| Mistake::Network { found: text.to_owned(), meant };
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong(None))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |bits: &&str| (1..=3).contains(&bits.len()) && bits.bytes().all(|b| b.is_ascii_digit());
        let bits = match bits {
            None => most,
            Some(bits) => {
                let bits = Some(bits).filter(is_number).and_then(|bits| bits.parse().ok());
                bits.filter(|bits| *bits <= most).ok_or_else(|| wrong(None))?
            }
        };
        let network = Network { first: first(address, bits), bits };
        match network.first == address {
            true => Ok(network),
            false => Err(wrong(Some(network))),
        }
    }

    /// Whether an address lies in it. One of IPv4 that is written as one of IPv6 is one of IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && first(address, self.bits) == self.first
    }
}

/// The first address that has these `bits` in common with `address`.
fn first(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & u32::MAX.checked_shl(32 - bits).unwrap_or(0))),
        IpAddr::V6(ip) => {
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & u128::MAX.checked_shl(128 - bits).unwrap_or(0)))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let table = [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "::10.1.2.3", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("2001:db8::/33", "2001:db8:7fff::", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("::1", "::1", true),
        ];
        for (network, address, expected) in table {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network} {address}");
            assert_eq!(Network::parse(&network.to_string()), Ok(network));
        }
    }

    #[test]
    fn what_is_none_is_refused_and_what_was_meant_is_named() {
        for text in [
            "",
            "10",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "a.example",
            "10.0.0.0/8/8",
            " ::1",
        ] {
            assert_eq!(Network::parse(text), Err(Mistake::Network { found: text.to_owned(), meant: None }), "{text}");
        }
        let meant = Network::parse("10.0.0.0/8").ok();
        assert_eq!(Network::parse("10.1.2.3/8"), Err(Mistake::Network { found: "10.1.2.3/8".to_owned(), meant }));
    }
}
