//! Each option of `eventsource-client` that says what to connect to.

use std::net::TcpListener;

use crate::support::{CLIENT, Peer, Process, REQUEST, Server, exchange, run, stream};

#[test]
fn host_and_port_say_where_to_connect() {
    for (host, port) in [("-H", "-P"), ("--host", "--port")] {
        let mut peer = Peer::start([stream("data: a\n\n")]);

        let ended = run(CLIENT, ["42", host, "localhost", port, &peer.port(), "--count", "1"]);

        assert_eq!((ended.code, &*ended.stdout), (Some(0), "Event<,message,a>\n"));
        let host = format!("localhost:{}", peer.port());
        assert_eq!(peer.request().field("host"), Some(&*host));
    }
}

#[test]
fn ipv6_is_connected_to_with_and_without_brackets() {
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let server = Server::start(&["-H", "::1"]);
    for host in ["::1", "[::1]"] {
        let client = Process::start(CLIENT, ["42", "-d", "-H", host, "-P", &server.port()]);
        client.log_line("events: connected");

        exchange(server.addr(), "POST", "/ping/42", "x");
        exchange(server.addr(), "POST", "/close/42", "");

        assert_eq!(client.line(), "Event<,ping,x>");
    }
}

#[test]
fn token_and_action_are_percent_encoded_as_needed() {
    for (args, path) in [
        (&["42:42;a=b.c"][..], "/poll/42:42;a=b.c"),
        (&["a/b c%é?#+"], "/poll/a%2Fb%20c%25%C3%A9%3F%23+"),
        (&["42", "-a", "listen here"], "/listen%20here/42"),
        (&["42", "--action", "a/b"], "/a%2Fb/42"),
        (&["42", "-x", "events"], "/events/poll/42"),
        (&["42", "--prefix", "/a%20b/c/"], "/a%20b/c/poll/42"),
    ] {
        let mut peer = Peer::start([stream("data: a\n\n")]);

        let ended = run(CLIENT, args.iter().chain(&["--count", "1", "-P", &peer.port()]));

        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        assert_eq!(peer.request().head.split(' ').nth(1), Some(path), "{args:?}");
    }
}

#[test]
fn what_is_encoded_reaches_the_channel_of_that_name() {
    let server = Server::start(&[]);
    let port = server.port();
    for token in ["a/b c%é?#+", "..", "42:42;a=b.c", "%41"] {
        let client = Process::start(CLIENT, [token, "-d", "-P", &port, "--count", "1"]);
        client.log_line("events: connected");

        let request = run(REQUEST, [token, "ping", token, "-P", &port]);

        assert_eq!(request.code, Some(0), "{token}: {request:?}");
        assert_eq!(client.line(), format!("Event<,ping,{token}>"));
    }
}

#[test]
fn user_and_password_are_sent() {
    for (args, value) in [
        (&["-u", "Aladdin", "-p", "open sesame"][..], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (&["--user", "Aladdin", "--password", "open sesame"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (&["-u", "me"], "Basic bWU6"),
    ] {
        let mut peer = Peer::start([stream("data: a\n\n")]);

        let port = peer.port();
        let ended = run(CLIENT, ["42", "--count", "1", "-P", &port].iter().chain(args));

        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        assert_eq!(peer.request().field("authorization"), Some(value), "{args:?}");
    }
}

#[test]
fn last_event_id_is_sent_and_kept() {
    let answers = [stream("data: a\n\n"), stream("id: 8\ndata: b\n\n"), stream("data: c\n\n")];
    let mut peer = Peer::start(answers);

    let args = ["42", "--last-event-id", "7", "-r", "1", "--count", "3", "-P", &peer.port()];
    let ended = run(CLIENT, args);

    assert_eq!(ended.stdout, "Event<7,message,a>\nEvent<8,message,b>\nEvent<8,message,c>\n");
    for id in ["7", "7", "8"] {
        assert_eq!(peer.request().field("last-event-id"), Some(id));
    }
}

#[test]
fn validate_cert_is_accepted_and_changes_nothing() {
    for validate in ["-V", "--validate-cert"] {
        let peer = Peer::start([stream("data: a\n\n")]);

        let ended = run(CLIENT, ["42", validate, "--count", "1", "-P", &peer.port()]);

        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

#[test]
fn debug_logs_more() {
    for debug in ["-d", "--debug"] {
        let peer = Peer::start([stream("data: a\n\n")]);

        let ended = run(CLIENT, ["42", debug, "-r", "0", "-P", &peer.port()]);

        assert!(ended.stderr.contains("DEBUG"), "{ended:?}");
    }
}
