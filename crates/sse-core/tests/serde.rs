//! Events as other formats see them.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use serde_json::{from_value, json, to_value};
use sse_core::{
    Decoder, Event, Item, Token,
    access::{Pattern, Permissions},
    event::{EventId, EventName},
    wire::MessageEvent,
};

#[test]
fn an_event_is_a_map_of_its_fields() {
    let event = Event::data("a\nb")
        .with_id(EventId::from_static("7"))
        .with_name(EventName::from_static("reading"))
        .with_retry(Duration::from_millis(1500));
    let map = json!({"id": "7", "event": "reading", "retry": 1500, "data": "a\nb"});

    assert_eq!(to_value(&event).unwrap(), map);
    assert_eq!(from_value::<Event>(map).unwrap(), event);
    assert_eq!(to_value(Event::default()).unwrap(), json!({}));
    assert_eq!(from_value::<Event>(json!({})).unwrap(), Event::default());
}

#[test]
fn a_field_that_is_not_valid_is_an_error_with_its_place() {
    for (map, reason) in [
        (json!({"id": "a\u{0}"}), r"'\0' at byte 1 of an id field"),
        (json!({"event": "ab\rc"}), r"'\r' at byte 2 of an event field"),
        (json!({"date": "x"}), "unknown field `date`"),
        (json!({"retry": -1}), "invalid value"),
    ] {
        let error = from_value::<Event>(map).unwrap_err().to_string();

        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_decoded_event_has_the_names_that_a_page_knows() {
    let mut decoder = Decoder::new();
    let stream = b"id: 7\nevent: reading\ndata: 21.5\n\n";
    let Some(Item::Event(event)) = decoder.decode(&mut &stream[..]).unwrap() else {
        panic!("a whole event went in");
    };
    let map = json!({"type": "reading", "data": "21.5", "lastEventId": "7"});

    assert_eq!(to_value(event).unwrap(), map);
    assert_eq!(to_value(event.to_owned()).unwrap(), map);
    assert_eq!(from_value::<MessageEvent>(map).unwrap(), event.to_owned());
}

#[test]
fn a_token_is_a_text_that_is_checked() {
    let token = Token::new("42:42 é").unwrap();

    assert_eq!(to_value(&token).unwrap(), json!("42:42 é"));
    assert_eq!(from_value::<Token>(json!("42:42 é")).unwrap(), token);
    for (value, reason) in [
        (json!(""), "the token is empty"),
        (json!("a\nb"), r"'\n' at byte 1"),
        (json!("x".repeat(257)), "257 bytes"),
        (json!(42), "invalid type"),
    ] {
        let error = from_value::<Token>(value).unwrap_err().to_string();

        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn permissions_are_three_lists_that_may_be_missing() {
    let all = json!({"listen": ["news", "room:*"], "publish": ["*"], "actions": ["ping"]});
    for map in [all, json!({}), json!({"listen": ["*"]}), json!({"actions": []})] {
        let permissions: Permissions = from_value(map.clone()).unwrap();
        assert_eq!(to_value(permissions).unwrap(), map);
    }
}

#[test]
fn permissions_of_other_types_are_errors() {
    for map in [
        json!({"listen": null}),
        json!({"listen": "news"}),
        json!({"listen": [1]}),
        json!({"listen": ["a*b"]}),
        json!({"publish": [""]}),
        json!({"publish": {"news": true}}),
        json!({"actions": null}),
        json!({"actions": "ping"}),
        json!({"actions": [null]}),
        json!(null),
        json!("news"),
    ] {
        assert!(from_value::<Permissions>(map.clone()).is_err(), "{map}");
    }
}

#[test]
fn a_pattern_that_would_be_read_as_another_one_is_not_written() {
    let [plain, star] = ["news", "room:*"].map(|name| Pattern::exactly(&Token::new(name).unwrap()));

    assert_eq!(to_value(plain).unwrap(), json!("news"));
    assert!(to_value(star).is_err());
}
