//! TLS with a look at what the server presents.
//!
//! Input: a connected stream, the name that the certificate should have, whom to trust. Output: the encrypted stream, and
//! [`Presented`]: the certificate, and what is wrong with it. The certificate is kept also where the connection ends because of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore, SignatureScheme,
};

use super::{Certificate, Deadline, NetError, Phase, ProbeError, chain};

/// Whose certificates are accepted.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Those of the authorities that this machine trusts.
    System,
    /// Those that a file of authorities stands for, and the certificates in it themselves.
    File(PathBuf),
    /// Anybody's.
    Anyone,
}

/// What the server presented.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) certificate: Result<Certificate, String>,
    /// What is wrong with it, worst first.
    pub(crate) complaints: Vec<String>,
}

/// How to open encrypted connections.
#[derive(Clone)]
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    authorities: Option<Arc<Authorities>>,
    /// Whether a complaint ends the connection before anything is sent.
    strict: bool,
    /// The protocol to ask for.
    alpn: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Authorities {
    verifier: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Tls {
    /// `alpn` is the protocol to ask for. With `strict`, a certificate with a complaint ends the connection.
    pub(crate) fn new(trust: &Trust, strict: bool, alpn: Option<&str>) -> Result<Tls, ProbeError> {
        let provider = Arc::new(ring::default_provider());
        let certificates = match trust {
            Trust::System => Some(system_authorities()?),
            Trust::File(path) => Some(read_authorities(path)?),
            Trust::Anyone => None,
        };
        let authorities =
            certificates.map(|certificates| Authorities::new(certificates, &provider).map(Arc::new)).transpose()?;
        Ok(Tls { provider, authorities, strict, alpn: alpn.map(|name| name.as_bytes().to_vec()).into_iter().collect() })
    }

    /// Opens a connection. What the server presented comes back whether or not it opens.
    pub(crate) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        name: &str,
        deadline: Deadline,
    ) -> (Option<Presented>, Result<TlsStream<S>, NetError>) {
        let look = Arc::new(Look {
            provider: Arc::clone(&self.provider),
            authorities: self.authorities.clone(),
            strict: self.strict,
            seen: Mutex::default(),
        });
        let opened = deadline.step(Phase::Tls, self.handshake(stream, name, Arc::clone(&look))).await;
        let seen = look.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The complaint says more than the alert that it became.
        let opened = match (&seen, opened) {
            (Some(Presented { complaints, .. }), Err(NetError::Down { .. }))
                if self.strict && !complaints.is_empty() =>
            {
                Err(NetError::down(Phase::Tls, format!("the certificate {}", complaints.join(", "))))
            }
            (_, opened) => opened,
        };
        (seen, opened)
    }

    async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        name: &str,
        look: Arc<Look>,
    ) -> Result<TlsStream<S>, NetError> {
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| NetError::down(Phase::Tls, format!("`{name}` is no name that a certificate can have")))?;
        let unusable = |error: Error| NetError::NotAsked(ProbeError::Unanswerable(format!("tls: {error}")));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
        let mut config = builder.dangerous().with_custom_certificate_verifier(look).with_no_client_auth();
        config.alpn_protocols.clone_from(&self.alpn);
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.map_err(|error| {
            let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
            match of_tls {
                Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                    NetError::down(Phase::Tls, "the server does not speak TLS on this port")
                }
                Some(error) => NetError::down(Phase::Tls, chain(error)),
                None => NetError::io(Phase::Tls, &error),
            }
        })
    }
}

fn system_authorities() -> Result<Vec<CertificateDer<'static>>, ProbeError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let cause = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        let text = format!(
            "this host has no certificate authorities to trust{cause}; install its package of them (Debian: ca-certificates), \
             or name a file with --ca"
        );
        return Err(ProbeError::Unanswerable(text));
    }
    Ok(found.certs)
}

fn read_authorities(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, ProbeError> {
    let bytes = std::fs::read(path).map_err(ProbeError::reading(path))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ProbeError::Unanswerable(format!("`{}` holds no certificate in PEM form", path.display()))),
    }
}

impl Authorities {
    fn new(
        certificates: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Authorities, ProbeError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let unusable = |error| ProbeError::Unanswerable(format!("no certificate authority can be used ({error})"));
        Ok(Authorities { verifier: builder.build().map_err(unusable)?, certificates })
    }

    /// Why this chain leads to none of the authorities.
    fn distrust(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        at: Duration,
    ) -> Option<String> {
        // Who puts a server's own certificate into the file trusts it, also if it is an authority and a server in one.
        if self.certificates.iter().any(|known| known == leaf) {
            return None;
        }
        let time = UnixTime::since_unix_epoch(at);
        let error = match self.verifier.verify_server_cert(leaf, chain, name, &[], time) {
            Ok(_) => return None,
            Err(Error::InvalidCertificate(error)) => error,
            Err(error) => return Some(error.to_string()),
        };
        match error {
            // The name is looked at last: the chain was fine.
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => None,
            CertificateError::UnknownIssuer => Some("is of an issuer that is not trusted".to_owned()),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Some("has an issuer whose own certificate has expired".to_owned())
            }
            CertificateError::Other(other) => Some(format!("is not trusted ({other})")),
            other => Some(format!("is not trusted ({other})")),
        }
    }
}

/// Looks at what a server presents.
#[derive(Debug)]
struct Look {
    provider: Arc<CryptoProvider>,
    authorities: Option<Arc<Authorities>>,
    strict: bool,
    seen: Mutex<Option<Presented>>,
}

impl Look {
    fn at(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: Duration,
    ) -> Presented {
        let certificate = Certificate::parse(leaf);
        let now_stamp = Timestamp::try_from(std::time::UNIX_EPOCH + now).unwrap_or(Timestamp::MAX);
        let mut complaints = Vec::new();
        let mut at = now;
        match &certificate {
            Ok(certificate) => {
                complaints.extend(certificate.untimely(now_stamp));
                // Whether the issuer is trusted is a question of its own, so it is asked for a time when the dates were right.
                let second = |stamp: Timestamp| Duration::from_secs(u64::try_from(stamp.as_second()).unwrap_or(0));
                let (first, last) = (second(certificate.not_before), second(certificate.not_after));
                at = now.max(first).min(last.max(first));
            }
            Err(reason) => complaints.push(reason.clone()),
        }
        let fits = ParsedCertificate::try_from(leaf).and_then(|parsed| verify_server_name(&parsed, name));
        if fits.is_err() {
            let names = certificate.as_ref().map(|certificate| certificate.names.join(", ")).unwrap_or_default();
            let names = if names.is_empty() { "no name".to_owned() } else { names };
            complaints.push(format!("is not for {} but for {names}", name.to_str()));
        }
        let is_self_signed = certificate.as_ref().is_ok_and(|certificate| certificate.subject == certificate.issuer);
        let distrust = self.authorities.as_ref().and_then(|authorities| authorities.distrust(leaf, chain, name, at));
        complaints.extend(distrust.map(|reason| match is_self_signed {
            true => "is self-signed and not trusted".to_owned(),
            false => reason,
        }));
        Presented { certificate, complaints }
    }
}

impl ServerCertVerifier for Look {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = self.at(leaf, chain, name, Duration::from_secs(now.as_secs()));
        let is_refused = self.strict && !presented.complaints.is_empty();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        match is_refused {
            true => Err(CertificateError::ApplicationVerificationFailure.into()),
            false => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
