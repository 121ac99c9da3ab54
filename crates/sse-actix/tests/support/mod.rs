//! A server of actix-web with this crate, configured as a test of the testkit asks for.

use std::{io, net::TcpListener, sync::Arc};

use actix_web::{
    App, Error, HttpMessage, HttpRequest, HttpResponse, HttpServer,
    body::MessageBody,
    dev::{Server, ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web,
};
use rustls::{ServerConfig, crypto::ring};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sse_actix::{EventService, LastEventId, SocketOptions, Sse};
use sse_core::Token;
use sse_testkit::{Setup, Target, TlsIdentity};
use tokio::task::JoinSet;

#[allow(dead_code, reason = "each test has a way of its own")]
pub(crate) async fn start(setup: Setup) -> Target {
    start_as(setup, false).await
}

/// The same with HTTP/2 without TLS.
#[allow(dead_code, reason = "each test has a way of its own")]
pub(crate) async fn start_h2c(setup: Setup) -> Target {
    start_as(setup, true).await
}

async fn start_as(setup: Setup, is_h2c: bool) -> Target {
    let options = SocketOptions::default().with_user_timeout(setup.stall_timeout);
    let listener = options.listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let server = serve(&setup, listener, is_h2c).unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.await.unwrap() });
    Target::new(addr, setup, serving)
}

fn serve(setup: &Setup, listener: TcpListener, is_h2c: bool) -> io::Result<Server> {
    let protocol = EventService::new(setup.gateway());
    let (channels, stopped) = (protocol.channels(), setup.stop.requested());
    let drain = setup.drain;
    let state = setup.clone();
    let server = HttpServer::new(move || {
        let app = App::new().app_data(web::Data::new(state.clone()));
        let app =
            if state.streams.is_some() { app.route("/stream", web::get().to(stream)) } else { app };
        let app = app.app_data(web::Data::new(protocol.clone()));
        let own = || web::resource("/own").to(own);
        match (state.sessions, state.own_route) {
            (true, has_own) => {
                let scope = web::scope("").wrap(from_fn(with_session));
                let scope = if has_own { scope.service(own()) } else { scope };
                app.service(scope.service(protocol.clone()))
            }
            (false, true) => app.service(own()).service(protocol.clone()),
            (false, false) => app.service(protocol.clone()),
        }
    })
    .h1_allow_half_closed(false)
    .shutdown_signal(async move {
        stopped.await;
        channels.drain(drain).await;
    });
    let server = match &setup.tls {
        Some(identity) => server.listen_rustls_0_23(listener, tls(identity))?,
        None if is_h2c => server.listen_auto_h2c(listener)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

async fn with_session(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let setup = request.app_data::<web::Data<Setup>>().unwrap().clone();
    let session = request.headers().get("x-session").map(|name| name.as_bytes());
    if let Some(grant) = setup.session(session) {
        request.extensions_mut().insert(grant);
    }
    next.call(request).await
}

async fn own(
    events: web::Data<EventService>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    events.respond(&Token::new("own").unwrap(), &request, payload).await
}

async fn stream(setup: web::Data<Setup>, last: LastEventId) -> Sse {
    let streams = setup.streams.as_ref().expect("it is routed here if there are streams");
    let sse = streams.open(&last).map_or_else(Sse::stop, Sse::new);
    sse.with_keepalive(setup.keepalive).with_shutdown(setup.stop.requested())
}

fn tls(identity: &TlsIdentity) -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
