use sse_testkit::checker::{Checker, Rule};

use crate::support::{acknowledged, assert_broken, block, client, connect, raw, see};

#[test]
fn an_event_that_nobody_published_is_seen() {
    let checker = Checker::new();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Origin, "saw an event at 1.aaaaaaaa, which nobody published");
}

#[test]
fn an_event_of_another_channel_is_seen() {
    let checker = Checker::new();
    checker.publish("b", "ping", &["1"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Origin, "which nobody published");
}

#[test]
fn an_event_under_another_name_is_seen() {
    let checker = Checker::new();
    checker.publish("a", "pong", &["1"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Origin, "which nobody published");
}

#[test]
fn an_event_that_was_refused_is_seen() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).refuse();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Origin, "which was refused as publication 0");
}

#[test]
fn a_refused_event_may_be_published_again() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).refuse();
    acknowledged(&checker, "1a", &["1"]);
    let publication = checker.publish("a", "ping", &["2"]);
    publication.refuse();
    publication.acknowledge(crate::support::position("2a"));
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn an_event_that_may_have_been_published_may_come_or_not() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    let _nothing_is_said = checker.publish("a", "ping", &["2"]);
    let refused_later = checker.publish("a", "ping", &["3"]);
    refused_later.leave_unknown();
    refused_later.refuse();
    checker.publish("a", "ping", &["4"]).leave_unknown();
    let (mut one, mut other) = (client(&checker, "0a"), client(&checker, "0a"));

    for client in [&mut one, &mut other] {
        see(client, &[("1a", "1"), ("2a", "2"), ("3a", "3")]);
    }

    assert_eq!(checker.check(), []);
}

#[test]
fn an_event_that_may_have_been_published_once_does_not_come_twice() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "1")]);

    assert_broken(&checker, Rule::Origin, "saw an event at 2.aaaaaaaa, which has come before");
}

#[test]
fn an_event_that_may_have_been_published_twice_comes_twice() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "1")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn an_acknowledged_event_does_not_come_under_another_number_too() {
    let checker = Checker::new();
    let publication = checker.publish("a", "ping", &["1"]);
    publication.leave_unknown();
    publication.acknowledge(crate::support::position("1a"));
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "1")]);

    assert_broken(
        &checker,
        Rule::Origin,
        "saw an event at 2.aaaaaaaa, which was acknowledged as 1.aaaaaaaa",
    );
}

#[test]
fn an_event_that_was_lost_may_be_published_again() {
    let checker = Checker::new().with_lost_tails();
    let publication = acknowledged(&checker, "1a", &["1"]);
    checker.publish("a", "ping", &["2"]).acknowledge(crate::support::position("2b"));
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2b", "2")]);
    assert_eq!(checker.check(), []);
    see(&mut client, &[("3b", "1")]);
    assert_eq!(checker.check(), [], "nobody knows that the first one was not lost");
    see(&mut client, &[("4b", "2")]);

    assert_broken(&checker, Rule::Origin, "4.bbbbbbbb, which was acknowledged as 2.bbbbbbbb");
    drop(publication);
    let checker = Checker::new().with_lost_tails();
    let mut client = self::client(&checker, "0a");
    checker.publish("a", "ping", &["1"]).leave_unknown();
    see(&mut client, &[("1a", "1")]);
    client.leave();
    acknowledged(&checker, "1b", &["2"]);
    acknowledged(&checker, "2b", &["1"]);
    assert_eq!(checker.check(), []);
}

#[test]
fn an_event_of_a_channel_that_was_finished_may_be_published_again() {
    let checker = Checker::new();
    let publication = checker.publish("a", "ping", &["1"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);
    client.leave();

    checker.finish("a");
    publication.acknowledge(crate::support::position("1b"));
    connect(&mut client, None, "fresh", "0b");
    see(&mut client, &[("1b", "1")]);
    assert_eq!(checker.check(), []);

    see(&mut client, &[("2b", "1")]);
    assert_broken(&checker, Rule::Origin, "2.bbbbbbbb, which was acknowledged as 1.bbbbbbbb");
}

#[test]
fn events_that_were_published_together_come_together() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1", "2", "3"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "2"), ("3a", "3")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn an_event_between_others_that_were_published_together_is_seen() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1", "2"]).leave_unknown();
    acknowledged(&checker, "2a", &["3"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "3")]);

    assert_broken(
        &checker,
        Rule::Origin,
        "at 2.aaaaaaaa in the middle of others that were published together",
    );
}

#[test]
fn a_part_of_what_was_published_together_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    checker.publish("a", "ping", &["2", "3"]).leave_unknown();
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "3")]);

    assert_broken(&checker, Rule::Origin, "at 1.aaaaaaaa in the middle of others");
}

#[test]
fn an_event_without_a_position_is_seen() {
    for stream in [
        "event: ping\ndata: 1\n\n",
        "event: ping\ndata: 1\nid: 7\n\n",
        "event: sse.open\ndata: {\"resume\":\"fresh\"}\n\n",
    ] {
        let checker = Checker::new();
        checker.publish("a", "ping", &["1"]).leave_unknown();
        let mut client = client(&checker, "0a");

        raw(&mut client, stream);

        assert_broken(&checker, Rule::Origin, ", which no hub sends");
    }
}

#[test]
fn a_beginning_and_a_gap_that_say_something_else_are_seen() {
    for (name, data) in [
        ("sse.open", "{}"),
        ("sse.open", r#"{"resume":"maybe"}"#),
        ("sse.gap", "{}"),
        ("sse.gap", r#"{"reason":"lost","requested":null,"missed":1}"#),
    ] {
        let checker = Checker::new();
        let mut client = client(&checker, "0a");

        block(&mut client, name, data, "0a");

        assert_broken(&checker, Rule::Origin, "which no hub sends");
    }
}

#[test]
fn the_end_of_a_channel_is_no_event() {
    let checker = Checker::new();
    let mut client = client(&checker, "0a");

    raw(&mut client, "event: sse.end\ndata: {}\n\nevent: sse.expired\ndata: {}\n\n");

    assert_eq!(checker.check(), []);
}
