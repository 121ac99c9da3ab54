use http::{HeaderValue, header};
use sse_core::{Client, ClientConfig, ClientOutput};

use crate::support::{connecting, epoch, next_request, open, reconnect, request};

#[test]
fn id_is_sent_as_utf8_and_left_out_where_no_header_can_carry_it() {
    for (id, sent, omitted) in [
        ("", None, false),
        ("7", Some("7".as_bytes()), false),
        ("é…", Some("é…".as_bytes()), false),
        ("a\u{1}b", None, true),
        ("a\u{7f}b", None, true),
        ("a\tb", Some(b"a\tb"), false),
        (" 1", None, true),
        ("1\t", None, true),
        ("\t", None, true),
        (&"x".repeat(4 << 10), Some("x".repeat(4 << 10).as_bytes()), false),
        (&"x".repeat((4 << 10) + 1), None, true),
    ] {
        let config = ClientConfig::default().with_last_event_id(id);
        let mut client = Client::new(request(), config);

        let ClientOutput::Connect { request, omits_last_event_id } = client.poll_output(epoch())
        else {
            panic!("it begins with a connection");
        };

        let value = request.headers().get("last-event-id").map(HeaderValue::as_bytes);
        assert_eq!(value, sent, "{id:?}");
        assert_eq!(omits_last_event_id, omitted, "{id:?}");
        assert_eq!(client.last_event_id(), id);
    }
}

#[test]
fn id_survives_everything_until_it_is_replaced() {
    let mut client = connecting(ClientConfig::default().with_last_event_id("start"));
    let mut now = epoch();
    for (stream, id) in [
        ("data: no id\n\n", "start"),
        ("id: 1\ndata: a\n\n", "1"),
        ("data: b\n\nid: 2\ndata: never dispatched\n", "1"),
        ("", "1"),
        ("id: a\0b\ndata: c\n\n", "1"),
        ("id: 3\n\n", "3"),
        ("id\ndata: reset\n\n", ""),
    ] {
        open(&mut client, now);
        client.handle_input(stream.into(), now);
        let (request, later) = reconnect(&mut client, now);
        now = later;

        assert_eq!(client.last_event_id(), id, "after {stream:?}");
        let sent = request.headers().get("last-event-id").map(HeaderValue::as_bytes);
        assert_eq!(sent.unwrap_or_default(), id.as_bytes());
    }
}

#[test]
fn id_among_the_callers_headers_is_where_it_begins_and_gives_way_to_later_ones() {
    let request = request()
        .with_header(header::HeaderName::from_static("last-event-id"), "7".parse().unwrap());
    let (mut client, now) = (Client::new(request, ClientConfig::default()), epoch());
    assert_eq!(client.last_event_id(), "7");
    assert_eq!(next_request(&mut client, now).headers()["last-event-id"], "7");

    open(&mut client, now);
    client.handle_input("id: 8\ndata: a\n\n".into(), now);
    let (request, _) = reconnect(&mut client, now);

    let ids: Vec<_> = request.headers().get_all("last-event-id").iter().collect();
    assert_eq!(ids, ["8"]);
}
