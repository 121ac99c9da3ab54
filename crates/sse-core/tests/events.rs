//! Events made of what programs have: numbers, and values that serde knows.

#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use serde::Serialize;
use sse_core::{
    Event,
    event::{EventId, EventName},
};

#[test]
fn every_integer_is_an_id_in_decimal_digits() {
    for (id, expected) in [
        (EventId::from(0_u8), "0"),
        (EventId::from(u64::MAX), "18446744073709551615"),
        (EventId::from(u128::MAX), "340282366920938463463374607431768211455"),
        (EventId::from(usize::MIN), "0"),
        (EventId::from(i64::MIN), "-9223372036854775808"),
        (EventId::from(7), "7"),
        (7_u16.into(), "7"),
    ] {
        assert_eq!(id, EventId::new(expected).unwrap());
    }
}

#[test]
fn a_value_becomes_data_on_one_line() {
    #[derive(Serialize)]
    struct Reading<'a> {
        place: &'a str,
        degrees: [f32; 2],
    }
    let reading = Reading { place: "roof\r\nevent: x", degrees: [21.5, -0.25] };

    let event = Event::json(&reading).unwrap().with_name(EventName::from_static("reading"));

    let data = r#"{"place":"roof\r\nevent: x","degrees":[21.5,-0.25]}"#;
    assert_eq!(event.as_data(), Some(data));
    assert_eq!(event.encode(), format!("event: reading\ndata: {data}\n\n"));
    for (event, expected) in [
        (Event::json("a\u{2028}b"), "\"a\u{2028}b\""),
        (Event::json(&()), "null"),
        (Event::json(&[()][..]), "[null]"),
        (Event::json(&f64::NAN), "null"),
    ] {
        assert_eq!(event.unwrap().as_data(), Some(expected));
    }
}

#[test]
fn what_json_cannot_say_is_an_error() {
    let keyed_by_pairs = BTreeMap::from([((1, 2), 3)]);

    let error = Event::json(&keyed_by_pairs).unwrap_err();

    assert_eq!(error.to_string(), "key must be a string");
}
