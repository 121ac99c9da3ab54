//! What the operator sees with `--admin`: the figures, and whether the server is alive and serves.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Instant,
};

use rustix::process::Signal;
use sse_testkit::Head;

use crate::support::{
    HANG, Issuer, Listener, Poster, SERVER, Server, bearer, connect_from, exchange, run, status,
};

#[test]
fn the_figures_are_those_of_a_load_of_known_size() {
    let (server, admin) = start(&["--mode", "shared", "--max-body", "1000"]);
    let addr = server.addr();
    let mut crowd: Vec<_> = (0..3).map(|_| Listener::open(addr, "/poll/crowd")).collect();
    let mut alone = Listener::open(addr, "/poll/alone");
    for n in 0..10 {
        assert_eq!(exchange(addr, "POST", "/ping/crowd", &format!("{n}")).status(), 200);
    }
    assert_eq!(exchange(addr, "POST", "/ping/alone", "x").status(), 200);
    for listener in &mut crowd {
        for n in 0..10 {
            assert_eq!(listener.block(), format!("event: ping\ndata: {n}"));
        }
    }
    assert_eq!(alone.block(), "event: ping\ndata: x");
    assert_eq!(exchange(addr, "POST", "/ping/nobody", "x").status(), 404);
    assert_eq!(exchange(addr, "POST", "/ping/alone", &"x".repeat(1_001)).status(), 413);
    assert_eq!(exchange(addr, "POST", "/close/alone", "").status(), 200);
    alone.expect_end();

    // What was written is counted once the writes are, which may be later than it is read.
    let driven = if cfg!(target_os = "linux") { 3.0 } else { 0.0 };
    let figures = until(
        admin,
        &[
            ("eventsource_closed_streams_total{reason=\"finished\"}", 1.0),
            ("eventsource_delivered_events_total", 31.0),
            ("eventsource_driven_streams", driven),
        ],
    );

    for (name, value) in [
        ("eventsource_published_events_total", 11.0),
        ("eventsource_write_events_sum", 31.0),
        ("eventsource_channels", 1.0),
        ("eventsource_listeners", 3.0),
        ("eventsource_unread_bytes", 0.0),
        ("eventsource_overruns_total", 0.0),
        ("eventsource_refused_requests_total{status=\"404\"}", 1.0),
        ("eventsource_refused_requests_total{status=\"413\"}", 1.0),
        ("eventsource_refused_requests_total{status=\"401\"}", 0.0),
        ("eventsource_limited_total{limit=\"body_bytes\"}", 1.0),
        ("eventsource_closed_streams_total{reason=\"left\"}", 0.0),
    ] {
        assert_eq!(figures[name], value, "{name}");
    }
    let bytes = figures["eventsource_delivered_bytes_total"];
    let least = (31 * "event: ping\ndata: 1\n\n".len()) as f64;
    assert!((least..2.0 * least).contains(&bytes), "{bytes}");
    let writes = figures["eventsource_write_events_count"];
    assert!((4.0..=31.0).contains(&writes), "{writes}");
    assert_eq!(figures["eventsource_delivery_latency_seconds_count"], writes);
    if cfg!(target_os = "linux") {
        let open = figures["process_open_fds"];
        assert!(3.0 < open && open < figures["process_max_fds"], "{open}");
    }
    let version = format!("eventsource_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(figures[&version], 1.0);

    drop(crowd);
    until(
        admin,
        &[
            ("eventsource_closed_streams_total{reason=\"left\"}", 3.0),
            ("eventsource_listeners", 0.0),
            ("eventsource_channels", 0.0),
            ("eventsource_driven_streams", 0.0),
        ],
    );
}

#[test]
fn credentials_that_are_refused_count_by_the_reason() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let key = format!("HS256={}", issuer.key());
    let (server, admin) = start(&["--jwt-key", &key]);
    let reader = bearer(&issuer.mint(&["--listen", "a", "--expires-in", "1h"]));

    for (fields, expected) in [
        (&[][..], 401),
        (&[("authorization", "Bearer made-up")], 401),
        (&[("authorization", &*reader)], 403),
    ] {
        assert_eq!(status(server.addr(), "GET", "/poll/b", fields), expected);
    }

    let figures = figures(&metrics(admin));
    for (reason, count) in [("missing", 1.0), ("invalid", 1.0), ("forbidden", 1.0), ("ended", 0.0)]
    {
        let name = format!("eventsource_refused_grants_total{{reason=\"{reason}\"}}");
        assert_eq!(figures[&name], count, "{reason}");
    }
}

#[test]
fn connections_that_a_limit_refuses_are_counted_and_keep_nobody_out_here() {
    let limits = ["--max-connections-per-address", "1", "--trusted-proxy", "127.0.0.0/8"];
    let (server, admin) = start(&limits);
    let _first = Listener::open(server.addr(), "/poll/42");
    let mut second = connect_from([127, 0, 0, 1], server.addr());
    assert_eq!(second.read(&mut [0]).unwrap_or_default(), 0, "it is closed at once");

    let (_one, _more) = (Poster::new(admin), Poster::new(admin));
    let figures = figures(&metrics(admin));

    assert_eq!(figures["eventsource_limited_total{limit=\"address_connections\"}"], 1.0);
    assert_eq!(figures["eventsource_connections"], 1.0);
}

#[test]
fn every_line_is_one_that_prometheus_reads() {
    let (_server, admin) = start(&[]);

    let answer = exchange(admin, "GET", "/metrics", "");

    let content_type = answer.head.field("content-type");
    assert_eq!(content_type, Some("text/plain; version=0.0.4; charset=utf-8"));
    let (mut kinds, mut seen) = (HashMap::new(), Vec::new());
    let mut lines = answer.text().lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').expect("a name and a text");
            assert!(text.ends_with('.') && text.len() < 100, "{line}");
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} "));
            let kind = kind.unwrap_or_else(|| panic!("no type of {name}"));
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{name} {kind}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} {kind}");
            assert!(name.starts_with("eventsource_") || name.starts_with("process_"), "{name}");
            assert!(kinds.insert(name, kind).is_none(), "{name} comes twice");
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(0.0 <= value, "{line}");
        let name = sample.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let family = family.filter(|family| kinds.get(family) == Some(&"histogram"));
        assert!(kinds.contains_key(family.unwrap_or(name)), "{name} has no type");
        assert!(name.chars().all(|it| it.is_ascii_lowercase() || it == '_'), "{name}");
        assert!(!seen.contains(&sample), "{sample} comes twice");
        seen.push(sample);
    }
    for name in ["eventsource_write_events", "eventsource_delivery_latency_seconds"] {
        let last = format!("{name}_bucket{{le=\"+Inf\"}}");
        assert!(seen.contains(&&*last), "{last}");
        assert_eq!(kinds[name], "histogram");
    }
}

#[test]
fn nothing_of_it_is_on_the_public_address_and_the_other_way_round() {
    let (server, admin) = start(&["--mode", "shared"]);
    let _listener = Listener::open(server.addr(), "/poll/42");

    for path in ["/metrics", "/healthz", "/readyz"] {
        let answer = exchange(server.addr(), "GET", path, "");
        assert_ne!(answer.status(), 200, "{path}");
        assert!(!answer.text().contains("eventsource_"), "{path}: {}", answer.text());
    }
    for (method, path) in [
        ("GET", "/poll/42"),
        ("POST", "/ping/42"),
        ("POST", "/close/42"),
        ("GET", "/metrics/"),
        ("GET", "/metrics/x"),
        ("GET", "/Metrics"),
    ] {
        assert_eq!(exchange(admin, method, path, "x").status(), 404, "{method} {path}");
    }
    assert_eq!(figures(&metrics(admin))["eventsource_listeners"], 1.0);
}

#[test]
fn only_get_and_head_are_answered() {
    let (_server, admin) = start(&[]);
    for path in ["/metrics", "/healthz", "/readyz"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = exchange(admin, method, path, "");
            let allow = answer.head.field("allow");
            assert_eq!((answer.status(), allow), (405, Some("GET, HEAD")), "{method} {path}");
        }
        let got = exchange(admin, "GET", path, "");
        let mut connection = TcpStream::connect(admin).unwrap();
        let fields = "Host: localhost\r\nConnection: close";
        connection
            .write_all(format!("HEAD {path} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        // Nothing comes behind it, or this is no head.
        let head = Head::parse(&answer);
        assert_eq!((got.status(), head.status), (200, 200), "{path}");
        assert_eq!(got.head.field("content-type"), head.field("content-type"), "{path}");
        assert!(head.field("content-length").is_some(), "{path}");
        assert_eq!(got.head.field("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(exchange(admin, "GET", "/healthz?verbose", "").text(), "ok\n");
}

#[test]
fn a_server_that_drains_is_alive_and_not_ready() {
    for more in [&["--drain-accept"][..], &[]] {
        let (server, admin) =
            start(&[&["--mode", "shared", "--drain", "600000"][..], more].concat());
        let streams: Vec<_> = (0..20).map(|_| Listener::open(server.addr(), "/poll/42")).collect();
        let ready = exchange(admin, "GET", "/readyz", "");
        assert_eq!((ready.status(), ready.text()), (200, "ready\n"));

        server.signal(Signal::TERM);
        server.log_line("ending all streams");

        let ready = exchange(admin, "GET", "/readyz", "");
        assert_eq!(ready.status(), 503, "{more:?}");
        assert!(ready.text().starts_with("draining: "), "{}", ready.text());
        assert_eq!(ready.text().lines().count(), 1);
        assert_eq!(exchange(admin, "GET", "/healthz", "").text(), "ok\n");
        assert_eq!(exchange(admin, "GET", "/metrics", "").status(), 200);
        server.signal(Signal::TERM);
        drop(streams);
    }
}

#[test]
fn without_the_option_there_is_one_line_and_no_other_address() {
    let server = Server::start(&[]);

    server.signal(Signal::TERM);

    let ended = server.into_process().wait();
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""));
}

#[test]
fn an_address_that_is_taken_ends_the_command_before_it_says_that_it_listens() {
    let (_server, admin) = start(&[]);

    let ended = run(SERVER, ["-P", "0", "--admin", &admin.port().to_string()]);

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains(&format!("cannot listen on {admin} (--admin)")), "{ended:?}");
}

/// A server with an operator's address, and that.
fn start(args: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(&[args, &["--admin", "0"]].concat());
    let line = server.line();
    let addr = line.strip_prefix("admin on http://").expect("the second line").parse().unwrap();
    (server, addr)
}

fn metrics(admin: SocketAddr) -> String {
    let answer = exchange(admin, "GET", "/metrics", "");
    assert_eq!(answer.status(), 200);
    answer.text().to_owned()
}

/// The value of each sample.
fn figures(text: &str) -> HashMap<String, f64> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| line.rsplit_once(' ').unwrap());
    samples.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// The figures once those of these names have these values.
pub(crate) fn until(admin: SocketAddr, expected: &[(&str, f64)]) -> HashMap<String, f64> {
    let start = Instant::now();
    loop {
        let figures = figures(&metrics(admin));
        let Some((name, _)) = expected.iter().find(|(name, value)| figures[*name] != *value) else {
            return figures;
        };
        assert!(start.elapsed() < HANG, "{name} is {}", figures[*name]);
        thread::yield_now();
    }
}
