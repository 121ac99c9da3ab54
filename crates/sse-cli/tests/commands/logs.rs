//! What the server logs, and how.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{
    Listener, Peer, Poster, Process, SERVER, Server, exchange, head_of, run, verdict,
};

#[test]
fn each_line_of_a_log_in_json_is_an_object() {
    let server = Server::start(&["--log-format", "json", "--debug"]);
    let listener = Listener::open(server.addr(), "/poll/a%22b");
    exchange(server.addr(), "POST", "/ping/a%22b", "hi");
    exchange(server.addr(), "POST", "/ping/%1b%5b31m", "hi");
    drop(listener);
    let process = server.into_process();
    process.signal(Signal::TERM);
    let ended = process.wait();

    let lines: Vec<Value> =
        ended.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let posts: Vec<_> = lines.iter().filter(|line| line["method"] == "POST").collect();
    assert_eq!(posts.len(), 2, "{ended:?}");
    assert_eq!(posts[0]["level"], "INFO");
    assert_eq!(posts[0]["message"], "request");
    assert_eq!(posts[0]["token"], "a\"b");
    assert_eq!(posts[0]["status"], 200);
    let time = posts[0]["timestamp"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.len() == "2026-01-01T00:00:00.000000Z".len(), "{time}");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
}

#[test]
fn a_request_is_logged_with_the_trace_it_belongs_to_or_a_new_one() {
    let server = Server::start(&["--history", "1"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let field = ("traceparent", &*format!("00-{trace}-00f067aa0ba902b7-01"));
    Poster::new(server.addr()).post_with("/ping/traced", field, "hi");
    exchange(server.addr(), "POST", "/ping/other", "hi");
    let process = server.into_process();

    let traced = process.log_line("traced");
    let other = process.log_line("other");

    assert!(traced.contains(&format!("trace_id={trace}")), "{traced}");
    let (_, id) = other.split_once("trace_id=").unwrap();
    assert!(
        id.len() == 32 && id != trace && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
}

#[test]
fn an_answer_names_the_trace_under_which_its_request_is_logged() {
    let server = Server::start(&[]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let brought = |flags| format!("00-{trace}-00f067aa0ba902b7-{flags}");
    for (method, path, field, flags) in [
        ("GET", "/poll/1", Some(brought("01")), "01"),
        ("HEAD", "/poll/2", Some(brought("00")), "00"),
        ("POST", "/ping/3", Some(brought("03")), "03"),
        ("GET", "/", Some(brought("01")), "01"),
        ("PUT", "/ping/4", Some(brought("01")), "01"),
        ("GET", "/poll/5", None, "00"),
        ("POST", "/ping/6", None, "00"),
        ("GET", "/poll", Some("damaged".to_owned()), "00"),
    ] {
        let fields: Vec<_> = field.iter().map(|field| ("traceparent", &**field)).collect();

        let head = head_of(server.addr(), method, path, &fields);

        let answered = head.field("traceparent").expect("it is logged").to_owned();
        let parts: Vec<_> = answered.split('-').collect();
        let [version, id, parent, flag] = parts[..] else { panic!("{answered}") };
        assert_eq!((version, parent.len(), flag), ("00", 16, flags), "{method} {path}");
        assert_ne!(parent, "00f067aa0ba902b7", "{method} {path}");
        let is_brought = field.as_ref().is_some_and(|field| field != "damaged");
        assert_eq!(id == trace, is_brought, "{answered}");
        let line = server.log_line(&format!("trace_id={id}"));
        assert!(line.contains(&format!("method={method} ")), "{line}");
    }
}

#[test]
fn an_answer_that_is_not_logged_names_only_a_trace_that_was_brought() {
    let mut command = Command::new(SERVER);
    let process = Process::spawn(command.args(["-P", "0"]).env("RUST_LOG", "warn"));
    let addr = process.line().strip_prefix("listening on http://").unwrap().parse().unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let field = ("traceparent", &*format!("00-{trace}-00f067aa0ba902b7-01"));

    let traced = Poster::new(addr).post_with("/ping/42", field, "hi");
    let other = exchange(addr, "POST", "/ping/42", "hi");
    let damaged = Poster::new(addr).post_with("/ping/42", ("traceparent", "00-0"), "hi");

    assert!(traced.head.field("traceparent").unwrap().starts_with(&format!("00-{trace}-")));
    assert_eq!(other.head.field("traceparent"), None);
    assert_eq!(damaged.head.field("traceparent"), None);
}

#[test]
fn who_is_asked_about_a_credential_learns_the_trace() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let credential = ("authorization", "Bearer s3cret");
    let state = ("tracestate", "congo=t61rcWkgMzE");
    for (fields, is_brought) in [
        (
            &[("traceparent", &*format!("00-{trace}-00f067aa0ba902b7-01")), state, credential][..],
            true,
        ),
        (&[("traceparent", "damaged"), state, credential], false),
        (&[state, credential], false),
    ] {
        let mut upstream = Peer::start([verdict("401 Unauthorized")]);
        let server = Server::start(&["--auth-url", &upstream.url("/")]);

        let answer = Poster::new(server.addr()).ask("GET", "/poll/42", fields);

        let question = upstream.request();
        let passed = question.field("traceparent").expect("the request is logged");
        assert_eq!(Some(passed), answer.head.field("traceparent"));
        assert_eq!(passed.contains(trace), is_brought, "{passed}");
        assert_eq!(question.field("tracestate"), is_brought.then_some(state.1));
    }
}

#[test]
fn sigusr1_logs_what_the_server_holds_and_ends_nothing() {
    let server = Server::start(&["--mode", "shared", "--history", "10"]);
    let mut listeners: Vec<_> =
        (0..3).map(|_| Listener::open(server.addr(), "/poll/news")).collect();
    exchange(server.addr(), "POST", "/ping/news", "hi");
    let process = server.into_process();

    process.signal(Signal::USR1);
    let line = process.log_line("held");
    process.signal(Signal::USR1);
    process.log_line("held");

    for expected in ["channels=1", "listeners=3", "published=1", "history_bytes="] {
        assert!(line.contains(expected), "{line}");
    }
    for listener in &mut listeners {
        assert!(listener.block().contains("data: hi"));
    }
}

#[test]
fn a_format_of_the_log_that_is_not_known_is_refused() {
    let ended = run(SERVER, ["--log-format", "xml"]);

    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("'xml'") && ended.stderr.contains("text, json"), "{ended:?}");
}
