use http::{HeaderMap, HeaderValue, StatusCode, header};
use sse_core::client::{ClientConfig, ClientOutput, Disconnect};

use crate::support::{answer, cases, connecting, epoch, event_stream, stopped};

#[test]
fn content_types_are_judged_as_the_standard_judges_them() {
    for case in cases("content_type") {
        let values = case["content_type"].as_array().into_iter().flatten();
        let values: Vec<_> = values.map(|value| value.as_str().unwrap()).collect();
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, StatusCode::OK, &content_types(&values), now);

        let opened = client.poll_output(now) == ClientOutput::Open;
        assert_eq!(opened, case["accept"].as_bool().unwrap(), "{case}");
    }
}

#[test]
fn statuses_are_judged_as_the_standard_judges_them() {
    for case in cases("status") {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, status, &event_stream(), now);

        let expected = match case["outcome"].as_str().unwrap() {
            "open" => ClientOutput::Open,
            _ if status == StatusCode::NO_CONTENT => ClientOutput::Stop(Disconnect::NoContent),
            _ => ClientOutput::Stop(Disconnect::Status { status, retry_after: None }),
        };
        assert_eq!(client.poll_output(now), expected, "{case}");
    }
}

#[test]
fn status_beyond_the_registered_ones_is_no_stream() {
    for status in 100..1_000 {
        let status = StatusCode::from_u16(status).unwrap();
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, status, &event_stream(), now);

        let opened = client.poll_output(now) == ClientOutput::Open;
        assert_eq!(opened, status == StatusCode::OK, "{status}");
    }
}

#[test]
fn status_without_a_word_is_shown_without_one() {
    for (status, shown) in
        [(599, "the server answered 599"), (404, "the server answered 404 Not Found")]
    {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), now);

        assert_eq!(stopped(&mut client, now).to_string(), shown);
    }
}

#[test]
fn content_type_is_named_with_all_its_values() {
    for (values, reason) in [
        (&[][..], "the server sent no content type, not text/event-stream"),
        (&["text/html"], "the server sent \"text/html\", not text/event-stream"),
        (
            &["text/event-stream", "text/html"],
            "the server sent \"text/event-stream, text/html\", not text/event-stream",
        ),
    ] {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, StatusCode::OK, &content_types(values), now);

        assert_eq!(stopped(&mut client, now).to_string(), reason);
    }
}

fn content_types(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
    }
    headers
}
