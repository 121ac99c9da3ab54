use futures_util::TryStreamExt;
use http::{HeaderMap, Method, Request, Uri};
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::Gateway;
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
        .and(warp::body::stream())
        .then(move |method, path, query, headers, body| {
            answer(protocol.clone(), method, path, query, headers, body)
        })
}

async fn answer(
    protocol: Protocol,
    method: Method,
    path: FullPath,
    query: String,
    headers: HeaderMap,
    body: impl Stream<Item = Result<impl Buf + Send + 'static, warp::Error>> + Send + 'static,
) -> reply::Response {
    let mut request = Request::new(StreamBody::new(body.map_ok(Frame::data)));
    *request.method_mut() = method;
    *request.uri_mut() = uri(path.as_str(), &query);
    *request.headers_mut() = headers;
    let answer = protocol.exchange(request).await;
    if let Some(rest) = answer.rest {
        tokio::spawn(rest.drain());
    }
    convert(answer.response)
}

fn uri(path: &str, query: &str) -> Uri {
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    // Only `*`, the target of some OPTIONS, is a path that no path can be built of.
    Uri::try_from(target).unwrap_or_default()
}

fn is_within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
