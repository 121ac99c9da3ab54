use http::{HeaderMap, Method, StatusCode, header};
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, ClientRequest, Disconnect, RedirectError},
};

use crate::support::{
    answer, cases, connecting, connecting_with, epoch, interruption, next_request, open, reconnect,
    request, stopped,
};

#[test]
fn redirects_are_judged_as_the_standard_judges_them() {
    for case in cases("redirect") {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let target = match case["location"].as_str() {
            Some("itself") => Some("https://a.example/stream?q"),
            target => target,
        };
        let headers = target.map(location).unwrap_or_default();
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, status, &headers, now);

        let outcome = case["outcome"].as_str().unwrap();
        if outcome.starts_with("follow") {
            let next = next_request(&mut client, now);
            assert_eq!(next.uri(), "https://a.example/stream", "{case}");
            open(&mut client, now);
        } else if target.is_some() {
            for _ in 1..=20 {
                assert_eq!(next_request(&mut client, now).uri(), "https://a.example/stream?q");
                answer(&mut client, status, &headers, now);
            }
            let too_many = Disconnect::Redirect(Box::new(RedirectError::TooMany { limit: 20 }));
            assert_eq!(interruption(&mut client, now).1, too_many, "{case}");
        } else {
            let refused = Disconnect::Status { status, retry_after: None };
            assert_eq!(stopped(&mut client, now), refused, "{case}");
        }
    }
}

#[test]
fn method_and_body_change_as_fetch_says() {
    for (method, status, expected) in [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("PUT", 303, "GET"),
        ("HEAD", 303, "HEAD"),
        ("PUT", 301, "PUT"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
    ] {
        let request = request()
            .with_method(Method::from_bytes(method.as_bytes()).unwrap())
            .with_header(header::CONTENT_TYPE, "text/plain".parse().unwrap())
            .with_body("body");
        let next = redirected(request, status, "/next");

        assert_eq!(next.method().as_str(), expected, "{method} {status}");
        let is_kept = method == expected && method != "HEAD";
        if is_kept {
            assert_eq!(next.body(), "body", "{method} {status}");
            assert_eq!(next.headers()["content-type"], "text/plain");
        } else if method != "HEAD" {
            assert_eq!((next.body().len(), next.headers().get("content-type")), (0, None));
        }
    }
}

#[test]
fn only_what_is_no_secret_goes_to_another_origin() {
    for (target, kept) in [
        ("/other", true),
        ("https://A.example:443/x", true),
        ("https://b.example/", false),
        ("https://a.example:444/", false),
        ("//a.example.b.example/", false),
    ] {
        let next = redirected(with_credentials(), 307, target);

        for name in ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-plain"] {
            assert_eq!(next.headers().contains_key(name), kept, "{name} to {target}");
        }
        assert_eq!(next.headers()["accept"], "text/event-stream");
        for name in ["accept-language", "user-agent", "content-type", "last-event-id"] {
            assert!(next.headers().contains_key(name), "{name} to {target}");
        }
        // Even that is kept at home if the caller marks it.
        assert_eq!(next.headers().contains_key("content-language"), kept);
    }
}

#[test]
fn credentials_that_were_left_behind_do_not_come_back_within_an_attempt() {
    let (mut client, now) = (connecting_with(with_credentials(), ClientConfig::default()), epoch());

    answer(&mut client, StatusCode::FOUND, &location("https://b.example/"), now);
    next_request(&mut client, now);
    answer(&mut client, StatusCode::FOUND, &location("https://a.example/"), now);

    assert!(!next_request(&mut client, now).headers().contains_key("authorization"));
}

#[test]
fn credentials_do_not_go_from_https_to_http() {
    let to_http = location("http://a.example/");
    let (mut client, now) = (connecting_with(with_credentials(), ClientConfig::default()), epoch());
    answer(&mut client, StatusCode::FOUND, &to_http, now);
    let because = interruption(&mut client, now).1;
    let Disconnect::Redirect(error) = &because else { panic!("{because}") };
    assert!(matches!(**error, RedirectError::Downgrade { .. }), "{error}");

    let no_secret = request()
        .with_header(header::USER_AGENT, "a/1".parse().unwrap())
        .with_header(header::HOST, "b.example".parse().unwrap());
    let (mut client, now) = (connecting_with(no_secret, ClientConfig::default()), epoch());
    answer(&mut client, StatusCode::FOUND, &to_http, now);
    let next = next_request(&mut client, now);
    assert_eq!(next.uri(), "http://a.example/");
    assert!(!next.headers().contains_key("host"));
}

#[test]
fn body_does_not_go_from_https_to_http() {
    let to_http = location("http://a.example/?token=secret");
    for (status, is_followed) in [(307, false), (308, false), (302, true), (303, true)] {
        let post = request().with_method(Method::POST).with_body("secret");
        let config = ClientConfig::default().with_repetition(true);
        let (mut client, now) = (connecting_with(post, config), epoch());

        answer(&mut client, StatusCode::from_u16(status).unwrap(), &to_http, now);

        if is_followed {
            assert!(next_request(&mut client, now).body().is_empty());
        } else {
            let because = interruption(&mut client, now).1.to_string();
            assert!(because.contains("from https to http://a.example/?…"), "{because}");
        }
    }
}

#[test]
fn no_password_of_a_location_is_shown() {
    for target in ["http://me:secret@[/", "gopher://me:secret@a.example/", "//me:se/@cret@:x/"] {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, StatusCode::FOUND, &location(target), now);

        let because = interruption(&mut client, now).1.to_string();
        assert!(because.contains("//***@") && !because.contains("cret"), "{because}");
    }
}

#[test]
fn redirect_to_no_address_is_a_network_error() {
    for target in ["ftp://a.example/", "data:text/event-stream,", "http://", "//:80/"] {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, StatusCode::FOUND, &location(target), now);

        let because = interruption(&mut client, now).1;
        let expected = RedirectError::Location { location: target.to_owned() };
        assert_eq!(because, Disconnect::Redirect(Box::new(expected)));
    }
}

#[test]
fn next_connection_starts_from_the_first_address_again() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());
    answer(&mut client, StatusCode::MOVED_PERMANENTLY, &location("https://b.example/x"), now);
    next_request(&mut client, now);
    open(&mut client, now);
    assert_eq!(client.current_uri(), "https://b.example/x");
    assert_eq!(client.uri(), request().uri());

    let (next, _) = reconnect(&mut client, now);

    assert_eq!(next.uri(), request().uri());
}

fn redirected(request: ClientRequest, status: u16, target: &str) -> ClientRequest {
    let (mut client, now) = (Client::new(request, ClientConfig::default()), epoch());
    assert!(matches!(client.poll_output(now), ClientOutput::Connect { .. }));
    answer(&mut client, StatusCode::from_u16(status).unwrap(), &location(target), now);
    next_request(&mut client, now)
}

fn with_credentials() -> ClientRequest {
    let mut language = http::HeaderValue::from_static("en");
    language.set_sensitive(true);
    request()
        .with_header(header::AUTHORIZATION, "Bearer secret".parse().unwrap())
        .with_header(header::COOKIE, "a=1".parse().unwrap())
        .with_header(header::PROXY_AUTHORIZATION, "Basic x".parse().unwrap())
        .with_header(header::HeaderName::from_static("x-api-key"), "secret".parse().unwrap())
        .with_header(header::HeaderName::from_static("x-plain"), "1".parse().unwrap())
        .with_header(header::HeaderName::from_static("last-event-id"), "7".parse().unwrap())
        .with_header(header::ACCEPT_LANGUAGE, "en".parse().unwrap())
        .with_header(header::CONTENT_LANGUAGE, language)
        .with_header(header::CONTENT_TYPE, "application/json".parse().unwrap())
        .with_header(header::USER_AGENT, "a/1".parse().unwrap())
}

fn location(target: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::LOCATION, target.parse().unwrap())])
}
