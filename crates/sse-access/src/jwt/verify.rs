use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use sse_core::access::Grant;

use super::{Algorithm, Keys, token::SignedToken};
use crate::{claims::Claims, clock::Clock};

/// Verifies JSON Web Tokens and makes grants from them.
///
/// A token grants what its claim `sse` says, `{"listen": […], "publish": […], "actions": […]}`, where each list may be
/// missing. Without that claim it grants what Mercure's says, `mercure: {"subscribe": […], "publish": […]}`, and
/// without either nothing. `sub` is the subject of the grant and `jti` its ID. `exp` is required. The grant ends
/// then; that of a token which arrives later, within the leeway, ends with the leeway. `nbf` is checked if it is present. A claim of a wrong type makes the token invalid.
///
/// A key has to allow the `alg` of the header. A `kid` has to be the ID of that key. Keys and URLs of keys in a token
/// (`jwk`, `jku`, `x5c`, `x5u`) are ignored.
///
/// ```
/// use std::time::Instant;
/// use serde_json::json;
/// use sse_access::{Algorithm, Jwt, Keys, SigningKey};
///
/// let secret = SigningKey::generate(Algorithm::Hs256)?;
/// let jwt = Jwt::new(Keys::new().with_key(secret.verifying_key())).with_audience("events");
///
/// let token = secret.sign(&json!({
///     "sub": "alice",
///     "aud": "events",
///     "exp": 4_000_000_000_u64,
///     "sse": { "listen": ["room:*"] },
/// }));
/// let grant = jwt.verify(&token, Instant::now())?;
/// assert_eq!(grant.subject(), Some("alice"));
/// assert!(grant.permissions().may_listen(&"room:42".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
///
/// RFC 7519, [Validating a JWT](https://www.rfc-editor.org/rfc/rfc7519.html#section-7.2); RFC 8725, [Best
/// Practices](https://www.rfc-editor.org/rfc/rfc8725.html#section-3).
#[derive(Debug)]
pub struct Jwt {
    keys: RwLock<Arc<Keys>>,
    audiences: Vec<Box<str>>,
    issuers: Vec<Box<str>>,
    leeway: Duration,
}

impl Jwt {
    /// The default of [`Self::with_leeway`]: a minute, since clocks that are set at all differ by less.
    pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);

    /// Accepts tokens that are signed with one of `keys`, for any audience and from any issuer.
    pub fn new(keys: Keys) -> Self {
        Self {
            keys: RwLock::new(Arc::new(keys)),
            audiences: Vec::new(),
            issuers: Vec::new(),
            leeway: Self::DEFAULT_LEEWAY,
        }
    }

    /// Accepts only tokens for `audience` (`aud`). Call it again to accept another audience, too.
    #[must_use]
    pub fn with_audience(mut self, audience: &str) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Accepts only tokens from `issuer` (`iss`). Call it again to accept another issuer, too.
    #[must_use]
    pub fn with_issuer(mut self, issuer: &str) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Sets how much the clocks of an issuer and of this server may differ. Default: 60 s.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Replaces its keys.
    pub fn set_keys(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Its keys.
    pub fn keys(&self) -> Arc<Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The grant of `token`.
    ///
    /// # Errors
    ///
    /// [`JwtError`] says what is wrong with the token, without showing its contents.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Grant, JwtError> {
        let token = SignedToken::parse(token)?;
        verify_signature(&token, &self.keys())?;
        let claims = Claims::parse(&token.claims()?).map_err(|_| JwtError::Claims)?;
        self.accept(&claims, Clock::at(now))
    }

    /// The grant of a token whose signature is right.
    fn accept(&self, claims: &Claims, clock: Clock) -> Result<Grant, JwtError> {
        let expiry = claims.expiry().ok_or(JwtError::NoExpiry)?;
        if expiry.saturating_add(self.leeway) <= clock.unix() {
            return Err(JwtError::Expired { ago: clock.unix() - expiry });
        }
        if let Some(start) = claims.not_before()
            && clock.unix().saturating_add(self.leeway) < start
        {
            return Err(JwtError::NotYet { wait: start - clock.unix() });
        }
        let is_one_of = |wanted: &[Box<str>], found: &str| wanted.iter().any(|one| **one == *found);
        if !self.audiences.is_empty()
            && !claims.audience().any(|found| is_one_of(&self.audiences, found))
        {
            return Err(JwtError::Audience);
        }
        if !self.issuers.is_empty()
            && !claims.issuer().is_some_and(|found| is_one_of(&self.issuers, found))
        {
            return Err(JwtError::Issuer);
        }
        Ok(claims.grant(self.leeway, clock))
    }
}

fn verify_signature(token: &SignedToken<'_>, keys: &Keys) -> Result<(), JwtError> {
    let algorithm: Algorithm = token.header.alg.parse().map_err(|_| JwtError::Algorithm)?;
    let named = keys.named(token.header.kid.as_deref());
    if named.clone().next().is_none() {
        return Err(JwtError::UnknownKey);
    }
    let mut allowed = named.filter(|key| key.algorithms().contains(&algorithm)).peekable();
    if allowed.peek().is_none() {
        return Err(JwtError::Algorithm);
    }
    if !allowed.any(|key| key.verifies(algorithm, token.message, &token.signature)) {
        return Err(JwtError::Signature);
    }
    Ok(())
}

/// Why a token is not valid. It does not show the token.
///
/// ```
/// use std::time::Instant;
/// use sse_access::{Jwt, JwtError, Keys};
///
/// let error = Jwt::new(Keys::new()).verify("no token", Instant::now()).unwrap_err();
/// assert_eq!(error, JwtError::Malformed);
/// assert!(!error.is_genuine());
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// It is longer than [`Self::MAX_LEN`].
    #[error("the token has {len} bytes, and at most {} are allowed", Self::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// It does not consist of three parts of unpadded base64url, or its header is not valid.
    #[error(
        "this is not a token, which has three parts of base64url, the first of which is its header"
    )]
    Malformed,
    /// Its header says that it is compressed, or that an extension has to be understood.
    #[error("the token needs an extension (`crit`, `zip`), and none is known here")]
    Extension,
    /// Its type is not that of an access token.
    #[error("the type of the token is neither `JWT` nor `at+jwt`")]
    Type,
    /// Its algorithm is unknown, or its key does not allow it.
    #[error("the token is signed by an algorithm that its key is not allowed for")]
    Algorithm,
    /// No key has the ID that it names, or there are no keys.
    #[error("the token is signed with a key that is not known")]
    UnknownKey,
    /// Its signature is not that of an allowed key.
    #[error("the signature of the token is wrong")]
    Signature,
    /// Its claims are not a JSON object, or one of them has another type than it should.
    #[error("the claims of the token are damaged, or one of them has a wrong type")]
    Claims,
    /// It does not say when it ends.
    #[error("the token does not say when it ends (`exp`)")]
    NoExpiry,
    /// It has ended.
    #[error("the token ended {ago:?} ago")]
    Expired {
        /// How long ago, without the leeway.
        ago: Duration,
    },
    /// It is not valid yet.
    #[error("the token begins in {wait:?}")]
    NotYet {
        /// How long until then, without the leeway.
        wait: Duration,
    },
    /// It is for another audience.
    #[error("the token is for another audience (`aud`)")]
    Audience,
    /// It is from another issuer.
    #[error("the token is of another issuer (`iss`)")]
    Issuer,
}

impl JwtError {
    /// The longest token, in bytes. Most servers accept no header longer than 8 to 16 KiB.
    pub const MAX_LEN: usize = 8192;

    /// Whether the token is signed with one of the keys, so that it is no attempt to guess one.
    pub fn is_genuine(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::Malformed | Self::Extension | Self::Type => false,
            Self::Algorithm | Self::UnknownKey | Self::Signature => false,
            Self::Claims | Self::NoExpiry | Self::Expired { .. } | Self::NotYet { .. } => true,
            Self::Audience | Self::Issuer => true,
        }
    }
}
