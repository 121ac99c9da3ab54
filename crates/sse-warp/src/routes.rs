use std::{convert::Infallible, net::SocketAddr};

use futures_util::TryStreamExt;
use http::{HeaderMap, Method, Request, Uri, Version, header, uri::Authority};
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::{Gateway, RemoteAddr};
use sse_tokio::Protocol;
use warp::{Buf, Filter, Rejection, Reply, Stream, path::FullPath, reject, reply};

use crate::{last_event_id::raw_query, reply::convert};

/// The protocol of `gateway` as a filter, under its prefix, to be combined with others by `or`.
///
/// A path outside of the prefix is rejected as not found; without a prefix none is. So what an
/// application has of its own, `/` included, comes first then: `page.or(sse_warp::routes(gateway))`.
/// Publish through `Channels::new(gateway.hub().clone())`.
///
/// ```
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use warp::Filter;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_service::Service;
///
/// let config = GatewayConfig::default().with_prefix("/events")?;
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
/// let filter = sse_warp::routes(gateway).or(warp::any().map(|| "mine"));
///
/// let listen = http::Request::get("/events/poll/42").body(String::new())?;
/// let response = warp::service(filter).call(listen).await?;
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// # Ok(())
/// # }
/// ```
///
/// # Behind a look of your own
///
/// Filters go before it as before any other. This one lets nobody listen or publish without a session:
///
/// ```
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use warp::{Filter, http::StatusCode, reject, reply::with_status};
///
/// #[derive(Debug)]
/// struct NoSession;
///
/// impl reject::Reject for NoSession {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let session = warp::cookie::optional("session").and_then(async |session: Option<String>| {
///     match session.as_deref() {
///         Some("s3cret") => Ok(()),
///         _ => Err(reject::custom(NoSession)),
///     }
/// });
/// let config = GatewayConfig::default().with_prefix("/events")?;
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
/// let filter = warp::path("events")
///     .and(session)
///     .untuple_one()
///     .and(sse_warp::routes(gateway))
///     .recover(async |rejection: warp::Rejection| match rejection.find::<NoSession>() {
///         Some(NoSession) => Ok(with_status("no session", StatusCode::UNAUTHORIZED)),
///         None => Err(rejection),
///     });
/// # use tower_service::Service;
/// # let mut app = warp::service(filter);
/// # let listen = || http::Request::get("/events/poll/42").header("host", "localhost");
/// # assert_eq!(app.call(listen().body(String::new())?).await?.status(), 401);
/// # let listen = listen().header("cookie", "theme=dark; session=s3cret");
/// # assert_eq!(app.call(listen.body(String::new())?).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
pub fn routes(gateway: Gateway) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let protocol = Protocol::new(gateway);
    let prefix = protocol.gateway().prefix().to_owned();
    // Before the body is taken, which another filter may need.
    let path = warp::path::full().and_then(move |path: FullPath| {
        let is_within = is_within(path.as_str(), &prefix);
        async move { if is_within { Ok(path) } else { Err(reject::not_found()) } }
    });
    warp::method()
        .and(path)
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(authority())
        .and(remote())
        .map(head)
        .and(warp::body::stream())
        .then(move |head, body| answer(protocol.clone(), head, body))
}

async fn answer(
    protocol: Protocol,
    head: Request<()>,
    body: impl Stream<Item = Result<impl Buf + Send + 'static, warp::Error>> + Send + 'static,
) -> reply::Response {
    let answer = protocol.exchange(head.map(|()| StreamBody::new(body.map_ok(Frame::data)))).await;
    if let Some(rest) = answer.rest {
        tokio::spawn(rest.drain());
    }
    convert(answer.response)
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
) -> Request<()> {
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
    request
}

fn uri(authority: Option<Authority>, path: &str, query: &str) -> Uri {
    let mark = if query.is_empty() { "" } else { "?" };
    let origin = authority.map_or_else(String::new, |authority| format!("http://{authority}"));
    // Only `*`, the target of some OPTIONS, is a path that no path can be built of.
    Uri::try_from(format!("{origin}{path}{mark}{query}")).unwrap_or_default()
}

fn is_within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
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

    #[test]
    fn a_path_is_within_its_prefix() {
        for (path, prefix, expected) in [
            ("/events", "/events", true),
            ("/events/poll/42", "/events", true),
            ("/eventsource", "/events", false),
            ("/", "/events", false),
            ("*", "/events", false),
            ("/", "", true),
            ("*", "", true),
        ] {
            assert_eq!(is_within(path, prefix), expected, "{path} within {prefix:?}");
        }
    }
}
