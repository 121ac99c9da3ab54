use std::{convert::Infallible, net::SocketAddr};

use http::{HeaderMap, Method, Request, Uri, Version, header, request::Parts, uri::Authority};
use sse_core::{access::Grant, gateway::RemoteAddr};
use warp::{Filter, path::FullPath};

use crate::last_event_id::raw_query;

/// The head of the request, its path and its query as they came: a filter that never rejects, for
/// [`EventService::respond`](crate::EventService::respond).
///
/// Of the extensions of the request it has only the [`RemoteAddr`] and the [`Grant`].
///
/// ```
/// use http::request::Parts;
/// use warp::Filter;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let route = sse_warp::parts().map(|parts: Parts| format!("{} {}", parts.method, parts.uri));
/// # use http_body_util::BodyExt;
/// # use tower_service::Service;
/// # let request = http::Request::get("/poll/a%2Fb?since=1").body(String::new())?;
/// # let answer = warp::service(route).call(request).await?.into_body().collect().await?;
/// # assert_eq!(answer.to_bytes(), "GET /poll/a%2Fb?since=1");
/// # Ok(())
/// # }
/// ```
pub fn parts() -> impl Filter<Extract = (Parts,), Error = Infallible> + Copy {
    warp::method()
        .and(warp::path::full())
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(authority())
        .and(remote())
        .and(warp::ext::optional::<Grant>())
        .map(head)
}

/// The host that is asked for, by the target or by `Host`; warp's own filter rejects an invalid one.
fn authority() -> impl Filter<Extract = (Option<Authority>,), Error = Infallible> + Copy {
    warp::host::optional().or_else(async |_| Ok::<_, Infallible>((None,)))
}

/// The address of the client, as the server has told it or warp knows it.
fn remote() -> impl Filter<Extract = (Option<RemoteAddr>,), Error = Infallible> + Copy {
    let known = warp::addr::remote();
    warp::ext::optional().and(known).map(|told: Option<RemoteAddr>, known: Option<SocketAddr>| {
        told.or_else(|| known.map(RemoteAddr::from))
    })
}

/// The head of the request, whose path and query stay as they came.
fn head(
    method: Method,
    path: FullPath,
    query: String,
    headers: HeaderMap,
    authority: Option<Authority>,
    remote: Option<RemoteAddr>,
    grant: Option<Grant>,
) -> Parts {
    let mut request = Request::new(());
    *request.method_mut() = method;
    // warp does not tell which version it is: without `Host`, one that can do without.
    let (version, authority) = match authority {
        _ if headers.contains_key(header::HOST) => (Version::HTTP_11, None),
        Some(authority) => (Version::HTTP_2, Some(authority)),
        None => (Version::HTTP_10, None),
    };
    *request.version_mut() = version;
    *request.uri_mut() = uri(authority, path.as_str(), &query);
    *request.headers_mut() = headers;
    if let Some(remote) = remote {
        request.extensions_mut().insert(remote);
    }
    if let Some(grant) = grant {
        request.extensions_mut().insert(grant);
    }
    request.into_parts().0
}

fn uri(authority: Option<Authority>, path: &str, query: &str) -> Uri {
    let mark = if query.is_empty() { "" } else { "?" };
    let origin = authority.map_or_else(String::new, |authority| format!("http://{authority}"));
    // Only `*`, the target of some OPTIONS, is a path that no path can be built of.
    Uri::try_from(format!("{origin}{path}{mark}{query}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_stays_as_it_came() {
        for (authority, path, query, expected) in [
            (None, "/poll/a%2Fb", "", "/poll/a%2Fb"),
            (None, "/poll/42", "a=1?2", "/poll/42?a=1?2"),
            (Some("test:1"), "/poll/42", "a", "http://test:1/poll/42?a"),
            (None, "*", "", "*"),
        ] {
            let authority = authority.map(Authority::from_static);
            assert_eq!(uri(authority, path, query), expected);
        }
    }
}
