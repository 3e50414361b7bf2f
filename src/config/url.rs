//! Addresses of pages: what can be told of them without asking.

/// Why a text is no address that a page can be asked for at.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let rest = rest.ok_or("it begins with neither `http://` nor `https://`")?;
    let is_fine = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    if !rest.chars().all(is_fine) {
        return Err("it has a character that must be written as `%xx`");
    }
    let (authority, _) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("it holds a name or a password, which everybody on this host could read");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracket) => {
            let (host, rest) = bracket.split_once(']').ok_or("its bracket is not closed")?;
            let is_address = host.contains(':') && host.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.');
            if !is_address {
                return Err("there is no IPv6 address in its brackets");
            }
            (host, rest.strip_prefix(':').or(rest.is_empty().then_some("80")))
        }
        None => authority.split_once(':').map_or((authority, Some("80")), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err("it names no host");
    }
    if !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c)) {
        return Err("its host has a character that no name has");
    }
    match port.and_then(|port| port.parse::<u16>().ok()) {
        Some(1..) => Ok(()),
        _ => Err("its port is not a number from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn addresses_of_pages_and_what_is_none() {
        for url in
            ["http://localhost", "https://example.org:8443/a?b=c#d", "http://[::1]:80/", "http://[::1]", "http://x?q"]
        {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for (url, part) in [
            ("example.org", "neither"),
            ("ftp://x/", "neither"),
            ("http://", "no host"),
            ("http://:80/", "no host"),
            ("http://me:secret@x/", "password"),
            ("http://x:0/", "port"),
            ("http://x:/", "port"),
            ("http://x:99999/", "port"),
            ("http://[::1/", "closed"),
            ("http://[x]/", "IPv6"),
            ("http://[::1]80/", "port"),
            ("http://x/a b", "`%xx`"),
            ("http://ä/", "`%xx`"),
            ("http://a(b/", "its host"),
        ] {
            let reason = check(url).expect_err(url);
            assert!(reason.contains(part), "{url}: {reason}");
        }
    }
}
