//! DNS messages: a question as bytes, and the bytes of a reply as records.

use std::net::IpAddr;

use clap::ValueEnum;
use domain::base::iana::{Rcode, Rtype};
use domain::base::{Message, MessageBuilder, Name};
use domain::rdata::AllRecordData;

/// What is asked for of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(super) enum Kind {
    A,
    Aaaa,
    Caa,
    Cname,
    Mx,
    Ns,
    Ptr,
    Soa,
    Srv,
    Txt,
}

impl Kind {
    fn rtype(self) -> Rtype {
        match self {
            Kind::A => Rtype::A,
            Kind::Aaaa => Rtype::AAAA,
            Kind::Caa => Rtype::CAA,
            Kind::Cname => Rtype::CNAME,
            Kind::Mx => Rtype::MX,
            Kind::Ns => Rtype::NS,
            Kind::Ptr => Rtype::PTR,
            Kind::Soa => Rtype::SOA,
            Kind::Srv => Rtype::SRV,
            Kind::Txt => Rtype::TXT,
        }
    }

    pub(super) fn word(self) -> String {
        self.rtype().to_string()
    }
}

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    /// `NOERROR`, `NXDOMAIN`, `SERVFAIL` …
    pub(super) code: String,
    /// It did not fit into a datagram.
    pub(super) is_truncated: bool,
    /// The records of the kind that was asked for.
    pub(super) records: Vec<Record>,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// As zone files have it, without the dot at the end and without quotes: `192.0.2.1`, `10 mail.example.org`.
    pub(super) value: String,
    /// Seconds for which it may be kept.
    pub(super) ttl: u32,
}

impl Reply {
    /// Whether another server may know better.
    pub(super) fn is_refusal(&self) -> bool {
        !matches!(self.code.as_str(), "NOERROR" | "NXDOMAIN")
    }
}

/// A name as it is sent. An address stands for the name that its PTR record has.
pub(super) fn name(text: &str, kind: Kind) -> Result<Name<Vec<u8>>, String> {
    if let (Kind::Ptr, Ok(address)) = (kind, text.parse::<IpAddr>()) {
        return Name::reverse_from_addr(address).map_err(|error| error.to_string());
    }
    let wrong = || format!("`{text}` is no name, expected for example `example.org`");
    match text.chars().all(|c| c.is_ascii_graphic() && c != '\\') {
        true => text.parse().map_err(|_| wrong()),
        false => Err(wrong()),
    }
}

/// The question as bytes, for UDP.
pub(super) fn query(id: u16, name: &Name<Vec<u8>>, kind: Kind) -> Option<Vec<u8>> {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(id);
    builder.header_mut().set_rd(true);
    let mut question = builder.question();
    question.push((name, kind.rtype())).ok()?;
    Some(question.finish())
}

/// Reads a reply; `None` for what is no reply to this query.
pub(super) fn read(query: &[u8], reply: &[u8], kind: Kind) -> Option<Reply> {
    let query = Message::from_slice(query).ok()?;
    let reply = Message::from_slice(reply).ok()?;
    let (asked, answered) = (query.sole_question().ok()?, reply.first_question());
    let is_reply = reply.header().qr() && reply.header().id() == query.header().id();
    // An error may come without the question.
    let fits = answered.map_or(reply.header().rcode() != Rcode::NOERROR, |answered| answered == asked);
    if !is_reply || !fits {
        return None;
    }
    let plain = |name: String| name.to_ascii_lowercase();
    let (mut records, mut names) = (Vec::new(), vec![plain(asked.qname().to_string())]);
    // Aliases come before what they stand for; a record of any other name answers nothing.
    for record in reply.answer().ok()?.limit_to_in::<AllRecordData<_, _>>() {
        let record = record.ok()?;
        if !names.contains(&plain(record.owner().to_string())) {
            continue;
        }
        if record.rtype() == kind.rtype() {
            records.push(Record { value: value(record.data()), ttl: record.ttl().as_secs() });
        }
        if let AllRecordData::Cname(alias) = record.data() {
            names.push(plain(alias.cname().to_string()));
        }
    }
    Some(Reply { code: reply.header().rcode().to_string(), is_truncated: reply.header().tc(), records })
}

fn value<O: AsRef<[u8]> + domain::dep::octseq::Octets, N: std::fmt::Display>(data: &AllRecordData<O, N>) -> String {
    match data {
        AllRecordData::Txt(text) => String::from_utf8_lossy(&text.text::<Vec<u8>>()).into_owned(),
        other => other.to_string().split(' ').map(without_dot).collect::<Vec<_>>().join(" "),
    }
}

/// A name without the dot at its end; the root stays one.
pub(super) fn without_dot(word: &str) -> &str {
    word.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query_for(text: &str, kind: Kind) -> Vec<u8> {
        query(7, &name(text, kind).unwrap(), kind).unwrap()
    }

    #[test]
    fn names_are_checked_and_addresses_reversed() {
        assert_eq!(name("192.0.2.1", Kind::Ptr).unwrap().to_string(), "1.2.0.192.in-addr.arpa");
        assert!(name("::1", Kind::Ptr).unwrap().to_string().ends_with(".0.0.0.ip6.arpa"));
        assert_eq!(name("example.org.", Kind::A).unwrap().to_string(), "example.org");
        for text in ["", "a b", "a..b", "é.example", &"a".repeat(64)] {
            assert!(name(text, Kind::A).is_err(), "{text}");
        }
    }

    #[test]
    fn what_does_not_belong_to_the_question_is_no_reply() {
        let query = query_for("example.org", Kind::A);
        let mut reply = query.clone();
        assert_eq!(read(&query, &reply, Kind::A), None, "a query is no reply");
        reply[2] |= 0x80;
        let empty = Reply { code: "NOERROR".into(), is_truncated: false, records: Vec::new() };
        assert_eq!(read(&query, &reply, Kind::A), Some(empty));
        assert_eq!(read(&query_for("example.com", Kind::A), &reply, Kind::A), None, "another name");
        assert_eq!(read(&query_for("example.org", Kind::Mx), &reply, Kind::A), None, "another type");
        reply[0] ^= 1;
        assert_eq!(read(&query, &reply, Kind::A), None, "another number");
    }

    #[test]
    fn records_belong_to_the_name_or_to_what_it_stands_for() {
        // The owner as a compressed name, then class, time to live, and length with data.
        let record = |owner: &[u8], rtype: u8, data: &[u8]| {
            [owner, &[0, rtype, 0, 1, 0, 0, 0, 60, 0, data.len() as u8], data].concat()
        };
        let reply = |count: u8, records: &[Vec<u8>]| {
            let mut reply = query_for("example.org", Kind::A);
            (reply[2], reply[7]) = (0x80, count);
            read(&query_for("example.org", Kind::A), &[reply, records.concat()].concat(), Kind::A)
        };
        let values = |reply: Option<Reply>| reply.map(|reply| reply.records.into_iter().map(|one| one.value).collect());
        let (asked, other, web) = (&[0xc0, 12][..], &b"\x05other\0"[..], &b"\x03WEB\0"[..]);
        let (alias, address) = (record(asked, 5, b"\x03web\0"), |owner| record(owner, 1, &[192, 0, 2, 1]));
        let found = Some(vec!["192.0.2.1".to_owned()]);
        assert_eq!(values(reply(1, &[address(asked)])), found);
        assert_eq!(values(reply(2, &[alias, address(web)])), found);
        assert_eq!(values(reply(1, &[address(other)])), Some(Vec::new()));
        assert_eq!(reply(3, &[address(asked)]), None, "less than it promises");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in prop::collection::vec(any::<u8>(), 0..200), counts in any::<[u8; 8]>()) {
            for kind in [Kind::A, Kind::Txt, Kind::Soa, Kind::Caa] {
                let query = query_for("example.org", kind);
                let mut reply = query.clone();
                reply[2] |= 0x80;
                reply[6..12].copy_from_slice(&counts[..6]);
                reply.extend(&tail);
                let _ = read(&query, &reply, kind);
            }
        }
    }
}
