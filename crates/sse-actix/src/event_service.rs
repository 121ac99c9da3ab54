use actix_web::{
    Error,
    dev::{
        AppService, HttpServiceFactory, ResourceDef, ServiceRequest, ServiceResponse, fn_service,
    },
    error::ErrorBadRequest,
    guard::{Guard, fn_guard},
    http::Version,
};
use sse_core::Gateway;
use sse_tokio::{Channels, Protocol};

use crate::{request, response, rest::Rest, watch::Watch};

/// The protocol of a [`Gateway`] as a service for an `App`, a `Scope` or what `configure` is given.
///
/// It takes every path under the gateway's prefix, which is compared with the whole path, scopes
/// included, as it came. What is registered before it comes first; without a prefix nothing that is
/// registered after it is reached. Make one before the server and clone it into each worker: the clones
/// share their channels.
///
/// ```
/// use actix_web::{App, test, web};
/// use sse_actix::EventService;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = GatewayConfig::default().with_prefix("/events")?;
/// let events = EventService::new(Gateway::new(Hub::new(HubConfig::new(StringFormat)), config));
/// let app = App::new()
///     .service(events.clone())
///     .route("/", web::get().to(async || "a page that listens"));
/// let app = test::init_service(app).await;
///
/// let listen = test::TestRequest::get().uri("/events/poll/42");
/// let listen = listen.insert_header(("host", "localhost")).to_request();
/// let response = test::call_service(&app, listen).await;
/// assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
///
/// let receipt = events.channels().publish(&"42".try_into()?, "ping", b"hi")?;
/// assert_eq!(receipt.listeners(), 1);
/// # Ok(())
/// # }
/// ```
///
/// # Behind a look of your own
///
/// Middleware goes around a scope with the service in it. This one lets nobody listen or publish without
/// a session:
///
/// ```
/// use actix_web::{
///     App, Error, HttpResponse,
///     body::{BoxBody, MessageBody},
///     dev::{ServiceRequest, ServiceResponse},
///     middleware::{Next, from_fn},
///     web,
/// };
/// use sse_actix::EventService;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
///
/// async fn with_session(
///     request: ServiceRequest,
///     next: Next<impl MessageBody + 'static>,
/// ) -> Result<ServiceResponse<BoxBody>, Error> {
///     match request.headers().get("cookie") {
///         Some(cookie) if cookie == "session=s3cret" => {
///             next.call(request).await.map(|response| response.map_into_boxed_body())
///         }
///         _ => Ok(request.into_response(HttpResponse::Unauthorized())),
///     }
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = GatewayConfig::default().with_prefix("/events")?;
/// let events = EventService::new(Gateway::new(Hub::new(HubConfig::new(StringFormat)), config));
/// let scope = web::scope("/events").wrap(from_fn(with_session)).service(events);
/// let app = App::new().service(scope);
/// # use actix_web::test;
/// # let app = test::init_service(app).await;
/// # let listen = || test::TestRequest::get().uri("/events/poll/42").insert_header(("host", "h"));
/// # assert_eq!(test::call_service(&app, listen().to_request()).await.status(), 401);
/// # let listen = listen().insert_header(("cookie", "session=s3cret")).to_request();
/// # assert_eq!(test::call_service(&app, listen).await.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventService(Protocol);

impl EventService {
    /// The service of `gateway`.
    pub fn new(gateway: Gateway) -> Self {
        Self(Protocol::new(gateway))
    }

    /// The channels behind the service, to publish from this process.
    pub fn channels(&self) -> Channels {
        self.0.channels()
    }
}

impl HttpServiceFactory for EventService {
    fn register(self, config: &mut AppService) {
        let Self(protocol) = self;
        // The router matches decoded paths, and the gateway compares them as they came.
        let prefix = protocol.gateway().prefix().to_owned();
        let within = fn_guard(move |request| is_within(request.head().uri.path(), &prefix));
        let guards: Vec<Box<dyn Guard>> = vec![Box::new(within)];
        let service = fn_service(move |request| answer(protocol.clone(), request));
        config.register_service(ResourceDef::root_prefix(""), Some(guards), service, None);
    }
}

async fn answer(protocol: Protocol, request: ServiceRequest) -> Result<ServiceResponse, Error> {
    let (request, payload) = request.into_parts();
    let converted = request::convert(&request, payload).map_err(ErrorBadRequest)?;
    let has_ended = converted.body().has_ended();
    let is_multiplexed = Version::HTTP_2 <= request.version();
    let watch = is_multiplexed.then(|| Watch::new(converted.body().payload()));
    let answer = protocol.exchange(converted).await;
    let mut rest = Rest::new(answer.rest, has_ended);
    rest.read_arrived().await;
    let response = response::convert(&request, answer.response, rest, watch);
    Ok(ServiceResponse::new(request, response))
}

fn is_within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
}
