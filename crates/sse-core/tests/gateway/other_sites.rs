use http::StatusCode;
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, gateway::Cors};

use crate::support::{ask_with, assert_error_page, gateway};

const REQUESTS: [(&str, &str); 3] =
    [("GET", "/poll/42"), ("HEAD", "/poll/42"), ("POST", "/ping/42")];

fn with(config: GatewayConfig) -> Gateway {
    Gateway::new(Hub::new(HubConfig::new(StringFormat)), config)
}

fn is_refused(gateway: &Gateway, method: &str, path: &str, fields: &[(&str, &str)]) -> bool {
    let fields = [&[("host", "here:8888")], fields].concat();
    ask_with(gateway, method, path, &fields).status() == StatusCode::FORBIDDEN
}

#[test]
fn pages_of_other_sites_neither_listen_nor_publish() {
    let gateway = gateway(HubConfig::new(StringFormat));
    for (fields, expected) in [
        (&[][..], false),
        (&[("sec-fetch-site", "same-origin")], false),
        (&[("sec-fetch-site", "none")], false),
        (&[("origin", "http://here:8888")], false),
        (&[("sec-fetch-site", "same-site")], true),
        (&[("sec-fetch-site", "cross-site")], true),
        (&[("sec-fetch-site", "cross-site"), ("origin", "http://here:8888")], true),
        (&[("origin", "http://here")], true),
        (&[("origin", "http://evil")], true),
        (&[("origin", "null")], true),
    ] {
        for (method, path) in REQUESTS {
            assert_eq!(is_refused(&gateway, method, path, fields), expected, "{method} {fields:?}");
        }
        assert!(!is_refused(&gateway, "GET", "/", fields), "the page is for everyone");
    }
}

#[test]
fn an_origin_that_is_allowed_passes() {
    let listed = Cors::new(["https://app.example"]).unwrap();
    let listed = with(GatewayConfig::default().with_cors(listed));
    let any = with(GatewayConfig::default().with_cors(Cors::new(["*"]).unwrap()));
    let site = ("sec-fetch-site", "cross-site");
    for (fields, by_list, by_any) in [
        (&[site, ("origin", "https://app.example")][..], false, false),
        (&[("origin", "https://app.example")], false, false),
        (&[site, ("origin", "https://evil.example")], true, false),
        (&[site, ("origin", "null")], true, false),
        (&[site], true, true),
        (
            &[site, ("origin", "https://app.example"), ("origin", "https://evil.example")],
            true,
            false,
        ),
    ] {
        for (method, path) in REQUESTS {
            assert_eq!(is_refused(&listed, method, path, fields), by_list, "{fields:?}");
            assert_eq!(is_refused(&any, method, path, fields), by_any, "{fields:?}");
        }
    }
}

#[test]
fn an_application_can_take_requests_of_other_sites() {
    let gateway = with(GatewayConfig::default().with_other_sites(true));

    for (method, path) in REQUESTS {
        assert!(!is_refused(&gateway, method, path, &[("sec-fetch-site", "cross-site")]));
    }
}

#[test]
fn another_site_is_refused_before_anything_but_its_host_is_looked_at() {
    let gateway = gateway(HubConfig::new(StringFormat));
    for path in ["/ping/42", "/no-such-action/42", "/not-a-path", "/"] {
        let fields = [("host", "here"), ("sec-fetch-site", "cross-site")];
        let refused = ask_with(&gateway, "POST", path, &fields);
        assert_error_page(
            &refused,
            "403: Forbidden",
            "403: Pages of other sites may not do this. Allow an origin with --allow-origin, or in \
             code with GatewayConfig::with_cors",
        );
    }
}

#[test]
fn a_preflight_allows_the_headers_that_it_asks_for_where_the_origin_is_allowed() {
    let cors = Cors::new(["https://app.example"]).unwrap();
    let gateway = with(GatewayConfig::default().with_cors(cors));
    let asked = |origin, names: &str| {
        let fields =
            [("host", "here"), ("origin", origin), ("access-control-request-headers", names)];
        let answer = ask_with(&gateway, "OPTIONS", "/poll/42", &fields);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let all = |name| {
            let values = answer.headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(", ")
        };
        (all("access-control-allow-headers"), all("vary"))
    };
    let known = "content-type, last-event-id, idempotency-key";
    let too_long = "x".repeat(1025);
    for (names, more) in [
        ("", ""),
        ("Authorization, X-Test", ", authorization, x-test"),
        ("content-type,x-a", ", x-a"),
        ("x-a, b c, x-d", ", x-a, x-d"),
        (&*too_long, ""),
    ] {
        let (allowed, vary) = asked("https://app.example", names);
        assert_eq!(allowed, format!("{known}{more}"), "{names}");
        assert_eq!(vary, "Access-Control-Request-Headers, Origin");
    }
    assert_eq!(asked("https://evil.example", "X-Test").0, "");
}
