use std::{
    fmt,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use sse_core::{
    Token,
    access::{Grant, Pattern, Permissions, Ticket},
};

use crate::{
    clock::Clock,
    known_key::{is_der, is_jwk, is_pem},
};

/// The key that makes and checks tickets.
///
/// A ticket holds the channel, its end, and the subject and ID of the grant. Everybody can read it, but only with the
/// key can one be made, which its MAC proves. Nothing is stored about a ticket. So it can be used any number
/// of times, as an `EventSource` uses its URL, and at every server that has the key.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sse_access::TicketKey;
/// use sse_core::{Token, access::{Grant, Permissions}};
///
/// let now = Instant::now();
/// let key = TicketKey::random()?;
/// let alice = Grant::new(Permissions::all()).with_subject("alice");
/// let news = Token::new("news")?;
/// let ticket = key.issue(&alice, &news, Duration::from_secs(3600), now).expect("she may listen");
///
/// let grant = key.open(ticket.as_str(), now)?;
/// assert_eq!(grant.subject(), Some("alice"));
/// assert!(grant.permissions().may_listen(&news));
/// assert!(!grant.permissions().may_listen(&Token::new("other")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TicketKey(hmac::Key);

impl TicketKey {
    /// The shortest key, in bytes: as long as the MAC.
    pub const MIN_LEN: usize = 32;

    /// A key of these `bytes`, all of them, as a file holds it.
    ///
    /// # Errors
    ///
    /// [`TicketKeyError::Short`] if there are fewer than [`Self::MIN_LEN`], and [`TicketKeyError::Known`] for a PEM file, a
    /// JWK, a JWK set and DER.
    pub fn new(bytes: &[u8]) -> Result<Self, TicketKeyError> {
        if bytes.len() < Self::MIN_LEN {
            return Err(TicketKeyError::Short { len: bytes.len() });
        }
        if is_pem(bytes) || is_jwk(bytes) || is_der(bytes) {
            return Err(TicketKeyError::Known);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// A new random key. No other process has it, so its tickets end with this one.
    ///
    /// # Errors
    ///
    /// [`TicketKeyError::Random`] if the system has no random numbers.
    pub fn random() -> Result<Self, TicketKeyError> {
        let mut bytes = [0; Self::MIN_LEN];
        SystemRandom::new().fill(&mut bytes).map_err(|_| TicketKeyError::Random)?;
        Self::new(&bytes)
    }

    /// A ticket for listening on the channel `token`, for the holder of `grant`. It ends with the grant or after
    /// `ttl`, whichever is sooner.
    ///
    /// `None` if the grant has ended or does not permit listening there, or if its subject and ID are so long that
    /// the ticket would be longer than [`TicketError::MAX_LEN`].
    pub fn issue(
        &self,
        grant: &Grant,
        token: &Token,
        ttl: Duration,
        now: Instant,
    ) -> Option<Ticket> {
        if grant.has_ended(now) || !grant.permissions().may_listen(token) {
            return None;
        }
        let clock = Clock::at(now);
        let end = grant.end().map(|end| clock.unix_of(end));
        let end = clock.unix().saturating_add(ttl.min(LONGEST)).min(end.unwrap_or(Duration::MAX));
        let contents = Contents {
            end: u64::try_from(end.as_millis()).ok()?,
            token: token.as_str(),
            subject: grant.subject(),
            id: grant.id(),
        };
        let mut bytes = contents.encode()?;
        let tag = self.tag(&bytes);
        bytes.extend_from_slice(tag.as_ref());
        let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        (text.len() <= TicketError::MAX_LEN).then(|| Ticket::new(&text, contents.end / 1000))
    }

    /// The grant of `ticket`: listening on its channel and nothing else, until it ends.
    ///
    /// # Errors
    ///
    /// [`TicketError`] says what is wrong with the ticket, without showing its contents.
    pub fn open(&self, ticket: &str, now: Instant) -> Result<Grant, TicketError> {
        if TicketError::MAX_LEN < ticket.len() {
            return Err(TicketError::TooLong { len: ticket.len() });
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(ticket).map_err(|_| TicketError::Malformed)?;
        let (signed, tag) = bytes.split_last_chunk::<TAG_LEN>().ok_or(TicketError::Malformed)?;
        if signed.first() != Some(&VERSION) {
            return Err(TicketError::Malformed);
        }
        let message = [CONTEXT, signed].concat();
        hmac::verify(&self.0, &message, tag).map_err(|_| TicketError::Forged)?;
        let contents = Contents::decode(signed).ok_or(TicketError::Malformed)?;
        contents.grant(Clock::at(now))
    }

    fn tag(&self, signed: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, &[CONTEXT, signed].concat())
    }
}

/// Shows nothing of the key.
impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey(..)")
    }
}

/// The contents of a ticket: a version, the end, and three texts, each after its length.
struct Contents<'a> {
    /// In milliseconds since the beginning of 1970.
    end: u64,
    token: &'a str,
    subject: Option<&'a str>,
    id: Option<&'a str>,
}

impl<'a> Contents<'a> {
    /// `None` if a text is too long for its length.
    fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.end.to_be_bytes());
        for text in [Some(self.token), self.subject, self.id] {
            // A length of 0 is a missing text, and 1 an empty one.
            let len = u16::try_from(text.map_or(0, |text| text.len() + 1)).ok()?;
            bytes.extend(len.to_be_bytes());
            bytes.extend(text.unwrap_or_default().as_bytes());
        }
        Some(bytes)
    }

    fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (end, mut rest) = bytes.get(1..)?.split_first_chunk()?;
        let mut texts = [None; 3];
        for text in &mut texts {
            let (len, behind) = rest.split_first_chunk()?;
            let len = usize::from(u16::from_be_bytes(*len));
            let (bytes, behind) = behind.split_at_checked(len.saturating_sub(1))?;
            rest = behind;
            if 0 < len {
                *text = Some(str::from_utf8(bytes).ok()?);
            }
        }
        let [token, subject, id] = texts;
        rest.is_empty().then_some(Self {
            end: u64::from_be_bytes(*end),
            token: token?,
            subject,
            id,
        })
    }

    fn grant(&self, clock: Clock) -> Result<Grant, TicketError> {
        let end = Duration::from_millis(self.end);
        if end <= clock.unix() {
            return Err(TicketError::Ended { ago: clock.unix() - end });
        }
        let token = Token::new(self.token).map_err(|_| TicketError::Malformed)?;
        let permissions = Permissions::none().with_listen(Pattern::exactly(&token));
        let mut grant = Grant::new(permissions).with_end(clock.instant_of(end));
        if let Some(subject) = self.subject {
            grant = grant.with_subject(subject);
        }
        if let Some(id) = self.id {
            grant = grant.with_id(id);
        }
        Ok(grant)
    }
}

/// How the contents are written; the first byte of a ticket.
const VERSION: u8 = 1;
const TAG_LEN: usize = 32;
/// Precedes the contents in the input of the MAC, so that another use of the same key cannot make a ticket by
/// accident.
const CONTEXT: &[u8] = b"sse ticket\0";
/// A century, so that no sum overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Why there is no [`TicketKey`].
///
/// ```
/// use sse_access::{TicketKey, TicketKeyError};
///
/// assert_eq!(TicketKey::new(b"short").unwrap_err(), TicketKeyError::Short { len: 5 });
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketKeyError {
    /// The key is so short that it can be guessed.
    #[error("a key of {len} bytes is too short: at least {} are needed", TicketKey::MIN_LEN)]
    Short {
        /// Its length in bytes.
        len: usize,
    },
    /// It is the key or the certificate of something else, which others may know.
    #[error("this is a key in PEM, JWK or DER, which others may know, and not a secret")]
    Known,
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random,
}

/// Why a ticket is not valid. It does not show the ticket.
///
/// ```
/// use std::time::Instant;
/// use sse_access::{TicketError, TicketKey};
///
/// let error = TicketKey::random()?.open("made up", Instant::now()).unwrap_err();
/// assert_eq!(error, TicketError::Malformed);
/// assert!(!error.is_genuine());
/// # Ok::<(), sse_access::TicketKeyError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// It is longer than [`Self::MAX_LEN`].
    #[error("the ticket has {len} bytes, and at most {} are allowed", Self::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// It is not a ticket, or one of another version.
    #[error("this is not a ticket")]
    Malformed,
    /// It was not made with this key.
    #[error("the ticket was not made here, or with a key that is not used any more")]
    Forged,
    /// It has ended.
    #[error("the ticket ended {ago:?} ago")]
    Ended {
        /// How long ago.
        ago: Duration,
    },
}

impl TicketError {
    /// The longest ticket, in bytes. The subject and the ID of the longest token fit.
    pub const MAX_LEN: usize = 12_288;

    /// Whether the ticket was made with the key, so that it is no attempt to guess one.
    pub fn is_genuine(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}
