//! What is shown of a request, and what is not.

use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{Access, AccessRequest, Credential, Operation, Seat, Ticket, Verdict, from_fn},
};

use crate::{
    book::Book,
    support::{ask, epoch, parts, quiet, token},
};

const SECRET: &str = "s3cret";

#[test]
fn no_secret_of_a_request_is_in_what_is_shown_of_it() {
    let fields = [
        ("authorization", "Bearer s3cret"),
        ("cookie", "session=s3cret"),
        ("proxy-authorization", "Basic s3cret"),
    ];
    let parts = parts("GET", "/poll/t?ticket=s3cret", &fields);
    let (name, operation) = (token("t"), Operation::Listen);
    let value = http::HeaderValue::from_static("Digest s3cret");
    for credential in [
        None,
        Some(Credential::Bearer(SECRET)),
        Some(Credential::Basic(SECRET)),
        Some(Credential::Cookie(SECRET)),
        Some(Credential::Ticket(SECRET.into())),
        Some(Credential::Other(&value)),
    ] {
        let request = AccessRequest::new(&parts, &name, &operation, credential.clone());

        let shown = format!("{request:?} {request:#?} {credential:?}");

        assert!(!shown.contains(SECRET), "{shown}");
        assert!(shown.contains("Listen"), "{shown}");
    }
    let ticket = Ticket::new(SECRET, 1);
    let secret = SECRET.to_owned();
    let authenticator = from_fn(move |_| panic!("{secret}"));
    let access = Access::new(authenticator);
    let verdict = Verdict::pending(async { panic!("{SECRET}") });
    let seat = Seat::new(SECRET);
    let config = GatewayConfig::default().with_access(access);
    let shown = format!("{ticket:?} {verdict:?} {seat:?} {config:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn no_answer_and_nothing_that_a_driver_holds_shows_a_secret() {
    let config = GatewayConfig::default()
        .with_access(Access::new(Book::default()).with_cookie("session").unwrap());
    let gateway = Gateway::new(Hub::new(quiet()), config);
    for fields in [
        &[("authorization", "Bearer s3cret")][..],
        &[("authorization", "Basic s3cret")],
        &[("cookie", "session=s3cret")],
        &[("cookie", "session=s3cret; session=s3cret2")],
    ] {
        for (method, target) in [("GET", "/poll/t?ticket=s3cret"), ("POST", "/ping/t?x=s3cret")] {
            let parts = parts(method, target, fields);
            let asked = gateway.ask(&parts);
            assert!(!format!("{asked:?}").contains(SECRET));

            let answer = ask(&gateway, method, target, fields, epoch());

            assert_eq!(answer.status, 401);
            assert!(!format!("{answer:?}").contains(SECRET), "{answer:?}");
        }
    }
}
