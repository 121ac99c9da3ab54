use std::io::ErrorKind;

use sse_testkit::{
    cluster::{Link, RedisServer},
    run, until,
};
use tokio::net::TcpStream;

use crate::client::{Client, message, publish};

#[test]
fn a_link_passes_on_what_both_sides_say() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::subscribed(link.addr()).await;

        publish(&redis, "hi");

        client.until(&message("hi")).await;
        client.write("PING in a line\r\n").await.unwrap();
        client.until("wrong number of arguments for 'ping' command\r\n").await;
    });
}

#[test]
fn a_cut_ends_all_connections_and_new_ones_work() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::subscribed(link.addr()).await;

        link.cut();
        client.ends().await;
        let unheard = async || redis.command(&["PUBLISH", "news", "hi"]).integer() == 0;
        until("Redis sees it too", unheard).await;

        Client::subscribed(link.addr()).await.ping().await;
    });
}

#[test]
fn what_is_said_in_a_partition_comes_when_it_is_healed() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::subscribed(link.addr()).await;

        link.partition();
        publish(&redis, "hi");
        client.send("PING").await;
        client.is_silent().await;
        link.heal();

        client.until(&message("hi")).await;
        client.until("PONG\r\n").await;
    });
}

#[test]
fn a_connection_that_is_made_in_a_partition_comes_about_when_it_is_healed() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        link.partition();

        let mut client = Client::connect(link.addr()).await;
        client.send("PING").await;
        client.is_silent().await;
        link.heal();

        client.until("PONG\r\n").await;
        Client::connect(link.addr()).await.ping().await;
    });
}

#[test]
fn nobody_hears_in_a_partition_that_the_other_side_is_gone() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::connect(link.addr()).await;
        let leaving = Client::subscribed(link.addr()).await;
        client.ping().await;

        link.partition();
        drop(leaving);
        publish(&redis, "hi");
        redis.kill();
        client.is_silent().await;
        link.heal();

        client.ends().await;
    });
}

#[test]
fn a_cut_ends_connections_in_a_partition() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::subscribed(link.addr()).await;

        link.partition();
        publish(&redis, "hi");
        link.cut();

        client.ends().await;
        let mut new = Client::connect(link.addr()).await;
        new.send("PING").await;
        new.is_silent().await;
    });
}

#[test]
fn new_connections_are_refused_and_those_that_are_there_stay() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::connect(link.addr()).await;
        client.ping().await;

        link.refuse().await;
        let refused = TcpStream::connect(link.addr()).await.unwrap_err();
        client.ping().await;
        link.heal();

        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        Client::connect(link.addr()).await.ping().await;
        client.ping().await;
    });
}

#[test]
fn new_connections_are_led_to_another_server() {
    let (old, new) = (RedisServer::start(&[]), RedisServer::start(&[]));
    old.command(&["SET", "name", "old"]);
    new.command(&["SET", "name", "new"]);
    run(async {
        let link = Link::to(old.addr());
        let mut client = Client::connect(link.addr()).await;
        client.ping().await;

        link.lead_to(new.addr());

        client.send("GET name").await;
        client.until("old\r\n").await;
        let mut client = Client::connect(link.addr()).await;
        client.send("GET name").await;
        client.until("new\r\n").await;
    });
}

#[test]
fn who_comes_while_the_server_is_dead_is_closed() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());

        redis.kill();
        Client::connect(link.addr()).await.ends().await;
        redis.restart();

        Client::connect(link.addr()).await.ping().await;
    });
}

#[test]
fn a_replica_follows_its_primary_over_a_link() {
    let primary = RedisServer::start(&["--repl-diskless-sync no"]);
    let replica = RedisServer::start(&[]);
    primary.command(&["DEBUG", "POPULATE", "1000"]);
    run(async {
        let link = Link::to(primary.addr());

        replica.command(&["REPLICAOF", "127.0.0.1", &link.addr().port().to_string()]);
        let follows = async || replica.command(&["DBSIZE"]).integer() == 1_000;
        until("the replica has all keys", follows).await;
        link.partition();
        primary.command(&["SET", "late", "1"]);
        let missing = replica.command(&["EXISTS", "late"]).integer();
        link.heal();

        assert_eq!(missing, 0);
        until("the key", async || replica.command(&["EXISTS", "late"]).integer() == 1).await;
    });
}

#[test]
fn all_connections_end_with_the_link() {
    let redis = RedisServer::start(&[]);
    run(async {
        let link = Link::to(redis.addr());
        let mut client = Client::connect(link.addr()).await;
        client.ping().await;
        link.partition();

        drop(link);

        client.ends().await;
    });
}
