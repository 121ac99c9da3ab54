//! What the public contract tests of server-sent events ask of a client, one by one.

mod basic;
mod byte_order_mark;
mod comments;
mod http;
mod line_ends;
mod reconnection;

use std::time::Duration;

use futures_util::StreamExt;
use sse_core::client::ClientConfig;
use sse_hyper::{EventSource, Notice};
use sse_testkit::{MemoryServer, Step};

use crate::support::builder;

/// Tests with the names that they have in the list.
macro_rules! contract {
    ($($name:ident: $title:literal => $body:block)*) => {
        $(#[tokio::test(start_paused = true)] async fn $name() $body)*

        pub(super) const TITLES: &[&str] = &[$($title),*];
    };
}
use contract;

#[test]
fn every_test_of_the_list_is_here() {
    let list: Vec<_> = include_str!("../../data/contract-tests-list.txt").lines().collect();
    let is_group = |name: &str| list.iter().any(|other| other.starts_with(&format!("{name}/")));
    let mut expected: Vec<_> =
        list.iter().copied().filter(|name| !is_group(name)).map(str::to_owned).collect();

    let mut present: Vec<_> = [
        ("basic parsing", basic::TITLES),
        ("BOM handling", byte_order_mark::TITLES),
        ("comments", comments::TITLES),
        ("linefeeds", line_ends::TITLES),
        ("HTTP behavior", http::TITLES),
        ("reconnection", reconnection::TITLES),
    ]
    .into_iter()
    .flat_map(|(group, titles)| titles.iter().map(move |title| format!("{group}/{title}")))
    .chain(line_ends::titles())
    .collect();

    expected.sort_unstable();
    present.sort_unstable();
    assert_eq!(present, expected);
}

/// What a client delivers of a stream that comes in these chunks and stays open.
async fn received<C: AsRef<[u8]>>(chunks: impl IntoIterator<Item = C>) -> Vec<String> {
    let mut script = vec![Step::ExpectHead, Step::stream_head()];
    for chunk in chunks {
        script.push(Step::send(chunk.as_ref()));
        script.push(Step::Sleep(Duration::from_millis(20)));
    }
    script.push(Step::Hold);
    let server = MemoryServer::new([script]);
    let source = builder(&server).with_config(config()).build().unwrap();
    let until = Box::pin(tokio::time::sleep(Duration::from_secs(30)));
    source.take_until(until).filter_map(async |item| told(item.unwrap())).collect().await
}

/// The next message of `source`, as the harness would be told.
async fn next(source: &mut EventSource) -> String {
    loop {
        let told = match source.next().await {
            Some(Ok(notice)) => told(notice),
            Some(Err(error)) => Some(format!("error: {error}")),
            None => Some("end".to_owned()),
        };
        if let Some(told) = told {
            return told;
        }
    }
}

/// Type, data and id of an event; only the data if the others are the usual ones.
fn told(notice: Notice) -> Option<String> {
    match notice {
        Notice::Event(event) if event.name() == "message" && event.last_event_id().is_empty() => {
            Some(event.data().to_owned())
        }
        Notice::Event(event) => {
            Some(format!("{}|{}|{}", event.name(), event.data(), event.last_event_id()))
        }
        Notice::Comment(text) => Some(format!("comment:{text}")),
        Notice::Reconnecting { because, .. } => Some(format!("error: {because}")),
        _ => None,
    }
}

/// That of the test service: no delay, comments.
fn config() -> ClientConfig {
    ClientConfig::default()
        .with_reconnection_time(Duration::ZERO)
        .with_reconnection_floor(Duration::ZERO)
        .with_repetition(true)
        .with_comments(true)
        .with_seed(1)
}
