//! What an operator sees of histories in Redis.

use rustix::process::Signal;

use crate::{
    admin::until,
    support::{Listener, Live, Nodes, Page, Server, exchange, heard, publish},
};

#[test]
fn the_figures_say_whether_redis_is_there_and_what_was_done_with_it() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let (server, admin) = nodes.start_with_admin(&[]);
    let other = nodes.start(&[]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    for n in 0..5 {
        publish(if n < 3 { &server } else { &other }, "42", &n.to_string());
        heard(&mut listener);
    }

    let figures = until(
        admin,
        &[
            ("eventsource_redis_up", 1.0),
            ("eventsource_redis_published_total", 3.0),
            ("eventsource_redis_connections_total", 1.0),
            ("eventsource_redis_channels", 1.0),
            ("eventsource_redis_queue_bytes", 0.0),
            ("eventsource_redis_losses_total", 0.0),
        ],
    );
    assert!(5.0 <= figures["eventsource_redis_messages_total"], "{figures:?}");
    for name in ["refills", "pages"] {
        assert!(figures.contains_key(&*format!("eventsource_redis_{name}_total")), "{name}");
    }

    let redis = Live::open(admin, "/live").next("overview")["redis"].take();
    assert_eq!((&redis["published"], &redis["channels"]), (&3.into(), &1.into()), "{redis}");
    assert!(redis["trouble"].is_null(), "{redis}");
    server.signal(Signal::USR1);
    let line = server.log_line("held in Redis");
    assert!(line.contains(" published=3 "), "{line}");

    nodes.redis.kill();
    server.log_line("Redis is away");
    until(admin, &[("eventsource_redis_up", 0.0)]);
    let redis = Live::open(admin, "/live").next("overview")["redis"].take();
    assert!(redis["trouble"].as_str().unwrap().starts_with("Redis is away: "), "{redis}");
    nodes.redis.restart();
    until(admin, &[("eventsource_redis_up", 1.0), ("eventsource_redis_connections_total", 2.0)]);

    let server = Server::start(&["--admin", "0"]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
    assert!(!exchange(admin, "GET", "/metrics", "").text().contains("eventsource_redis"));
    assert!(Live::open(admin, "/live").next("overview")["redis"].is_null());
}

#[test]
fn the_page_says_whether_redis_is_there() {
    let nodes = Nodes::new(&[]);
    let url = nodes.redis.url();
    let page = Page::start(&["--mode", "shared", "--history", "2", "--redis", &url]);
    page.publish("kitchen", "1");

    let stored = "find('shared').textContent.includes('Stored from here1')";
    let is_there = "find('away').textContent === 'Redis is there.'";
    page.until("it is shown", &format!("!find('redis').hidden && {stored} && {is_there}"));
    nodes.redis.kill();

    let is_away = "find('away').textContent.startsWith('Redis is away: ')";
    page.until("it is away", &format!("{is_away} && find('away').hasAttribute('data-bad')"));
}
