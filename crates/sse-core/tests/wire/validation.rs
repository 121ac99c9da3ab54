use std::panic;

use sse_core::event::{EventId, EventName, FieldError};

#[test]
fn names_and_ids_accept_anything_that_fits_on_a_line() {
    for value in ["", "message", " a ", "a:b", "\u{FEFF}", "\u{2028}\u{2029}\u{85}", "\x0B\x0C"] {
        assert_eq!(EventName::new(value).unwrap().as_str(), value);
        assert_eq!(EventId::new(value).unwrap().as_str(), value);
    }
    assert_eq!(EventName::new("a\0").unwrap().as_str(), "a\0");
}

#[test]
fn the_first_forbidden_character_is_reported_with_its_place() {
    for (value, character, at) in [
        ("\n", '\n', 0),
        ("\r", '\r', 0),
        ("a\r\nb", '\r', 1),
        ("\u{e9}\n\r", '\n', 2),
        ("retry\n: 0", '\n', 5),
    ] {
        let name = FieldError::Forbidden { field: "event", character, at };
        let id = FieldError::Forbidden { field: "id", character, at };
        assert_eq!(EventName::new(value), Err(name), "{value:?}");
        assert_eq!(EventId::new(value), Err(id), "{value:?}");
    }
    let nul = FieldError::Forbidden { field: "id", character: '\0', at: 1 };
    assert_eq!(EventId::new("a\0\n"), Err(nul));
}

#[test]
fn every_way_to_a_name_or_id_is_checked() {
    for bad in ["a\rb", "a\nb"] {
        assert!(EventName::new(bad).is_err());
        assert!(EventName::try_from(bad).is_err());
        assert!(EventName::try_from(bad.to_owned()).is_err());
        assert!(bad.parse::<EventName>().is_err());
        assert!(panic::catch_unwind(|| EventName::from_static(bad)).is_err());
    }
    for bad in ["a\rb", "a\nb", "a\0b"] {
        assert!(EventId::new(bad).is_err());
        assert!(EventId::try_from(bad).is_err());
        assert!(EventId::try_from(bad.to_owned()).is_err());
        assert!(bad.parse::<EventId>().is_err());
        assert!(panic::catch_unwind(|| EventId::from_static(bad)).is_err());
    }
}

#[test]
fn values_are_equal_by_text_and_show_it() {
    const NAME: EventName = EventName::from_static("reading");
    const ID: EventId = EventId::from_static("7");

    assert_eq!(EventName::new("reading"), Ok(NAME));
    assert_eq!(EventId::new("7"), Ok(ID));
    assert_eq!((NAME.as_ref(), ID.as_ref()), ("reading", "7"));
    assert_eq!(format!("{NAME:>8} {ID:03}"), " reading 7  ");
    assert!(ID < EventId::from_static("8"));
}
