//! TLS asked of a server without it, and HTTP of one that speaks TLS.

use futures_util::StreamExt;
use rcgen::{KeyPair, generate_simple_self_signed};
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    client::{ClientConfig, Disconnect},
};
use sse_hyper::{
    ClientTls, EventService, EventSource, HttpVersion, Interrupted, Publisher, SendError, Server,
    ServerTls, TlsMismatch,
};
use sse_testkit::{MemoryServer, ScriptedServer, Step};
use tokio::{task::JoinSet, time::Instant};

use crate::support;

const SPOKEN: &str = "the server speaks TLS on this port: use https://";
const NOT_SPOKEN: &str = "the server does not speak TLS on this port: use http://";

#[tokio::test]
async fn alert_is_told_as_what_it_means() {
    for alert in [
        &b"\x15\x03\x03\x00\x02\x02\x28"[..],
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\x16\x03\x03\x00\x00",
        b"\x15",
    ] {
        let script = [vec![Step::ExpectHead, Step::send(alert), Step::Close]];
        let server = ScriptedServer::start([script.clone(), script].concat()).await;

        let refused = interrupted(&server.url("/"), HttpVersion::Any).await;
        let unsent = publish(&server.url("")).await;

        assert_eq!(refused.to_string(), format!("the connection failed: {SPOKEN}"), "{alert:?}");
        assert_eq!(refused.tls_mismatch(), Some(TlsMismatch::Spoken));
        assert_eq!(*refused.disconnect(), Disconnect::Failed);
        assert_eq!(unsent.to_string(), SPOKEN, "{alert:?}");
        assert_eq!(unsent.tls_mismatch(), Some(TlsMismatch::Spoken));
    }
}

#[tokio::test]
async fn alert_to_http2_is_told_too() {
    let script = [vec![Step::send(b"\x15\x03\x03\x00\x02\x02\x28"), Step::Hold]];
    let server = ScriptedServer::start(script).await;

    let refused = interrupted(&server.url("/"), HttpVersion::Http2).await;

    assert!(refused.to_string().contains(SPOKEN), "{refused}");
}

#[tokio::test]
async fn our_server_under_tls_is_told_from_one_without() {
    let mut servers = JoinSet::new();
    let [with, without] = [serve(true, &mut servers).await, serve(false, &mut servers).await];

    for (url, words) in
        [(format!("http://{with}"), "TLS"), (format!("https://{without}"), NOT_SPOKEN)]
    {
        let refused = interrupted(&format!("{url}/poll/42"), HttpVersion::Any).await;
        let unsent = publish(&url).await;

        assert!(refused.to_string().contains(words), "{url}: {refused}");
        assert!(refused.tls_mismatch().is_some(), "{url}: {refused:?}");
        assert!(unsent.to_string().contains(words), "{url}: {unsent}");
        for noise in ["invalid HTTP version", "corrupt message"] {
            assert!(!refused.to_string().contains(noise), "{refused}");
            assert!(!unsent.to_string().contains(noise), "{unsent}");
        }
    }
}

#[tokio::test]
async fn whatever_is_no_tls_is_told_so() {
    for greeting in [
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9\r\n",
        "220 hi\r\n",
    ] {
        let script = [vec![Step::send(greeting), Step::Hold]];
        let server = ScriptedServer::start([script.clone(), script].concat()).await;
        let base = server.url("").replace("http://", "https://");

        let refused = interrupted(&format!("{base}/"), HttpVersion::Any).await;
        let unsent = publish(&base).await;

        assert_eq!(refused.to_string(), format!("the connection failed: {NOT_SPOKEN}"));
        assert_eq!(refused.tls_mismatch(), Some(TlsMismatch::NotSpoken));
        assert_eq!(unsent.to_string(), NOT_SPOKEN);
        assert_eq!(unsent.tls_mismatch(), Some(TlsMismatch::NotSpoken));
    }
}

#[tokio::test(start_paused = true)]
async fn page_of_a_bad_request_says_that_tls_is_missing() {
    for page in [
        "this port speaks TLS: use https://\n",
        "<center>The plain HTTP request was sent to HTTPS port</center>",
        "Client sent an HTTP request to an HTTPS server.\n",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
        "The client sent a plain HTTP request, but this server only speaks HTTPS on this port.",
    ] {
        let answer = Step::response("400 Bad Request", page);
        let server = MemoryServer::new([vec![Step::ExpectHead, answer]]);

        let refused = support::all(support::source(&server, support::config())).await;

        let said = format!("gave up: the server answered 400 Bad Request: {SPOKEN}");
        assert_eq!(refused, [said], "{page:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_request_that_only_mentions_tls_is_said_as_what_it_is() {
    for page in [
        "",
        "<body>400: the path has three segments</body>",
        r#"{"error":"the cursor is too old","see":"https://docs.example/errors"}"#,
        "<p>See <a href=\"https://proxy.example/help\">the help of this proxy</a>.</p>",
        "<body>400: not served here: tls-https-ssl.example</body>",
        "the header X-SSL-Client is not allowed",
    ] {
        let answer = Step::response("400 Bad Request", page);
        let server = MemoryServer::new([vec![Step::ExpectHead, answer]]);

        let refused = support::all(support::source(&server, support::config())).await;

        assert_eq!(refused, ["gave up: the server answered 400 Bad Request"], "{page:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn page_that_does_not_end_is_waited_for_a_second_at_most() {
    let sentence = "The plain HTTP request was sent to HTTPS port";
    for (fields, sent, words, longest) in [
        ("Content-Length: 1000", sentence, format!(": {SPOKEN}"), 0),
        ("Content-Type: TEXT/HTML; charset=utf-8", sentence, format!(": {SPOKEN}"), 0),
        ("Content-Length: 1000", "Bad", String::new(), 1000),
        ("Server: a", "", String::new(), 1000),
        ("Content-Length: 11", "", String::new(), 1000),
        ("Content-Length: 1000000", "", String::new(), 1000),
        ("Content-Type: application/problem+json", sentence, String::new(), 1000),
        ("Content-Encoding: br", "", String::new(), 1000),
    ] {
        let head = format!("HTTP/1.1 400 Bad Request\r\n{fields}\r\n\r\n{sent}");
        let server = MemoryServer::new([vec![Step::ExpectHead, Step::send(head), Step::Hold]]);
        let start = Instant::now();

        let refused = support::all(support::source(&server, support::config())).await;

        let said = format!("gave up: the server answered 400 Bad Request{words}");
        assert_eq!(refused, [said], "{fields}");
        // The timer counts whole milliseconds.
        let waited = start.elapsed().as_millis();
        assert!(waited <= longest + 1, "{fields}: {waited} ms");
    }
}

/// Why the first connection is over.
async fn interrupted(url: &str, version: HttpVersion) -> Interrupted {
    let mut source = EventSource::builder(url.parse().unwrap())
        .with_config(ClientConfig::default().with_initial_retry(false))
        .with_http_version(version)
        .with_tls(ClientTls::insecure())
        .build()
        .unwrap();
    source.next().await.unwrap().unwrap_err()
}

async fn publish(base: &str) -> SendError {
    let publisher = Publisher::builder(base.parse().unwrap());
    let publisher = publisher.with_tls(ClientTls::insecure()).build().unwrap();
    publisher.send_string("42", "ping", "hi").await.unwrap_err()
}

/// A server of ours on a port of its own; where it listens.
async fn serve(is_tls: bool, servers: &mut JoinSet<std::io::Result<()>>) -> String {
    let mut server = Server::bind("127.0.0.1:0").await.unwrap();
    if is_tls {
        let signed = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key: KeyPair = signed.signing_key;
        let tls = ServerTls::from_pem(signed.cert.pem().as_bytes(), key.serialize_pem().as_bytes());
        server = server.with_tls(tls.unwrap());
    }
    let addr = server.local_addr().unwrap().to_string();
    let hub = Hub::new(HubConfig::new(StringFormat));
    servers.spawn(server.serve(EventService::new(Gateway::new(hub, GatewayConfig::default()))));
    addr
}
