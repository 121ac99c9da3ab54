use futures_util::TryStreamExt;
use http::{Request, request::Parts};
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::Gateway;
use sse_tokio::Protocol;
use warp::{Buf, Filter, Rejection, Reply, Stream, path::FullPath, reject, reply};

use crate::{parts, reply::protocol};

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
/// # Who may listen and publish
///
/// [`GatewayConfig::with_access`](sse_core::GatewayConfig::with_access) sets who may, independently of the
/// framework. Here a closure decides; the crate `sse-access` checks tokens, passwords and tickets. The closure
/// finds the key by its hash in a map, since the time of a comparison would show how much of a guess is right.
///
/// ```
/// use std::collections::HashMap;
///
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     access::{Access, Credential, Denied, Grant, Permissions, from_fn},
/// };
///
/// let staff = Grant::new(Permissions::all().with_action("ping").with_action("close"));
/// let keys = HashMap::from([("s3cret".to_owned(), staff)]);
/// let access = Access::new(from_fn(move |request| match request.credential() {
///     Some(Credential::Bearer(key)) => keys.get(*key).cloned().map(Some).ok_or(Denied::Unauthorized),
///     Some(_) => Err(Denied::Unauthorized),
///     None => Ok(None),
/// }));
/// let access = access.with_anonymous(Permissions::none().with_listen("news".parse()?));
/// let config = GatewayConfig::default().with_access(access);
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
/// let filter = sse_warp::routes(gateway);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Behind a check of your own
///
/// Filters go before it as before any other. This one lets nobody listen or publish without a session. To
/// restrict what a session may do, put a [`Grant`](sse_core::access::Grant) into the extensions: in a route of
/// your own into those of its [`parts`](crate::parts()), or in a layer of `tower` around the filter into those of
/// the request.
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
    let events = Protocol::new(gateway);
    let prefix = events.gateway().prefix().to_owned();
    // Before the body is taken, which another filter may need.
    let path = warp::path::full().and_then(move |path: FullPath| {
        let is_within = is_within(path.as_str(), &prefix);
        async move { if is_within { Ok(()) } else { Err(reject::not_found()) } }
    });
    path.untuple_one()
        .and(parts())
        .and(warp::body::stream())
        .then(move |parts, body| answer(events.clone(), parts, body))
}

async fn answer(
    events: Protocol,
    parts: Parts,
    body: impl Stream<Item = Result<impl Buf + Send + 'static, warp::Error>> + Send + 'static,
) -> reply::Response {
    let body = StreamBody::new(body.map_ok(Frame::data));
    let answer = events.exchange(Request::from_parts(parts, body)).await;
    if let Some(rest) = answer.rest {
        tokio::spawn(rest.drain());
    }
    protocol(answer.response)
}

fn is_within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
