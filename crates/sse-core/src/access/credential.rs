use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, header, request::Parts};

/// What a request presents to say who sends it.
///
/// The first of these counts: the header, the cookie, the query. Browsers add cookies and headers by themselves,
/// except for [`Self::Bearer`]. So these count only if the page is one of this server, or of an origin that
/// may [send credentials](crate::gateway::Cors::with_credentials).
///
/// Its `Debug` shows no secret, so logs do not either.
///
/// ```
/// use sse_core::access::Credential;
///
/// fn scheme(credential: &Credential<'_>) -> &'static str {
///     match credential {
///         Credential::Bearer(_) => "bearer",
///         Credential::Basic(_) => "basic",
///         Credential::Cookie(_) => "cookie",
///         Credential::Ticket(_) => "ticket",
///         _ => "other",
///     }
/// }
/// # assert_eq!(scheme(&Credential::Bearer("s3cret")), "bearer");
/// # assert_eq!(format!("{:?}", Credential::Bearer("s3cret")), "Bearer(..)");
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Credential<'a> {
    /// `Authorization: Bearer`, and what follows.
    ///
    /// # Source
    ///
    /// RFC 6750, [Authorization Request Header Field][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1
    Bearer(&'a str),
    /// `Authorization: Basic`, and what follows, in base64.
    ///
    /// # Source
    ///
    /// RFC 7617, [The 'Basic' Authentication Scheme][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc7617.html#section-2
    Basic(&'a str),
    /// `Authorization` of another scheme, as it came.
    Other(&'a HeaderValue),
    /// The value of the cookie that [`Access::with_cookie`](super::Access::with_cookie) names.
    Cookie(&'a str),
    /// The value of `ticket` in the query, decoded.
    Ticket(Cow<'a, str>),
}

impl<'a> Credential<'a> {
    /// The credential in `parts`. Browsers add cookies, passwords and schemes like `Negotiate` by themselves. So
    /// unless `is_own_page`, only what a page has to add itself counts.
    ///
    /// # Errors
    ///
    /// [`Ambiguous`] if there are several of a kind: one might be checked here, and another one elsewhere.
    pub(crate) fn find(
        parts: &'a Parts,
        cookie: Option<&str>,
        is_own_page: bool,
    ) -> Result<Option<Self>, Ambiguous> {
        if let Some(found) = Self::in_header(&parts.headers)?
            && (is_own_page || matches!(found, Self::Bearer(_)))
        {
            return Ok(Some(found));
        }
        if let Some(name) = cookie.filter(|_| is_own_page)
            && let Some(found) =
                in_cookies(&parts.headers, name).ok_or(Ambiguous { is_cookie: true })?
        {
            return Ok(Some(Self::Cookie(found)));
        }
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let tickets = query.filter(|(name, _)| name == TICKET).map(|(_, ticket)| ticket);
        let ticket = only(tickets).ok_or(Ambiguous { is_cookie: false })?;
        Ok(ticket.map(Self::Ticket))
    }

    fn in_header(headers: &'a HeaderMap) -> Result<Option<Self>, Ambiguous> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Ambiguous { is_cookie: false });
        }
        let Some((scheme, rest)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return Ok(Some(Self::Other(value)));
        };
        let rest = rest.trim_matches(' ');
        Ok(Some(match scheme {
            _ if scheme.eq_ignore_ascii_case("bearer") => Self::Bearer(rest),
            _ if scheme.eq_ignore_ascii_case("basic") => Self::Basic(rest),
            _ => Self::Other(value),
        }))
    }
}

/// Shows the kind, but not the secret.
impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer(..)",
            Self::Basic(_) => "Basic(..)",
            Self::Other(_) => "Other(..)",
            Self::Cookie(_) => "Cookie(..)",
            Self::Ticket(_) => "Ticket(..)",
        })
    }
}

/// Several credentials of one kind in a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ambiguous {
    /// Whether they are cookies, which a browser sends by itself.
    pub(crate) is_cookie: bool,
}

fn in_cookies<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    // Other cookies may hold any bytes.
    let pairs = lines.flat_map(|line| line.split(|&byte| byte == b';')).map(str::from_utf8);
    let pairs = pairs.filter_map(|pair| pair.ok()?.split_once('='));
    let named = pairs.filter(|(found, _)| found.trim() == name);
    only(named.map(|(_, value)| {
        let value = value.trim();
        value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
    }))
}

/// The value that all of `values` have, if there are any; `None` if they differ.
fn only<T: Eq>(mut values: impl Iterator<Item = T>) -> Option<Option<T>> {
    let first = values.next();
    values.all(|other| Some(&other) == first.as_ref()).then_some(first)
}

/// The name of a ticket in the query.
const TICKET: &str = "ticket";

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(target: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::get(target);
        for &(name, value) in fields {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_header_comes_before_the_cookie_and_the_cookie_before_the_query() {
        let bearer = ("authorization", "bearer  a.b.c");
        let basic = ("authorization", "Basic YTpi");
        let cookie = ("cookie", "theme=dark; auth=\"d\"; other=e");
        let ticket = Credential::Ticket("t/1".into());
        for (target, fields, own, foreign) in [
            ("/?ticket=t%2F1", &[bearer, cookie][..], Some(Credential::Bearer("a.b.c")), true),
            ("/?ticket=t%2F1", &[basic, cookie], Some(Credential::Basic("YTpi")), false),
            ("/?ticket=t%2F1", &[cookie], Some(Credential::Cookie("d")), false),
            ("/?x=1&ticket=t%2F1", &[("cookie", "authx=1")], Some(ticket.clone()), true),
            ("/", &[], None, true),
        ] {
            let parts = parts(target, fields);

            assert_eq!(Credential::find(&parts, Some("auth"), true), Ok(own.clone()));
            let expected = if foreign { own } else { Some(ticket.clone()) };
            assert_eq!(Credential::find(&parts, Some("auth"), false), Ok(expected));
        }
    }

    #[test]
    fn several_of_a_kind_are_none() {
        let bearer = ("authorization", "Bearer a");
        for (target, fields, is_cookie) in [
            ("/", &[bearer, bearer][..], false),
            ("/", &[bearer, ("authorization", "Basic YTpi")], false),
            ("/", &[("cookie", "auth=a; auth=b")], true),
            ("/", &[("cookie", "auth=a"), ("cookie", "auth=b")], true),
            ("/?ticket=a&ticket=b", &[], false),
        ] {
            let found = Credential::find(&parts(target, fields), Some("auth"), true).map(drop);
            assert_eq!(found, Err(Ambiguous { is_cookie }), "{target} {fields:?}");
        }
    }

    #[test]
    fn another_scheme_is_handed_on_as_it_came() {
        for value in ["Digest x", "Bearer", "s3cret", "Bea rer x"] {
            let parts = parts("/", &[("authorization", value)]);
            let found = Credential::find(&parts, None, true).unwrap();
            assert!(matches!(found, Some(Credential::Other(other)) if other == value), "{value}");
        }
    }
}
