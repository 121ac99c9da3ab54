use actix_web::{
    Error, HttpRequest, HttpResponse,
    dev::{
        AppService, HttpServiceFactory, ResourceDef, ServiceRequest, ServiceResponse, fn_service,
    },
    error::ErrorBadRequest,
    guard::{Guard, fn_guard},
    http::Version,
    web,
};
use sse_core::{Gateway, Token};
use sse_tokio::{Channels, Protocol};

use crate::{
    request::{self, RequestBody},
    response,
    rest::Rest,
    watch::Watch,
};

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
/// let events = sse_actix::EventService::new(gateway);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Behind a check of your own
///
/// Middleware goes around a scope with the service in it. This one lets nobody listen or publish without
/// a session. With a session it permits listening in the rooms only: it puts a
/// [`Grant`](sse_core::access::Grant) into the extensions of the request.
///
/// ```
/// use actix_web::{
///     App, Error, HttpMessage, HttpResponse,
///     body::{BoxBody, MessageBody},
///     dev::{ServiceRequest, ServiceResponse},
///     middleware::{Next, from_fn},
///     web,
/// };
/// use sse_actix::EventService;
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     access::{Grant, Pattern, Permissions},
/// };
///
/// async fn with_session(
///     request: ServiceRequest,
///     next: Next<impl MessageBody + 'static>,
/// ) -> Result<ServiceResponse<BoxBody>, Error> {
///     match request.headers().get("cookie") {
///         Some(cookie) if cookie == "session=s3cret" => {
///             let rooms = Pattern::new("room:*").expect("it is a pattern");
///             let grant = Grant::new(Permissions::none().with_listen(rooms));
///             request.extensions_mut().insert(grant.with_subject("alice"));
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
/// # let listen = |path| test::TestRequest::get().uri(path).insert_header(("host", "h"));
/// # let refused = test::call_service(&app, listen("/events/poll/42").to_request()).await;
/// # assert_eq!(refused.status(), 401);
/// # for (path, status) in [("/events/poll/42", 403), ("/events/poll/room:42", 200)] {
/// #     let listen = listen(path).insert_header(("cookie", "session=s3cret")).to_request();
/// #     assert_eq!(test::call_service(&app, listen).await.status(), status);
/// # }
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

    /// Answers a request in a route of your own with the channel `token`: all that the protocol does on the
    /// path that listens. That is the place to start from, a refusal as each client can read it, CORS, the
    /// headers `Sse-*`, HEAD, and looking again at a token that is taken; see [`Gateway::listen`].
    ///
    /// The route decides beforehand who may listen, and on which channel. If it puts a
    /// [`Grant`](sse_core::access::Grant) into the extensions of `request`, the stream ends when that ends or is
    /// revoked. Call it for GET and HEAD,
    /// and for OPTIONS too where pages of other origins may listen, as by [`web::to`]. `payload` tells over
    /// HTTP/2 that the client goes away.
    ///
    /// ```
    /// use actix_web::{App, HttpRequest, HttpResponse, test, web};
    /// use sse_actix::EventService;
    /// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token};
    ///
    /// async fn mine(
    ///     events: web::Data<EventService>,
    ///     request: HttpRequest,
    ///     payload: web::Payload,
    /// ) -> HttpResponse {
    ///     let cookie = request.headers().get("cookie");
    ///     if cookie.is_none_or(|cookie| cookie != "session=s3cret") {
    ///         return HttpResponse::Unauthorized().finish();
    ///     }
    ///     let alice = Token::new("alice").expect("it is a token");
    ///     events.respond(&alice, &request, payload).await
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() {
    /// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let events = web::Data::new(EventService::new(gateway));
    /// let app = App::new().app_data(events).route("/mine", web::get().to(mine));
    /// # let app = test::init_service(app).await;
    /// # let ask = async |cookie| {
    /// #     let request = test::TestRequest::get().uri("/mine").insert_header(("host", "localhost"));
    /// #     let request = request.insert_header(("cookie", cookie)).to_request();
    /// #     test::call_service(&app, request).await
    /// # };
    /// # assert_eq!(ask("theme=dark").await.status(), 401);
    /// # let listening = ask("session=s3cret").await;
    /// # assert_eq!(listening.headers().get("content-type").unwrap(), "text/event-stream");
    /// # assert_eq!(ask("session=s3cret").await.status(), 423);
    /// # }
    /// ```
    pub async fn respond(
        &self,
        token: &Token,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> HttpResponse {
        let converted = match request::convert(request, payload.into_inner()) {
            Ok(converted) => converted,
            Err(error) => return ErrorBadRequest(error).error_response(),
        };
        let (parts, body) = converted.into_parts();
        let watch = watch(request, &body);
        let response = self.0.respond(token, &parts).await;
        response::convert(request, response, Rest::none(), watch)
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
    let watch = watch(&request, converted.body());
    let answer = protocol.exchange(converted).await;
    let mut rest = Rest::new(answer.rest, has_ended);
    rest.read_arrived().await;
    let response = response::convert(&request, answer.response, rest, watch);
    Ok(ServiceResponse::new(request, response))
}

/// What sees that the client goes away, where nothing else does.
fn watch(request: &HttpRequest, body: &RequestBody) -> Option<Watch> {
    (Version::HTTP_2 <= request.version()).then(|| Watch::new(body.payload()))
}

fn is_within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
}
