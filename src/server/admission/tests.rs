use super::*;

fn http(proxies: &[&str], trusted_networks: &[&str]) -> Http {
    let networks = |texts: &[&str]| texts.iter().map(|text| Network::parse(text).unwrap()).collect();
    Http { proxies: networks(proxies), trusted_networks: networks(trusted_networks), ..Http::default() }
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
}

fn may(peer: &str, is_local: bool, lines: &[(&'static str, &str)], http: &Http) -> bool {
    let ends = Ends { peer: peer.parse().unwrap(), local: "127.0.0.1".parse().unwrap() };
    Client::of(ends, Version::HTTP_11, &headers(lines), is_local, http).is_trusted(http)
}

#[test]
fn this_host_and_trusted_networks_may_read() {
    let http = http(&[], &["192.0.2.0/24", "2001:db8::/32"]);
    let table = [
        ("127.0.0.1", true),
        ("127.3.2.1", true),
        ("::1", true),
        ("192.0.2.9", true),
        ("2001:db8::9", true),
        ("192.0.3.9", false),
        ("2001:db9::9", false),
        ("10.0.0.1", false),
    ];
    for (peer, expected) in table {
        assert_eq!(may(peer, true, &[], &http), expected, "{peer}");
    }
    // From elsewhere, a name of this host is a name like any other.
    assert!(may("192.0.2.9", false, &[], &http) && !may("10.0.0.1", false, &[], &http));
}

#[test]
fn what_was_passed_on_is_of_nobody_who_is_trusted() {
    let http = http(&[], &["127.0.0.0/8", "192.0.2.0/24"]);
    let marks = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", "192.0.2.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "localhost"),
        ("x-real-ip", "192.0.2.9"),
        ("forwarded", "for=192.0.2.9"),
        ("via", "1.1 vegur"),
        ("cf-connecting-ip", "192.0.2.9"),
        ("x-client-ip", "192.0.2.9"),
        ("x-cluster-client-ip", "192.0.2.9"),
        ("true-client-ip", "192.0.2.9"),
        ("fastly-client-ip", "192.0.2.9"),
        ("cdn-loop", "example"),
    ];
    for mark in marks {
        for peer in ["127.0.0.1", "::1", "192.0.2.9"] {
            assert!(!may(peer, true, &[mark], &http), "{peer} {mark:?}");
        }
    }
    // Under a public name, or as nginx asks by itself.
    assert!(!may("127.0.0.1", false, &[], &http));
    let ends = Ends { peer: "127.0.0.1".parse().unwrap(), local: "127.0.0.1".parse().unwrap() };
    assert!(!Client::of(ends, Version::HTTP_10, &HeaderMap::new(), true, &http).is_trusted(&http));
}

#[test]
fn a_trusted_proxy_says_who_asked() {
    let http = http(&["127.0.0.1", "10.0.0.0/24"], &["192.0.2.0/24"]);
    let table = [
        ("192.0.2.9", true),
        ("::ffff:192.0.2.9", true),
        ("192.0.3.9", false),
        ("203.0.113.5, 192.0.2.9", true),
        // What somebody made up stands before what the proxy added.
        ("192.0.2.9, 203.0.113.5", false),
        ("192.0.2.9, 10.0.0.7", true),
        ("192.0.2.9, 203.0.113.5, 10.0.0.7, 127.0.0.1", false),
        ("127.0.0.1", false),
        ("10.0.0.7", false),
        ("192.0.2.9:4711", false),
        ("unknown, 10.0.0.7", false),
        ("", false),
    ];
    for (told, expected) in table {
        assert_eq!(may("127.0.0.1", false, &[("x-forwarded-for", told)], &http), expected, "{told}");
        assert!(!may("192.0.2.77", false, &[("x-forwarded-for", told)], &http), "{told}");
    }
    let two = [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-for", "203.0.113.5")];
    assert!(!may("127.0.0.1", false, &two, &http));
    assert!(may("127.0.0.1", false, &[two[1], two[0]], &http));
    assert!(!may("127.0.0.1", false, &[("x-real-ip", "192.0.2.9")], &http));
}

#[test]
fn a_token_is_shown_in_one_of_three_ways() {
    let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
    let table = [
        (vec![("authorization", "Bearer ssi_1".to_owned())], Some("ssi_1")),
        (vec![("authorization", "bearer  ssi_1 ".to_owned())], Some("ssi_1")),
        (vec![("authorization", basic("me:ssi_1"))], Some("ssi_1")),
        (vec![("authorization", basic(":ssi:1"))], Some("ssi:1")),
        (vec![("sec-websocket-protocol", "ssi, ssi_1".to_owned())], Some("ssi_1")),
        (
            vec![("sec-websocket-protocol", "ssi".to_owned()), ("sec-websocket-protocol", "ssi_1".to_owned())],
            Some("ssi_1"),
        ),
        (vec![("authorization", "Bearer a".to_owned()), ("sec-websocket-protocol", "ssi_1".to_owned())], Some("a")),
        (vec![("authorization", "Bearer a".to_owned()), ("authorization", "Bearer a".to_owned())], None),
        (vec![("authorization", "Bearer ".to_owned())], None),
        (vec![("authorization", "ssi_1".to_owned())], None),
        (vec![("authorization", "Digest ssi_1".to_owned())], None),
        (vec![("authorization", "Basic ssi_1".to_owned())], None),
        (vec![("authorization", basic("ssi_1"))], None),
        (vec![("sec-websocket-protocol", "ssi, chat".to_owned())], None),
        (vec![("cookie", "ssi_1".to_owned())], None),
        (vec![], None),
    ];
    for (lines, expected) in table {
        let lines: Vec<(&'static str, &str)> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let found = secret(&headers(&lines));
        assert_eq!(found.as_ref().map(Secret::reveal), expected, "{lines:?}");
    }
}
