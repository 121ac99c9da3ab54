//! In which order a request is refused, and that a refusal tells nothing of a channel.

use std::time::Duration;

use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{Access, Denied, Grant, Permissions, Revocation},
    action::{Action, ActionSet},
    gateway::{Cors, Handled, Hosts},
    history::History,
    hub::PublishError,
};

use crate::{
    book::Book,
    support::{
        Answer, NANO, SECOND, answer, ask, epoch, everything, grant_of, handle, noop, parts, quiet,
        status, token,
    },
};

/// Each thing that can be asked of a channel.
const ASKED: [(&str, &str); 8] = [
    ("GET", "/poll/"),
    ("HEAD", "/poll/"),
    ("POST", "/ping/"),
    ("POST", "/close/"),
    ("POST", "/retry/"),
    ("POST", "/none/"),
    ("POST", "/poll/"),
    ("POST", "/ticket/"),
];

#[test]
fn who_is_granted_what_gets_which_answer() {
    let (gateway, _) = gateway();
    let _listener = gateway.hub().subscribe(&token("room:1"), epoch()).unwrap();
    for (credential, expected) in [
        // GET, HEAD, ping, close, retry, an unknown action, the listen action by POST, a ticket.
        ("", [401; 8]),
        ("wrong", [401; 8]),
        ("ended", [401; 8]),
        ("revoked", [401; 8]),
        ("nothing", [403; 8]),
        ("elsewhere", [403; 8]),
        ("listens", [423, 423, 403, 403, 403, 403, 403, 200]),
        ("publishes", [403, 403, 200, 403, 403, 404, 404, 403]),
        ("closes", [403, 403, 403, 200, 403, 403, 403, 403]),
        ("all", [423, 423, 200, 200, 400, 404, 404, 200]),
    ] {
        for ((method, path), expected) in ASKED.into_iter().zip(expected) {
            let _again = gateway.hub().subscribe(&token("room:1"), epoch());
            let fields = [("authorization", &*format!("Bearer {credential}"))];
            let fields = if credential.is_empty() { &[][..] } else { &fields };
            let target = format!("{path}room:1");
            let found = status(&gateway, method, &target, fields, epoch());
            // The listener that is there was closed by one of them.
            let found = if found == 200 && expected == 423 { 423 } else { found };
            assert_eq!(found, expected, "{credential}: {method} {target}");
        }
    }
}

#[test]
fn a_refusal_is_the_same_whether_or_not_the_channel_exists_was_closed_or_is_taken() {
    let config = quiet().with_closed_ttl(Some(3_600 * SECOND)).with_history(History::new(1));
    let (gateway, _) = gateway_of(config);
    let now = epoch();
    let hub = gateway.hub().clone();
    let _listener = hub.subscribe(&token("taken"), now).unwrap();
    drop(hub.publish(&token("remembered"), "ping", b"1", now).unwrap());
    drop(hub.publish(&token("closed"), "ping", b"1", now).unwrap());
    hub.close(&token("closed"), now).unwrap().wake();
    let shown = |answer: Answer| (answer.status, answer.headers, answer.body);
    for credential in ["", "wrong", "revoked", "nothing", "elsewhere"] {
        for (method, path) in ASKED {
            let answers = ["absent", "taken", "remembered", "closed"].map(|name| {
                let fields = [
                    ("authorization", &*format!("Bearer {credential}")),
                    ("last-event-id", "1.abcdefgh"),
                    ("idempotency-key", "k"),
                ];
                let fields = if credential.is_empty() { &fields[1..] } else { &fields };
                shown(ask(&gateway, method, &format!("{path}{name}?since=junk"), fields, now))
            });
            let expected = if ["nothing", "elsewhere"].contains(&credential) { 403 } else { 401 };
            for answer in &answers {
                assert_eq!(answer, &answers[0], "{credential}: {method} {path}");
            }
            assert_eq!(answers[0].0, expected, "{credential}: {method} {path}");
            let length = answers[0].1.get("sse-refused");
            assert_eq!(length, None, "an access refusal is no soft one");
        }
    }
}

#[test]
fn what_is_wrong_with_the_head_is_said_before_who_asks_and_the_rest_after() {
    let (gateway, book) = gateway();
    let evil = ("origin", "http://evil.example");
    let zip = ("content-encoding", "gzip");
    let long = ("content-length", "99999999999");
    let all = ("authorization", "Bearer all");
    let none = ("authorization", "Bearer nothing");
    // The host, the other site, the path, the method: nobody is asked.
    for (method, target, fields, expected) in [
        ("GET", "/poll/t", &[("host", "two words"), none][..], 400),
        ("GET", "/poll/t", &[("host", "evil.example"), none], 403),
        ("POST", "/ping/t", &[evil, none], 403),
        ("GET", "/poll/t", &[evil, none], 403),
        ("POST", "/ping/%zz", &[none], 400),
        ("GET", "/poll/a/b", &[none], 400),
        ("PUT", "/ping/t", &[none], 405),
        ("POST", "/", &[none], 405),
        ("OPTIONS", "/ping/t", &[], 204),
        ("GET", "/", &[], 200),
        ("GET", "/ping/t", &[none], 301),
    ] {
        let answer = ask(&gateway, method, target, fields, epoch());
        assert_eq!(answer.status, expected, "{method} {target} {fields:?}");
        assert_eq!(book.take_asked(), [""; 0], "{method} {target} {fields:?}");
        assert_eq!(answer.challenges(), [""; 0]);
    }
    // Who asks, then the channel, then the body.
    let _listener = gateway.hub().subscribe(&token("there"), epoch()).unwrap();
    for (method, target, field, anonymous, granted) in [
        ("POST", "/ping/absent", zip, 401, 404),
        ("POST", "/ping/there", zip, 401, 415),
        ("POST", "/ping/there", long, 401, 413),
        ("POST", "/none/there", zip, 401, 404),
        ("GET", "/poll/there", zip, 401, 423),
    ] {
        let refused = status(&gateway, method, target, &[field], epoch());
        let found = status(&gateway, method, target, &[field, all], epoch());
        assert_eq!((refused, found), (anonymous, granted), "{method} {target}");
    }
}

#[test]
fn a_refusal_says_what_is_asked_for_and_nothing_else() {
    for (book, is_script, expected) in [
        (Book::default(), false, &[r#"Bearer realm="events""#][..]),
        (
            Book::with_passwords(),
            false,
            &[r#"Bearer realm="events""#, r#"Basic realm="events", charset="UTF-8""#],
        ),
        (Book::with_passwords(), true, &[r#"Bearer realm="events""#]),
    ] {
        let config = GatewayConfig::default().with_access(Access::new(book));
        let gateway = Gateway::new(Hub::new(quiet()), config);
        let script = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];
        let typed = [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")];
        for fields in if is_script { [&script[..], &script] } else { [&typed[..], &[]] } {
            for (method, path) in [("GET", "/poll/t"), ("POST", "/ping/t")] {
                let refused = ask(&gateway, method, path, fields, epoch());
                assert_eq!(refused.status, 401);
                assert_eq!(refused.challenges(), expected, "{fields:?}");
                let page = "<html><title>401: Unauthorized</title><body>401: Credentials are \
                            needed</body></html>\n";
                assert_eq!(refused.body, page);
                assert_eq!(refused.headers["cache-control"], "no-store");
            }
            let wrong = [fields, &[("authorization", "Bearer <s3cret>")]].concat();
            let refused = ask(&gateway, "GET", "/poll/t", &wrong, epoch());
            let invalid = r#"Bearer realm="events", error="invalid_token""#;
            assert_eq!(refused.challenges()[0], invalid);
            assert_eq!(refused.challenges()[1..], expected[1..]);
            assert!(refused.body.contains("401: Credentials are not valid<"), "{}", refused.body);
            assert!(!format!("{refused:?}").contains("s3cret"));
        }
    }
}

#[test]
fn every_reason_to_deny_has_an_answer_and_passing_ones_come_soft_to_an_event_source() {
    let (gateway, book) = gateway();
    let event_source = [
        ("accept", "text/event-stream"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-origin"),
    ];
    let often = |retry_after| Denied::TooManyFailures { retry_after };
    for (denied, expected, text, retry) in [
        (Denied::Unauthorized, 401, "Credentials are not valid", None),
        (Denied::Forbidden, 403, "This is not permitted", None),
        (often(40 * SECOND), 429, "Too many attempts have failed", Some("40")),
        (often(SECOND + NANO), 429, "Too many attempts have failed", Some("2")),
        (often(Duration::ZERO), 429, "Too many attempts have failed", Some("0")),
        (Denied::Unavailable, 503, "Credentials cannot be checked now", Some("5")),
    ] {
        book.set("denied", Err(denied));
        let bearer = ("authorization", "Bearer denied");
        for (method, path) in ASKED {
            let answer = ask(&gateway, method, &format!("{path}t"), &[bearer], epoch());
            assert_eq!(answer.status, expected, "{denied}: {method} {path}");
            assert!(answer.body.contains(text), "{denied}: {}", answer.body);
            let told = answer.headers.get("retry-after").map(|told| told.to_str().unwrap());
            assert_eq!(told, retry, "{denied}");
        }
        let fields = [&event_source[..], &[bearer]].concat();
        let soft = ask(&gateway, "GET", "/poll/t", &fields, epoch());
        if retry.is_some() {
            assert_eq!(soft.status, 200, "{denied}");
            assert_eq!(soft.headers["sse-refused"], expected.to_string());
            assert!(soft.body.contains(&format!("data: {{\"status\":{expected}}}\n")));
        } else {
            assert_eq!(soft.status, expected, "{denied}");
        }
    }
}

#[test]
fn any_time_may_be_said_after_which_to_try_again() {
    let (gateway, book) = gateway();
    for retry_after in [Duration::ZERO, SECOND, 40 * SECOND, Duration::MAX / 2, Duration::MAX] {
        book.set("denied", Err(Denied::TooManyFailures { retry_after }));
        let fields = [
            ("authorization", "Bearer denied"),
            ("accept", "text/event-stream"),
            ("user-agent", "Mozilla/5.0"),
        ];
        for _ in 0..20 {
            let soft = ask(&gateway, "GET", "/poll/t", &fields, epoch());

            let retry = soft.body.split("retry: ").nth(1).unwrap().split('\n').next().unwrap();
            let retry = Duration::from_millis(retry.parse().unwrap());
            let least = retry_after.max(15 * SECOND).min(24 * 3_600 * SECOND);
            assert!(least <= retry && retry <= 4 * least, "{retry_after:?}: {retry:?}");
        }
        assert_eq!(status(&gateway, "GET", "/poll/t", &fields[..1], epoch()), 429);
    }
}

#[test]
fn refusals_can_be_read_by_pages_of_an_allowed_origin() {
    let book = Book::default();
    book.set("nothing", Ok(Some(Grant::new(Permissions::none()))));
    let cors = Cors::new(["https://app.example"]).unwrap().with_credentials().unwrap();
    let config = GatewayConfig::default().with_cors(cors).with_access(Access::new(book));
    let gateway = Gateway::new(Hub::new(quiet()), config);
    for (credential, expected) in [("Bearer wrong", 401), ("Bearer nothing", 403)] {
        let fields = [("origin", "https://app.example"), ("authorization", credential)];
        for (method, path) in ASKED {
            let refused = ask(&gateway, method, &format!("{path}t"), &fields, epoch());
            assert_eq!(refused.status, expected);
            let headers = &refused.headers;
            assert_eq!(headers["access-control-allow-origin"], "https://app.example");
            assert_eq!(headers["access-control-allow-credentials"], "true");
        }
    }
}

#[test]
fn a_grant_that_ends_while_the_body_arrives_publishes_nothing() {
    let (gateway, book) = gateway();
    let now = epoch();
    book.set("soon", Ok(Some(Grant::new(everything()).with_end(now + SECOND))));
    book.set("mallory", Ok(Some(grant_of("mallory"))));
    let mut listener = gateway.hub().subscribe(&token("t"), now).unwrap();
    crate::support::read(&mut listener, now);
    let permit = |secret: &str, path: &str| {
        let fields = [("authorization", &*format!("Bearer {secret}"))];
        match handle(&gateway, &parts("POST", path, &fields), now) {
            Handled::Publish(permit) => permit,
            other => panic!("{other:?}"),
        }
    };
    let (late, close) = (permit("soon", "/ping/t"), permit("soon", "/close/t"));
    let (revoked, in_time) = (permit("mallory", "/close/t"), permit("soon", "/ping/t"));
    gateway.revoke(&Revocation::subject("mallory"), now).unwrap().wake();

    for refused in [late.publish(now + SECOND), close.publish(now + SECOND), revoked.publish(now)] {
        assert_eq!(refused.response.status(), 401);
        let challenge = &refused.response.headers()["www-authenticate"];
        assert_eq!(challenge, r#"Bearer realm="events", error="invalid_token""#);
        assert_eq!(refused.published.unwrap_err(), PublishError::GrantEnded);
    }
    assert_eq!(crate::support::read(&mut listener, now + SECOND), (String::new(), None));
    assert_eq!(in_time.publish(now + SECOND - NANO).response.status(), 200);
}

#[test]
fn a_grant_that_ends_while_the_token_is_looked_at_again_listens_to_nothing() {
    let (gateway, book) = gateway();
    let now = epoch();
    book.set("soon", Ok(Some(Grant::new(everything()).with_end(now + NANO))));
    let holder = gateway.hub().subscribe(&token("t"), now).unwrap();
    let fields = [("authorization", "Bearer soon")];

    let handled = handle(&gateway, &parts("GET", "/poll/t", &fields), now);
    let Handled::Listen(mut admission) = handled else { panic!("{handled:?}") };
    let sse_core::gateway::Admitted::Wait { until } = admission.poll_response(&mut noop(), now)
    else {
        panic!("the token is taken");
    };
    drop(holder);

    let refused = answer(Handled::Listen(admission), until);
    assert_eq!(refused.status, 401);
    assert_eq!(gateway.hub().listeners(&token("t")), 0);
}

#[test]
fn a_revocation_is_told_to_the_authenticator_unless_it_fails() {
    let (gateway, book) = gateway();
    let now = epoch();
    let one = Revocation::id("1").with_end(now + SECOND);

    gateway.revoke(&one, now).unwrap().wake();
    assert_eq!(book.take_forgotten(), [one]);
    for n in 2..100_000 {
        gateway.revoke(&Revocation::subject(&n.to_string()), now).unwrap().wake();
    }
    book.take_forgotten();
    gateway.revoke(&Revocation::subject("0"), now).unwrap_err();
    assert_eq!(book.take_forgotten(), []);

    let open = Gateway::new(Hub::new(quiet()), GatewayConfig::default());
    open.revoke(&Revocation::subject("alice"), now).unwrap().wake();
}

/// A gateway that knows who may what with `room:1`, and everything with all else.
fn gateway() -> (Gateway, Book) {
    gateway_of(quiet())
}

fn gateway_of(config: sse_core::HubConfig) -> (Gateway, Book) {
    let book = Book::with_tickets();
    let pattern = |text: &str| text.parse().unwrap();
    let listens = Permissions::none().with_listen(pattern("room:*"));
    let publishes = Permissions::none().with_publish(pattern("room:*"));
    let elsewhere =
        Permissions::none().with_listen(pattern("else:*")).with_publish(pattern("else:*"));
    let all = everything().with_action("none").with_action("poll");
    for (secret, permissions) in [
        ("nothing", Permissions::none()),
        ("elsewhere", elsewhere),
        ("listens", listens),
        ("closes", publishes.clone().with_action("close")),
        ("publishes", publishes),
        ("all", all.clone()),
    ] {
        book.set(secret, Ok(Some(Grant::new(permissions))));
    }
    book.set("revoked", Ok(Some(Grant::new(all.clone()).with_subject("eve"))));
    book.set("ended", Ok(Some(Grant::new(all).with_end(epoch()))));
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let hosts = Hosts::default().with_host("here").unwrap();
    let cors = Cors::new(["https://app.example"]).unwrap();
    let access = Access::new(book.clone());
    let gateway = GatewayConfig::default().with_hosts(hosts).with_cors(cors).with_access(access);
    let gateway = Gateway::new(Hub::new(config.with_actions(actions)), gateway);
    gateway.hub().revoke(&Revocation::subject("eve"), epoch()).unwrap().wake();
    (gateway, book)
}
