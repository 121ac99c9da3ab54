//! How much one address and one subject may have.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
};

use rustix::process::Signal;
use sse_access::Algorithm;
use tempfile::TempDir;

use crate::support::{
    Issuer, Listener, Poster, Server, bearer, connect_from, exchange, passwords, status,
};

/// Makes the limits apply to this machine.
const TRUSTED: [&str; 2] = ["--trusted-proxy", "127.0.0.0/8"];

#[test]
fn listeners_of_one_address_have_a_limit_and_others_are_served() {
    for (header, args) in
        [("x-forwarded-for", &[][..]), ("forwarded", &["--client-address", "forwarded"])]
    {
        let limit = ["--max-listeners-per-address", "2", "--mode", "shared"];
        let server = Server::start(&[&TRUSTED[..], &limit, args].concat());
        let of = |ip: &str| if header == "forwarded" { format!("for={ip}") } else { ip.to_owned() };
        let open = |value: &str| Listener::open_with(server.addr(), "/poll/a", &[(header, value)]);
        let one = of("192.0.2.1");
        let _listeners = [open(&one), open(&one)];

        let fields = [(header, &*one)];
        let refused = Poster::new(server.addr()).ask("GET", "/poll/a", &fields);
        assert_eq!(refused.status(), 503, "{header}");
        let reason = "Server is full: there may be no more than 2 listeners of one address";
        assert!(refused.text().contains(reason), "{refused:?}");
        assert!(refused.head.field("retry-after").is_some(), "{refused:?}");
        // What the client itself says stands on the left of what the proxy adds.
        let forged = format!("{}, {one}", of("192.0.2.9"));
        assert_eq!(open(&forged).head().status, 503, "{header}");
        assert_eq!(open(&of("192.0.2.2")).head().status, 200, "{header}");
        let other = if header == "forwarded" { "x-forwarded-for" } else { "forwarded" };
        let fields = [(header, &*one), (other, &*of("192.0.2.3"))];
        assert_eq!(status(server.addr(), "HEAD", "/poll/a", &fields), 503, "{header}");
    }
}

#[test]
fn a_browser_is_told_of_a_limit_in_a_stream() {
    let args = [&TRUSTED[..], &["--max-listeners-per-address", "1"]].concat();
    let server = Server::start(&args);
    let _listener = Listener::open(server.addr(), "/poll/a");

    let fields = [("accept", "text/event-stream"), ("sec-fetch-mode", "cors")];
    let mut refused = Listener::open_with(server.addr(), "/poll/b", &fields);

    assert_eq!(refused.head().status, 200);
    assert_eq!(refused.head().field("sse-refused"), Some("503"));
    assert!(refused.block().starts_with("event: sse.refused\nretry: "));
    refused.expect_end();
}

#[test]
fn listeners_of_one_subject_have_a_limit_wherever_they_come_from() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let limit = ["--max-listeners-per-subject", "1", "--mode", "shared", "--jwks"];
    let server = Server::start(&[&TRUSTED[..], &limit, &[&issuer.jwks()]].concat());
    let [alice, again, bob] = ["alice", "alice", "bob"]
        .map(|subject| bearer(&issuer.mint(&["--listen", "*", "--subject", subject])));
    let nobody = bearer(&issuer.mint(&["--listen", "*"]));
    let open = |ip: &str, token: &str| {
        let fields = [("x-forwarded-for", ip), ("authorization", token)];
        Listener::open_with(server.addr(), "/poll/a", &fields)
    };
    let first = open("192.0.2.1", &alice);

    assert_eq!(first.head().status, 200);
    assert_eq!(open("192.0.2.2", &again).head().status, 503);
    assert_eq!(open("192.0.2.2", &bob).head().status, 200);
    let nobodies = [open("192.0.2.3", &nobody), open("192.0.2.3", &nobody)];
    assert_eq!(nobodies.map(|listener| listener.head().status), [200, 200]);
    server.log_line("a limit is reached limit=\"listeners of one subject\" refused=1");
}

#[test]
fn posts_of_one_address_have_a_rate_with_a_burst() {
    let server = Server::start(&[&TRUSTED[..], &["--publish-rate", "1"]].concat());
    let mut connection = Poster::new(server.addr());
    let mut post = |ip| connection.post_with("/ping/a", ("x-forwarded-for", ip), "x");

    let statuses: Vec<_> = (0..10).map(|_| post("192.0.2.1").status()).collect();
    assert_eq!(statuses, [404; 10]);
    // One more has come back for each second that this took.
    let refused = loop {
        let answer = post("192.0.2.1");
        if answer.status() != 404 {
            break answer;
        }
    };
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.head.field("retry-after"), Some("1"));
    let reason =
        "Too many requests: there may be no more than 1 publications of one address a second";
    assert!(refused.text().contains(reason), "{refused:?}");
    assert_eq!(post("192.0.2.2").status(), 404);
}

#[test]
fn failed_authentications_of_one_address_have_a_limit_before_any_hash() {
    let (dir, issuer) = (TempDir::new().unwrap(), Issuer::new(Algorithm::EdDsa));
    let users = passwords(&dir, &[("Aladdin", "open sesame", &[])]);
    let jwks = issuer.jwks();
    let args = ["--max-auth-failures", "2", "--password-file", &users, "--jwks", &jwks];
    let server = Server::start(&[&TRUSTED[..], &args].concat());
    let known = bearer(&issuer.mint(&["--listen", "a"]));
    let listens = |ip: &str, value: &str| {
        let fields = [("x-forwarded-for", ip), ("authorization", value)];
        status(server.addr(), "HEAD", "/poll/a", &fields)
    };

    assert_eq!(listens("192.0.2.1", &known), 200);
    assert_eq!(listens("192.0.2.1", "Bearer wrong"), 401);
    assert_eq!(listens("192.0.2.1", "Basic d3Jvbmc="), 401);
    let fields = [("x-forwarded-for", "192.0.2.1"), ("authorization", SESAME)];
    let refused = Poster::new(server.addr()).ask("GET", "/poll/a", &fields);
    assert_eq!(refused.status(), 429);
    assert!(refused.text().contains("Too many attempts have failed"), "{refused:?}");
    let wait: u64 = refused.head.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // What is known by now does not have to be tried.
    assert_eq!(listens("192.0.2.1", &known), 200);
    assert_eq!(listens("192.0.2.2", SESAME), 200);
}

#[test]
fn connections_beyond_a_limit_are_closed_at_once_and_other_addresses_are_served() {
    let args = [&TRUSTED[..], &["--max-connections-per-address", "2", "-H", "0.0.0.0"]].concat();
    let server = Server::start(&args);
    let addr = SocketAddr::from(([127, 0, 0, 1], server.addr().port()));
    let mut held = [(); 2].map(|()| connect_from([127, 0, 0, 2], addr));
    for connection in &mut held {
        assert!(is_served(connection));
    }

    assert!(!is_served(&mut connect_from([127, 0, 0, 2], addr)));
    assert!(is_served(&mut connect_from([127, 0, 0, 3], addr)));
    // A connection that carries the requests of others counts no longer for its own address.
    let request = "GET /poll/a HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    held[0].write_all(request.as_bytes()).unwrap();
    assert_eq!(held[0].read(&mut [0; 12]).unwrap(), 12);
    assert!(is_served(&mut connect_from([127, 0, 0, 2], addr)));
}

#[test]
fn connections_in_all_and_their_rate_have_limits() {
    let args = [&TRUSTED[..], &["--max-connections", "2"]].concat();
    let server = Server::start(&args);
    let mut held = [2, 3].map(|last| connect_from([127, 0, 0, last], server.addr()));
    for connection in &mut held {
        assert!(is_served(connection));
    }

    assert!(!is_served(&mut connect_from([127, 0, 0, 4], server.addr())));
    drop(held);
    // Until the server has seen the end of those.
    while !is_served(&mut connect_from([127, 0, 0, 4], server.addr())) {}
    server.log_line("a limit is reached limit=\"connections\"");
}

#[test]
fn without_a_trusted_proxy_nothing_limits_this_machine_and_no_header_counts() {
    let limits = [
        "--max-connections-per-address",
        "--connection-rate",
        "--max-listeners-per-address",
        "--max-listeners-per-subject",
        "--publish-rate",
        "--max-auth-failures",
        "--max-connections",
    ];
    let limits: Vec<_> = limits.iter().flat_map(|limit| [limit, "1"]).collect();
    let issuer = Issuer::new(Algorithm::EdDsa);
    let jwks = issuer.jwks();
    let server = Server::start(&[&limits[..], &["--jwks", &jwks, "--mode", "shared"]].concat());
    let token = bearer(&issuer.mint(&["--listen", "*", "--publish", "*", "--subject", "alice"]));
    let fields = [("authorization", &*token), ("x-forwarded-for", "192.0.2.1")];

    let listeners: Vec<_> =
        (0..20).map(|_| Listener::open_with(server.addr(), "/poll/a", &fields)).collect();
    let heads = listeners.iter().map(|listener| listener.head().status);
    assert_eq!(heads.collect::<Vec<_>>(), [200; 20]);
    for _ in 0..20 {
        assert_eq!(status(server.addr(), "POST", "/ping/a", &fields), 200);
        let wrong = [("authorization", "Bearer x")];
        assert_eq!(status(server.addr(), "POST", "/ping/a", &wrong), 401);
    }
}

#[test]
fn a_limit_that_is_reached_all_the_time_is_one_line_of_the_log() {
    let limits = ["--max-listeners-per-address", "1", "--publish-rate", "1", "--mode", "shared"];
    let server = Server::start(&[&TRUSTED[..], &limits].concat());
    let _listener = Listener::open(server.addr(), "/poll/a");

    for _ in 0..5 {
        assert_eq!(status(server.addr(), "GET", "/poll/a", &[]), 503);
    }
    let mut poster = Poster::new(server.addr());
    let mut refused = 0;
    while refused < 5 {
        refused += usize::from(poster.exchange("POST", "/ping/b", "").status() == 429);
    }
    assert_eq!(exchange(server.addr(), "GET", "/", "").status(), 200);
    server.signal(Signal::TERM);
    let log = server.into_process().wait().stderr;

    for limit in ["listeners of one address", "publications of one address a second"] {
        let line = format!("WARN a limit is reached limit=\"{limit}\" refused=1");
        assert_eq!(log.matches(&line).count(), 1, "{log}");
    }
    assert_eq!(log.matches("a limit is reached").count(), 2, "{log}");
}

/// Whether a request on the connection is answered: one that is not wanted is closed at once.
fn is_served(connection: &mut TcpStream) -> bool {
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answered = connection.write_all(request).and_then(|()| connection.read(&mut [0; 1 << 14]));
    match answered {
        Ok(len) => len > 0,
        Err(error) => {
            let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(kinds.contains(&error.kind()), "{error}");
            false
        }
    }
}

const SESAME: &str = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
