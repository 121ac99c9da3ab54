/// A self-signed certificate for `localhost` and `127.0.0.1`, and its private key.
///
/// ```
/// use sse_testkit::{Setup, TlsIdentity};
///
/// let mut setup = Setup::default();
/// setup.tls = Some(TlsIdentity::self_signed());
///
/// let identity = setup.tls.unwrap();
/// assert!(identity.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
/// assert!(identity.key.starts_with("-----BEGIN PRIVATE KEY-----"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TlsIdentity {
    /// The certificate, in PEM.
    pub certificate: String,
    /// Its private key, in PEM.
    pub key: String,
}

impl TlsIdentity {
    /// A new one, which nobody trusts.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers.
    pub fn self_signed() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a key can be made");
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }
}
