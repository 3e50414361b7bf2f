//! What an X.509 certificate says, as far as its expiry is watched.
//!
//! Input: DER. Output: [`Certificate`], and sentences about its dates.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use serde_json::{Value, json};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Time;

const DAY: f64 = 86_400.0;

/// One certificate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Certificate {
    /// `CN=example.org,O=Example`.
    pub(crate) subject: String,
    /// The names and addresses that it is for.
    pub(crate) names: Vec<String>,
    pub(crate) issuer: String,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// `RSA 2048`, `P-256`, `Ed25519`, or the number of another algorithm.
    pub(crate) key: String,
}

impl Certificate {
    pub(crate) fn parse(der: &[u8]) -> Result<Certificate, String> {
        let unreadable = |error| format!("it can't be read: {error}");
        let certificate = x509_cert::Certificate::from_der(der).map_err(unreadable)?;
        let body = certificate.tbs_certificate();
        let (_, names) = body.get_extension::<SubjectAltName>().map_err(unreadable)?.unwrap_or_default();
        Ok(Certificate {
            subject: body.subject().to_string(),
            names: names.0.iter().filter_map(name).collect(),
            issuer: body.issuer().to_string(),
            not_before: timestamp(&body.validity().not_before),
            not_after: timestamp(&body.validity().not_after),
            key: key(body.subject_public_key_info()),
        })
    }

    /// Days until it expires; below 0 once it has.
    pub(crate) fn days_left(&self, now: Timestamp) -> f64 {
        let days = self.not_after.duration_since(now).as_secs_f64() / DAY;
        (days * 100.0).floor() / 100.0
    }

    /// What is wrong with its dates.
    pub(crate) fn untimely(&self, now: Timestamp) -> Option<String> {
        if now > self.not_after {
            Some(format!("expired {} ago", days_words(-self.days_left(now))))
        } else if now < self.not_before {
            Some(format!("is not valid before {}", self.not_before))
        } else {
            None
        }
    }

    /// What it is called: the subject, or the first name where that is empty.
    pub(crate) fn title(&self) -> &str {
        match (self.subject.as_str(), self.names.first()) {
            ("", Some(name)) => name,
            ("", None) => "without a name",
            (subject, _) => subject,
        }
    }

    pub(crate) fn document(&self, now: Timestamp) -> Value {
        json!({
            "subject": self.subject,
            "names": self.names,
            "issuer": self.issuer,
            "not_before": self.not_before.to_string(),
            "not_after": self.not_after.to_string(),
            "days_left": self.days_left(now),
            "key": self.key,
        })
    }
}

/// A number of days for a sentence: hours when there are few.
pub(crate) fn days_words(days: f64) -> String {
    let (count, unit) = if days < 2.0 { ((days * 24.0).floor(), "hour") } else { (days.floor(), "day") };
    format!("{count:.0} {unit}{}", if count == 1.0 { "" } else { "s" })
}

fn timestamp(time: &Time) -> Timestamp {
    // X.509 ends with the year 9999, and so does the type.
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(bytes.as_bytes()).map(|octets| Ipv4Addr::from(octets).to_string());
            let v6 = <[u8; 16]>::try_from(bytes.as_bytes()).map(|octets| Ipv6Addr::from(octets).to_string());
            v4.or(v6).ok()
        }
        _ => None,
    }
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const CURVES: [(ObjectIdentifier, &str); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), "P-256"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), "P-384"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), "P-521"),
];

fn key(info: &SubjectPublicKeyInfoOwned) -> String {
    let curve = || info.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
    match info.algorithm.oid {
        RSA => rsa_bits(info).map_or_else(|| "RSA".to_owned(), |bits| format!("RSA {bits}")),
        EC => {
            let known = |curve| CURVES.iter().find(|(oid, _)| *oid == curve).map(|(_, name)| (*name).to_owned());
            curve().map_or_else(|| "EC".to_owned(), |curve| known(curve).unwrap_or_else(|| curve.to_string()))
        }
        ED25519 => "Ed25519".to_owned(),
        other => other.to_string(),
    }
}

/// The length of the modulus, the first number of the key.
fn rsa_bits(info: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let mut reader = SliceReader::new(info.subject_public_key.as_bytes()?).ok()?;
    let read = reader.sequence(|numbers| {
        let modulus = UintRef::decode(numbers)?;
        UintRef::decode(numbers)?;
        Ok::<_, x509_cert::der::Error>(modulus.as_bytes().len() * 8)
    });
    read.ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A certificate for localhost that is valid from 2026-01-01 on, for 90 days.
    pub(crate) fn localhost() -> Certificate {
        let not_before: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        Certificate {
            subject: "CN=localhost".into(),
            names: vec!["localhost".into(), "::1".into()],
            issuer: "CN=Test CA".into(),
            not_before,
            not_after: not_before + jiff::SignedDuration::from_hours(90 * 24),
            key: "P-256".into(),
        }
    }

    #[test]
    fn its_dates_are_judged() {
        let certificate = localhost();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(certificate.days_left(at("2026-03-31T12:00:00Z")), 0.5);
        assert_eq!(certificate.untimely(at("2026-03-31T12:00:00Z")), None);
        assert_eq!(certificate.untimely(at("2026-04-04T00:00:00Z")).as_deref(), Some("expired 3 days ago"));
        let early = certificate.untimely(at("2025-12-31T00:00:00Z"));
        assert_eq!(early.as_deref(), Some("is not valid before 2026-01-01T00:00:00Z"));
        assert_eq!([0.05, 1.99, 2.0, 89.9].map(days_words), ["1 hour", "47 hours", "2 days", "89 days"]);
    }

    #[test]
    fn bytes_that_are_no_certificate_are_refused() {
        for bytes in [&b""[..], b"0", b"-----BEGIN CERTIFICATE-----", &[0x30, 0x80, 0xff], &[0x30; 4096]] {
            assert!(Certificate::parse(bytes).is_err());
        }
    }
}
