use sse_testkit::checker::{Checker, Rule};

use crate::support::{acknowledged, assert_broken, client, connect, gap, id, raw, see};

#[test]
fn numbers_that_go_up_are_in_order() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn an_event_that_comes_again_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "2"), ("2a", "2")]);

    assert_broken(
        &checker,
        Rule::Order,
        "client 0 of channel \"a\" saw 2.aaaaaaaa behind 2.aaaaaaaa",
    );
}

#[test]
fn an_event_that_comes_too_late_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "3a", &["1", "2", "3"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "2"), ("3a", "3"), ("1a", "1")]);
    client.leave();

    assert_broken(&checker, Rule::Order, "saw 1.aaaaaaaa behind 3.aaaaaaaa");
}

#[test]
fn an_event_that_comes_again_behind_a_reconnection_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    connect(&mut client, Some("2a"), "ok", "2a");
    see(&mut client, &[("2a", "2")]);

    assert_broken(&checker, Rule::Order, "saw 2.aaaaaaaa behind 2.aaaaaaaa");
}

#[test]
fn a_client_that_asks_for_what_it_has_seen_may_see_it_again() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    connect(&mut client, Some("1a"), "ok", "1a");
    see(&mut client, &[("2a", "2")]);
    connect(&mut client, None, "fresh", "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn all_that_is_kept_may_come_again_behind_a_gap() {
    let checker = Checker::new().with_lost_tails();
    acknowledged(&checker, "2a", &["1", "2"]);
    acknowledged(&checker, "2b", &["3"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    client.connect(Some(&id("2a")));
    gap(&mut client, "diverged", &id("2a"), None, "0a");
    see(&mut client, &[("1a", "1"), ("2b", "3")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn an_epoch_that_comes_back_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    acknowledged(&checker, "2b", &["2"]);
    acknowledged(&checker, "3a", &["3"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2b", "2"), ("3a", "3")]);

    assert_broken(&checker, Rule::Order, "saw 3.aaaaaaaa, of an epoch that had ended");
}

#[test]
fn a_new_epoch_alone_is_in_order() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    acknowledged(&checker, "2b", &["2"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2b", "2")]);
    connect(&mut client, Some("2b"), "ok", "2b");

    assert_eq!(checker.check(), []);
}

#[test]
fn an_event_before_the_first_block_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    let mut client = checker.client("a");
    client.connect(None);

    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Order, "saw 1.aaaaaaaa before it was told where it begins");
}

#[test]
fn a_second_beginning_of_one_stream_is_seen() {
    let checker = Checker::new();
    let mut client = client(&checker, "0a");

    raw(
        &mut client,
        &format!("event: sse.open\ndata: {{\"resume\":\"fresh\"}}\nid: {}\n\n", id("0a")),
    );

    assert_broken(&checker, Rule::Order, "was told twice where it begins");
}
