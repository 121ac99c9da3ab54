//! What everybody may do, and what is said of a server that everybody can use.

use std::net::SocketAddr;

use sse_access::Algorithm;

use crate::support::{Issuer, Listener, Server, bearer, exchange, status};

const OPEN: &str = "everybody who can reach this address may listen to, publish on and close";

#[test]
fn everybody_may_do_what_patterns_say_and_nothing_else() {
    let args = ["--anonymous-listen", "news", "--anonymous-listen", "room:*"];
    let more = ["--anonymous-publish", "in:*", "--action", "note", "-i", "--mode", "shared"];
    let server = Server::start(&[&args[..], &more].concat());

    for (method, path, expected) in [
        ("HEAD", "/poll/news", 200),
        ("HEAD", "/poll/room:1", 200),
        ("HEAD", "/poll/room%3a1", 200),
        ("HEAD", "/poll/room:", 200),
        ("HEAD", "/poll/room", 401),
        ("HEAD", "/poll/newsletter", 401),
        ("HEAD", "/poll/News", 401),
        ("HEAD", "/poll/in:1", 401),
        // There nobody listens, which everybody may know.
        ("POST", "/ping/in:1", 404),
        ("POST", "/note/in:1", 404),
        ("POST", "/close/in:1", 401),
        ("POST", "/retry/in:1", 401),
        ("POST", "/ping/news", 401),
        ("POST", "/close/news", 401),
        ("POST", "/nothing/news", 401),
        ("DELETE", "/ping/news", 405),
        ("GET", "/other/news", 301),
        ("GET", "/", 200),
    ] {
        assert_eq!(status(server.addr(), method, path, &[]), expected, "{method} {path}");
    }
}

#[test]
fn what_everybody_may_do_needs_no_valid_cookie_but_a_wrong_token_is_told() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let args = ["--jwks", &issuer.jwks(), "--cookie", "c", "--anonymous-listen", "news"];
    let server = Server::start(&args);
    let other = issuer.mint(&["--listen", "other"]);

    for (fields, expected) in [
        (&[("cookie", "c=wrong")][..], 200),
        (&[("cookie", &*format!("c={other}"))], 200),
        (&[("authorization", &*bearer(&other))], 200),
        (&[("authorization", "Bearer wrong")], 401),
    ] {
        assert_eq!(status(server.addr(), "HEAD", "/poll/news", fields), expected, "{fields:?}");
    }
}

#[test]
fn without_options_of_access_everything_is_open() {
    for args in [&[][..], &["--open"], &["--open", "-H", "0.0.0.0"]] {
        let server = Server::start(args);
        let addr = SocketAddr::from(([127, 0, 0, 1], server.addr().port()));
        let listener = Listener::open_with(addr, "/poll/a", &[("authorization", "Bearer x")]);

        assert_eq!(exchange(addr, "POST", "/ping/a", "x").status(), 200, "{args:?}");
        assert_eq!(exchange(addr, "POST", "/close/a", "").status(), 200, "{args:?}");
        drop(listener);
    }
}

#[test]
fn a_server_that_others_reach_warns_if_they_may_do_everything() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let jwks = issuer.jwks();
    for (args, warns) in [
        (&["-H", "0.0.0.0"][..], true),
        (&["-H", "0.0.0.0", "--open"], false),
        (&["-H", "0.0.0.0", "--anonymous-listen", "*"], false),
        (&["-H", "0.0.0.0", "--jwks", &jwks], false),
        (&[], false),
        (&["--open"], false),
        (&["-H", "127.0.0.2"], false),
        (&["-H", "localhost"], false),
    ] {
        let server = Server::start(args);
        let port = server.addr().port();
        let host = if args.contains(&"127.0.0.2") { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
        // The answer comes after the warning would.
        assert_eq!(status((host, port).into(), "GET", "/", &[]), 200, "{args:?}");

        server.signal(rustix::process::Signal::TERM);
        let ended = server.into_process().wait();

        let warnings = ended.stderr.lines().filter(|line| line.contains(OPEN)).count();
        assert_eq!(warnings, usize::from(warns), "{args:?}: {ended:?}");
        assert_eq!(ended.stderr.contains("WARN"), warns || args.contains(&&*jwks), "{ended:?}");
    }
}
