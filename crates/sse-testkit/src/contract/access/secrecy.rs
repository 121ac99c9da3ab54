//! "Nothing of a channel is told to whom it is not for": no answer differs between a channel that there is, in
//! whatever state, and one that there is not.

use std::time::Duration;

use sse_core::{HubConfig, history::History};

use super::{
    answer::{Answer, Asked, ask},
    guarded, listen_as, publish,
};
use crate::{Setup, Target, head};

/// A channel with a listener, one that is closed for a while, one that nobody knows.
pub async fn a_refusal_tells_nothing_of_a_channel(start: impl AsyncFn(Setup) -> Target) {
    let closing = |hub: HubConfig| hub.with_closed_ttl(Some(Duration::from_secs(600)));
    let remembering = |hub: HubConfig| {
        hub.with_history(History::new(42)).with_closed_ttl(Some(Duration::from_secs(600)))
    };
    for hub in [closing as fn(HubConfig) -> HubConfig, remembering] {
        let target = start(Setup { hub, max_body: 100, retry: true, ..guarded() }).await;
        let _holder = listen_as(&target, "chief", "taken").await;
        assert_eq!(publish(&target, "taken", "1").await, 200);
        let mut ended = listen_as(&target, "chief", "ended").await;
        assert_eq!(publish(&target, "ended", "1").await, 200);
        close(&target, "ended").await;
        while ended.next_block().await.is_ok() {}
        // What the channels are to those they are for: otherwise there would be nothing to hide.
        for (token, status) in [("taken", 423), ("ended", 204), ("absent", 200)] {
            let chief = [("Authorization", "Bearer chief")];
            let line = format!("HEAD /poll/{token}");
            assert_eq!(ask(&target, &Asked::new(&line, &chief)).await.status, status, "{token}");
        }

        for who in ["", "Bearer reader", "Bearer nobody", "Bearer junk", "Bearer ended", "Basic a"]
        {
            for &(line, field) in REQUESTS {
                let mut answers = Vec::new();
                for token in ["taken", "ended", "absent"] {
                    answers.push((token, refused(&target, line, field, token, who).await));
                }
                for (token, answer) in &answers {
                    assert_eq!(*answer, answers[0].1, "{who} {line} {field:?} of {token}");
                    assert!(!format!("{answer:?}").contains(token), "{answer:?}");
                }
            }
        }
    }
}

/// A position of a channel that is not for a client is to it like one of no channel at all.
pub async fn an_id_of_another_channel_resumes_nothing_of_it(start: impl AsyncFn(Setup) -> Target) {
    let target = start(super::remembering()).await;
    let mut ids = Vec::new();
    for (token, body) in [("secret", "1"), ("secret", "2"), ("news", "3"), ("news", "4")] {
        let fields = [("Authorization", "Bearer chief"), ("Content-Length", "1")];
        let request = head("POST", &format!("/ping/{token}"), &fields) + body;
        let response = target.exchange(request).await;
        ids.push(response.head.field("sse-id").expect("it remembers").to_owned());
    }
    let mut told = Vec::new();
    for id in [&ids[0], "1.0123456789"] {
        for (line, field) in [
            (format!("GET /poll/news?last_event_id={id}"), ("Accept", "*/*")),
            ("GET /poll/news".to_owned(), ("Last-Event-ID", id)),
        ] {
            let fields = [field, ("Authorization", "Bearer reader")];
            let answer = ask(&target, &Asked::new(&line, &fields)).await;
            assert_eq!(answer.status, 200, "{line}: {answer:?}");
            told.push(Answer { body: answer.body.replace(id, "ID"), ..answer });
        }
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:#?}");
}

async fn refused(
    target: &Target,
    line: &str,
    field: (&str, &str),
    token: &str,
    who: &str,
) -> Answer {
    let line = line.replace("TOKEN", token);
    let mut fields = vec![field];
    if !who.is_empty() {
        fields.push(("Authorization", who));
    }
    let answer = ask(target, &Asked::new(&line, &fields)).await;
    assert!(matches!(answer.status, 401 | 403), "{who} {line}: {answer:?}");
    answer
}

async fn close(target: &Target, token: &str) {
    let fields = [("Authorization", "Bearer chief")];
    let line = format!("POST /close/{token}");
    assert_eq!(ask(target, &Asked::new(&line, &fields)).await.status, 200);
}

const REQUESTS: &[(&str, (&str, &str))] = &[
    ("GET /poll/TOKEN", PLAIN),
    ("GET /poll/TOKEN", ("Accept", "text/event-stream")),
    ("GET /poll/TOKEN", ("Last-Event-ID", "1")),
    ("GET /poll/TOKEN?since=earliest", PLAIN),
    ("GET /poll/TOKEN?since=junk", PLAIN),
    ("GET /poll/TOKEN?last_event_id=1", ("User-Agent", "Mozilla/5.0")),
    ("HEAD /poll/TOKEN", PLAIN),
    ("POST /ping/TOKEN", PLAIN),
    ("POST /ping/TOKEN", ("Content-Type", "application/x-ndjson")),
    ("POST /ping/TOKEN", ("Content-Type", "text/plain; charset=utf-16")),
    ("POST /ping/TOKEN", ("Content-Encoding", "gzip")),
    ("POST /ping/TOKEN", ("Content-Length", "101")),
    ("POST /ping/TOKEN", ("Idempotency-Key", "1")),
    ("POST /close/TOKEN", PLAIN),
    ("POST /retry/TOKEN", PLAIN),
    ("POST /pong/TOKEN", PLAIN),
    ("POST /poll/TOKEN", PLAIN),
    ("POST /ticket/TOKEN", PLAIN),
];
const PLAIN: (&str, &str) = ("X-Test", "1");
