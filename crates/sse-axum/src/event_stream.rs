use axum::{body::Body, response::Response};
use sse_tokio::{ResponseBody, Source, SseBody};

/// The answer that streams `body`: a channel, in a route of your own.
///
/// Whether somebody may listen, and on which channel, is then for the route to say.
///
/// ```
/// use axum::{
///     Router,
///     extract::State,
///     http::{HeaderMap, StatusCode},
///     response::{IntoResponse, Response},
///     routing::get,
/// };
/// use sse_axum::Channels;
/// use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode};
///
/// async fn news(State(channels): State<Channels>, headers: HeaderMap) -> Response {
///     if headers.get("cookie").is_none_or(|cookie| cookie != "session=s3cret") {
///         return StatusCode::UNAUTHORIZED.into_response();
///     }
///     match channels.listen(&Token::new("news").expect("it is a token")) {
///         Ok(body) => sse_axum::event_stream(body),
///         Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
/// let app: Router = Router::new().route("/news", get(news)).with_state(Channels::new(hub));
/// # let mut app = app;
/// # use axum::{body::Body, extract::Request};
/// # use tower_service::Service;
/// # let mut ask = async |request: Request| app.call(request).await.unwrap();
/// # assert_eq!(ask(Request::get("/news").body(Body::empty()).unwrap()).await.status(), 401);
/// # let request = Request::get("/news").header("cookie", "session=s3cret");
/// # let response = ask(request.body(Body::empty()).unwrap()).await;
/// # assert_eq!(response.headers()["content-type"], "text/event-stream");
/// # }
/// ```
pub fn event_stream<S>(body: SseBody<S>) -> Response
where
    S: Source + Send + 'static,
{
    match ResponseBody::of(body) {
        Ok(body) => ResponseBody::convert(sse_core::response::event_stream(body), Body::new),
        Err(body) => sse_core::response::event_stream(Body::new(body)),
    }
}
