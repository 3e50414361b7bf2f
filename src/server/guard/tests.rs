use super::*;

fn verdict(guard: &Guard, local: &str, uri: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    match guard.check(local.parse().unwrap(), &uri.parse().unwrap(), &map) {
        Ok(_) => 200,
        Err(problem) => axum::response::IntoResponse::into_response(problem).status().as_u16(),
    }
}

#[test]
fn a_loopback_listener_answers_to_local_names_only() {
    let guard = Guard::new([]);
    let good = [
        "localhost",
        "localhost:5000",
        "LocalHost:5000",
        "localhost.",
        "localhost.:5000",
        "localhost:",
        "127.0.0.1",
        "127.0.0.1:5000",
        "127.8.9.1:80",
        "[::1]",
        "[::1]:5000",
        "[0:0:0:0:0:0:0:1]:5000",
        "[::ffff:127.0.0.1]:5000",
    ];
    for host in good {
        assert_eq!(verdict(&guard, "127.0.0.1", "/", &[("host", host)]), 200, "{host}");
    }
    let bad = [
        "",
        "evil.example",
        "evil.example:5000",
        "localhost.evil.example",
        "notlocalhost",
        "localhost:x",
        "localhost:99999",
        "localhost:+80",
        "localhost:80:80",
        "localhost@evil.example",
        "user@localhost",
        "user:pw@localhost:5000",
        "127.0.0.1.evil.example",
        "0.0.0.0:5000",
        "192.168.1.7:5000",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "[::]:5000",
        "::1",
        "[::1",
        "[::1]x",
        "[fe80::1]",
        "localhost..",
        "localhost/",
        "local host",
        "localh\u{f6}st",
    ];
    for host in bad {
        let status = verdict(&guard, "127.0.0.1", "/", &[("host", host)]);
        assert!(matches!(status, 400 | 403), "{host}: {status}");
    }
}

#[test]
fn a_request_without_one_host_is_malformed() {
    let guard = Guard::new([]);
    assert_eq!(verdict(&guard, "127.0.0.1", "/", &[]), 400);
    assert_eq!(verdict(&guard, "127.0.0.1", "/", &[("host", "localhost"), ("host", "localhost")]), 400);
    assert_eq!(verdict(&guard, "127.0.0.1", "http://localhost/", &[("host", "localhost")]), 200);
    assert_eq!(verdict(&guard, "127.0.0.1", "http://evil.example/", &[("host", "localhost")]), 403);
    assert_eq!(verdict(&guard, "127.0.0.1", "http://localhost/", &[("host", "evil.example")]), 403);
}

#[test]
fn a_browser_may_only_ask_for_a_page_of_the_same_host() {
    let guard = Guard::new([]);
    let table = [
        ("localhost:5000", "http://localhost:5000", 200),
        ("localhost:5000", "HTTP://LOCALHOST:5000", 200),
        ("localhost:5000", "https://localhost:5000", 200),
        ("localhost.:5000", "http://localhost:5000", 200),
        ("localhost", "http://localhost", 200),
        ("localhost:80", "http://localhost", 200),
        ("localhost", "http://localhost:80", 200),
        ("localhost", "https://localhost", 200),
        ("localhost:443", "https://localhost", 200),
        ("[::1]:5000", "http://[::1]:5000", 200),
        ("localhost:443", "http://localhost", 403),
        ("localhost:5000", "http://localhost", 403),
        ("localhost:5000", "http://localhost:8080", 403),
        ("localhost:5000", "http://127.0.0.1:5000", 403),
        ("localhost:5000", "http://evil.example", 403),
        ("localhost:5000", "http://evil.example:5000", 403),
        ("localhost:5000", "http://localhost.evil.example:5000", 403),
        ("localhost:5000", "http://localhost:5000@evil.example", 403),
        ("localhost:5000", "http://evil.example@localhost:5000", 403),
        ("localhost:5000", "http://localhost:5000/", 403),
        ("localhost:5000", "null", 403),
        ("localhost:5000", "", 403),
        ("localhost:5000", "localhost:5000", 403),
        ("localhost:5000", "file://", 403),
        ("localhost:5000", "chrome-extension://localhost:5000", 403),
        ("localhost:5000", "http:// localhost:5000", 403),
    ];
    for (host, origin, expected) in table {
        assert_eq!(
            verdict(&guard, "127.0.0.1", "/", &[("host", host), ("origin", origin)]),
            expected,
            "{origin} asks {host}"
        );
    }
    for (site, mode, expected) in
        [("cross-site", "no-cors", false), ("cross-site", "navigate", true), ("same-origin", "no-cors", true)]
    {
        let headers = [("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)];
        assert_eq!(verdict(&guard, "127.0.0.1", "/badge/x.svg", &headers) == 200, expected, "{site} {mode}");
    }
    let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://localhost")];
    assert_eq!(verdict(&guard, "127.0.0.1", "/", &twice), 403);
}

#[test]
fn a_listener_on_the_network_answers_to_addresses_and_its_names() {
    let guard = Guard::new(["Web1.Example.".to_owned()]);
    for host in ["localhost:5000", "192.168.1.7:5000", "[fe80::1]:5000", "web1.example", "WEB1.EXAMPLE.:5000"] {
        assert_eq!(verdict(&guard, "192.168.1.7", "/", &[("host", host)]), 200, "{host}");
    }
    for host in ["evil.example:5000", "web1.example.evil.example", "web1"] {
        assert_eq!(verdict(&guard, "192.168.1.7", "/", &[("host", host)]), 403, "{host}");
    }
}
