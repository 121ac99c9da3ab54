use sse_testkit::checker::{Checker, Rule};

use crate::support::{acknowledged, assert_broken, client, connect, gap, id, see};

#[test]
fn an_event_that_is_left_out_is_missed() {
    let checker = Checker::new();
    acknowledged(&checker, "4a", &["1", "2", "3", "4"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("4a", "4")]);

    assert_broken(
        &checker,
        Rule::Loss,
        "saw 4.aaaaaaaa right behind 1.aaaaaaaa: 2 events are missing, 2 were acknowledged",
    );
}

#[test]
fn an_event_that_is_left_out_is_missed_though_nobody_knows_of_it() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["2"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("2a", "2")]);

    assert_broken(&checker, Rule::Loss, "1 events are missing, 0 were acknowledged");
}

#[test]
fn the_first_event_behind_the_beginning_is_missed_too() {
    let checker = Checker::new();
    acknowledged(&checker, "7a", &["6", "7"]);
    let mut client = client(&checker, "5a");

    see(&mut client, &[("7a", "7")]);

    assert_broken(&checker, Rule::Loss, "saw 7.aaaaaaaa right behind 5.aaaaaaaa");
}

#[test]
fn what_came_before_a_client_is_not_missed() {
    let checker = Checker::new();
    acknowledged(&checker, "5a", &["1", "2", "3", "4", "5"]);
    acknowledged(&checker, "6a", &["6"]);
    let mut client = client(&checker, "5a");

    see(&mut client, &[("6a", "6")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn the_newest_event_is_missed_by_a_client_that_is_still_there() {
    let checker = Checker::new();
    acknowledged(&checker, "3a", &["1", "2", "3"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_broken(
        &checker,
        Rule::Loss,
        "has not seen 2.aaaaaaaa, which was acknowledged, nor 1 more that were acknowledged; it is at 1.aaaaaaaa",
    );
}

#[test]
fn an_event_that_only_one_of_two_clients_saw_is_missed() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    let (mut one, _other) = (client(&checker, "0a"), client(&checker, "0a"));

    see(&mut one, &[("1a", "1")]);

    assert_broken(
        &checker,
        Rule::Loss,
        "client 1 of channel \"a\" has not seen 1.aaaaaaaa, which was seen by client 0",
    );
}

#[test]
fn a_client_that_has_left_misses_nothing_until_it_comes_back() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);
    client.leave();
    acknowledged(&checker, "2a", &["2"]);
    assert_eq!(checker.check(), []);

    connect(&mut client, Some("1a"), "ok", "1a");

    assert_broken(&checker, Rule::Loss, "has not seen 2.aaaaaaaa");
}

#[test]
fn what_was_missed_while_a_client_was_away_comes_when_it_is_back() {
    let checker = Checker::new();
    acknowledged(&checker, "3a", &["1", "2", "3"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);

    connect(&mut client, Some("1a"), "ok", "1a");
    see(&mut client, &[("2a", "2"), ("3a", "3")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn a_gap_that_says_the_span_excuses_it() {
    let checker = Checker::new();
    acknowledged(&checker, "5a", &["1", "2", "3", "4", "5"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);

    client.connect(Some(&id("1a")));
    gap(&mut client, "trimmed", &id("1a"), Some(3), "4a");
    see(&mut client, &[("5a", "5")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn a_gap_in_a_stream_that_says_the_span_excuses_it() {
    let checker = Checker::new();
    acknowledged(&checker, "5a", &["1", "2", "3", "4", "5"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);
    gap(&mut client, "trimmed", &id("1a"), Some(3), "4a");
    see(&mut client, &[("5a", "5")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn a_gap_that_says_another_span_does_not() {
    for missed in [Some(2), Some(4), None] {
        let checker = Checker::new();
        acknowledged(&checker, "5a", &["1", "2", "3", "4", "5"]);
        let mut client = client(&checker, "0a");
        see(&mut client, &[("1a", "1")]);

        client.connect(Some(&id("1a")));
        gap(&mut client, "trimmed", &id("1a"), missed, "4a");
        see(&mut client, &[("5a", "5")]);

        assert_broken(&checker, Rule::Loss, "was told a gap from 1.aaaaaaaa to 4.aaaaaaaa");
    }
}

#[test]
fn a_gap_that_leads_backwards_is_seen() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    client.connect(Some(&id("2a")));
    gap(&mut client, "trimmed", &id("2a"), Some(1), "1a");
    see(&mut client, &[("2a", "2")]);

    assert_broken(&checker, Rule::Loss, "was told a gap from 2.aaaaaaaa to 1.aaaaaaaa");
}

#[test]
fn a_client_that_is_told_another_place_than_it_asked_for_is_seen() {
    for (verdict, words) in
        [("ok", "and was told that it is at 2"), ("fresh", "and was taken for a new client at 2")]
    {
        let checker = Checker::new();
        acknowledged(&checker, "2a", &["1", "2"]);
        let mut client = client(&checker, "0a");
        see(&mut client, &[("1a", "1")]);

        connect(&mut client, Some("1a"), verdict, "2a");

        assert_broken(&checker, Rule::Loss, words);
    }
}

#[test]
fn a_new_client_that_is_told_it_missed_nothing_is_seen() {
    let checker = Checker::new();
    let mut client = checker.client("a");

    connect(&mut client, None, "ok", "0a");

    assert_broken(&checker, Rule::Loss, "came without an ID, and was told that it missed nothing");
}

#[test]
fn a_client_that_is_told_nothing_at_all_is_seen() {
    let checker = Checker::new();
    let mut silent = checker.client("a");
    silent.connect(None);
    let mut gone = checker.client("a");
    gone.connect(None);
    gone.leave();

    assert_broken(&checker, Rule::Loss, "client 0 of channel \"a\" was never told where it begins");
}

#[test]
fn an_acknowledged_event_whose_number_another_one_has_is_lost() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    acknowledged(&checker, "2a", &["2"]);
    acknowledged(&checker, "2b", &["3"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2b", "3")]);

    assert_broken(
        &checker,
        Rule::Loss,
        "has both 2.aaaaaaaa, which was acknowledged, and 2.bbbbbbbb, which was acknowledged",
    );
}

#[test]
fn an_event_that_a_client_saw_and_another_one_took_the_place_of_is_lost() {
    let checker = Checker::new();
    checker.publish("a", "ping", &["1"]).leave_unknown();
    acknowledged(&checker, "1b", &["2"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_broken(&checker, Rule::Loss, "1.aaaaaaaa, which was seen by client 0");
}

#[test]
fn a_hub_that_may_lose_its_newest_events_may_give_their_numbers_to_others() {
    let checker = Checker::new().with_lost_tails();
    acknowledged(&checker, "1a", &["1"]);
    acknowledged(&checker, "3a", &["2", "3"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1")]);

    connect(&mut client, Some("1a"), "ok", "1a");
    acknowledged(&checker, "2b", &["4"]);
    see(&mut client, &[("2b", "4")]);

    assert_eq!(checker.check(), []);
}

#[test]
fn a_hub_that_may_lose_its_newest_events_may_lose_no_others() {
    let checker = Checker::new().with_lost_tails();
    acknowledged(&checker, "3a", &["1", "2", "3"]);
    let mut one = client(&checker, "0a");
    see(&mut one, &[("1a", "1"), ("2a", "2"), ("3a", "3")]);
    acknowledged(&checker, "4b", &["4"]);
    see(&mut one, &[("4b", "4")]);

    let _other = client(&checker, "2a");

    assert_broken(&checker, Rule::Loss, "client 1 of channel \"a\" has not seen 3.aaaaaaaa");
}

#[test]
fn an_epoch_that_a_client_joins_in_its_middle_is_seen() {
    let checker = Checker::new().with_lost_tails();
    acknowledged(&checker, "2a", &["1", "2"]);
    acknowledged(&checker, "3b", &["3", "4"]);
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1"), ("2a", "2"), ("3b", "4")]);

    assert_broken(
        &checker,
        Rule::Loss,
        "saw 3.bbbbbbbb right behind 2.aaaaaaaa, though 2.bbbbbbbb is there",
    );
}

#[test]
fn a_channel_that_was_finished_begins_anew() {
    let checker = Checker::new();
    acknowledged(&checker, "2a", &["1", "2"]);
    let mut client = client(&checker, "0a");
    see(&mut client, &[("1a", "1"), ("2a", "2")]);

    checker.finish("a");
    acknowledged(&checker, "3b", &["3", "4", "5"]);

    assert_eq!(checker.check(), []);
    acknowledged(&checker, "3a", &["6"]);
    assert_broken(&checker, Rule::Loss, "has not seen 3.aaaaaaaa");
}

#[test]
fn channels_have_nothing_to_do_with_each_other() {
    let checker = Checker::new();
    acknowledged(&checker, "1a", &["1"]);
    checker.publish("b", "ping", &["2"]).acknowledge(crate::support::position("1b"));
    let mut client = client(&checker, "0a");

    see(&mut client, &[("1a", "1")]);

    assert_eq!(checker.check(), []);
}
