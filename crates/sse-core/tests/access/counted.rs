//! What is counted of requests that are refused.

use std::time::Duration;

use http::StatusCode;
use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{Access, Credential, Denied, Grant, GrantRefusal, Permissions, from_fn},
};

use crate::support::{ask, epoch, grant_of, quiet, status};

#[test]
fn a_request_that_may_not_do_it_counts_by_why_and_by_its_status() {
    let now = epoch();
    let access = Access::new(from_fn(move |request| match request.credential() {
        Some(Credential::Bearer("alice")) => Ok(Some(grant_of("alice"))),
        Some(Credential::Bearer("bob")) => Ok(Some(Grant::new(Permissions::none()))),
        Some(Credential::Bearer("old")) => Ok(Some(grant_of("old").with_end(now))),
        Some(Credential::Bearer("often")) => {
            Err(Denied::TooManyFailures { retry_after: Duration::from_secs(1) })
        }
        Some(Credential::Bearer("later")) => Err(Denied::Unavailable),
        Some(_) => Err(Denied::Unauthorized),
        None => Ok(None),
    }));
    let gateway = Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access));

    for (name, reason, refused) in [
        (None, GrantRefusal::Missing, 401),
        (Some("mallory"), GrantRefusal::Invalid, 401),
        (Some("old"), GrantRefusal::Ended, 401),
        (Some("bob"), GrantRefusal::Forbidden, 403),
        (Some("often"), GrantRefusal::TooManyFailures, 429),
        (Some("later"), GrantRefusal::Unavailable, 503),
    ] {
        let before = gateway.hub().counts();
        let bearer = name.map(|name| format!("Bearer {name}"));
        let fields: Vec<_> = bearer.iter().map(|bearer| ("authorization", &**bearer)).collect();

        for (method, path) in [("GET", "/poll/t"), ("HEAD", "/poll/t"), ("POST", "/ping/t")] {
            assert_eq!(status(&gateway, method, path, &fields, now), refused, "{name:?}");
        }

        let after = gateway.hub().counts();
        for other in GrantRefusal::ALL {
            let more = after.grants_refused(other) - before.grants_refused(other);
            assert_eq!(more, if other == reason { 3 } else { 0 }, "{name:?} {other:?}");
        }
        let more: Vec<_> = after
            .refusals()
            .zip(before.refusals())
            .filter_map(|((status, after), (_, before))| {
                (before < after).then_some((status.as_u16(), after - before))
            })
            .collect();
        assert_eq!(more, [(refused, 3)], "{name:?}");
    }
}

#[test]
fn a_browser_that_is_refused_in_a_stream_counts_with_the_real_status() {
    let (gateway, now) = (Gateway::new(Hub::new(quiet()), GatewayConfig::default()), epoch());
    let fields = [("accept", "text/event-stream"), ("sec-fetch-mode", "cors")];
    let listener = ask(&gateway, "GET", "/poll/t", &[], now).listener;

    // It asks again for a while whether the listener is still there.
    assert_eq!(status(&gateway, "GET", "/poll/t", &fields, now), 200);

    let of = |status| gateway.hub().counts().refusals().find(|it| it.0 == status).unwrap().1;
    assert_eq!(of(StatusCode::LOCKED), 1);
    drop(listener);
}
