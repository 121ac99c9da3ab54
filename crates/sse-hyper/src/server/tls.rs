use std::{fmt, sync::Arc};

use rustls::{CertificateError, ServerConfig, crypto::ring};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// The identity under which a [`Server`](crate::Server) speaks TLS.
///
/// TLS 1.2 and 1.3, no client certificates; ALPN offers `h2`, then `http/1.1`. For anything else
/// make it from a [`ServerConfig`] of your own.
///
/// ```
/// use sse_hyper::{ServerTls, TlsError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
/// # let (certificates, key) = (identity.cert.pem(), identity.signing_key.serialize_pem());
/// let tls = ServerTls::from_pem(certificates.as_bytes(), key.as_bytes())?;
///
/// let swapped = ServerTls::from_pem(key.as_bytes(), certificates.as_bytes());
/// assert!(matches!(swapped, Err(TlsError::NoCertificate)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// Reads the certificate, with what leads from it to the root, and its private key.
    ///
    /// Both are in PEM; other sections are skipped, so that one file may hold both.
    ///
    /// # Errors
    ///
    /// - [`TlsError::NoCertificate`] and [`TlsError::NoKey`] if there is none.
    /// - [`TlsError::EncryptedKey`] if the key is protected by a password.
    /// - [`TlsError::CertificatePem`] and [`TlsError::KeyPem`] if the text is no PEM.
    /// - [`TlsError::BadCertificate`] and [`TlsError::BadKey`] if it holds something else.
    /// - [`TlsError::KeyMismatch`] if the key is not that of the first certificate.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(TlsError::CertificatePem)?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let mut config = config(chain, private_key(key)?).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::KeyMismatch,
            rustls::Error::InvalidCertificate(error) => TlsError::BadCertificate(error),
            error => TlsError::BadKey(error),
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.clone())
    }
}

impl From<Arc<ServerConfig>> for ServerTls {
    /// The ALPN protocols are those of `config`: without `h2` among them clients speak HTTP/1.1.
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// Why [`ServerTls::from_pem`] refuses.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text is PEM, or empty, but holds no certificate.
    #[error("no certificate found")]
    NoCertificate,
    /// The text is PEM, or empty, but holds no private key.
    #[error("no private key found")]
    NoKey,
    /// The private key is protected by a password.
    #[error("the private key is encrypted")]
    EncryptedKey,
    /// The certificates are no PEM.
    #[error("cannot read the certificates: {0}")]
    CertificatePem(pem::Error),
    /// The private key is no PEM.
    #[error("cannot read the private key: {0}")]
    KeyPem(pem::Error),
    /// The first certificate is none.
    #[error("the certificate is not usable: {0}")]
    BadCertificate(CertificateError),
    /// The private key is none, or of an unknown kind.
    #[error("the private key is not usable: {0}")]
    BadKey(rustls::Error),
    /// The private key belongs to another certificate.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    // Named, because a process with two providers has no default one.
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the ciphers of TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        // Both forms, `ENCRYPTED PRIVATE KEY` and `Proc-Type: 4,ENCRYPTED`, say the word.
        _ if pem.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) => {
            TlsError::EncryptedKey
        }
        pem::Error::NoItemsFound => TlsError::NoKey,
        error => TlsError::KeyPem(error),
    })
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";
