//! What a stream held that became no event, told at its end.

use sse_core::{
    client::{ClientConfig, ClientOutput, Disconnect, End},
    wire::Discarded,
};

use crate::support::{epoch, opened};

#[test]
fn what_became_no_event_is_told_at_the_end_wherever_it_is_cut() {
    for (stream, expected) in [
        ("", None),
        ("data: 1\n\n", None),
        ("data: 1\r\rdata: 2\r\n\r\n", None),
        (":hi\n\n:hi", None),
        ("\u{feff}\n\r\r\n", None),
        ("id: 7\n\n", None),
        ("retry: 5\n\nid: 7\n\n:", None),
        ("data: 1\n\n:late\n", None),
        ("data: 1\n\nretry: 5\n", None),
        ("data", unfinished("data")),
        ("data: 1", unfinished("data: 1")),
        ("data: 1\n", unfinished("data: 1")),
        ("\u{feff}data: 1\r\n", unfinished("data: 1")),
        (":hi\n\ndata: 1\r", unfinished("data: 1")),
        ("data: 1\n\nevent: a\r\ndata: 2\r\nid: 3\r\n", unfinished("event: a\ndata: 2\nid: 3")),
        ("id: 7\n\nevent: a\ndata: é", unfinished("event: a\ndata: é")),
        ("data: 1\n\nid: 7", unfinished("id: 7")),
        ("retry: 5\ndata: 1", unfinished("retry: 5\ndata: 1")),
        ("data: 1\n\n{\"error\":1}", unfinished("{\"error\":1}")),
        ("{\"error\":1}", no_event("{\"error\":1}")),
        ("{\n  \"error\": 1\n}\n\n", no_event("{\n  \"error\": 1\n}")),
        ("<p>\n\n</p>\n", no_event("<p>\n\n</p>")),
        ("retry: 5\n\nbusy\n", no_event("retry: 5\n\nbusy")),
        ("event: a\n\n", no_event("event: a")),
        ("database: 1\n", no_event("database: 1")),
    ] {
        for cut in 0..=stream.len() {
            for end in [End::Clean, End::Cut] {
                let (head, tail) = stream.as_bytes().split_at(cut);

                assert_eq!(told([head, tail], end), expected, "{stream:?} cut at {cut}");
            }
        }
    }
}

#[test]
fn long_text_is_told_by_its_beginning() {
    let long = "é".repeat(100_000);
    for stream in [format!("data: {long}"), long.clone(), format!("data: 1\n\ndata: x{long}")] {
        for size in [1 << 20, 1000] {
            let text = told(stream.as_bytes().chunks(size), End::Clean).unwrap();
            let text = text.text();

            assert!((2000..=4100).contains(&text.len()), "{}", text.len());
            assert!(text.ends_with("é…"), "{text}");
        }
    }
}

#[test]
fn name_that_is_cut_by_the_bound_is_no_unknown_one() {
    for lead in 0..12 {
        let ids = format!(":{}\n\n{}", "x".repeat(lead), "id: 7\nretry: 5\n\n".repeat(1000));
        for size in [1 << 20, 100] {
            assert_eq!(told(ids.as_bytes().chunks(size), End::Clean), None, "behind {lead}");
        }
    }
}

#[test]
fn comments_take_no_room_from_what_is_lost() {
    let comments = ": ping\n".repeat(2000);
    for size in [1 << 20, 100, 1] {
        let stream = format!("data: 1\n\n{comments}data: 2\n{comments}data: 3");
        let lost = told(stream.as_bytes().chunks(size), End::Clean);

        assert_eq!(lost, unfinished("data: 2\ndata: 3"));
    }
}

#[test]
fn next_stream_begins_with_nothing() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());
    client.handle_input("{\"error\":1}".into(), now);
    let (_, now) = crate::support::reconnect(&mut client, now);

    crate::support::open(&mut client, now);
    client.handle_end(End::Clean, now);

    assert!(matches!(client.poll_output(now), ClientOutput::Reconnecting { .. }));
}

#[test]
fn text_is_shown_on_one_line() {
    let discarded = Discarded::NoEvent { text: "{\n\x1b[31m\"é\"}\n".to_owned() };

    let shown = "discarded, as there was no event in it: {\\n\\u{1b}[31m\"é\"}";
    assert_eq!(discarded.to_string(), shown);
}

/// What is told of a stream that comes in these parts and has no other end than `end`.
fn told<'a>(parts: impl IntoIterator<Item = &'a [u8]>, end: End) -> Option<Discarded> {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());
    let mut told = None;
    let mut drain = |client: &mut sse_core::Client| {
        loop {
            match client.poll_output(now) {
                ClientOutput::Discarded(discarded) => {
                    assert!(told.is_none(), "it is told once");
                    told = Some(discarded);
                }
                ClientOutput::Receive { .. } => break,
                ClientOutput::Reconnecting { because, .. } => {
                    let expected =
                        if end == End::Clean { Disconnect::Ended } else { Disconnect::Cut };
                    assert_eq!(because, expected);
                    break;
                }
                _ => (),
            }
        }
    };
    for part in parts {
        client.handle_input(part.to_vec().into(), now);
        drain(&mut client);
    }
    client.handle_end(end, now);
    drain(&mut client);
    told
}

fn unfinished(text: &str) -> Option<Discarded> {
    Some(Discarded::Unfinished { text: text.to_owned() })
}

fn no_event(text: &str) -> Option<Discarded> {
    Some(Discarded::NoEvent { text: text.to_owned() })
}
