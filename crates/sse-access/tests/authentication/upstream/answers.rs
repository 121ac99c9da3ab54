use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sse_access::{Authentication, Endpoint, Upstream};
use sse_core::access::{Denied, Pattern, Permissions};
use sse_testkit::{ScriptedServer, Step};

use crate::asking::{answer, by, granting, listen, subject, upstream};

#[tokio::test]
async fn an_answer_of_2xx_with_a_grant_says_who_it_is() {
    let claims = r#"{"sub":"alice","jti":"7","sse":{"listen":["room:*"]},"name":"Alice"}"#;
    for status in ["200 OK", "204 No Content", "299 Whatever"] {
        let head = format!("{status}\r\nsse-grant: {claims}");
        let server = ScriptedServer::start([answer(&head)]).await;

        let grant = listen(&by(&server), "42", "s3cret").await.unwrap().unwrap();

        assert_eq!((grant.subject(), grant.id(), grant.end()), (Some("alice"), Some("7"), None));
        let permissions = Permissions::none().with_listen(Pattern::new("room:*").unwrap());
        assert_eq!(grant.permissions(), &permissions);
    }
}

#[tokio::test]
async fn nothing_is_granted_by_any_other_answer() {
    let grant = r#"Sse-Grant: {"sub":"alice","sse":{"listen":["*"]}}"#;
    let unavailable = Denied::Unavailable;
    for (head, expected) in [
        (format!("401 Unauthorized\r\n{grant}"), Denied::Unauthorized),
        (format!("403 Forbidden\r\n{grant}"), Denied::Forbidden),
        (format!("404 Not Found\r\n{grant}"), unavailable),
        (format!("429 Too Many Requests\r\n{grant}"), unavailable),
        (format!("500 Internal Server Error\r\n{grant}"), unavailable),
        (format!("301 Moved Permanently\r\nLocation: /other\r\n{grant}"), unavailable),
        (format!("304 Not Modified\r\n{grant}"), unavailable),
        (
            format!("101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n{grant}"),
            unavailable,
        ),
        ("200 OK".to_owned(), unavailable),
        (format!("200 OK\r\n{grant}\r\n{grant}"), unavailable),
        (format!("200 OK\r\n{grant}, {{}}"), unavailable),
        ("200 OK\r\nSse-Grant: ".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: true".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: []".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: {\"sub\":7}".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: {\"exp\":\"tomorrow\"}".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: {\"sse\":{\"listen\":\"*\"}}".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: {\"sse\":{\"listen\":[\"a*b\"]}}".to_owned(), unavailable),
        ("200 OK\r\nSse-Grant: {\"sub\":\"\u{e9}\u{ff}".to_owned(), unavailable),
        (format!("200 OK\r\nSse-Grant: {{\"sub\":\"{}\"}}", "a".repeat(20_000)), unavailable),
    ] {
        let server = ScriptedServer::start([answer(&head), granting("mallory")]).await;

        let found = listen(&by(&server), "42", "s3cret").await;

        assert_eq!(found.map(drop), Err(expected), "{head:.80}");
        assert_eq!(server.connections(), 1, "{head:.80}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_grants_nothing() {
    let endless = "HTTP/1.1 200 OK\r\nX: ".to_owned() + &"a".repeat(1 << 20);
    let fields: String = (0..1000).map(|n| format!("X-{n}: 1\r\n")).collect();
    for script in [
        vec![Step::Close],
        vec![Step::Reset],
        vec![Step::ExpectHead, Step::Close],
        vec![Step::ExpectHead, Step::Reset],
        vec![Step::ExpectHead, Step::send("HTTP/1.1 200 OK\r\nSse-Grant: {}\r\n"), Step::Close],
        vec![Step::ExpectHead, Step::send("SSH-2.0-OpenSSH\r\n"), Step::Hold],
        vec![Step::ExpectHead, Step::send("\x15\x03\x01\x00\x02\x02\x16"), Step::Hold],
        vec![Step::ExpectHead, Step::send(endless), Step::Hold],
        vec![Step::ExpectHead, Step::send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n")), Step::Hold],
    ] {
        let server = ScriptedServer::start([script.clone(), granting("mallory")]).await;

        let found = listen(&by(&server), "42", "s3cret").await;

        assert_eq!(subject(&found), Err(Denied::Unavailable), "{:?}", script.last());
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn an_address_that_nobody_listens_at_grants_nothing() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [format!("http://{gone}/"), "http://name.invalid/".to_owned()] {
        let endpoint = Endpoint::new(&url).unwrap().with_timeout(Duration::from_secs(1));
        let authentication = Authentication::new().with_upstream(Upstream::new(endpoint));

        let found = listen(&authentication, "42", "s3cret").await;

        assert_eq!(subject(&found), Err(Denied::Unavailable), "{url}");
    }
}

#[tokio::test]
async fn an_answer_that_is_slow_grants_nothing() {
    let timeout = Duration::from_millis(50);
    let slowly = (0..100).flat_map(|_| {
        [Step::send("HTTP/1.1 100 Continue\r\n\r\n"), Step::Sleep(Duration::from_millis(10))]
    });
    for script in [
        vec![Step::Hold],
        vec![Step::ExpectHead, Step::send("HTTP/1.1 200 OK\r\nSse-Grant: {}\r\n"), Step::Hold],
        std::iter::once(Step::ExpectHead).chain(slowly).chain([Step::Hold]).collect(),
    ] {
        let server = ScriptedServer::start([script]).await;
        let endpoint = Endpoint::new(&server.url("/")).unwrap().with_timeout(timeout);
        let authentication = Authentication::new().with_upstream(Upstream::new(endpoint));
        let begun = Instant::now();

        let found = listen(&authentication, "42", "s3cret").await;

        assert_eq!(subject(&found), Err(Denied::Unavailable));
        assert!(timeout <= begun.elapsed());
    }
}

#[tokio::test]
async fn what_comes_beside_the_head_delays_nothing() {
    let head = "HTTP/1.1 200 OK\r\nSse-Grant: {\"sub\":\"alice\"}\r\n";
    for rest in [
        "Content-Length: 1000000\r\n\r\nonly the beginning".to_owned(),
        "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nTrailer: x\r\n\r\n0\r\nx: 1\r\n".to_owned(),
        "Content-Length: 0\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n".to_owned(),
        "\r\nuntil the end".to_owned(),
        "Connection: keep-alive, upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ] {
        let early =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nSse-Grant: {}\r\n\r\n";
        let script = vec![Step::ExpectHead, Step::send(format!("{early}{head}{rest}")), Step::Hold];
        let server = ScriptedServer::start([script]).await;
        let endpoint = Endpoint::new(&server.url("/")).unwrap();
        let upstream = Upstream::new(endpoint.with_timeout(Duration::from_secs(3600)));
        let authentication = Authentication::new().with_upstream(upstream);

        let found = listen(&authentication, "42", "s3cret").await;

        assert_eq!(subject(&found), Ok(Some("alice")), "{rest:?}");
        server.until_departures(1).await;
    }
}

#[tokio::test]
async fn a_grant_ends_when_it_says_so_or_is_too_old() {
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let in_an_hour = (now + hour).as_secs();
    for (exp, max_age, expected) in [
        (None, None, None),
        (Some(in_an_hour), None, Some(hour)),
        (None, Some(hour / 2), Some(hour / 2)),
        (Some(in_an_hour), Some(hour / 2), Some(hour / 2)),
        (Some(in_an_hour), Some(2 * hour), Some(hour)),
    ] {
        let claims = exp.map_or_else(|| "{}".to_owned(), |exp| format!("{{\"exp\":{exp}}}"));
        let script = answer(&format!("200 OK\r\nSse-Grant: {claims}"));
        let server = ScriptedServer::start([script]).await;
        let mut upstream = upstream(&server);
        if let Some(age) = max_age {
            upstream = upstream.with_max_age(age);
        }
        let authentication = Authentication::new().with_upstream(upstream);
        let begun = Instant::now();

        let grant = listen(&authentication, "42", "s3cret").await.unwrap().unwrap();

        let ends_in = grant.end().map(|end| end - begun);
        let slack = Duration::from_secs(60);
        match (ends_in, expected) {
            (Some(ends_in), Some(expected)) => {
                assert!(ends_in.abs_diff(expected) < slack, "{exp:?} {max_age:?} {ends_in:?}");
            }
            (ends_in, expected) => assert_eq!(ends_in, expected, "{exp:?} {max_age:?}"),
        }
    }
}

#[tokio::test]
async fn a_grant_that_has_ended_or_not_begun_grants_nothing() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for claims in [
        format!("{{\"exp\":{}}}", now - 3600),
        format!("{{\"nbf\":{}}}", now + 3600),
        "{\"exp\":0}".to_owned(),
    ] {
        let script = answer(&format!("200 OK\r\nSse-Grant: {claims}"));
        let server = ScriptedServer::start([script]).await;

        let found = listen(&by(&server), "42", "s3cret").await;

        assert_eq!(subject(&found), Err(Denied::Unauthorized), "{claims}");
    }
}
