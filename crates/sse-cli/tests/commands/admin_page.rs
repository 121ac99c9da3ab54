//! The page of the operator's address, and the streams that feed it.

use std::{net::SocketAddr, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{HANG, Listener, Live, Poster, SERVER, Server, exchange, run};

#[test]
fn the_page_runs_its_own_script_and_loads_nothing() {
    let (_server, admin) = start(&[]);

    let page = exchange(admin, "GET", "/", "");

    assert_eq!(page.status(), 200);
    let html = page.text();
    let [style, script] = ["style", "script"].map(|name| {
        let (_, rest) = html.split_once(&format!("<{name}>")).unwrap();
        let (content, rest) = rest.split_once(&format!("</{name}>")).unwrap();
        assert!(!rest.contains(&format!("<{name}")), "there is one {name}");
        assert!(!content.contains("//") || name == "script", "it loads nothing");
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content)))
    });
    let security = format!(
        "default-src 'none'; style-src {style}; script-src {script}; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", &*security),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.head.field(name), Some(value), "{name}");
    }
    for absent in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", " style="]
    {
        assert!(!html.contains(absent), "{absent}");
    }
    let addresses: Vec<_> = html.match_indices("://").collect();
    assert_eq!(addresses.len(), 2, "the two names of SVG, which load nothing");
}

#[test]
fn each_can_be_asked_for_by_get_and_head_alone() {
    let (_server, admin) = start(&[]);
    for path in ["/", "/live", "/channels/42/live"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = exchange(admin, method, path, "");
            let allow = answer.head.field("allow");
            assert_eq!((answer.status(), allow), (405, Some("GET, HEAD")), "{method} {path}");
        }
        let got = Listener::open_with(admin, path, &[]);
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        // What follows on this connection is the next answer, or this is no head.
        let again = format!("{request}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut poster = Poster::new(admin);
        let head = poster.head(again);
        assert_eq!((got.head().status, head.status), (200, 200), "{path}");
        assert_eq!(got.head().field("content-type"), head.field("content-type"), "{path}");
        assert_eq!(head.field("content-length").is_some(), path == "/", "{path}");
        assert_eq!(poster.next().text(), "ok\n", "{path}");
    }
    for path in ["/live/", "/live/x", "/channels/42", "/channels//live/x", "/index.html"] {
        assert_eq!(exchange(admin, "GET", path, "").status(), 404, "{path}");
    }
    assert_eq!(exchange(admin, "GET", "/?from=a-bookmark", "").status(), 200);
}

#[test]
fn each_second_tells_what_the_server_does() {
    let (server, admin) = start(
        &[
            &["--mode", "shared", "--max-body", "1000", "--publish-rate", "7"][..],
            &["--max-auth-failures", "0"],
        ]
        .concat(),
    );
    let addr = server.addr();
    let mut crowd: Vec<_> = (0..3).map(|_| Listener::open(addr, "/poll/a")).collect();
    assert_eq!(exchange(addr, "POST", "/ping/a", "hi").status(), 200);
    crowd.iter_mut().for_each(|listener| drop(listener.block()));
    assert_eq!(exchange(addr, "POST", "/ping/nobody", "hi").status(), 404);
    assert_eq!(exchange(addr, "POST", "/ping/a", &"x".repeat(1_001)).status(), 413);

    let mut live = Live::open(admin, "/live");
    let first = live.next("overview");
    let rows = live.next("channels");
    let second = live.next("overview");

    assert_eq!(
        (&first["state"], &first["version"]),
        (&json!("serving"), &json!(env!("CARGO_PKG_VERSION")))
    );
    assert_eq!((&first["held"]["channels"], &first["held"]["listeners"]), (&json!(1), &json!(3)));
    assert_eq!(first["totals"]["published"], 1);
    assert_eq!(
        first["rates"],
        json!({"published": null, "delivered": null, "delivered_bytes": null, "refused": null})
    );
    assert_eq!(second["rates"]["published"], 0.0);
    let refused = |name: &str| {
        let refused = first["refused"].as_array().unwrap();
        let found = refused.iter().find(|refused| refused["name"] == name)?;
        Some((found["max"].as_u64(), found["total"].as_u64().unwrap()))
    };
    for (name, expected) in [
        ("channels", Some((Some(100_000), 0))),
        ("publications of one address a second", Some((Some(7), 0))),
        ("failed authentications of one address a minute", Some((None, 0))),
        ("bytes of a body", Some((None, 1))),
        ("404 Not Found", Some((None, 1))),
        ("413 Payload Too Large", Some((None, 1))),
        ("401 Unauthorized", None),
        ("grant missing", None),
    ] {
        assert_eq!(refused(name), expected, "{name}");
    }
    assert_eq!(first["totals"]["refused"], 2);
    let row = &rows["rows"][0];
    assert_eq!(
        (&row["token"], &row["listeners"], &row["published"]),
        (&json!("a"), &json!(3), &json!(1))
    );
    if cfg!(target_os = "linux") {
        assert!(1 << 20 < first["process"]["memory_bytes"].as_u64().unwrap());
    }
}

#[test]
fn the_channels_are_sorted_filtered_and_cut_by_the_server() {
    let (server, admin) = start(&["--mode", "shared", "--history", "9"]);
    for (channel, listeners, data) in
        [("b:one", 1, "x"), ("A:two", 2, ""), ("a:three", 0, "xxx"), ("c", 0, "xx")]
    {
        for _ in 0..listeners {
            std::mem::forget(Listener::open(server.addr(), &format!("/poll/{channel}")));
        }
        let path = format!("/ping/{channel}");
        assert_eq!(exchange(server.addr(), "POST", &path, data).status(), 200);
    }
    for (query, expected, matched) in [
        ("sort=name", &["A:two", "a:three", "b:one", "c"][..], 4),
        ("sort=name&order=desc", &["c", "b:one", "a:three", "A:two"], 4),
        ("sort=listeners", &["A:two", "b:one", "a:three", "c"], 4),
        ("sort=listeners&order=asc", &["a:three", "c", "b:one", "A:two"], 4),
        ("sort=history", &["a:three", "c", "b:one", "A:two"], 4),
        ("sort=lag", &["A:two", "a:three", "b:one", "c"], 4),
        ("sort=name&limit=2", &["A:two", "a:three"], 4),
        ("sort=listeners&limit=1", &["A:two"], 4),
        ("sort=name&limit=0", &[], 4),
        ("sort=name&filter=A:", &["A:two", "a:three"], 2),
        ("sort=name&filter=a%3AT", &["A:two", "a:three"], 2),
        ("sort=name&filter=T&limit=1", &["A:two"], 2),
        ("sort=name&filter=no-such", &[], 0),
        ("filter=&unknown=is-ignored&sort=name&limit=200", &["A:two", "a:three", "b:one", "c"], 4),
    ] {
        let channels = Live::open(admin, &format!("/live?{query}")).next("channels");
        let rows = channels["rows"].as_array().unwrap();
        let tokens: Vec<_> = rows.iter().map(|row| row["token"].as_str().unwrap()).collect();
        assert_eq!(
            (tokens, &channels["matched"]),
            (expected.to_owned(), &json!(matched)),
            "{query}"
        );
    }
}

#[test]
fn what_is_no_view_or_no_channel_is_refused_with_its_text() {
    let (_server, admin) = start(&[]);
    let long = "x".repeat(257);
    for (path, text) in [
        ("/live?sort=size", "sort=\"size\" is not one of history, lag, listeners, name and rate\n"),
        ("/live?sort=Rate", "sort=\"Rate\" is not one of history, lag, listeners, name and rate\n"),
        ("/live?order=up", "order=\"up\" is not asc or desc\n"),
        ("/live?limit=201", "limit=\"201\" is not a number from 0 to 200\n"),
        ("/live?limit=-1", "limit=\"-1\" is not a number from 0 to 200\n"),
        ("/live?limit=%00", "limit=\"\\0\" is not a number from 0 to 200\n"),
        (&format!("/live?filter={long}"), "filter has 257 bytes, more than 256\n"),
        ("/channels//live", "the name of the channel is not valid: "),
        ("/channels/%/live", "the name of the channel is not valid: "),
        ("/channels/%ff/live", "the name of the channel is not valid: "),
        ("/channels/a%00b/live", "the name of the channel is not valid: "),
        (&format!("/channels/{long}/live"), "the name of the channel is not valid: "),
    ] {
        let answer = exchange(admin, "GET", path, "");
        assert_eq!(answer.status(), 400, "{path}");
        assert!(answer.text().starts_with(text), "{path}: {}", answer.text());
        assert_eq!(answer.text().lines().count(), 1, "{path}");
    }
}

#[test]
fn who_watches_a_channel_is_no_listener_of_it() {
    let (server, admin) = start(&["-i"]);
    let addr = server.addr();
    let mut live = Live::open(admin, "/channels/42/live");
    assert_eq!(live.next("facts"), json!({"channel": null}));
    assert_eq!(exchange(addr, "POST", "/ping/42", "unheard").status(), 404);

    let mut listener = Listener::open(addr, "/poll/42");
    let long = "é".repeat(2_000);
    for data in ["first", "<b>\0\u{202e}", &long] {
        assert_eq!(exchange(addr, "POST", "/ping/42", data).status(), 200);
        listener.block();
    }
    assert_eq!(exchange(addr, "POST", "/close/42", "").status(), 200);
    listener.expect_end();

    let items = live.items(6);
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    let expected = ["first_listener", "event", "event", "event", "last_listener", "closed"];
    let (mut sorted, mut all) = (kinds.clone(), expected.to_vec());
    sorted.sort_unstable();
    all.sort_unstable();
    // The comings and goings of listeners are told beside the events.
    assert_eq!(sorted, all);
    let events: Vec<_> = items.iter().filter(|item| item["kind"] == "event").collect();
    for (event, id, data, length, is_cut) in [
        (events[0], "0", "first", 5, false),
        (events[1], "1", "<b>\0\u{202e}", 7, false),
        (events[2], "2", &"é".repeat(1_024), 4_000, true),
    ] {
        assert_eq!((&event["name"], &event["id"]), (&json!("ping"), &json!(id)));
        assert_eq!((&event["data"], &event["length"]), (&json!(data), &json!(length)));
        assert_eq!(event["is_cut"], is_cut);
        assert!(1_700_000_000_000 < event["time"].as_u64().unwrap());
    }
}

#[test]
fn who_comes_back_to_a_channel_gets_the_rest_or_is_told_of_a_gap() {
    let (server, admin) = start(&["--mode", "shared", "--history", "3"]);
    let publish = |data: &str| {
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", data).status(), 200);
    };
    publish("1");
    publish("2");
    let mut live = Live::open(admin, "/channels/42/live");
    assert_eq!(data(&live.items(2)), ["1", "2"]);
    let last = live.last_id();
    drop(live);

    publish("3");
    let mut live = Live::open_from(admin, "/channels/42/live", &last);
    assert_eq!(data(&live.items(1)), ["3"]);
    for number in 4..=7 {
        publish(&number.to_string());
    }
    let mut live = Live::open(admin, &format!("/channels/42/live?lastEventId={last}"));
    let items = live.items(4);
    assert_eq!((&items[0]["kind"], &items[0]["count"]), (&json!("away"), &json!(2)));
    assert_eq!(data(&items[1..]), ["5", "6", "7"]);

    for foreign in ["1.2", "x", "1.", ".1", "9999999999999999999999.1", "%ff"] {
        let path = format!("/channels/42/live?lastEventId={foreign}");
        let items = Live::open(admin, &path).items(4);
        assert_eq!(
            (&items[0]["kind"], &items[0]["count"]),
            (&json!("away"), &Value::Null),
            "{foreign}"
        );
        assert_eq!(data(&items[1..]), ["5", "6", "7"], "{foreign}");
    }
}

#[test]
fn names_that_mean_something_elsewhere_are_names() {
    let (server, admin) = start(&["--mode", "shared", "--history", "9"]);
    let long = "x".repeat(256);
    for (name, encoded) in [
        ("a/b", "a%2Fb"),
        ("a+b", "a+b"),
        ("<script>alert(1)</script>", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
        ("\u{202e}gpj.exe", "%E2%80%AEgpj.exe"),
        ("..", "%2e%2e"),
        ("live", "live"),
        ("%", "%25"),
        ("\"quoted\" 'twice'", "%22quoted%22%20%27twice%27"),
        (&long, &long),
    ] {
        let path = format!("/ping/{encoded}");
        assert_eq!(exchange(server.addr(), "POST", &path, name).status(), 200, "{name}");
        let path = format!("/channels/{encoded}/live");
        assert_eq!(data(&Live::open(admin, &path).items(1)), [name]);
        assert_eq!(Live::open(admin, &path).next("facts")["channel"]["token"], name);
    }
}

#[test]
fn a_crowd_of_pages_is_refused_and_has_places_again_when_some_are_closed() {
    let (_server, admin) = start(&[]);
    for path in ["/live", "/channels/42/live"] {
        let mut pages: Vec<_> = (0..16).map(|_| Live::open(admin, path)).collect();
        let refused = exchange(admin, "GET", path, "");
        assert_eq!(refused.status(), 503, "{path}");
        assert!(refused.text().contains("16 pages watch "), "{path}: {}", refused.text());
        assert_eq!(exchange(admin, "GET", "/", "").status(), 200);

        pages.pop();

        let start = Instant::now();
        while Listener::open_with(admin, path, &[]).head().status != 200 {
            assert!(start.elapsed() < HANG, "{path}");
        }
    }
}

#[test]
fn pages_that_watch_do_not_keep_the_server_from_its_end() {
    let (server, admin) = start(&[]);
    let mut streams = [Live::open(admin, "/live"), Live::open(admin, "/channels/42/live")];
    streams[0].next("overview");
    streams[1].next("facts");

    server.signal(Signal::TERM);

    for stream in streams {
        stream.expect_end();
    }
    let ended = server.into_process().wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn help_says_that_there_is_a_page() {
    let help = run(SERVER, ["--help"]).stdout;
    let text = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Serve a page that shows what goes on"), "{help}");
}

/// A server with an operator's address, and that.
pub(crate) fn start(args: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(&[args, &["--admin", "0"]].concat());
    let line = server.line();
    let addr = line.strip_prefix("admin on http://").expect("the second line").parse().unwrap();
    (server, addr)
}

/// The data of `items`, all of which are events.
fn data(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["data"].as_str().unwrap_or_else(|| panic!("{item}"))).collect()
}
