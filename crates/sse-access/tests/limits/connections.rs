//! How many connections there may be.

use std::time::{Duration, Instant};

use sse_access::limits::{Connection, Limit, Limits};

use super::support::{listen, ms, parts, socket};

fn connect(limits: &Limits, ip: &str) -> Option<Connection> {
    limits.connect(socket(ip), Instant::now())
}

/// A request on `connection`.
fn request(limits: &Limits, connection: &Connection, headers: &[(&str, &str)]) {
    let mut parts = parts(&connection.peer().ip().to_string(), headers);
    parts.extensions.insert(connection.clone());
    limits.client(&parts).unwrap();
}

#[test]
fn there_may_be_so_many_in_all() {
    let limits = Limits::new().with_max_connections(2);
    let first = connect(&limits, "192.0.2.1").unwrap();
    let second = connect(&limits, "192.0.2.2").unwrap();

    assert!(connect(&limits, "192.0.2.3").is_none());
    let clone = first.clone();
    drop(first);
    assert!(connect(&limits, "192.0.2.3").is_none(), "it lives as long as its last clone");

    drop(clone);
    let third = connect(&limits, "192.0.2.3").unwrap();
    assert_eq!(limits.counts().connections, 2);
    assert_eq!(limits.counts().refused(Limit::Connections), 2);
    drop((second, third));
    assert_eq!(limits.counts().connections, 0);
}

#[test]
fn one_address_has_so_many_and_others_have_theirs() {
    let limits = Limits::new().with_max_connections_per_address(2);
    let mut open =
        vec![connect(&limits, "2001:db8::1").unwrap(), connect(&limits, "2001:db8::2").unwrap()];

    assert!(connect(&limits, "2001:db8::3").is_none());
    open.push(connect(&limits, "2001:db8:0:1::1").unwrap());
    open.push(connect(&limits, "192.0.2.1").unwrap());
    open.remove(0);
    open.push(connect(&limits, "2001:db8::3").unwrap());

    assert_eq!(limits.counts().connections, 4);
    assert_eq!(limits.counts().refused(Limit::ConnectionsPerAddress), 1);
}

#[test]
fn so_many_new_ones_come_a_second_and_ten_times_as_many_at_once() {
    let (limits, start) = (Limits::new().with_connection_rate(2), Instant::now());
    let connect = |ip, millis| limits.connect(socket(ip), start + ms(millis)).is_some();
    assert_eq!((0..50).filter(|_| connect("192.0.2.1", 0)).count(), 20);

    for (millis, expected) in
        [(499, false), (500, true), (500, false), (1_000, true), (1_999, true)]
    {
        assert_eq!(connect("192.0.2.1", millis), expected, "at {millis} ms");
    }
    assert!(connect("192.0.2.2", 0));
    assert_eq!(limits.counts().connections, 0, "those that are refused are not counted");
    assert_eq!(limits.counts().refused(Limit::ConnectionRate), 32);
}

#[test]
fn those_that_are_refused_for_their_number_do_not_count_for_the_rate() {
    let start = Instant::now();
    let limits = Limits::new().with_connection_rate(1).with_max_connections_per_address(1);
    let first = limits.connect(socket("192.0.2.1"), start).unwrap();
    assert!((0..100).all(|_| limits.connect(socket("192.0.2.1"), start).is_none()));

    drop(first);

    assert!(limits.connect(socket("192.0.2.1"), start).is_some());
}

#[test]
fn the_defaults_are_a_thousand_of_one_address_and_two_hundred_a_second() {
    let (limits, now) = (Limits::default(), Instant::now());
    let connect = |ip| limits.connect(socket(ip), now);

    let open: Vec<_> = (0..1_500).filter_map(|_| connect("192.0.2.1")).collect();
    let in_turn = (0..3_000).filter(|_| connect("192.0.2.2").is_some()).count();

    assert_eq!((open.len(), in_turn), (1_000, 2_000));
    assert!(limits.connect(socket("192.0.2.2"), now + Duration::from_millis(5)).is_some());
}

#[test]
fn zero_is_any_number() {
    let limits = Limits::new()
        .with_max_connections(0)
        .with_max_connections_per_address(0)
        .with_connection_rate(0);
    let now = Instant::now();

    let open: Vec<_> =
        (0..5_000).filter_map(|_| limits.connect(socket("192.0.2.1"), now)).collect();

    assert_eq!(open.len(), 5_000);
    assert_eq!(limits.counts().connections, 5_000);
}

#[test]
fn loopback_addresses_are_let_in_and_counted_in_all() {
    let limits = Limits::new()
        .with_max_connections(2)
        .with_max_connections_per_address(1)
        .with_connection_rate(1);
    let now = Instant::now();
    let _open: Vec<_> =
        (0..100).map(|_| limits.connect(socket("127.0.0.1"), now).unwrap()).collect();

    assert_eq!(limits.counts().connections, 100);
    assert!(connect(&limits, "192.0.2.1").is_none(), "there is no room for others");
}

#[test]
fn a_connection_of_a_trusted_proxy_counts_for_it_until_it_carries_somebody_else() {
    let limits = Limits::new()
        .with_max_connections(10)
        .with_max_connections_per_address(2)
        .with_trusted_proxy("127.0.0.1/32".parse().unwrap());
    let connect = || connect(&limits, "127.0.0.1");
    let (first, _second) = (connect().unwrap(), connect().unwrap());
    for named_nobody in ["", "unknown", ","] {
        request(&limits, &first, &[("X-Forwarded-For", named_nobody)]);
        request(&limits, &first, &[("Forwarded", "for=192.0.2.1")]);
        assert!(connect().is_none(), "{named_nobody:?}");
    }

    request(&limits, &first, &[("X-Forwarded-For", "192.0.2.1")]);

    let third = connect().unwrap();
    assert!(connect().is_none());
    // A request that names nobody changes nothing any more, nor does the end of the connection.
    request(&limits, &first, &[]);
    assert!(connect().is_none());
    drop(first);
    assert!(connect().is_none());
    assert_eq!(limits.counts().connections, 2);
    drop(third);
    assert!(connect().is_some());
}

#[test]
fn a_request_that_is_admitted_frees_the_proxy_of_its_connection_too() {
    let limits = Limits::new()
        .with_max_connections_per_address(1)
        .with_trusted_proxy("192.0.2.0/24".parse().unwrap());
    let connection = connect(&limits, "192.0.2.1").unwrap();
    assert!(connect(&limits, "192.0.2.1").is_none());
    let mut parts = parts("192.0.2.1", &[("X-Forwarded-For", "203.0.113.7")]);
    parts.extensions.insert(connection.clone());

    let _seat = listen(&limits, &parts, None).unwrap();

    assert!(connect(&limits, "192.0.2.1").is_some());
}

#[test]
fn who_is_no_trusted_proxy_frees_nothing() {
    let limits = Limits::new().with_max_connections_per_address(1);
    let connection = connect(&limits, "192.0.2.1").unwrap();

    request(&limits, &connection, &[("X-Forwarded-For", "203.0.113.7")]);

    assert!(connect(&limits, "192.0.2.1").is_none());
}

#[test]
fn a_connection_of_a_trusted_proxy_counts_as_a_new_one_until_it_carries_somebody_else() {
    let limits =
        Limits::new().with_connection_rate(1).with_trusted_proxy("127.0.0.1/32".parse().unwrap());
    let now = Instant::now();
    let connect = || limits.connect(socket("127.0.0.1"), now);
    let mut open: Vec<_> = (0..20).filter_map(|_| connect()).collect();
    assert_eq!(open.len(), 10);

    request(&limits, &open[0], &[]);
    assert!(connect().is_none());
    for _ in 0..2 {
        // A second time changes nothing.
        request(&limits, &open[0], &[("X-Forwarded-For", "192.0.2.1")]);
    }
    open.push(connect().unwrap());
    assert!(connect().is_none());

    for at in 1..100 {
        request(&limits, &open[at], &[("X-Forwarded-For", "192.0.2.1")]);
        open.push(connect().unwrap());
    }
    assert!(connect().is_none());
}

#[test]
fn a_connection_says_whose_the_requests_are_where_nothing_else_does() {
    let limits = Limits::new().with_max_listeners_per_address(1);
    let mut parts = parts("192.0.2.1", &[]);
    parts.extensions.clear();
    parts.extensions.insert(connect(&limits, "203.0.113.7").unwrap());

    assert_eq!(limits.client(&parts).unwrap().ip().to_string(), "203.0.113.7");
    let _seat = listen(&limits, &parts, None).unwrap();
    listen(&limits, &parts, None).unwrap_err();
}
