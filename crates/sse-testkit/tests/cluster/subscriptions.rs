use sse_testkit::{
    cluster::{Link, RedisServer},
    run, until,
};

use crate::client::{Client, message, publish};

#[test]
fn only_connections_that_have_subscribed_go_nowhere() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut listening = Client::subscribed(link.addr()).await;
        let mut asking = Client::connect(link.addr()).await;
        asking.ping().await;

        link.black_hole_subscriptions();
        publish(&redis, "hi");
        listening.send("PING").await;
        listening.is_silent().await;
        asking.ping().await;
        Client::connect(link.addr()).await.ping().await;
        link.heal();

        listening.until(&message("hi")).await;
        listening.until("PONG\r\n").await;
    });
}

#[test]
fn who_subscribes_in_any_way_gets_no_answer_any_more() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        link.black_hole_subscriptions();

        for command in ["SUBSCRIBE", "subscribe", "SSUBSCRIBE", "PSUBSCRIBE"] {
            let mut client = Client::connect(link.addr()).await;
            client.ping().await;
            client.send(&format!("{command} news")).await;
            client.send("PING").await;
            client.is_silent().await;
            assert_eq!(redis.command(&["PUBSUB", "CHANNELS"]).elements().len(), 0);
        }
    });
}

#[test]
fn what_came_before_a_subscription_reaches_redis() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        link.black_hole_subscriptions();
        let mut client = Client::connect(link.addr()).await;
        let incr = "*2\r\n$4\r\nINCR\r\n$5\r\ncount\r\n";

        let subscribe = "*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n";
        client.write(&[incr, subscribe].concat()).await.unwrap();

        until("the count", async || redis.command(&["GET", "count"]).to_string() == "1").await;
        assert_eq!(redis.command(&["PUBSUB", "CHANNELS"]).elements().len(), 0);
        link.heal();
        client.until("$4\r\nnews\r\n:1\r\n").await;
    });
}

#[test]
fn a_subscription_is_seen_wherever_its_bytes_are_cut() {
    let redis = RedisServer::start(&[]);
    let command = "*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n";
    run(async {
        let link = Link::to(redis.addr());
        link.black_hole_subscriptions();

        let mut clients = Vec::new();
        for cut in 1..command.len() {
            let mut client = Client::connect(link.addr()).await;
            client.ping().await;
            client.write(&command[..cut]).await.unwrap();
            clients.push((client, &command[cut..]));
        }
        for (client, rest) in &mut clients {
            client.write(rest).await.unwrap();
        }
        clients[0].0.is_silent().await;

        assert_eq!(redis.command(&["PUBSUB", "CHANNELS"]).elements().len(), 0);
    });
}
