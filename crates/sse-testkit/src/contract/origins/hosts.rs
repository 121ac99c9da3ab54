//! "`Host` 400/403": a request names one host, and one that is allowed.

use sse_core::{GatewayConfig, gateway::Hosts};

use crate::{Listener, Setup, Target, contract::expect, head};

/// "The gateway may have a list of allowed hosts: any other is 403, and the body names the host and the
/// option; port and a final dot do not count."
pub async fn only_allowed_hosts_are_served(start: impl AsyncFn(Setup) -> Target) {
    let target = start(on_loopback()).await;
    let _listener = listen(&target, "localhost:1").await;
    for host in ["evil.example", "evil.example:8888", "localhost.evil.example", "0.0.0.0"] {
        let name = host.split(':').next().expect("a host has a name");
        for (method, path) in
            [("GET", "/"), ("GET", "/poll/43"), ("POST", "/ping/42"), ("POST", "/close/42")]
        {
            let refused = target.exchange(request(method, path, host)).await;
            let text = expect::reason(&refused, "403: Forbidden");
            assert!(text.contains(name) && text.contains("--allow-host"), "{text}");
        }
    }
    for host in ["localhost", "LOCALHOST.:8888", "a.localhost", "127.1.2.3", "[::1]:8888"] {
        let answer = target.exchange(request("POST", "/ping/42", host)).await;
        expect::published(&answer, "text/plain");
    }
}

/// "`Host` 400/403" comes first: before the site, the path, the method and the channel.
pub async fn the_host_is_looked_at_first(start: impl AsyncFn(Setup) -> Target) {
    let target = start(on_loopback()).await;
    for request in [
        "PUT /ping/42 HTTP/1.1\r\nHost: evil\r\nContent-Length: 0\r\n\r\n",
        "POST /no/path/at/all HTTP/1.1\r\nHost: evil\r\nContent-Length: 0\r\n\r\n",
        "POST /ping/42 HTTP/1.1\r\nHost: evil\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_eq!(target.exchange(request).await.status(), 403, "{request}");
    }
}

/// "HTTP/1.0 without `Host` passes."
pub async fn http_1_0_needs_no_host(start: impl AsyncFn(Setup) -> Target) {
    let target = start(on_loopback()).await;
    let mut connection = target.connect().await;
    connection.send("GET /poll/42 HTTP/1.0\r\n\r\n").await;
    assert_eq!(connection.head().await.status, 200);
}

/// "HTTP/1.1 without `Host`, with two or with an invalid one: 400."
pub async fn http_1_1_has_one_valid_host(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    for hosts in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host:\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: user@a\r\n",
        "Host: a:port\r\n",
        "Host: a,b:\u{e9}\r\n",
    ] {
        for line in ["GET /poll/42", "POST /ping/42", "GET /"] {
            let request = format!("{line} HTTP/1.1\r\n{hosts}Content-Length: 0\r\n\r\n");
            assert_eq!(target.exchange(&request).await.status(), 400, "{request:?}");
        }
    }
    let _listener = listen(&target, "a:1").await;
}

async fn listen(target: &Target, host: &str) -> Listener {
    let mut connection = target.connect().await;
    connection.send(request("GET", "/poll/42", host)).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{head:?}");
    Listener::new(connection, head).opened().await
}

fn request(method: &str, path: &str, host: &str) -> String {
    head(method, path, &[("Content-Length", "0")]).replace("Host: test", &format!("Host: {host}"))
}

fn on_loopback() -> Setup {
    Setup { gateway_config: loopback_only, ..Setup::default() }
}

fn loopback_only(config: GatewayConfig) -> GatewayConfig {
    config.with_hosts(Hosts::loopback())
}
