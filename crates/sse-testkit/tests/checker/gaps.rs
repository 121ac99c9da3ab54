use sse_testkit::checker::{Checker, Rule};

use crate::support::{acknowledged, assert_broken, client, gap, id, position, see};

#[test]
fn a_gap_of_nothing_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);

    client.connect(Some(&id("1a")));
    gap(&mut client, "trimmed", &id("1a"), Some(0), "1a");
    see(&mut client, &[("2a", "2")]);

    assert_broken(&checker, Rule::Gap, "was told a gap from 1.aaaaaaaa to 1.aaaaaaaa, of 0 missed");
}

#[test]
fn a_client_whose_place_is_there_is_not_told_that_it_is_not() {
    let checker = Checker::new();
    acknowledged(&checker, "3a", &["1", "2", "3"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    client.connect(Some(&id("2a")));
    gap(&mut client, "diverged", &id("2a"), None, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2"), ("3a", "3")]);

    assert_broken(&checker, Rule::Gap, "was told that 2.aaaaaaaa is not there, and then saw it");
}

#[test]
fn a_place_of_the_future_is_not_there_yet() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = checker.client("a");

    client.connect(Some(&id("2a")));
    gap(&mut client, "diverged", &id("2a"), None, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn a_client_whose_place_was_forgotten_is_told_how_many_it_missed() {
    for anchor in ["2a", "3a"] {
        let checker = Checker::new();
        acknowledged(&checker, "3a", &["1", "2", "3"]);
        let mut client = client(&checker, "0a");
        see(&mut client, &[("1a", "1"), ("2a", "2")]);

        client.connect(Some(&id("2a")));
        gap(&mut client, "diverged", &id("2a"), None, anchor);
        client.leave();

        assert_broken(
            &checker,
            Rule::Gap,
            "was told that 2.aaaaaaaa is not there, and that it is at",
        );
    }
}

#[test]
fn a_client_of_another_life_is_told_so() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);
    checker.finish("a");
    acknowledged(&checker, "3b", &["3", "4", "5"]);

    client.connect(Some(&id("2a")));
    gap(&mut client, "diverged", &id("2a"), None, "0b");
    see(&mut client, &[("1b", "3"), ("2b", "4"), ("3b", "5")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn a_number_of_missed_events_of_another_life_is_seen() {
    for (reason, words) in [
        ("diverged", "was told that it has missed 1 events of another life"),
        ("trimmed", "was told the gap \"trimmed\""),
    ] {
        let checker = Checker::new();
        let mut client = checker.client("a");

        client.connect(Some(&id("2c")));
        gap(&mut client, reason, &id("2c"), Some(1), "3b");

        assert_broken(&checker, Rule::Gap, words);
    }
}

#[test]
fn an_id_that_a_hub_gives_is_not_unknown() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);

    client.connect(Some(&id("1a")));
    gap(&mut client, "unknown", &id("1a"), None, "0a");
    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Gap, "was told the gap \"unknown\" for Some(\"1.aaaaaaaa\")");
}

#[test]
fn an_id_that_no_hub_gives_is_unknown() {
    let checker = Checker::new();
    let publication = checker.publish("a", "ping", &["1"]);
    publication.acknowledge(position("1a"));
    let mut client = checker.client("a");

    client.connect(Some("yesterday"));
    gap(&mut client, "unknown", "yesterday", None, "0a");
    see(&mut client, &[("1a", "1")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn an_id_that_no_hub_gives_is_neither_trimmed_nor_of_another_life() {
    for reason in ["trimmed", "diverged"] {
        let checker = Checker::new();
        let mut client = checker.client("a");

        client.connect(Some("yesterday"));
        gap(&mut client, reason, "yesterday", None, "1a");

        let words = format!("was told the gap {reason:?} for Some(\"yesterday\")");
        assert_broken(&checker, Rule::Gap, &words);
    }
}

#[test]
fn a_client_without_an_id_is_told_no_gap() {
    let checker = Checker::new();
    let mut client = checker.client("a");

    client.connect(None);
    gap(&mut client, "unknown", "x", None, "0a");

    assert_broken(&checker, Rule::Gap, "came without an ID, and was told a gap");
}

#[test]
fn a_gap_for_an_id_that_was_not_asked_for_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "3a", &["1", "2", "3"]);
    let mut client = client(&checker, "1a");

    client.connect(Some(&id("1a")));
    gap(&mut client, "trimmed", &id("2a"), Some(2), "3a");

    assert_broken(
        &checker,
        Rule::Gap,
        "came with \"1.aaaaaaaa\", and the gap says Some(\"2.aaaaaaaa\")",
    );
}

#[test]
fn an_id_that_is_too_long_to_be_repeated_is_not() {
    let checker = Checker::new();
    let mut client = checker.client("a");

    client.connect(Some(&"x".repeat(65)));
    crate::support::block(
        &mut client,
        "sse.gap",
        r#"{"reason":"unknown","requested":null,"missed":null}"#,
        "0a",
    );

    assert_eq!(checker.check(), []);
}
