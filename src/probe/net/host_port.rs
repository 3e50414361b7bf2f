//! `HOST:PORT`, as people write it: `example.org:443`, `192.0.2.1:22`, `[2001:db8::1]:443`.

use std::fmt;
use std::net::Ipv6Addr;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl HostPort {
    /// Reads a text with a port.
    pub(crate) fn parse(text: &str) -> Result<HostPort, String> {
        let (host, port) = HostPort::split(text)?;
        let port = port.ok_or_else(|| format!("`{text}` has no port, expected HOST:PORT"))?;
        Ok(HostPort { host, port })
    }

    /// Reads a text whose port may be missing.
    pub(crate) fn split(text: &str) -> Result<(String, Option<u16>), String> {
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) if host.parse::<Ipv6Addr>().is_ok() && (rest.is_empty() || rest.starts_with(':')) => {
                (host, rest.strip_prefix(':'))
            }
            Some(_) => return Err(format!("`{text}` is no address in brackets, expected for example `[::1]:443`")),
            None if text.parse::<Ipv6Addr>().is_ok() => (text, None),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || host.len() > 253 || !host.chars().all(is_host) {
            return Err(format!("`{host}` is no host, expected a name in ASCII or an address"));
        }
        let number = |port: &str| {
            let wrong = format!("`{port}` is no port, expected a number from 1 to 65535");
            port.parse::<u16>().ok().filter(|port| *port != 0).ok_or(wrong)
        };
        Ok((host.to_owned(), port.map(number).transpose()?))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_and_written() {
        for text in ["example.org:443", "192.0.2.1:22", "[::1]:80", "_dmarc.example.org:1"] {
            assert_eq!(HostPort::parse(text).map(|target| target.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(HostPort::split("::1"), Ok(("::1".to_owned(), None)));
        assert_eq!(HostPort::split("[::1]"), Ok(("::1".to_owned(), None)));
    }

    #[test]
    fn mistakes_say_what_was_expected() {
        for text in ["example.org", "a:0", "a:65536", "a:http", ":80", "[a]:80", "[::1]80", "a b:80", "user@host:80"] {
            assert!(HostPort::parse(text).is_err_and(|error| error.contains("expected")), "{text}");
        }
    }
}
