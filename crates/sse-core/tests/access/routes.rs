//! Grants that middleware brings, routes of one's own, and gateways whose sender nobody is asked for.

use http::request::Parts;
use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{Access, Denied, Grant, Permissions, Revocation, from_fn},
    channel::CloseReason,
    gateway::Handled,
};

use crate::{
    book::Book,
    support::{
        SECOND, answer, ask, epoch, everything, grant_of, handle, parts, publish, quiet, read,
        token,
    },
};

#[test]
fn a_gateway_whose_sender_nobody_is_asked_for_permits_only_what_everybody_may_do() {
    let book = Book::default();
    book.set("good", Ok(Some(Grant::new(everything()))));
    let anonymous = Permissions::none()
        .with_listen("news".parse().unwrap())
        .with_publish("news".parse().unwrap());
    let access = Access::new(book.clone()).with_anonymous(anonymous);
    let access = access.with_cookie("session").unwrap();
    let gateway = Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access));
    let _listener = gateway.hub().subscribe(&token("news"), epoch()).unwrap();
    for fields in [&[][..], &[("authorization", "Bearer good")], &[("cookie", "session=good")]] {
        for (method, path, expected) in [
            ("GET", "/poll/news", 423),
            ("POST", "/ping/news", 200),
            ("POST", "/close/news", 401),
            ("GET", "/poll/t", 401),
            ("HEAD", "/poll/t", 401),
            ("POST", "/ping/t", 401),
            ("POST", "/none/t", 401),
            ("POST", "/ticket/t", 401),
        ] {
            let now = epoch();
            let handled = gateway.handle(&parts(method, path, fields), now);
            let status = answer(handled, now).status;
            assert_eq!(status, expected, "{method} {path} {fields:?}");
        }
    }
    assert_eq!(book.take_asked(), [""; 0]);
}

#[test]
fn a_grant_that_middleware_brings_is_taken_and_nobody_is_asked() {
    let book = Book::default();
    for config in
        [GatewayConfig::default(), GatewayConfig::default().with_access(Access::new(book.clone()))]
    {
        let has_access = !format!("{config:?}").contains("access: None");
        let gateway = Gateway::new(Hub::new(quiet()), config);
        assert_eq!(gateway.has_authenticator(), has_access);
        let news = Permissions::none().with_listen("news".parse().unwrap());
        for (method, path, expected) in [
            ("GET", "/poll/news", 200),
            ("HEAD", "/poll/news", 200),
            ("GET", "/poll/other", 403),
            ("POST", "/ping/news", 403),
            ("POST", "/ticket/other", 403),
        ] {
            let now = epoch();
            let mut parts = parts(method, path, &[("authorization", "Bearer wrong")]);
            parts.extensions.insert(Grant::new(news.clone()));
            for way in [handle, Gateway::handle] {
                let answer = answer(way(&gateway, &parts, now), now);
                assert_eq!(answer.status, expected, "{method} {path}");
            }
        }
        // Without a grant an open gateway stays open, and another asks.
        let open = ask(&gateway, "GET", "/poll/other", &[], epoch()).status;
        assert_eq!(open, if has_access { 401 } else { 200 });
    }
    assert_eq!(book.take_asked(), ["nothing"]);
}

#[test]
fn a_grant_that_middleware_brings_counts_no_more_once_it_has_ended() {
    let now = epoch();
    let access = Access::new(Book::default()).with_cookie("session").unwrap();
    let access = access.with_anonymous(Permissions::none().with_listen("t".parse().unwrap()));
    for config in [GatewayConfig::default(), GatewayConfig::default().with_access(access)] {
        let gateway = Gateway::new(Hub::new(quiet()), config);
        gateway.revoke(&Revocation::subject("mallory"), now).unwrap().wake();
        // The cookie is what the middleware has read, perhaps.
        for fields in [&[][..], &[("cookie", "session=s")], &[("authorization", "Bearer s")]] {
            for grant in [grant_of("alice").with_end(now), grant_of("mallory")] {
                for way in WAYS {
                    let mut parts = parts("GET", "/poll/t", fields);
                    parts.extensions.insert(grant.clone());
                    let refused = answer(way(&gateway, &parts, now), now);
                    assert_eq!(refused.status, 401, "{fields:?} {grant:?}");
                    let text = "401: Credentials are not valid";
                    assert!(refused.body.contains(text), "{}", refused.body);
                    let challenge = r#"Bearer realm="events", error="invalid_token""#;
                    assert_eq!(refused.challenges(), [challenge]);
                }
            }
        }
    }
}

#[test]
fn a_route_of_ones_own_has_decided_and_a_grant_only_says_until_when() {
    let book = Book::default();
    let config = GatewayConfig::default().with_access(Access::new(book.clone()));
    let gateway = Gateway::new(Hub::new(quiet()), config);
    let now = epoch();
    let fields = [("authorization", "Bearer wrong")];
    let open = answer(gateway.listen(&token("t"), &parts("GET", "/mine", &fields), now), now);
    assert_eq!(open.status, 200, "nobody is asked");
    drop(open);

    let mut parts = parts("GET", "/mine", &fields);
    let end = now + SECOND;
    let grant = Grant::new(Permissions::none()).with_subject("alice").with_end(end);
    parts.extensions.insert(grant);
    let mine = || answer(gateway.listen(&token("t"), &parts, now), now);
    let mut listener = mine().listener.unwrap();
    publish(gateway.hub(), "t", "1", now);
    let (written, reason) = read(&mut listener, end);
    assert!(written.contains("data: 1\n"), "{written}");
    assert_eq!(reason, Some(CloseReason::Expired));
    drop(listener);

    let mut listener = mine().listener.unwrap();
    gateway.revoke(&Revocation::subject("alice"), now).unwrap().wake();
    assert_eq!(read(&mut listener, now).1, Some(CloseReason::Revoked));
    assert_eq!(mine().status, 401);
    assert_eq!(book.take_asked(), [""; 0]);
    assert_eq!(book.take_forgotten(), [Revocation::subject("alice")]);
}

#[test]
fn a_stream_begun_because_everybody_may_does_not_end_with_a_grant_that_does_not_permit_it() {
    let now = epoch();
    let elsewhere = Grant::new(Permissions::none()).with_subject("alice").with_end(now + SECOND);
    let access = Access::new(from_fn(move |request| match request.credential() {
        Some(_) => Ok(Some(elsewhere.clone())),
        None => Err(Denied::Unauthorized),
    }));
    let access = access.with_anonymous(Permissions::none().with_listen("*".parse().unwrap()));
    let gateway = Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access));

    let fields = [("authorization", "Bearer alice")];
    let mut listener = ask(&gateway, "GET", "/poll/t", &fields, now).listener.unwrap();
    gateway.revoke(&Revocation::subject("bob"), now).unwrap().wake();

    assert_eq!(read(&mut listener, now + 60 * SECOND).1, None);
}

type Way = fn(&Gateway, &Parts, std::time::Instant) -> Handled;

/// As a transport asks that waits, as one that asks nobody, and as a route of one's own.
const WAYS: [Way; 3] =
    [handle, Gateway::handle, |gateway, parts, now| gateway.listen(&token("t"), parts, now)];
