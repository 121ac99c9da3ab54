use sse_testkit::{
    cluster::{Faults, Link, RedisServer},
    run, until,
};

use crate::client::{Client, message, publish};

#[test]
fn messages_on_a_link_are_dropped_as_long_as_that_is_asked_for() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::subscribed(link.addr()).await;

        link.shuffle(1, Faults { drop: 1_000, ..Faults::default() });
        publish(&redis, "lost");
        until("it came to the link", async || link.counts().messages == 1).await;
        link.shuffle(1, Faults::default());
        publish(&redis, "hi");

        let read = client.until(&message("hi")).await;
        assert!(!read.contains("lost"), "{read}");
        assert_eq!(link.counts().dropped, 1);
    });
}

#[test]
fn a_message_that_was_held_back_comes_though_no_other_follows() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::subscribed(link.addr()).await;

        link.shuffle(1, Faults { reorder: 1_000, ..Faults::default() });
        publish(&redis, "hi");

        client.until(&message("hi")).await;
        assert_eq!(link.counts().reordered, 1);
    });
}

#[test]
fn all_faults_together_leave_answers_alone() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        link.shuffle(7, Faults { drop: 100, repeat: 100, reorder: 100 });
        let mut client = Client::subscribed(link.addr()).await;

        let script = "for i = 1, 50 do redis.call('PUBLISH', 'news', i) end";
        for number in 0..20 {
            redis.command(&["EVAL", script, "0"]);
            client.send(&format!("PING {number}")).await;
            let answer = format!("${}\r\n{number}\r\n", number.to_string().len());
            // A message ends like this too, but after the name of its channel.
            while client.until(&answer).await.ends_with(&message(&number.to_string())) {}
        }

        let counts = link.counts();
        assert_eq!(counts.messages, 1_000);
        assert!(0 < counts.dropped.min(counts.repeated).min(counts.reordered), "{counts:?}");
    });
}
