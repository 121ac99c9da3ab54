//! Every wire vector through `eventsource-client --stdin`.

use std::fmt::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{CLIENT, run_with_stdin};

#[test]
fn every_wire_vector_is_printed_as_it_says() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../sse-core/tests/data/vectors.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 204);

    for vector in vectors {
        let mut args = vec!["--stdin", "-o", "json", "--all"];
        if let Some(id) = vector["initial_last_event_id"].as_str() {
            args.extend(["--last-event-id", id]);
        }

        let ended = run_with_stdin(CLIENT, args, &input(vector));

        let printed: Vec<Value> =
            ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let name = &vector["name"];
        assert_eq!(ended.code, Some(0), "{name}");
        let said = ended.stderr.trim_end();
        assert!(said.is_empty() || said.contains(" WARN discarded, as "), "{name}: {said}");
        assert_eq!(events(&printed), expected_events(vector), "{name}");
        assert_eq!(values(&printed, "comment"), *vector["expect"]["comments"].as_array().unwrap());
        assert_retries(&values(&printed, "retry"), vector);
    }
}

/// The whole stream: how it was cut into reads is no matter of a pipe.
fn input(vector: &Value) -> Vec<u8> {
    if let Some(input) = vector["input"].as_str() {
        return input.as_bytes().to_owned();
    }
    if let Some(chunks) = vector["chunks_hex"].as_array() {
        return chunks.iter().flat_map(bytes).collect();
    }
    let parts = vector["gen"].as_array().unwrap().iter();
    let part = |part: &Value| bytes(&part["hex"]).repeat(times(part));
    parts.flat_map(part).collect()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn times(part: &Value) -> usize {
    part["times"].as_u64().map_or(1, |times| usize::try_from(times).unwrap())
}

fn events(printed: &[Value]) -> Vec<Value> {
    let is_event = |line: &&Value| line.get("type").is_some();
    printed
        .iter()
        .filter(is_event)
        .map(|event| {
            json!({
                "type": shortened(&event["type"]),
                "data": shortened(&event["data"]),
                "id": shortened(&event["id"]),
            })
        })
        .collect()
}

fn expected_events(vector: &Value) -> Vec<Value> {
    let mut expected = Vec::new();
    for event in vector["expect"]["events"].as_array().unwrap() {
        let plain = json!({ "type": event["type"], "data": event["data"], "id": event["id"] });
        expected.extend(vec![plain; times(event)]);
    }
    expected
}

fn values(printed: &[Value], key: &str) -> Vec<Value> {
    printed.iter().filter_map(|line| line.get(key)).map(shortened).collect()
}

fn assert_retries(printed: &[Value], vector: &Value) {
    let expected = vector["expect"]["retry"].as_array().unwrap();
    assert_eq!(printed.len(), expected.len(), "{}", vector["name"]);
    for (printed, expected) in printed.iter().zip(expected) {
        // Digits that are too many to be given, or to fit, mean the largest number.
        let expected = expected.as_str().and_then(|digits| digits.parse().ok());
        assert_eq!(printed.as_u64(), Some(expected.unwrap_or(u64::MAX)), "{}", vector["name"]);
    }
}

/// A text of more than 200 characters as the vectors have it.
fn shortened(text: &Value) -> Value {
    match text.as_str() {
        Some(long) if 200 < long.chars().count() => {
            let digest = Sha256::digest(long).iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            json!({ "sha256": digest, "utf8_len": long.len() })
        }
        _ => text.clone(),
    }
}
