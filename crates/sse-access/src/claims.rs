use std::{fmt, marker::PhantomData, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use sse_core::{
    Token,
    access::{Grant, Pattern, Permissions},
};

use crate::clock::Clock;

/// The claims of a token, or those that an upstream server answers with.
///
/// A claim that is present has to have the right type: `null` is not a missing claim, and a list is not an object.
///
/// # Source
///
/// RFC 7519, [Registered Claim Names](https://www.rfc-editor.org/rfc/rfc7519.html#section-4.1).
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "only its type counts"))]
    #[serde(default, deserialize_with = "present")]
    iss: Option<Box<str>>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<Box<str>>,
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "only its type counts"))]
    #[serde(default, deserialize_with = "present")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    jti: Option<Box<str>>,
    #[serde(default, deserialize_with = "present")]
    sse: Option<Object<Permissions>>,
    #[serde(default, deserialize_with = "present")]
    mercure: Option<Object<Mercure>>,
}

impl Claims {
    /// Reads a JSON object. Unknown claims are ignored.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        Object::parse(json)
    }

    /// Who issued the token.
    #[cfg(feature = "jwt")]
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// For whom the token is.
    #[cfg(feature = "jwt")]
    pub(crate) fn audience(&self) -> impl Iterator<Item = &str> {
        let audience = match &self.aud {
            Some(Audience::One(audience)) => std::slice::from_ref(audience),
            Some(Audience::Several(audiences)) => audiences,
            None => &[],
        };
        audience.iter().map(|audience| &**audience)
    }

    /// When it ends, since the beginning of 1970.
    pub(crate) fn expiry(&self) -> Option<Duration> {
        self.exp.as_ref().map(|date| date.0)
    }

    /// When it begins, since the beginning of 1970.
    pub(crate) fn not_before(&self) -> Option<Duration> {
        self.nbf.as_ref().map(|date| date.0)
    }

    /// The grant. It ends at `exp`, or `leeway` later if `exp` has passed, so that a stream ends in time and a client
    /// whose clock is slow can still reconnect.
    ///
    /// Its permissions come from the claim `sse`, or without it from Mercure's, whose topics are tokens. A topic that
    /// is a template or a pattern grants nothing, since it means other channels to Mercure than it would here.
    pub(crate) fn grant(&self, leeway: Duration, clock: Clock) -> Grant {
        let permissions = match (&self.sse, &self.mercure) {
            (Some(Object(permissions)), _) => permissions.clone(),
            (None, Some(Object(mercure))) => mercure.permissions(),
            (None, None) => Permissions::none(),
        };
        let mut grant = Grant::new(permissions);
        if let Some(subject) = &self.sub {
            grant = grant.with_subject(subject);
        }
        if let Some(id) = &self.jti {
            grant = grant.with_id(id);
        }
        match self.expiry() {
            Some(expiry) => {
                let leeway = if clock.unix() < expiry { Duration::ZERO } else { leeway };
                grant.with_end(clock.instant_of(expiry.saturating_add(leeway)))
            }
            None => grant,
        }
    }
}

/// # Source
///
/// [The Mercure Protocol](https://mercure.rocks/spec#authorization): its claim has topic selectors.
#[derive(Debug, Deserialize)]
struct Mercure {
    #[serde(default)]
    subscribe: Vec<String>,
    #[serde(default)]
    publish: Vec<String>,
}

impl Mercure {
    fn permissions(&self) -> Permissions {
        let listening = self.subscribe.iter().filter_map(|topic| pattern(topic));
        let permissions = listening.fold(Permissions::none(), Permissions::with_listen);
        let publishing = self.publish.iter().filter_map(|topic| pattern(topic));
        publishing.fold(permissions, Permissions::with_publish)
    }
}

fn pattern(topic: &str) -> Option<Pattern> {
    if topic == "*" {
        return Some(Pattern::any());
    }
    let is_plain = !topic.contains(['*', '{']);
    Token::new(topic).ok().filter(|_| is_plain).and_then(|token| Pattern::new(token.as_str()).ok())
}

#[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "only its type counts"))]
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(Box<str>),
    Several(Vec<Box<str>>),
}

/// Seconds since the beginning of 1970, as a number. Earlier times count as 1970, and later times than the year
/// 9999 as its end.
///
/// # Source
///
/// RFC 7519, [Terminology](https://www.rfc-editor.org/rfc/rfc7519.html#section-2): it may have a fraction.
#[derive(Debug)]
struct NumericDate(Duration);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor).map(|date| Self(date.min(END_OF_9999)))
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
        Ok(Duration::from_secs(seconds))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        Ok(Duration::from_secs(seconds.try_into().unwrap_or(0)))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        let farthest = if seconds < 0.0 { Duration::ZERO } else { END_OF_9999 };
        Ok(Duration::try_from_secs_f64(seconds).unwrap_or(farthest))
    }
}

/// 9999-12-31T23:59:59Z.
const END_OF_9999: Duration = Duration::from_secs(253_402_300_799);

/// A `T` that is written as a JSON object. What serde derives would also take a list of the fields.
#[derive(Debug)]
pub(crate) struct Object<T>(T);

impl<T: DeserializeOwned> Object<T> {
    pub(crate) fn parse(json: &[u8]) -> Result<T, serde_json::Error> {
        // Unknown values are skipped without a check, so it is seen here that they are UTF-8.
        let json = str::from_utf8(json).map_err(serde_json::Error::custom)?;
        serde_json::from_str(json).map(|Self(object)| object)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Reads a claim that is present; `null` is an error.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
