//! What `eventsource-client` asks of servers that are not its own, and when it asks again.

use std::time::{Duration, Instant};

use sse_testkit::Step;

use crate::support::{
    CLIENT, Peer, Process, answer, held_stream, run, run_with_stdin, stream, to_post,
};

#[test]
fn url_takes_the_place_of_token_host_and_port() {
    let mut peer = Peer::start([stream("data: a\n\n")]);
    let url = format!("http://me:secret@127.0.0.1:{}/any/path?query", peer.port());

    let ended = run(CLIENT, ["--url", &url, "--count", "1"]);

    assert_eq!((ended.code, &*ended.stdout), (Some(0), "Event<,message,a>\n"), "{ended:?}");
    let request = peer.request();
    assert!(request.head.starts_with("GET /any/path?query HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.field("authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[test]
fn headers_and_the_method_are_sent() {
    let mut peer = Peer::start([stream("data: a\n\n")]);
    let url = format!("http://127.0.0.1:{}/", peer.port());
    let args = ["--url", &url, "--count", "1", "--method", "REPORT"];

    let headers = ["--header", "A-B: c: d", "--header", "accept: */*"];
    let ended = run(CLIENT, args.iter().chain(&headers));

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let request = peer.request();
    assert!(request.head.starts_with("REPORT / "), "{}", request.head);
    assert_eq!((request.field("a-b"), request.field("accept")), (Some("c: d"), Some("*/*")));
}

#[test]
fn headers_that_may_be_secrets_stay_at_the_first_origin() {
    let mut target = Peer::start([stream("data: a\n\n")]);
    let mut script = vec![Step::ExpectHead];
    let location = format!("http://127.0.0.1:{}/", target.port());
    let found = "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0";
    script.push(Step::send(format!("{found}\r\nLocation: {location}\r\n\r\n")));
    let mut peer = Peer::start([script]);
    let url = format!("http://127.0.0.1:{}/", peer.port());
    let headers = ["--header", "X-Api-Key: secret", "--header", "Accept-Language: de"];

    let ended = run(CLIENT, ["--url", &url, "--count", "1"].iter().chain(&headers));

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(peer.request().field("x-api-key"), Some("secret"));
    let request = target.request();
    assert_eq!(request.field("accept-language"), Some("de"));
    assert_eq!(request.field("x-api-key"), None);
}

#[test]
fn answer_of_a_language_model_is_one_line() {
    let chunk = |text: &str| format!("data: {text}\n\n");
    let events = ["{\"a\":1}", "{\"a\":2}", "[DONE]", "never"].map(chunk).concat();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{\"stream\":true}").unwrap();
    let file = format!("@{}", file.path().display());
    for data in ["{\"stream\":true}", "-", &file] {
        let mut peer = Peer::start([to_post(held_stream(&events))]);
        let url = format!("http://127.0.0.1:{}/v1/chat", peer.port());
        let header = "Content-Type: application/json";
        let args = ["--url", &url, "--header", header, "--data", data, "-o", "data"];

        let ended =
            run_with_stdin(CLIENT, args.iter().chain(&["--until", "[DONE]"]), b"{\"stream\":true}");

        assert_eq!((ended.code, &*ended.stdout), (Some(0), "{\"a\":1}\n{\"a\":2}\n"), "{ended:?}");
        let request = peer.request();
        assert!(request.head.starts_with("POST /v1/chat "), "{}", request.head);
        assert_eq!(request.field("content-type"), Some("application/json"));
        assert_eq!(request.body, b"{\"stream\":true}");
    }
}

#[test]
fn post_is_not_sent_again_and_its_end_is_the_end() {
    let peer = Peer::start([to_post(stream("data: a\n\n"))]);
    let url = format!("http://127.0.0.1:{}/", peer.port());

    let ended = run(CLIENT, ["--url", &url, "--data", "x", "-r", "1", "-o", "data"]);

    assert_eq!((ended.code, &*ended.stdout), (Some(0), "a\n"), "{ended:?}");
}

#[test]
fn statuses_that_may_pass_are_tried_again_if_wanted_with_the_reason_on_stderr() {
    let unavailable = || {
        let head =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
        vec![Step::ExpectHead, Step::send(head)]
    };
    let peer = Peer::start([unavailable(), stream("data: a\n\n")]);
    let start = Instant::now();

    let ended = run(CLIENT, ["42", "--retry-status", "--count", "1", "-P", &peer.port()]);

    assert_eq!((ended.code, &*ended.stdout), (Some(0), "Event<,message,a>\n"), "{ended:?}");
    assert!(Duration::from_secs(1) <= start.elapsed());
    let reason = " s: 503 Service Unavailable, Retry-After: 1\n";
    assert!(ended.stderr.contains(reason), "{ended:?}");
    assert!(ended.stderr.contains("reconnecting in "), "{ended:?}");

    let peer = Peer::start([unavailable()]);
    let ended = run(CLIENT, ["42", "-P", &peer.port()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");

    let peer = Peer::start([answer("404 Not Found", "")]);
    let ended = run(CLIENT, ["42", "--retry-status", "-P", &peer.port()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn silence_is_followed_by_another_connection() {
    let peer = Peer::start([held_stream("id: 1\ndata: a\n\n"), stream("data: b\n\n")]);
    let args = ["42", "-r", "1", "--idle-timeout", "200", "--count", "2", "-P", &peer.port()];

    let ended = run(CLIENT, args);

    assert_eq!(ended.stdout, "Event<1,message,a>\nEvent<1,message,b>\n", "{ended:?}");
    assert!(ended.stderr.contains(" s: nothing came for 200ms\n"), "{ended:?}");
}

#[test]
fn time_that_is_over_ends_it_with_a_failure() {
    for script in [held_stream("data: a\n\n"), stream("data: a\n\n")] {
        let peer = Peer::start([script]);
        let start = Instant::now();

        let ended = run(CLIENT, ["42", "--max-time", "500", "-P", &peer.port()]);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), "Event<,message,a>\n"), "{ended:?}");
        assert!(ended.stderr.contains("500ms"), "{ended:?}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn command_that_runs_when_the_time_is_over_ends_and_its_id_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let peer = Peer::start([held_stream("id: 7\ndata: a\n\n")]);
    let (port, file) = (peer.port(), state.to_str().unwrap());
    let args = ["42", "-P", &port, "--max-time", "300", "--state", file];

    let ended = run(CLIENT, args.iter().chain(&["--exec", "sleep 1; echo done"]));

    assert_eq!((ended.code, &*ended.stdout), (Some(1), "done\n"), "{ended:?}");
    assert_eq!(std::fs::read_to_string(&state).unwrap(), "7\n");
}

#[test]
fn star_in_no_proxy_holds_for_numeric_hosts() {
    let peer = Peer::start([stream("data: a\n\n")]);
    let mut command = std::process::Command::new(CLIENT);
    let url = format!("http://127.0.0.1:{}/", peer.port());
    command.args(["--url", &url, "--count", "1", "-o", "data"]);
    command.envs([("http_proxy", "http://127.0.0.1:1"), ("no_proxy", "b.example, *")]);

    let ended = Process::spawn(&mut command).wait();

    assert_eq!((ended.code, &*ended.stdout), (Some(0), "a\n"), "{ended:?}");
}

#[test]
fn proxy_is_gone_by_whether_it_is_an_option_or_in_the_environment() {
    for in_environment in [false, true] {
        let mut peer = Peer::start([stream("data: a\n\n")]);
        let proxy = format!("http://127.0.0.1:{}", peer.port());
        let mut command = std::process::Command::new(CLIENT);
        command.args(["--url", "http://a.example/x", "--count", "1", "-o", "data"]);
        match in_environment {
            true => command.env("http_proxy", &proxy).env_remove("HTTP_PROXY"),
            false => command.args(["--proxy", &proxy]),
        };

        let ended = Process::spawn(command.env_remove("NO_PROXY").env_remove("no_proxy")).wait();

        assert_eq!((ended.code, &*ended.stdout), (Some(0), "a\n"), "{ended:?}");
        assert!(peer.request().head.starts_with("GET http://a.example/x HTTP/1.1\r\n"));
    }
}
