use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

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
///
/// # Another certificate
///
/// A clone is the same identity, which [`Self::replace`] replaces while the server runs:
///
/// ```no_run
/// use sse_hyper::{Server, ServerTls};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let read = || Ok::<_, std::io::Error>((std::fs::read("cert.pem")?, std::fs::read("key.pem")?));
/// # let renewed = std::future::pending::<()>();
/// let (certificates, key) = read()?;
/// let tls = ServerTls::from_pem(&certificates, &key)?;
/// let server = Server::bind("[::]:443").await?.with_tls(tls.clone());
/// // Beside the server, when the certificate was renewed.
/// # renewed.await;
/// let (certificates, key) = read()?;
/// tls.replace(ServerTls::from_pem(&certificates, &key)?);
/// # drop(server);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServerTls(Arc<RwLock<Arc<ServerConfig>>>);

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
        Ok(Arc::new(config).into())
    }

    /// Takes over the identity of `other`, with all that its configuration says, for the handshakes that begin from
    /// now on, on every server that a clone of this was given to.
    ///
    /// Connections and handshakes that have begun go on as they are. Sessions are not resumed across a replacement,
    /// so clients that come back verify the new certificate.
    pub fn replace(&self, other: Self) {
        let config = other.config();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config())
    }
}

impl From<Arc<ServerConfig>> for ServerTls {
    /// The ALPN protocols are those of `config`: without `h2` among them clients speak HTTP/1.1.
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(Arc::new(RwLock::new(config)))
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
