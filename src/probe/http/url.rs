//! Addresses of pages, and where a redirect leads.

use std::fmt;

use hyper::Uri;

use crate::probe::net::HostPort;

/// `http://` or `https://`, a server, and what to ask it for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_https: bool,
    pub(super) server: HostPort,
    /// Path and query.
    pub(super) path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Url, String> {
        let wrong = |error| format!("`{text}` is no URL ({error}), expected for example `https://example.org/health`");
        let uri: Uri = text.parse().map_err(|error: hyper::http::uri::InvalidUri| wrong(error.to_string()))?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(format!("`{text}` begins with neither `http://` nor `https://`")),
        };
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if authority.contains('@') {
            return Err("a URL with a password is seen by everybody on this host, use --header-file instead".to_owned());
        }
        let (host, port) = HostPort::split(authority).map_err(wrong)?;
        let path = match uri.path_and_query().map(|path| path.as_str()) {
            Some(path) if path.starts_with('/') => path.to_owned(),
            Some(query) => format!("/{query}"),
            None => "/".to_owned(),
        };
        Ok(Url { is_https, server: HostPort { host, port: port.unwrap_or(default_port(is_https)) }, path })
    }

    /// Whether both are served by the same.
    pub(super) fn has_origin_of(&self, other: &Url) -> bool {
        self.is_https == other.is_https && self.server == other.server
    }

    /// The server as `Host:` has it: without the port that goes without saying.
    pub(super) fn host(&self) -> String {
        let text = self.server.to_string();
        let default = format!(":{}", default_port(self.is_https));
        text.strip_suffix(&default).map(str::to_owned).unwrap_or(text)
    }

    /// Where a `Location:` on this page leads.
    pub(super) fn join(&self, location: &str) -> Result<Url, String> {
        let scheme = if self.is_https { "https" } else { "http" };
        let (path, query) =
            self.path.split_once('?').map_or((self.path.as_str(), None), |(path, query)| (path, Some(query)));
        let location = location.split('#').next().unwrap_or_default();
        let is_absolute = location.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?']));
        if is_absolute {
            return Url::parse(location);
        }
        if location.starts_with("//") {
            return Url::parse(&format!("{scheme}:{location}"));
        }
        let relative = match location {
            "" => format!("{path}{}", query.map(|query| format!("?{query}")).unwrap_or_default()),
            rooted if rooted.starts_with('/') => rooted.to_owned(),
            query if query.starts_with('?') => format!("{path}{query}"),
            sibling => format!("{}/{sibling}", path.rsplit_once('/').map_or("", |(directory, _)| directory)),
        };
        Url::parse(&format!("{scheme}://{}{}", self.server, without_dots(&relative)))
    }
}

const fn default_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

/// The path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment == ".." {
            kept.pop();
        }
        match segment {
            // What ends with a directory ends with a slash.
            "." | ".." if is_last => kept.push(""),
            "." | ".." => {}
            name => kept.push(name),
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{}{query}", kept.join("/"))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.is_https { "https" } else { "http" }, self.host(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        for (text, normal) in [
            ("http://example.org", "http://example.org/"),
            ("https://example.org:443/a?b#c", "https://example.org/a?b"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("https://example.org:80?q", "https://example.org:80/?q"),
        ] {
            assert_eq!(Url::parse(text).map(|url| url.to_string()), Ok(normal.to_owned()));
        }
        for text in ["example.org", "ftp://x/", "http://", "http://user:password@x/", "http://x:0/", "http://x y/"] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn redirects_lead_where_browsers_go() -> Result<(), String> {
        let page = Url::parse("https://example.org:8443/a/b/c?q")?;
        for (location, target) in [
            ("http://other.example/x", "http://other.example/x"),
            ("//other.example/x", "https://other.example/x"),
            ("/x?y", "https://example.org:8443/x?y"),
            ("x", "https://example.org:8443/a/b/x"),
            ("../x/./y#z", "https://example.org:8443/a/x/y"),
            ("../../../..", "https://example.org:8443/"),
            ("?r=http://x/", "https://example.org:8443/a/b/c?r=http://x/"),
            ("", "https://example.org:8443/a/b/c?q"),
        ] {
            assert_eq!(page.join(location)?.to_string(), target, "{location}");
        }
        assert!(page.join("javascript://x").is_err());
        assert!(page.has_origin_of(&page.join("/")?) && !page.has_origin_of(&page.join("//example.org")?));
        Ok(())
    }
}
