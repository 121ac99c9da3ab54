use sse_testkit::checker::{Checker, Rule};

use crate::support::{acknowledged, assert_broken, client, position, see};

#[test]
fn an_id_that_is_the_same_event_for_everybody_is_right() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    for _ in 0..3 {
        see(&mut client(&checker, "0a"), &[("1a", "1")]);
    }

    assert_eq!(checker.check(), []);
}

#[test]
fn an_id_that_is_another_event_for_another_client_is_seen() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    checker.publish("a", "ping", &["2"]).leave_unknown();

    see(&mut client(&checker, "0a"), &[("1a", "1")]);
    see(&mut client(&checker, "0a"), &[("1a", "2")]);

    let violations = checker.check();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert_eq!(violations[0].rule(), Rule::Identity);
    let words = violations[0].to_string();
    assert!(words.contains("1.aaaaaaaa of channel \"a\" is one event for client"), "{words}");
}

#[test]
fn an_id_that_is_another_event_than_its_publisher_was_told_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    checker.publish("a", "ping", &["2"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "2")]);

    assert_broken(
        &checker,
        Rule::Identity,
        "saw another event at 1.aaaaaaaa than publication 0, which got it",
    );
}

#[test]
fn an_id_that_two_publishers_were_told_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    acknowledged(&checker, "1a", &["2"]);

    assert_broken(&checker, Rule::Identity, "was given to publication 0 and to publication 1");
}

#[test]
fn the_ids_before_that_of_the_last_event_are_given_too() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    acknowledged(&checker, "1a", &["3"]);

    assert_broken(&checker, Rule::Identity, "1.aaaaaaaa of channel \"a\" was given to publication");
}

#[test]
fn a_publication_that_is_told_two_ids_is_seen() {
    let checker = Checker::new();
    let publication = acknowledged(&checker, "1a", &["1"]);
    publication.acknowledge(position("1a"));
    assert_eq!(checker.check(), []);

    publication.acknowledge(position("2a"));

    assert_broken(&checker, Rule::Identity, "was acknowledged as 1.aaaaaaaa and as 2.aaaaaaaa");
}
