//! A gateway that is configured anew while it serves.

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use sse_core::{
    Gateway, GatewayConfig, HubConfig, StringFormat,
    access::{Access, Credential, Denied, Grant, Permissions, from_fn},
    channel::Mode,
    gateway::{Asked, Cors, Hosts},
};

use crate::support::{answer, ask, ask_with, epoch, gateway, listen, permit, post, written};

#[test]
fn all_clones_serve_with_the_new_configuration_and_streams_go_on() {
    let gateway = gateway(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();
    let clone = gateway.clone();

    gateway.reconfigure(GatewayConfig::default().with_access(keys("new")));

    assert_eq!(poll(&clone, None).status(), StatusCode::UNAUTHORIZED);
    assert_eq!(poll(&clone, Some("new")).status(), StatusCode::OK);
    gateway.reconfigure(GatewayConfig::default());
    assert_eq!(post(&clone, "/ping/42", b"still here").status(), StatusCode::OK);
    assert_eq!(written(&mut listener), "event: ping\ndata: still here\n\n");
}

#[test]
fn a_request_is_served_to_its_end_with_the_configuration_that_it_began_with() {
    for (earlier, later) in [
        (GatewayConfig::default().with_access(keys("old")), GatewayConfig::default()),
        (
            GatewayConfig::default().with_access(keys("old")),
            GatewayConfig::default().with_access(keys("new")),
        ),
        (GatewayConfig::default(), GatewayConfig::default().with_access(keys("new"))),
    ] {
        let gateway = gateway(HubConfig::new(StringFormat).with_mode(Mode::Shared));
        gateway.reconfigure(earlier);
        let before = poll(&gateway, Some("old"));

        let meanwhile = poll_through(&gateway, Some("old"), || gateway.reconfigure(later.clone()));

        assert_eq!((before.status(), meanwhile.status()), (StatusCode::OK, StatusCode::OK));
    }
}

#[test]
fn a_body_may_be_as_long_as_when_its_head_came() {
    let gateway = gateway(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let _listener = listen(&gateway, "/poll/42").unwrap();
    let mut earlier = permit(&gateway, "/ping/42");
    assert!(earlier.handle_input(b"12345").is_none());

    gateway.reconfigure(GatewayConfig::default().with_max_body(4).with_max_bodies(0));

    let mut later = permit(&gateway, "/ping/42");
    let refused = later.handle_input(b"12345").unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        permit(&gateway, "/ping/42").handle_input(b"1").unwrap().status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "what came under the old bound counts for the new one",
    );
    assert!(earlier.handle_input(b"67890").is_none());
    assert_eq!(earlier.publish(epoch()).response.status(), StatusCode::OK);
}

#[test]
fn hosts_and_origins_change_and_the_prefix_stays() {
    let hub = gateway(HubConfig::new(StringFormat)).hub().clone();
    let gateway = Gateway::new(hub, GatewayConfig::default().with_prefix("/events").unwrap());
    let hosts = Hosts::loopback().with_host("new.example").unwrap();
    let cors = Cors::new(["http://app.example"]).unwrap();
    let config = GatewayConfig::default().with_hosts(hosts).with_cors(cors);

    gateway.reconfigure(config.with_prefix("/elsewhere").unwrap());

    assert_eq!(gateway.prefix(), "/events");
    let fields = [("host", "new.example"), ("origin", "http://app.example")];
    let listed = ask_with(&gateway, "GET", "/events/poll/42", &fields);
    assert_eq!(listed.status(), StatusCode::OK);
    assert_eq!(listed.headers()["access-control-allow-origin"], "http://app.example");
    let moved = ask_with(&gateway, "GET", "/events/ping/42", &fields);
    assert_eq!(moved.headers()["location"], "/events/");
    assert_eq!(ask(&gateway, "GET", "/events/poll/42").status(), StatusCode::FORBIDDEN);
    assert_eq!(ask_with(&gateway, "GET", "/poll/42", &fields).status(), StatusCode::BAD_REQUEST);
}

/// Lets those in who have this key.
fn keys(key: &'static str) -> Access {
    Access::new(from_fn(move |request| match request.credential() {
        Some(Credential::Bearer(shown)) if *shown == key => {
            Ok(Some(Grant::new(Permissions::all())))
        }
        Some(_) => Err(Denied::Unauthorized),
        None => Ok(None),
    }))
}

fn poll(gateway: &Gateway, key: Option<&str>) -> Response<Bytes> {
    poll_through(gateway, key, || ())
}

/// The answer to a request that listens, with something done after the first look at it.
fn poll_through(gateway: &Gateway, key: Option<&str>, meanwhile: impl FnOnce()) -> Response<Bytes> {
    let parts = parts(key);
    let Asked::Channel(asked) = gateway.ask(&parts) else { panic!("the path listens") };
    meanwhile();
    let outcome = gateway.authenticate(&asked, &parts).into_ready().expect("it takes no time");
    answer(gateway.decide(asked, &parts, outcome, epoch()))
}

fn parts(key: Option<&str>) -> Parts {
    let mut request = Request::get("/poll/42").header("host", "test");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    request.body(()).unwrap().into_parts().0
}
