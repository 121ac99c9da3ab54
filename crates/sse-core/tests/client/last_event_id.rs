use http::{HeaderValue, header};
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput},
};

use crate::support::{connecting, epoch, next_request, open, opened, reconnect, request};

#[test]
fn id_is_sent_as_utf8_and_left_out_where_no_header_can_carry_it() {
    for (id, sent, omitted) in [
        ("", None, false),
        ("7", Some("7".as_bytes()), false),
        ("é…", Some("é…".as_bytes()), false),
        ("a\u{1}b", None, true),
        ("a\u{7f}b", None, true),
        ("a\tb", Some(b"a\tb"), false),
        (" 1", Some(b"1"), false),
        ("1\t", Some(b"1"), false),
        (" \t a b  ", Some(b"a b"), false),
        ("\t", None, false),
        ("\u{a0}1", Some("\u{a0}1".as_bytes()), false),
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

#[test]
fn id_of_a_block_without_data_is_told_wherever_it_is_cut() {
    for (stream, expected) in [
        ("id: 7\n\n", &["id 7"][..]),
        ("id: 7\r\revent: a\rid: 8\r\r", &["id 8"]),
        ("data: 1\n\nid: 7\n\ndata: 2\n\n", &["1", "id 7", "2"]),
        ("id: 6\ndata: 1\n\nid: 7\n\n:\n\n", &["1", "id 7"]),
        ("id\n\n", &["id "]),
        ("id: 7\n", &[]),
        ("id: a\0b\n\n", &[]),
        ("event: a\n\n:hi\n\nretry: 5\n\n", &[]),
    ] {
        for cut in 0..=stream.len() {
            let (mut client, now) = (opened(ClientConfig::default()), epoch());
            let mut seen = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                client.handle_input(part.to_owned().into(), now);
                loop {
                    match client.poll_output(now) {
                        ClientOutput::LastEventId(id) => {
                            assert_eq!(id, client.last_event_id());
                            seen.push(format!("id {id}"));
                        }
                        ClientOutput::Event(event) => seen.push(event.data().to_owned()),
                        ClientOutput::Retry(_) => (),
                        ClientOutput::Receive { .. } => break,
                        other => panic!("{other:?}"),
                    }
                }
            }

            // It is told once all that has arrived is read: behind an event that came with it.
            let is_id = |told: &&str| told.starts_with("id ");
            let events: Vec<_> =
                seen.iter().map(String::as_str).filter(|told| !is_id(told)).collect();
            let expected_events: Vec<_> =
                expected.iter().copied().filter(|told| !is_id(told)).collect();
            assert_eq!(events, expected_events, "{stream:?} cut at {cut}");
            let last_id = seen.iter().map(String::as_str).rfind(is_id);
            assert_eq!(last_id, expected.iter().copied().rfind(is_id), "{stream:?} cut at {cut}");
        }
    }
}
