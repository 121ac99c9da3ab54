use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    client::WebPkiServerVerifier,
    crypto::{CryptoProvider, ring},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::verifier::Verifier;

/// Whom a client trusts under TLS, and who it is itself.
///
/// ```no_run
/// use sse_hyper::ClientTls;
///
/// let tls = ClientTls::new().with_root_pem(&std::fs::read("ca.pem")?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientTls {
    roots: Vec<CertificateDer<'static>>,
    identity: Option<Arc<Identity>>,
    is_insecure: bool,
}

#[derive(Debug)]
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ClientTls {
    /// Trusts the roots of the system.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts everybody: the connection is encrypted, but nobody knows to whom.
    ///
    /// That holds for the server of the address, and for a proxy on the way that speaks TLS. A server of
    /// another origin to which it redirects is checked as with [`new`](Self::new).
    pub fn insecure() -> Self {
        Self { is_insecure: true, ..Self::default() }
    }

    /// Trusts the certificates in `pem` as well: what they sign, and a server that shows one of them
    /// itself, as one with a self-signed certificate does.
    ///
    /// # Errors
    ///
    /// [`ClientTlsError::Pem`] or [`ClientTlsError::NoCertificate`].
    pub fn with_root_pem(mut self, pem: &[u8]) -> Result<Self, ClientTlsError> {
        let before = self.roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            self.roots.push(certificate.map_err(|error| ClientTlsError::Pem(Arc::new(error)))?);
        }
        if self.roots.len() == before {
            return Err(ClientTlsError::NoCertificate);
        }
        Ok(self)
    }

    /// Shows the server, if it asks for one, the certificate in `chain`, whose key is `key`; both are PEM.
    /// Proxies, and servers of another origin to which it redirects, are shown none.
    ///
    /// # Errors
    ///
    /// [`ClientTlsError::Pem`] or [`ClientTlsError::NoCertificate`].
    pub fn with_identity_pem(mut self, chain: &[u8], key: &[u8]) -> Result<Self, ClientTlsError> {
        let pem = |error| ClientTlsError::Pem(Arc::new(error));
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(pem)?;
        if chain.is_empty() {
            return Err(ClientTlsError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(pem)?;
        self.identity = Some(Arc::new(Identity { chain, key }));
        Ok(self)
    }

    /// What holds for a server that these settings are not for, but that theirs redirects to: nobody is
    /// told who asks, and nobody is trusted unseen.
    pub(super) fn elsewhere(&self) -> Self {
        Self { is_insecure: false, ..self.without_identity() }
    }

    /// The same without who asks.
    pub(super) fn without_identity(&self) -> Self {
        Self { identity: None, ..self.clone() }
    }

    /// The configuration for connections under TLS; the roots of the system are read here.
    pub(super) fn config(&self) -> Result<ClientConfig, ClientTlsError> {
        // By name, because a process default panics where a build holds two providers.
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(ClientTlsError::Tls)?;
        let verifier = match self.is_insecure {
            true => Verifier::of_nobody(provider),
            false => Verifier::new(self.chains(&provider)?, self.roots.clone(), provider),
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(ClientTlsError::Tls),
        }
    }

    fn chains(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, ClientTlsError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for root in &self.roots {
            roots.add(root.clone()).map_err(ClientTlsError::Tls)?;
        }
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|_| ClientTlsError::NoRoots)
    }
}

/// Why a client cannot speak TLS.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientTlsError {
    /// The file of a certificate or a key is not PEM.
    #[error("the certificate or the key is not PEM: {0}")]
    Pem(Arc<rustls_pki_types::pem::Error>),
    /// The file holds no certificate.
    #[error("there is no certificate in the PEM")]
    NoCertificate,
    /// Neither the system nor the caller has a root.
    #[error("the system has no root certificates")]
    NoRoots,
    /// A certificate that rustls does not take.
    #[error(transparent)]
    Tls(rustls::Error),
}
