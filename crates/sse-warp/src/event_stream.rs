use sse_core::response;
use sse_tokio::{ResponseBody, Source, SseBody};
use warp::reply;

use crate::reply::{convert, protocol};

/// The answer that streams `body`: a channel, in a route of your own.
///
/// Whether somebody may listen, and on which channel, is then for the route to say.
///
/// ```
/// use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode};
/// use sse_warp::Channels;
/// use warp::{Filter, Reply, http::StatusCode, reply::Response};
///
/// fn news(channels: &Channels, session: Option<String>) -> Response {
///     if session.is_none_or(|session| session != "s3cret") {
///         return StatusCode::UNAUTHORIZED.into_response();
///     }
///     match channels.listen(&Token::new("news").expect("it is a token")) {
///         Ok(body) => sse_warp::event_stream(body),
///         Err(error) => {
///             let full = warp::reply::with_status(error.to_string(), StatusCode::SERVICE_UNAVAILABLE);
///             full.into_response()
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared)));
/// let route = warp::path!("news")
///     .and(warp::get())
///     .and(warp::cookie::optional("session"))
///     .map(move |session| news(&channels, session));
/// # use tower_service::Service;
/// # let mut app = warp::service(route);
/// # let mut ask = async |request: http::Request<String>| app.call(request).await.unwrap();
/// # let request = http::Request::get("/news");
/// # assert_eq!(ask(request.body(String::new()).unwrap()).await.status(), 401);
/// # let request = http::Request::get("/news").header("cookie", "session=s3cret");
/// # let response = ask(request.body(String::new()).unwrap()).await;
/// # assert_eq!(response.headers()["content-type"], "text/event-stream");
/// # }
/// ```
pub fn event_stream<S>(body: SseBody<S>) -> reply::Response
where
    S: Source + Send + Unpin + 'static,
{
    match ResponseBody::of(body) {
        Ok(body) => protocol(response::event_stream(body)),
        Err(body) => convert(response::event_stream(body)),
    }
}
