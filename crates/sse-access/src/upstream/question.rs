use std::{fmt, net::IpAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use sse_core::access::{AccessRequest, Credential};

use super::CacheKey;
use crate::limits::Address;

/// A question: who holds a credential, and whether the holder may send this request.
#[derive(Clone)]
pub(crate) struct Question {
    by_credential: CacheKey,
    by_path: CacheKey,
    fields: HeaderMap,
    client: Option<Address>,
}

impl Question {
    /// The question about the credential of `request`; `None` without one that can be passed on.
    pub(crate) fn new(request: &AccessRequest<'_>) -> Option<Self> {
        let parts = request.parts();
        let (name, value) = present(request.credential()?, parts)?;
        let by_credential = CacheKey::of(&[name.as_str().as_bytes(), value.as_bytes()]);
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let by_path = CacheKey::of(&[
            name.as_str().as_bytes(),
            value.as_bytes(),
            method.as_bytes(),
            path.as_bytes(),
        ]);
        let mut fields = HeaderMap::with_capacity(5);
        fields.insert(name, value);
        fields.insert("x-forwarded-method", HeaderValue::from_str(method).ok()?);
        fields.insert("x-forwarded-uri", HeaderValue::from_bytes(path.as_bytes()).ok()?);
        if let Some(host) = host(parts) {
            fields.insert("x-forwarded-host", host);
        }
        for name in [TRACEPARENT, TRACESTATE] {
            for value in parts.headers.get_all(&name) {
                fields.append(name.clone(), value.clone());
            }
        }
        Some(Self { by_credential, by_path, fields, client: None })
    }

    /// The question with the address of the client.
    pub(crate) fn of_client(mut self, client: Option<IpAddr>) -> Self {
        let address =
            client.map(|client| HeaderValue::from_str(&client.to_canonical().to_string()));
        if let Some(Ok(address)) = address {
            self.fields.insert("x-forwarded-for", address);
        }
        self
    }

    /// The same question, which counts as one of those that `client` has under way.
    pub(crate) fn counted_for(mut self, client: Option<Address>) -> Self {
        self.client = client;
        self
    }

    /// For whom it counts, if there is a limit for them.
    pub(super) fn client(&self) -> Option<Address> {
        self.client
    }

    /// The key that all questions about the credential share.
    pub(super) fn by_credential(&self) -> CacheKey {
        self.by_credential
    }

    /// The key that all questions about the credential, the method and the path share.
    pub(super) fn by_path(&self) -> CacheKey {
        self.by_path
    }

    pub(super) fn fields(&self) -> HeaderMap {
        self.fields.clone()
    }
}

/// Shows nothing of the credential.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question(..)")
    }
}

/// The header field that passes `credential` on.
fn present(credential: &Credential<'_>, parts: &Parts) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = match credential {
        Credential::Bearer(token) => (header::AUTHORIZATION, secret(&format!("Bearer {token}"))?),
        Credential::Basic(pair) => (header::AUTHORIZATION, secret(&format!("Basic {pair}"))?),
        Credential::Other(value) => (header::AUTHORIZATION, (*value).clone()),
        Credential::Cookie(value) => (header::COOKIE, secret(&cookies_of(value, parts)?)?),
        _ => return None,
    };
    Some((name, value))
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The cookie whose value is `credential`, as it came, with its name and its quotes. If several cookies have that
/// value, all of them are passed on, which reveals nothing more.
fn cookies_of(credential: &str, parts: &Parts) -> Option<String> {
    let lines = parts.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).map(str::trim);
    let is_meant = |pair: &&str| {
        pair.split_once('=').is_some_and(|(_, value)| unquoted(value.trim()) == credential)
    };
    let meant: Vec<_> = pairs.filter(is_meant).collect();
    (!meant.is_empty()).then(|| meant.join("; "))
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The host that the client named: that of the request target if it has one, as in HTTP/2, or the header `Host`.
fn host(parts: &Parts) -> Option<HeaderValue> {
    let Some(authority) = parts.uri.authority() else {
        return parts.headers.get(header::HOST).cloned();
    };
    let (_user, host) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
    HeaderValue::from_str(host).ok()
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
