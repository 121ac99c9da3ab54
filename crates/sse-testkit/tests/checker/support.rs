use sse_core::{Decoder, Item, history::Position};
use sse_testkit::checker::{CheckedClient, CheckedPublication, Checker, Rule};

/// `5a` is position 5 of an epoch.
pub(crate) fn id(short: &str) -> String {
    let (seq, epoch) = short.split_at(short.len() - 1);
    format!("{seq}.{}", epoch.repeat(8))
}

pub(crate) fn position(short: &str) -> Position {
    Position::parse(id(short).as_bytes()).unwrap()
}

/// Publishes the events `data` on the channel `a`; they are acknowledged, the last one at `last`.
pub(crate) fn acknowledged(checker: &Checker, last: &str, data: &[&str]) -> CheckedPublication {
    let publication = checker.publish("a", "ping", data);
    publication.acknowledge(position(last));
    publication
}

/// A client of the channel `a` that begins anew at `anchor`.
pub(crate) fn client(checker: &Checker, anchor: &str) -> CheckedClient {
    let mut client = checker.client("a");
    connect(&mut client, None, "fresh", anchor);
    client
}

pub(crate) fn connect(client: &mut CheckedClient, last: Option<&str>, verdict: &str, anchor: &str) {
    client.connect(last.map(id).as_deref());
    block(client, "sse.open", &format!(r#"{{"resume":"{verdict}"}}"#), anchor);
}

/// The client is told `missed` in a gap for the ID `requested`.
pub(crate) fn gap(
    client: &mut CheckedClient,
    reason: &str,
    requested: &str,
    missed: Option<u64>,
    anchor: &str,
) {
    let missed = missed.map_or_else(|| "null".to_owned(), |missed| missed.to_string());
    let data = format!(r#"{{"reason":"{reason}","requested":"{requested}","missed":{missed}}}"#);
    block(client, "sse.gap", &data, anchor);
}

/// The client sees the event `data` at each of the places.
pub(crate) fn see(client: &mut CheckedClient, events: &[(&str, &str)]) {
    for (at, data) in events {
        block(client, "ping", data, at);
    }
}

pub(crate) fn block(client: &mut CheckedClient, name: &str, data: &str, at: &str) {
    raw(client, &format!("event: {name}\ndata: {data}\nid: {}\n\n", id(at)));
}

pub(crate) fn raw(client: &mut CheckedClient, stream: &str) {
    let (mut decoder, mut stream) = (Decoder::new(), stream.as_bytes());
    while let Some(item) = decoder.decode(&mut stream).unwrap() {
        if let Item::Event(event) = item {
            client.see(event);
        }
    }
}

/// Exactly one rule is broken once, and the words have `words` in them.
#[track_caller]
pub(crate) fn assert_broken(checker: &Checker, rule: Rule, words: &str) {
    let violations = checker.check();
    let shown: Vec<_> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(violations.len(), 1, "{shown:#?}");
    assert_eq!(violations[0].rule(), rule, "{shown:?}");
    assert!(shown[0].contains(words), "{words:?} is not in {shown:?}");
}
