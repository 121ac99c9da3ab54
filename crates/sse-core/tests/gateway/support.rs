use std::{
    task::{Context, Waker},
    time::Instant,
};

use bytes::Bytes;
use http::{Method, Request, Response};
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig,
    channel::Output,
    gateway::{Admitted, Handled, Permit},
    hub::Subscriber,
};

pub(crate) type Refused = Box<Response<Bytes>>;

pub(crate) fn gateway(config: HubConfig) -> Gateway {
    Gateway::new(Hub::new(config), GatewayConfig::default())
}

pub(crate) fn handle(gateway: &Gateway, method: &str, path: &str, now: Instant) -> Handled {
    let method: Method = method.parse().unwrap();
    let request = Request::builder().method(method).uri(path).header("host", "test");
    gateway.handle(&request.body(()).unwrap().into_parts().0, now)
}

/// The answer to a request without a body.
pub(crate) fn ask(gateway: &Gateway, method: &str, path: &str) -> Response<Bytes> {
    answer(handle(gateway, method, path, epoch()))
}

/// The answer to a request with these headers and no others.
pub(crate) fn ask_with(
    gateway: &Gateway,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Response<Bytes> {
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for &(name, value) in fields {
        request = request.header(name, value);
    }
    answer(gateway.handle(&request.body(()).unwrap().into_parts().0, epoch()))
}

pub(crate) fn answer(handled: Handled) -> Response<Bytes> {
    match handled {
        Handled::Respond(response) => response,
        Handled::Publish(permit) => permit.publish(epoch()).response,
        Handled::Listen(mut admission) => {
            let mut now = epoch();
            loop {
                match admission.poll_response(&mut noop(), now) {
                    Admitted::Stream(response) => return response.map(|_| Bytes::new()),
                    Admitted::Head(response) | Admitted::Refused { response, .. } => {
                        return response;
                    }
                    Admitted::Wait { until } => now = until,
                    other => panic!("{other:?}"),
                }
            }
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn listen(gateway: &Gateway, path: &str) -> Result<(Response<()>, Subscriber), Refused> {
    match handle(gateway, "GET", path, epoch()) {
        Handled::Respond(response) => Err(Box::new(response)),
        Handled::Listen(mut admission) => match admission.poll_response(&mut noop(), epoch()) {
            Admitted::Stream(response) => {
                let (parts, listener) = response.into_parts();
                Ok((Response::from_parts(parts, ()), listener))
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub(crate) fn permit(gateway: &Gateway, path: &str) -> Permit {
    match handle(gateway, "POST", path, epoch()) {
        Handled::Publish(permit) => permit,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn post(gateway: &Gateway, path: &str, body: &[u8]) -> Response<Bytes> {
    post_with(gateway, path, &[], body)
}

/// The answer to a POST with these headers beside its host.
pub(crate) fn post_with(
    gateway: &Gateway,
    path: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Response<Bytes> {
    let mut request = Request::post(path).header("host", "test");
    for &(name, value) in fields {
        request = request.header(name, value);
    }
    match gateway.handle(&request.body(()).unwrap().into_parts().0, epoch()) {
        Handled::Respond(response) => response,
        Handled::Publish(mut permit) => {
            assert!(permit.handle_input(body).is_none());
            let publication = permit.publish(epoch());
            publication.published.into_iter().for_each(sse_core::hub::Published::wake);
            publication.response
        }
        other => panic!("{other:?}"),
    }
}

/// All that the listener has to write behind the block that opens its stream.
pub(crate) fn written(listener: &mut Subscriber) -> String {
    let mut written = String::new();
    let open = Output::Write("event: sse.open\nretry: 3000\ndata: {}\n\n".into());
    assert_eq!(listener.poll_output(Waker::noop(), epoch()), open);
    while let Output::Write(bytes) = listener.poll_output(Waker::noop(), epoch()) {
        written += str::from_utf8(&bytes).unwrap();
    }
    written
}

pub(crate) fn assert_error_page(response: &Response<Bytes>, title: &str, text: &str) {
    let page = format!("<html><title>{title}</title><body>{text}</body></html>\n");
    assert_eq!(*response.body(), page);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

/// The context of somebody who does not wait.
pub(crate) fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
