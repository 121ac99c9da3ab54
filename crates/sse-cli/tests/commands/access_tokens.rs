//! JSON Web Tokens: which a server takes, where they may stand, and what they permit.

use std::fs;

use serde_json::json;
use sse_access::Algorithm;

use crate::support::{
    CLIENT, Issuer, Listener, Peer, Poster, Process, REQUEST, Server, answer, bearer, run, status,
};

#[test]
fn what_a_token_grants_is_permitted_and_nothing_else() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let server = Server::start(&["-i", "--jwks", &issuer.jwks()]);
    let room = bearer(&issuer.mint(&["--listen", "room:*", "--publish", "room:1"]));
    let ping = bearer(&issuer.mint(&["--publish", "*", "--action", "ping", "--action", "close"]));
    let _listener = Listener::open_with(server.addr(), "/poll/room:1", &[auth(&room)]);

    for (method, path, token, expected) in [
        ("GET", "/poll/room:2", Some(&room), 200),
        ("HEAD", "/poll/room:2", Some(&room), 200),
        ("GET", "/poll/room%3A3", Some(&room), 200),
        ("POST", "/ping/room:1", Some(&room), 200),
        ("POST", "/ping/room:1", Some(&ping), 200),
        ("POST", "/ticket/room:1", Some(&room), 200),
        ("GET", "/poll/news", Some(&room), 403),
        ("HEAD", "/poll/news", Some(&room), 403),
        ("GET", "/poll/ROOM:1", Some(&room), 403),
        ("GET", "/poll/room:1", Some(&ping), 403),
        ("POST", "/ping/room:2", Some(&room), 403),
        ("POST", "/nothing/room:2", Some(&room), 403),
        ("POST", "/close/room:1", Some(&room), 403),
        ("POST", "/retry/room:1", Some(&ping), 403),
        ("POST", "/ticket/room:1", Some(&ping), 403),
        ("GET", "/poll/room:1", None, 401),
        ("POST", "/ping/room:1", None, 401),
        ("POST", "/ticket/room:1", None, 401),
        ("GET", "/", None, 200),
        ("POST", "/close/room:1", Some(&ping), 200),
    ] {
        let fields: Vec<_> = token.map(|token| auth(token)).into_iter().collect();

        let found = status(server.addr(), method, path, &fields);

        assert_eq!(found, expected, "{method} {path} {token:?}");
    }
}

#[test]
fn a_refusal_is_the_same_whether_or_not_anybody_listens() {
    let issuer = Issuer::new(Algorithm::Es256);
    let server = Server::start(&["--jwks", &issuer.jwks()]);
    let (mine, all) = (issuer.mint(&["--listen", "mine"]), issuer.mint(&["--listen", "*"]));
    let (mine, all) = (bearer(&mine), bearer(&all));
    let _listener = Listener::open_with(server.addr(), "/poll/taken", &[auth(&all)]);

    for fields in [&[][..], &[auth(&mine)], &[("authorization", "Bearer x")]] {
        for (method, action) in [("GET", "poll"), ("POST", "ping"), ("POST", "close")] {
            let answers = ["taken", "other"].map(|token| {
                let path = format!("/{action}/{token}");
                let answer = Poster::new(server.addr()).ask(method, &path, fields);
                let fields = answer.head.fields();
                let is_its_own = |field: &str| {
                    ["date:", "traceparent:"].iter().any(|name| field.starts_with(name))
                };
                let fields: Vec<_> =
                    fields.into_iter().filter(|field| !is_its_own(field)).collect();
                (answer.status(), fields, answer.text().to_owned())
            });

            let status = if fields == [auth(&mine)] { 403 } else { 401 };
            assert_eq!(answers[0].0, status, "{method} {action} {fields:?}");
            assert_eq!(answers[0], answers[1], "{method} {action} {fields:?}");
        }
    }
}

#[test]
fn keys_are_files_with_their_algorithms_and_names() {
    let [hs, other] = [(); 2].map(|()| Issuer::with_id(Algorithm::Hs256, "hs"));
    let es = Issuer::new(Algorithm::Es384);
    let options = [format!("HS256,HS512:hs={}", hs.key()), format!("HS256:b={}", other.key())];
    let jwks = es.jwks();
    let args = ["--jwt-key", &options[0], "--jwt-key", &options[1], "--jwks", &jwks];
    let server = Server::start(&args);

    let listen = ["--listen", "a"];
    for (token, expected) in [
        (hs.mint(&listen), 200),
        (hs.mint(&[&listen[..], &["--alg", "HS512"]].concat()), 200),
        (hs.mint(&[&listen[..], &["--alg", "HS384"]].concat()), 401),
        (es.mint(&listen), 200),
        // That key is called otherwise here.
        (other.mint(&listen), 401),
        (Issuer::new(Algorithm::Hs256).mint(&listen), 401),
    ] {
        let found = status(server.addr(), "HEAD", "/poll/a", &[auth(&bearer(&token))]);
        assert_eq!(found, expected, "{token}");
    }
}

#[test]
fn audience_and_issuer_are_looked_at_where_they_are_asked_for() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let jwks = issuer.jwks();
    let wants = ["--jwt-audience", "a", "--jwt-audience", "b", "--jwt-issuer", "me"];
    let picky = Server::start(&[&["--jwks", &jwks][..], &wants].concat());
    let easy = Server::start(&["--jwks", &jwks]);

    for (options, expected) in [
        (&["--audience", "b", "--issuer", "me"][..], 200),
        (&["--audience", "x", "--audience", "a", "--issuer", "me"], 200),
        (&["--audience", "x", "--issuer", "me"], 401),
        (&["--audience", "a", "--issuer", "you"], 401),
        (&["--audience", "a"], 401),
        (&[], 401),
    ] {
        let token = bearer(&issuer.mint(&[&["--listen", "a"], options].concat()));

        assert_eq!(status(picky.addr(), "HEAD", "/poll/a", &[auth(&token)]), expected);
        assert_eq!(status(easy.addr(), "HEAD", "/poll/a", &[auth(&token)]), 200, "{options:?}");
    }
}

#[test]
fn a_cookie_counts_for_programs_and_for_pages_of_the_server_and_of_trusted_origins() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let cors = ["--allow-origin", "https://app.example"];
    let base = ["--jwks", &issuer.jwks(), "--cookie", "session"];
    let allowed = Server::start(&[&base[..], &cors].concat());
    let trusted = Server::start(&[&base[..], &cors, &["--allow-credentials"]].concat());
    let token = issuer.mint(&["--listen", "a"]);
    let header = bearer(&token);
    let cookie = format!("theme=dark; session={token}");
    let app = ("origin", "https://app.example");
    let site = |site| ("sec-fetch-site", site);

    for (fields, with_origin, with_credentials) in [
        (&[][..], 200, 200),
        (&[site("same-origin")], 200, 200),
        (&[site("none")], 200, 200),
        (&[app, site("cross-site")], 401, 200),
        (&[app], 401, 200),
        (&[site("cross-site")], 403, 403),
        (&[("origin", "https://evil.example"), site("cross-site")], 403, 403),
    ] {
        let by_cookie = [fields, &[("cookie", &*cookie)]].concat();
        assert_eq!(
            status(allowed.addr(), "HEAD", "/poll/a", &by_cookie),
            with_origin,
            "{fields:?}"
        );
        assert_eq!(status(trusted.addr(), "HEAD", "/poll/a", &by_cookie), with_credentials);
        // A token that the page puts in itself counts wherever its answer may be read.
        let by_header = [fields, &[auth(&header)]].concat();
        let expected = if with_credentials == 403 { 403 } else { 200 };
        assert_eq!(status(allowed.addr(), "HEAD", "/poll/a", &by_header), expected, "{fields:?}");
    }
    let other = format!("sessions={token}; xsession={token}");
    assert_eq!(status(allowed.addr(), "HEAD", "/poll/a", &[("cookie", &other)]), 401);
}

#[test]
fn the_commands_present_a_token_in_a_header() {
    let issuer = Issuer::new(Algorithm::Hs256);
    let server = Server::start(&["--jwt-key", &format!("HS256={}", issuer.key())]);
    let port = server.port();
    let token = issuer.mint(&["--listen", "room:*", "--publish", "room:*"]);
    let header = issuer.file("header");
    fs::write(&header, format!("Authorization: Bearer {token}\n")).unwrap();
    let at = format!("@{header}");
    let listener =
        Process::start(CLIENT, ["room:1", "-P", &port, "--header", &at, "--count", "1", "-d"]);
    listener.log_line("open");

    let url = format!("http://127.0.0.1:{port}/ping/room:1");
    let sent = run(
        CLIENT,
        ["--url", &url, "--header", &at, "--data", "hello", "--retry", "0", "--method", "POST"],
    );

    assert_eq!(listener.line(), "Event<,ping,hello>", "{sent:?}");
    assert_eq!(listener.wait().code, Some(0));
    let refused = run(REQUEST, ["room:1", "ping", "x", "-P", &port]);
    assert_eq!(refused.code, Some(1));
    let reason = "Unable to send request (401 Unauthorized): Credentials are needed";
    assert!(refused.stderr.contains(reason), "{refused:?}");
    let refused = run(CLIENT, ["news", "-P", &port, "--header", &at]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("403 Forbidden"), "{refused:?}");
    assert!(refused.stderr.contains("This is not permitted"), "{refused:?}");
}

#[test]
fn a_stream_ends_with_its_token_and_the_client_with_the_refusal() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let server = Server::start(&["--jwks", &issuer.jwks(), "--mode", "shared", "--retry", "100"]);
    let token = bearer(&issuer.sign_for(2.0, json!({ "sse": { "listen": ["a"] } })));
    let mut listener = Listener::open_with(server.addr(), "/poll/a", &[auth(&token)]);
    let header = format!("Authorization: {token}");
    let args = ["a", "-P", &server.port(), "-r", "100", "--header", &header];
    let client = Process::start(CLIENT, args);

    assert_eq!(listener.block(), "event: sse.open\nretry: 100\ndata: {}");
    assert_eq!(listener.block(), "event: sse.expired\ndata: {}");
    listener.expect_end();
    let ended = client.wait();
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("401 Unauthorized"), "{ended:?}");
    assert!(ended.stderr.contains("Credentials are not valid"), "{ended:?}");
}

#[test]
fn keys_at_an_address_are_fetched_anew_for_a_name_that_is_not_known() {
    let [old, new] = ["old", "new"].map(|id| Issuer::with_id(Algorithm::EdDsa, id));
    let [old_set, new_set] = [&old, &new].map(|issuer| fs::read_to_string(issuer.jwks()).unwrap());
    let mut keys = Peer::start([answer("200 OK", &old_set), answer("200 OK", &new_set)]);
    let server = Server::start(&["--jwks", &keys.url("/keys?key=s3cret")]);
    let listens = |issuer: &Issuer| {
        let token = bearer(&issuer.mint(&["--listen", "a"]));
        status(server.addr(), "HEAD", "/poll/a", &[auth(&token)])
    };

    assert_eq!(listens(&old), 200);
    assert!(keys.request().head.starts_with("GET /keys?key=s3cret HTTP/1.1\r\n"));
    // Not again at once: whoever made names up could have them fetched all the time.
    assert_eq!(listens(&new), 401);
    assert_eq!((listens(&old), keys.connections()), (200, 1));
}

#[test]
fn without_keys_from_their_address_nobody_can_be_checked_and_nobody_is_let_in() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let nowhere = Peer::start([]);
    let server = Server::start(&["--jwks", &nowhere.url("/keys?key=s3cret")]);
    let token = bearer(&issuer.mint(&["--listen", "a"]));

    let answer = Poster::new(server.addr()).ask("GET", "/poll/a", &[auth(&token)]);

    assert_eq!(answer.status(), 503);
    assert!(answer.text().contains("Credentials cannot be checked now"), "{answer:?}");
    assert!(answer.head.field("retry-after").is_some(), "{answer:?}");
    let line = server.log_line("/keys");
    assert!(line.contains("WARN") && !line.contains("s3cret"), "{line}");
}

fn auth(value: &str) -> (&str, &str) {
    ("authorization", value)
}
