use http::{Request, StatusCode, Version};
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    gateway::{Handled, Hosts},
};

use crate::support::{ask_with, epoch, gateway};

fn on_loopback() -> Gateway {
    let hosts = Hosts::loopback().with_host("app.example").unwrap();
    Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default().with_hosts(hosts))
}

#[test]
fn a_host_that_is_not_allowed_is_refused_with_its_name_and_the_option() {
    let gateway = on_loopback();
    for (method, path) in [
        ("GET", "/poll/42"),
        ("HEAD", "/poll/42"),
        ("POST", "/ping/42"),
        ("GET", "/"),
        ("PUT", "/x"),
    ] {
        let refused = ask_with(&gateway, method, path, &[("host", "<evil>.example:8888")]);
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "it is no host at all");

        let refused = ask_with(&gateway, method, path, &[("host", "evil.example:8888")]);
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{method} {path}");
        let body = String::from_utf8_lossy(refused.body()).into_owned();
        assert!(body.contains("evil.example") && body.contains("--allow-host"), "{body}");
    }
    for host in ["localhost:8888", "127.0.0.1", "[::1]:1", "App.Example.:80"] {
        let answer = ask_with(&gateway, "GET", "/poll/42", &[("host", host)]);
        assert_eq!(answer.status(), StatusCode::OK, "{host}");
    }
}

#[test]
fn one_valid_host_is_demanded_of_http_1_1() {
    let gateway = gateway(HubConfig::new(StringFormat));
    for fields in [
        &[][..],
        &[("host", "a"), ("host", "a")],
        &[("host", "")],
        &[("host", "a b")],
        &[("host", "a/b")],
        &[("host", "user@a")],
        &[("host", "a:port")],
    ] {
        let refused = ask_with(&gateway, "GET", "/poll/42", fields);
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{fields:?}");
    }
    assert_eq!(ask_with(&gateway, "GET", "/poll/42", &[("host", "a:1")]).status(), StatusCode::OK);
}

#[test]
fn http_1_0_and_http_2_can_do_without_the_field() {
    for (version, uri) in
        [(Version::HTTP_10, "/poll/42"), (Version::HTTP_2, "http://localhost:8888/poll/42")]
    {
        let (parts, ()) = Request::get(uri).version(version).body(()).unwrap().into_parts();
        let handled = on_loopback().handle(&parts, epoch());
        assert!(matches!(handled, Handled::Listen(_)), "{version:?} {uri}: {handled:?}");
    }
}

#[test]
fn the_authority_of_the_target_comes_before_the_header() {
    let gateway = on_loopback();
    let fields = [("host", "localhost")];

    let refused = ask_with(&gateway, "GET", "http://evil.example/poll/42", &fields);

    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}
