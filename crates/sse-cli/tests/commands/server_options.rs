//! Each option of `eventsource-server`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::support::{Listener, Poster, Process, SERVER, Server, exchange, run};

#[test]
fn host_and_port_say_where_it_listens() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    for host in ["-H", "--host"] {
        let server = Server::start(&[host, "localhost"]);
        assert_eq!(exchange(server.addr(), "GET", "/", "").status(), 200);
    }
    for port in ["-P", "--port"] {
        // The last of two is an error, so this one is started without a port of its own.
        let process = Process::start(SERVER, [port, &free.to_string()]);
        assert_eq!(process.line(), format!("listening on http://127.0.0.1:{free}"));
    }
}

#[test]
fn ipv6_is_written_in_brackets() {
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    for host in ["::1", "[::1]"] {
        let server = Server::start(&["-H", host]);

        assert!(server.url().starts_with("http://[::1]:"), "{}", server.url());
        assert_eq!(exchange(server.addr(), "GET", "/", "").status(), 200);
    }
}

#[test]
fn a_port_in_use_is_said_on_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let ended = run(SERVER, ["-P", &port]);

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{ended:?}");
}

#[test]
fn a_name_without_an_address_is_said_on_one_line() {
    let ended = run(SERVER, ["-H", "nothing.invalid"]);

    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
    assert!(ended.stderr.starts_with("cannot listen on nothing.invalid:8888: "), "{ended:?}");
}

#[test]
fn each_request_is_one_line_of_the_log() {
    let server = Server::start(&[]);

    exchange(server.addr(), "POST", "/ping/0123456789abcdef", "x");

    let line = server.log_line("request");
    for part in ["INFO", "POST", "ping", "01234567…", "status=404", "duration="] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains('\x1b'), "no colours in a pipe: {line:?}");
}

#[test]
fn rust_log_says_what_is_logged() {
    for (filter, has_requests) in [("warn", false), ("error,sse_hyper=info", false), ("info", true)]
    {
        let mut command = Command::new(SERVER);
        let server = Process::spawn(command.args(["-P", "0", "-d"]).env("RUST_LOG", filter));
        let line = server.line();
        let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
        exchange(addr, "POST", "/ping/42", "x");

        server.signal(Signal::TERM);
        let ended = server.wait();

        assert_eq!(ended.stderr.contains("request"), has_requests, "{filter}: {ended:?}");
        assert!(!ended.stderr.contains("DEBUG"), "{filter}: {ended:?}");
    }
}

#[test]
fn debug_logs_more() {
    for debug in ["-d", "--debug"] {
        let server = Server::start(&[debug]);

        assert!(server.log_line("DEBUG").contains("open files"));
    }
}

#[test]
fn json_takes_and_sends_json() {
    for json in ["-j", "--json"] {
        let server = Server::start(&[json]);
        let mut listener = Listener::open(server.addr(), "/poll/42");

        let refused = exchange(server.addr(), "POST", "/ping/42", "{]");
        let taken = exchange(server.addr(), "POST", "/ping/42", "{ \"a\": [1.0, 2] }");

        assert_eq!((refused.status(), taken.status()), (400, 200));
        assert_eq!(taken.head.field("accept"), Some("application/json"));
        assert_eq!(listener.block(), "event: ping\ndata: {\"a\":[1.0,2]}");
    }
}

#[test]
fn id_numbers_events_and_allows_retry() {
    for id in ["-i", "--id"] {
        let server = Server::start(&[id]);
        let mut listener = Listener::open(server.addr(), "/poll/42");

        assert_eq!(exchange(server.addr(), "POST", "/ping/42", "a").status(), 200);
        assert_eq!(exchange(server.addr(), "POST", "/retry/42", "250").status(), 200);
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", "b").status(), 200);

        assert_eq!(listener.block(), "event: ping\ndata: a\nid: 0");
        assert_eq!(listener.block(), "retry: 250");
        assert_eq!(listener.block(), "event: ping\ndata: b\nid: 1");
    }
}

#[test]
fn without_id_events_have_none_and_retry_is_unknown() {
    let server = Server::start(&[]);
    let mut listener = Listener::open(server.addr(), "/poll/42");

    let retry = exchange(server.addr(), "POST", "/retry/42", "250");
    exchange(server.addr(), "POST", "/ping/42", "a");

    assert_eq!(retry.status(), 404);
    assert!(retry.text().contains("Unknown action requested"), "{retry:?}");
    assert_eq!(listener.block(), "event: ping\ndata: a");
}

#[test]
fn keepalive_sends_comments_in_silence_unless_it_is_off() {
    for keepalive in ["-k", "--keepalive"] {
        let server = Server::start(&[keepalive, "50"]);
        let mut listener = Listener::open(server.addr(), "/poll/42");

        assert_eq!([listener.block(), listener.block()], [":", ":"]);
    }
    let server = Server::start(&["-k", "0"]);
    let listener = Listener::open(server.addr(), "/poll/42");

    exchange(server.addr(), "POST", "/close/42", "");

    listener.expect_end();
}

#[test]
fn comment_comes_after_15_seconds_of_silence_by_default() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let mut listener = Listener::open(server.addr(), "/poll/42");

    assert_eq!(listener.block(), ":");

    assert!(Duration::from_secs(15) <= start.elapsed(), "{:?}", start.elapsed());
}

#[test]
fn retry_is_the_reconnection_time_that_streams_begin_with() {
    for (args, retry) in [(&[][..], 3000), (&["--retry", "250"], 250), (&["--retry", "0"], 0)] {
        for history in [&[][..], &["--history", "10"]] {
            let server = Server::start(&[args, history].concat());
            let mut listener = Listener::open_whole(server.addr(), "/poll/42");

            let first = format!("event: sse.open\nretry: {retry}\ndata: {{");
            let block = listener.block();
            assert!(block.starts_with(&first), "{args:?} {history:?}: {block}");
        }
    }
}

#[test]
fn no_greeting_begins_streams_with_a_comment() {
    let server = Server::start(&["--no-greeting"]);
    let mut listener = Listener::open_whole(server.addr(), "/poll/42");

    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "a").status(), 200);

    let first = listener.block();
    assert!(first.starts_with(':'), "{first}");
    assert_eq!(listener.block(), "event: ping\ndata: a");
}

#[test]
fn hosts_are_those_of_this_machine_where_only_it_can_ask_and_those_that_are_allowed() {
    let local = ["127.0.0.1", "127.1.2.3:8888", "localhost", "a.localhost", "[::1]:80"];
    for (args, is_other_allowed, is_app_allowed) in [
        (&[][..], false, false),
        (&["-H", "localhost"], false, false),
        (&["-H", "0.0.0.0"], true, true),
        (&["--allow-host", "app.example"], false, true),
        (&["-H", "0.0.0.0", "--allow-host", "app.example"], false, true),
        (&["--allow-host", "b.example", "--allow-host", "*.example"], false, true),
        (&["--allow-host", "*"], true, true),
        (&["--allow-host", "app.example", "--allow-host", "*"], true, true),
    ] {
        let server = Server::start(args);
        let addr = SocketAddr::from(([127, 0, 0, 1], server.addr().port()));
        let is_allowed = |host: &str| {
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            match Poster::new(addr).send(request).status() {
                200 => true,
                403 => false,
                status => panic!("{status} for {host}"),
            }
        };

        for host in local {
            assert!(is_allowed(host), "{args:?}: {host}");
        }
        assert_eq!(is_allowed("app.example"), is_app_allowed, "{args:?}");
        assert_eq!(is_allowed("other.test"), is_other_allowed, "{args:?}");
    }
}

#[test]
fn actions_are_added_and_keep_what_is_there() {
    let server = Server::start(&["--action", "reading", "--action", "retry", "--action", "close"]);
    let mut listener = Listener::open(server.addr(), "/poll/42");

    for (path, body) in [("/reading/42", "21.5"), ("/retry/42", "7"), ("/close/42", "")] {
        assert_eq!(exchange(server.addr(), "POST", path, body).status(), 200, "{path}");
    }

    assert_eq!(listener.block(), "event: reading\ndata: 21.5");
    assert_eq!(listener.block(), "retry: 7");
    listener.expect_end();
}

#[test]
fn listen_names_the_action_that_listens() {
    let server = Server::start(&["--listen", "subscribe", "--action", "poll"]);
    let mut listener = Listener::open(server.addr(), "/subscribe/42");

    assert_eq!(exchange(server.addr(), "GET", "/poll/42", "").status(), 301);
    assert_eq!(exchange(server.addr(), "POST", "/poll/42", "x").status(), 200);
    assert_eq!(listener.block(), "event: poll\ndata: x");
}

#[test]
fn prefix_comes_before_every_route() {
    for prefix in ["/a/b", "a/b/"] {
        let server = Server::start(&["--prefix", prefix]);
        let mut listener = Listener::open(server.addr(), "/a/b/poll/42");

        assert_eq!(exchange(server.addr(), "POST", "/ping/42", "x").status(), 400);
        assert_eq!(exchange(server.addr(), "POST", "/a/b/ping/42", "x").status(), 200);
        let redirect = exchange(server.addr(), "GET", "/a/b/other/42", "");

        assert_eq!(listener.block(), "event: ping\ndata: x");
        assert_eq!(redirect.head.field("location"), Some("/a/b/"));
    }
}

#[test]
fn max_body_is_the_longest_that_is_taken() {
    let server = Server::start(&["--max-body", "4"]);
    let mut listener = Listener::open(server.addr(), "/poll/42");

    let refused = exchange(server.addr(), "POST", "/ping/42", "12345");
    let taken = exchange(server.addr(), "POST", "/ping/42", "1234");

    assert_eq!((refused.status(), taken.status()), (413, 200));
    assert_eq!(listener.block(), "event: ping\ndata: 1234");
}

#[test]
fn max_bodies_bounds_what_is_arriving_but_one_body_always_fits() {
    let server = Server::start(&["--max-body", "4", "--max-bodies", "0"]);
    let _listener = Listener::open(server.addr(), "/poll/42");
    let begin = || {
        let mut slow = TcpStream::connect(server.addr()).unwrap();
        let head = "POST /ping/42 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n";
        slow.write_all(format!("{head}123").as_bytes()).unwrap();
        slow
    };
    let mut slow = begin();

    // Until what was sent has come, there is room for another one, and that may be what is refused.
    let refused = loop {
        let answer = exchange(server.addr(), "POST", "/ping/42", "1234");
        if answer.status() != 200 {
            break answer;
        }
        slow.set_nonblocking(true).unwrap();
        if slow.peek(&mut [0]).is_ok() {
            slow = begin();
        }
        slow.set_nonblocking(false).unwrap();
    };

    assert_eq!(refused.status(), 503);
    assert!(refused.head.field("retry-after").is_some());
    slow.write_all(b"4").unwrap();
    let mut status = [0; 12];
    slow.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}

#[test]
fn a_body_above_the_default_is_taken_whole_where_it_is_allowed() {
    let server = Server::start(&["--max-body", "33554432"]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    let body = "x".repeat(20 << 20);

    assert_eq!(exchange(server.addr(), "POST", "/ping/42", &body).status(), 200);

    assert_eq!(listener.block().len(), "event: ping\ndata: ".len() + body.len());
}

#[test]
fn listed_origins_may_read_and_send_credentials_where_that_is_allowed() {
    let listed = ["--allow-origin", "https://a.example", "--allow-origin", "http://b.example:81"];
    for (more, credentials) in [(&[][..], None), (&["--allow-credentials"], Some("true"))] {
        let server = Server::start(&[&listed[..], more].concat());

        for origin in ["https://a.example", "http://b.example:81"] {
            let fields = [("Origin", origin)];
            let answer = Poster::new(server.addr()).ask("GET", "/other/42", &fields);
            let said = |name| answer.head.field(name);
            assert_eq!(said("access-control-allow-origin"), Some(origin));
            assert_eq!(said("access-control-allow-credentials"), credentials);
        }
    }
}

#[test]
fn without_allowed_origins_nothing_is_said_of_them() {
    let server = Server::start(&[]);

    let fields = [("Origin", "https://a.example")];
    let answer = Poster::new(server.addr()).ask("GET", "/", &fields);

    assert_eq!(answer.head.field("access-control-allow-origin"), None);
    assert_eq!(exchange(server.addr(), "OPTIONS", "/ping/42", "").status(), 405);
}
