use actix_web::{HttpRequest, HttpResponse};
use sse_tokio::{Source, SseBody};

use crate::{response, rest::Rest};

/// The answer to `request` that streams `body`: a channel, in a route of your own.
///
/// Whether somebody may listen, and on which channel, is then for the route to say. Over HTTP/2 a client
/// that goes away is noticed at the next event or comment, as with an [`Sse`](crate::Sse).
///
/// ```
/// use actix_web::{App, HttpRequest, HttpResponse, test, web};
/// use sse_actix::Channels;
/// use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode};
///
/// async fn news(request: HttpRequest, channels: web::Data<Channels>) -> HttpResponse {
///     let cookie = request.headers().get("cookie");
///     if cookie.is_none_or(|cookie| cookie != "session=s3cret") {
///         return HttpResponse::Unauthorized().finish();
///     }
///     match channels.listen(&Token::new("news").expect("it is a token")) {
///         Ok(body) => sse_actix::event_stream(&request, body),
///         Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
///     }
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
/// let channels = web::Data::new(Channels::new(hub));
/// let app = App::new().app_data(channels).route("/news", web::get().to(news));
/// # let app = test::init_service(app).await;
/// # let request = test::TestRequest::get().uri("/news").to_request();
/// # assert_eq!(test::call_service(&app, request).await.status(), 401);
/// # let request = test::TestRequest::get().uri("/news");
/// # let request = request.insert_header(("cookie", "session=s3cret")).to_request();
/// # let response = test::call_service(&app, request).await;
/// # assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
/// # }
/// ```
pub fn event_stream<S>(request: &HttpRequest, body: SseBody<S>) -> HttpResponse
where
    S: Source + 'static,
{
    response::convert(request, sse_core::response::event_stream(body), Rest::none(), None)
}
