use http::StatusCode;
use sse_core::{GatewayConfig, HubConfig, StringFormat, format::JsonFormat};

use crate::support::{ask_with, assert_error_page, gateway, listen, post, written};

#[test]
fn a_body_that_is_not_utf_8_as_it_stands_is_refused_by_name() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    for (name, value, text) in [
        (
            "content-type",
            "text/plain; charset=utf-16le",
            "415: Charset utf-16le is not supported: send UTF-8",
        ),
        (
            "content-encoding",
            "gzip",
            "415: Content-Encoding gzip is not supported: send the data as it is",
        ),
        (
            "content-encoding",
            "<b>",
            "415: Content-Encoding &lt;b&gt; is not supported: send the data as it is",
        ),
    ] {
        let refused = ask_with(&gateway, "POST", "/ping/42", &[("host", "test"), (name, value)]);
        assert_error_page(&refused, "415: Unsupported Media Type", text);
        let accepts = refused.headers().get("accept-encoding");
        assert_eq!(accepts.is_some(), name == "content-encoding");
    }
}

#[test]
fn what_is_refused_first_has_its_order() {
    let config = GatewayConfig::default().with_max_body(1);
    let hub = sse_core::Hub::new(HubConfig::new(StringFormat));
    let gateway = sse_core::Gateway::new(hub, config);
    let fields = [("host", "test"), ("content-encoding", "gzip"), ("content-length", "2")];
    let status = |fields: &[_]| ask_with(&gateway, "POST", "/ping/42", fields).status();

    assert_eq!(status(&fields), StatusCode::NOT_FOUND);
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    assert_eq!(status(&fields), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(status(&[fields[0], fields[2]]), StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn one_byte_order_mark_is_no_part_of_the_data() {
    for (body, expected) in [
        ("\u{feff}hi", "data: hi"),
        ("\u{feff}\u{feff}hi", "data: \u{feff}hi"),
        ("hi\u{feff}", "data: hi\u{feff}"),
        ("\u{feff}", "data: "),
    ] {
        let gateway = gateway(HubConfig::new(StringFormat));
        let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();
        assert_eq!(post(&gateway, "/ping/42", body.as_bytes()).status(), 200);
        assert_eq!(written(&mut listener), format!("event: ping\n{expected}\n\n"), "{body:?}");
    }
    let gateway = gateway(HubConfig::new(JsonFormat));
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();
    assert_eq!(post(&gateway, "/ping/42", "\u{feff}{}".as_bytes()).status(), 200);
    assert_eq!(written(&mut listener), "event: ping\ndata: {}\n\n");
}
