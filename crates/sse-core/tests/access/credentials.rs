//! Which credential counts, and on whose pages.

use std::time::Instant;

use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{Access, Denied, Grant, Permissions},
    gateway::Cors,
};

use crate::{
    book::Book,
    support::{ask, epoch, parts, quiet, status},
};

const APP: &str = "https://app.example";
const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];
const TYPED: [(&str, &str); 1] = [("sec-fetch-site", "none")];
const SAME_SITE: [(&str, &str); 2] = [("sec-fetch-site", "same-site"), ("origin", APP)];
const CROSS_SITE: [(&str, &str); 2] = [("sec-fetch-site", "cross-site"), ("origin", APP)];
const OLD_BROWSER: [(&str, &str); 1] = [("origin", APP)];
const OLD_OWN: [(&str, &str); 1] = [("origin", "http://here")];
const HIDDEN: [(&str, &str); 1] = [("origin", "null")];

/// What a browser adds unasked, or a person who types.
const UNASKED: [(&str, &str, &str); 5] = [
    ("cookie", "session=s", "cookie s"),
    ("authorization", "Basic s", "basic s"),
    ("authorization", "Digest s", "other Digest s"),
    ("authorization", "Negotiate s", "other Negotiate s"),
    ("authorization", "s", "other s"),
];

#[test]
fn what_a_browser_adds_unasked_counts_on_own_pages_and_on_trusted_ones_alone() {
    let listed = || Cors::new([APP]).unwrap();
    let trusted = || listed().with_credentials().unwrap();
    let any = || Cors::new(["*"]).unwrap();
    let config = GatewayConfig::default;
    for (case, config, page, counts) in [
        ("a program", config(), &[][..], true),
        ("an own page", config(), &OWN, true),
        ("an address that was typed", config(), &TYPED, true),
        ("an own page of an old browser", config(), &OLD_OWN, true),
        ("a trusted origin", config().with_cors(trusted()), &CROSS_SITE, true),
        ("a trusted origin of this site", config().with_cors(trusted()), &SAME_SITE, true),
        ("a trusted origin in an old browser", config().with_cors(trusted()), &OLD_BROWSER, true),
        ("a listed origin", config().with_cors(listed()), &CROSS_SITE, false),
        ("a listed origin of this site", config().with_cors(listed()), &SAME_SITE, false),
        ("a listed origin in an old browser", config().with_cors(listed()), &OLD_BROWSER, false),
        ("any origin", config().with_cors(any()), &CROSS_SITE, false),
        ("any origin in an old browser", config().with_cors(any()), &HIDDEN, false),
        ("any site", config().with_other_sites(true), &CROSS_SITE, false),
        ("any site in an old browser", config().with_other_sites(true), &OLD_BROWSER, false),
        (
            "another origin than the trusted one",
            config().with_other_sites(true).with_cors(trusted()),
            &HIDDEN,
            false,
        ),
    ] {
        let (gateway, book) = gateway(config, Book::default());
        book.set("s", Ok(Some(Grant::new(Permissions::all()))));
        for (name, value, presented) in UNASKED {
            for (method, path) in [("GET", "/poll/t"), ("HEAD", "/poll/t"), ("POST", "/ping/t")] {
                ask(&gateway, method, path, &[page, &[(name, value)]].concat(), epoch());

                let expected = if counts { presented } else { "nothing" };
                assert_eq!(book.take_asked(), [expected], "{case}: {method} {name}: {value}");
            }
        }
    }
}

#[test]
fn bearer_tokens_and_tickets_count_wherever_they_come_from() {
    let cors = Cors::new([APP]).unwrap();
    let (gateway, book) = gateway(GatewayConfig::default().with_cors(cors), Book::default());
    book.set("s", Ok(Some(Grant::new(Permissions::all()))));
    for page in [&[][..], &OWN, &CROSS_SITE, &OLD_BROWSER] {
        let bearer = [page, &[("authorization", "Bearer s")]].concat();
        assert_eq!(status(&gateway, "GET", "/poll/t", &bearer, epoch()), 200, "{page:?}");
        assert_eq!(status(&gateway, "GET", "/poll/t?ticket=s", page, epoch()), 200, "{page:?}");
        assert_eq!(book.take_asked(), ["bearer s", "ticket s"], "{page:?}");
    }
}

#[test]
fn no_credential_exempts_from_the_rule_on_other_sites() {
    let (gateway, book) = gateway(GatewayConfig::default(), Book::default());
    book.set("s", Ok(Some(Grant::new(Permissions::all()))));
    for credential in [&[][..], &[("authorization", "Bearer s")], &[("cookie", "session=s")]] {
        for (method, target) in [
            ("GET", "/poll/t?ticket=s"),
            ("HEAD", "/poll/t?ticket=s"),
            ("POST", "/ping/t?ticket=s"),
            ("POST", "/ticket/t?ticket=s"),
            ("POST", "/close/t?ticket=s"),
        ] {
            let fields = [&CROSS_SITE[..], credential].concat();
            assert_eq!(status(&gateway, method, target, &fields, epoch()), 403);
        }
    }
    assert_eq!(book.take_asked(), [""; 0], "nobody is asked");
}

#[test]
fn a_header_beats_the_cookie_and_the_cookie_beats_the_query() {
    let (gateway, book) = gateway(GatewayConfig::default(), Book::default());
    let bearer = ("authorization", "Bearer b");
    let basic = ("authorization", "Basic p");
    let cookie = ("cookie", "session=c");
    for (target, fields, presented) in [
        ("/poll/t?ticket=q", &[bearer, cookie][..], "bearer b"),
        ("/poll/t?ticket=q", &[basic, cookie], "basic p"),
        ("/poll/t?ticket=q", &[cookie], "cookie c"),
        ("/poll/t?ticket=q", &[], "ticket q"),
        ("/poll/t?Ticket=q", &[], "nothing"),
        ("/poll/t", &[("cookie", "Session=c")], "nothing"),
        ("/poll/t", &[("cookie", "session2=c; asession=d")], "nothing"),
        ("/poll/t", &[("authorization", "bEARER b")], "bearer b"),
        ("/poll/t", &[("authorization", "Bearer  b ")], "bearer b"),
        ("/poll/t", &[("authorization", "Bearer a, Bearer b")], "bearer a, Bearer b"),
        ("/poll/t?ticket=a%2Bb+c", &[], "ticket a+b c"),
        ("/poll/t?x=1&ticket=q&y=2", &[], "ticket q"),
        ("/poll/t?ticket=q&ticket=q", &[], "ticket q"),
        ("/poll/t", &[("cookie", "session=c; session=c")], "cookie c"),
    ] {
        ask(&gateway, "GET", target, fields, epoch());
        assert_eq!(book.take_asked(), [presented], "{target} {fields:?}");
    }
}

#[test]
fn a_header_is_not_made_up_for_by_what_comes_after_it() {
    let (gateway, book) = gateway(GatewayConfig::default(), Book::default());
    book.set("good", Ok(Some(Grant::new(Permissions::all()))));
    let good = ("cookie", "session=good");
    for wrong in ["Bearer wrong", "Bearer", "Basic wrong", "Digest wrong", "\u{e9}"] {
        let fields = [("authorization", wrong), good];
        let refused = ask(&gateway, "GET", "/poll/t?ticket=good", &fields, epoch());
        assert_eq!(refused.status, 401, "{wrong}");
        assert!(refused.body.contains("401: Credentials are not valid"), "{wrong}");
    }
    assert_eq!(status(&gateway, "GET", "/poll/t", &[good], epoch()), 200);
}

#[test]
fn several_of_a_kind_are_refused_and_nobody_is_asked() {
    let (gateway, book) = gateway(GatewayConfig::default(), Book::default());
    for (target, fields) in [
        ("/poll/t", &[("authorization", "Bearer a"), ("authorization", "Bearer a")][..]),
        ("/poll/t", &[("authorization", "Bearer a"), ("authorization", "Basic a")]),
        ("/poll/t", &[("cookie", "session=a; session=b")]),
        ("/poll/t", &[("cookie", "session=a"), ("cookie", "session=b")]),
        ("/poll/t?ticket=a&ticket=b", &[]),
    ] {
        for method in ["GET", "HEAD"] {
            assert_eq!(status(&gateway, method, target, fields, epoch()), 401, "{fields:?}");
        }
    }
    assert_eq!(book.take_asked(), [""; 0]);
}

#[test]
fn a_cookie_is_found_among_any_others() {
    let (gateway, book) = gateway(GatewayConfig::default(), Book::default());
    book.set("s", Ok(Some(Grant::new(Permissions::all()))));
    for lines in [
        &[&b"session=s"[..]][..],
        &[b"a=1; session=s; b=2"],
        &[b"a=1;session=s;b=2"],
        &[b"session=\"s\""],
        &[b"a=1", b"session=s"],
        &[b"a; b; session=s"],
        &[b"a=x=y; session=s"],
        &[b"name=Zo\xc3\xab; session=s"],
        &[b"junk=\xff\xfe; session=s"],
        &[b"\xff", b"session=s"],
        &[b"session=s; ; ;"],
    ] {
        let mut parts = parts("GET", "/poll/t", &[]);
        for line in lines {
            let value = http::HeaderValue::from_bytes(line).unwrap();
            parts.headers.append("cookie", value);
        }
        let _ = crate::support::handle(&gateway, &parts, epoch());

        assert_eq!(book.take_asked(), ["cookie s"], "{lines:?}");
    }
}

#[test]
fn without_the_name_of_a_cookie_no_cookie_counts() {
    let book = Book::default();
    let config = GatewayConfig::default().with_access(Access::new(book.clone()));
    let gateway = Gateway::new(Hub::new(quiet()), config);

    ask(&gateway, "GET", "/poll/t", &[("cookie", "session=s; =s")], epoch());

    assert_eq!(book.take_asked(), ["nothing"]);
}

#[test]
fn an_invalid_cookie_is_no_reason_to_refuse_what_everybody_may_do_and_all_else_is() {
    let anonymous = Permissions::none()
        .with_listen("open".parse().unwrap())
        .with_publish("open".parse().unwrap());
    let book = Book::default();
    let access = Access::new(book.clone()).with_anonymous(anonymous);
    let access = access.with_cookie("session").unwrap();
    let gateway = Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access));
    let now = epoch();
    book.set("ended", Ok(Some(ended(now))));
    book.set("elsewhere", Ok(Some(only("elsewhere"))));
    book.set("banned", Err(Denied::Forbidden));
    let failures = Denied::TooManyFailures { retry_after: crate::support::SECOND };
    book.set("often", Err(failures));
    book.set("away", Err(Denied::Unavailable));
    for (secret, by_cookie, by_header) in [
        ("wrong", 200, 401),
        ("ended", 200, 401),
        ("elsewhere", 200, 200),
        ("banned", 403, 403),
        ("often", 429, 429),
        ("away", 503, 503),
    ] {
        let cookie = format!("session={secret}");
        let bearer = format!("Bearer {secret}");
        let basic = format!("Basic {secret}");
        let ticket = format!("?ticket={secret}");
        let ask = |query: &str, field: Option<(&str, &str)>| {
            let target = format!("/poll/open{query}");
            status(&gateway, "GET", &target, field.as_slice(), now)
        };
        assert_eq!(ask("", Some(("cookie", &cookie))), by_cookie, "{secret}");
        assert_eq!(ask("", Some(("authorization", &bearer))), by_header, "{secret}");
        assert_eq!(ask("", Some(("authorization", &basic))), by_header, "{secret}");
        assert_eq!(ask(&ticket, None), by_header, "{secret}");

        // Where not everybody may.
        let closed = status(&gateway, "GET", "/poll/closed", &[("cookie", &cookie)], now);
        let expected = match by_cookie {
            200 if secret == "elsewhere" => 403,
            200 => 401,
            other => other,
        };
        assert_eq!(closed, expected, "{secret}");
    }
}

fn ended(now: Instant) -> Grant {
    Grant::new(Permissions::all()).with_end(now)
}

fn only(name: &str) -> Grant {
    Grant::new(Permissions::none().with_listen(name.parse().unwrap()))
}

fn gateway(config: GatewayConfig, book: Book) -> (Gateway, Book) {
    let access = Access::new(book.clone()).with_cookie("session").unwrap();
    (Gateway::new(Hub::new(quiet()), config.with_access(access)), book)
}
