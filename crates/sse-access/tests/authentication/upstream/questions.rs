use http::HeaderValue;
use sse_core::access::Credential;
use sse_testkit::ScriptedServer;

use crate::asking::{by, find, granting, parts, subject};

#[tokio::test]
async fn the_one_credential_is_handed_on_and_what_is_to_be_done() {
    let digest = HeaderValue::from_static("Digest username=\"a\"");
    let cookies = ("cookie", "theme=dark; session=\"s3cret\"; other=x");
    for (credential, fields, expected) in [
        (Credential::Bearer("a.b.c"), &[][..], ("authorization", "Bearer a.b.c")),
        (Credential::Basic("YTpi"), &[cookies], ("authorization", "Basic YTpi")),
        (Credential::Other(&digest), &[], ("authorization", "Digest username=\"a\"")),
        (Credential::Cookie("s3cret"), &[cookies], ("cookie", "session=\"s3cret\"")),
        (
            Credential::Cookie("x"),
            &[("cookie", "a=1"), ("cookie", "b=x;c=xx"), ("authorization", "Basic YTpi")],
            ("cookie", "b=x"),
        ),
    ] {
        let server = ScriptedServer::start([granting("alice")]).await;
        let mut fields = fields.to_vec();
        fields.push(("host", "events.example:8888"));
        let parts = parts("POST", "/ping/room%3A42?ticket=t1cket", &fields);

        let found = find(&by(&server), &parts, credential).await;

        assert_eq!(subject(&found), Ok(Some("alice")));
        let asked = &server.requests()[0];
        assert!(asked.head.starts_with("GET /check HTTP/1.1\r\n"), "{}", asked.head);
        for name in ["authorization", "cookie"] {
            assert_eq!(asked.field(name), (name == expected.0).then_some(expected.1), "{name}");
        }
        assert_eq!(asked.field("x-forwarded-method"), Some("POST"));
        assert_eq!(asked.field("x-forwarded-uri"), Some("/ping/room%3A42"));
        assert_eq!(asked.field("x-forwarded-host"), Some("events.example:8888"));
        assert_eq!(asked.field("host"), Some(&*server.addr().to_string()));
        assert_eq!(asked.field("x-forwarded-for"), None, "the address is not known");
        assert!(!asked.head.contains("t1cket"), "{}", asked.head);
    }
}

#[tokio::test]
async fn the_host_is_that_of_the_target_if_it_has_one() {
    let server = ScriptedServer::start([granting("alice")]).await;
    let target = "http://somebody@events.example/poll/42";
    let parts = parts("GET", target, &[("host", "other.example")]);

    find(&by(&server), &parts, Credential::Bearer("s3cret")).await.unwrap();

    let asked = &server.requests()[0];
    assert_eq!(asked.field("x-forwarded-host"), Some("events.example"));
    assert_eq!(asked.field("x-forwarded-uri"), Some("/poll/42"));
}

#[tokio::test]
async fn the_query_of_the_address_is_asked_and_its_fragment_is_not() {
    let server = ScriptedServer::start([granting("alice")]).await;
    let endpoint = sse_access::Endpoint::new(&server.url("/a%20b?app=1#part")).unwrap();
    let upstream = sse_access::Upstream::new(endpoint);
    let authentication = sse_access::Authentication::new().with_upstream(upstream);

    let parts = parts("GET", "/poll/42", &[]);
    find(&authentication, &parts, Credential::Bearer("s3cret")).await.unwrap();

    assert!(server.requests()[0].head.starts_with("GET /a%20b?app=1 HTTP/1.1\r\n"));
}
