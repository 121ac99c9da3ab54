use std::time::Duration;

use http::Request;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat, format::Format, gateway::Handled,
    hub::PublishError,
};

use crate::support::{assert_error_page, epoch, gateway, handle, listen, permit, post, written};

#[test]
fn refusals_of_a_post_have_the_original_form() {
    let gateway = gateway(HubConfig::new(StringFormat));

    let nobody = post(&gateway, "/ping/42", b"");
    let nobody_and_unknown = post(&gateway, "/nope/42", b"");
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    let unknown = post(&gateway, "/nope/42", b"");
    let case = post(&gateway, "/Ping/42", b"");
    let poll = post(&gateway, "/poll/42", b"");
    let format = post(&gateway, "/ping/42", b"a\xFF");

    assert_error_page(&nobody, "404: Not Found", "404: Target is not connected");
    assert_error_page(&nobody_and_unknown, "404: Not Found", "404: Target is not connected");
    for unknown in [unknown, case, poll] {
        assert_error_page(&unknown, "404: Not Found", "404: Unknown action requested");
    }
    assert_error_page(
        &format,
        "400: Bad Request",
        "400: Data is not properly formatted: <br />not UTF-8 at byte 1",
    );
}

#[test]
fn reason_of_a_format_error_is_escaped() {
    #[derive(Debug)]
    struct Rude;
    impl Format for Rude {
        fn content_type(&self) -> http::HeaderValue {
            StringFormat.content_type()
        }

        fn data(&self, _body: &[u8]) -> Result<String, sse_core::format::FormatError> {
            Err(sse_core::format::FormatError::Other("<script>'\"&".into()))
        }
    }
    let gateway = gateway(HubConfig::new(Rude));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();

    let refusal = post(&gateway, "/ping/42", b"");

    let text = "400: Data is not properly formatted: <br />&lt;script&gt;&#39;&quot;&amp;";
    assert_error_page(&refusal, "400: Bad Request", text);
}

#[test]
fn body_over_the_limit_is_refused_by_its_length_or_by_counting() {
    let config = GatewayConfig::default().with_max_body(10);
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();

    let request = Request::post("/ping/42").header("host", "test").header("content-length", "11");
    let request = request.body(()).unwrap();
    let Handled::Respond(by_length) = gateway.handle(&request.into_parts().0, epoch()) else {
        panic!("the length is over the limit");
    };
    let mut counted = permit(&gateway, "/ping/42");
    let within = counted.handle_input(b"0123456789");
    let by_counting = counted.handle_input(b"0").expect("one too many");

    assert!(within.is_none());
    for refusal in [by_length, by_counting] {
        assert_eq!(refusal.status(), 413);
        assert_error_page(&refusal, "413: Payload Too Large", "413: Data is too large");
    }
    assert_eq!(post(&gateway, "/ping/42", b"0123456789").status(), 200);
    assert_eq!(written(&mut listener), "event: ping\ndata: 0123456789\n\n");
}

#[test]
fn nobody_listening_is_said_before_the_body_is_too_large() {
    let config = GatewayConfig::default().with_max_body(10);
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let request = Request::post("/ping/42").header("host", "test").header("content-length", "11");
    let request = request.body(()).unwrap();

    let Handled::Respond(refusal) = gateway.handle(&request.into_parts().0, epoch()) else {
        panic!("nobody listens");
    };

    assert_eq!(refusal.status(), 404);
}

#[test]
fn body_that_is_late_is_refused_after_30_s_and_not_before() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Publish(mut permit) = handle(&gateway, "POST", "/ping/42", start) else {
        panic!("someone listens");
    };

    assert_eq!(permit.deadline(), start + Duration::from_secs(30));
    assert!(permit.handle_timeout(start + Duration::from_millis(29_999)).is_none());
    let refusal = permit.handle_timeout(start + Duration::from_secs(30)).expect("it is late");

    assert_error_page(&refusal, "408: Request Timeout", "408: Data did not arrive in time");
}

#[test]
fn verdict_is_that_of_the_moment_of_publication() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let mut permit = permit(&gateway, "/ping/42");
    assert!(permit.handle_input(b"hi").is_none());

    drop(listener);
    let publication = permit.publish(epoch());

    assert_eq!(publication.published.unwrap_err(), PublishError::NotConnected);
    assert_error_page(&publication.response, "404: Not Found", "404: Target is not connected");
}
