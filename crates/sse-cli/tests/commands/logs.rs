//! What the server logs, and how.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Listener, Poster, SERVER, Server, exchange, run};

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
