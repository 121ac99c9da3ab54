//! Proxies, over sockets.

use std::{
    env,
    io::{self, Write},
    process::Command,
};

use futures_util::StreamExt;
use sse_hyper::{EventSource, Proxies, Publisher};
use sse_testkit::{ScriptedServer, Step};
use tokio::task::spawn_blocking;

use crate::support::{config, held, some};

#[tokio::test]
async fn proxy_of_http_is_asked_for_the_whole_address() {
    let proxy = ScriptedServer::start([held("data: a\n\n")]).await;
    let address = format!("http://me:secret@{}", proxy.addr());

    let seen = some(&mut source("http://a.example/stream?q", &address), 2).await;

    assert_eq!(seen, ["open", "a"]);
    let request = &proxy.requests()[0];
    assert!(
        request.head.starts_with("GET http://a.example/stream?q HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert_eq!(request.field("host"), Some("a.example"));
    assert_eq!(request.field("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[tokio::test]
async fn proxy_that_does_not_speak_tls_is_told_from_a_server() {
    let script = vec![Step::send("HTTP/1.1 400 Bad Request\r\n\r\n"), Step::Hold];
    let proxy = ScriptedServer::start([script]).await;
    let address = proxy.url("").replace("http://", "https://");

    let seen = some(&mut source("http://a.example/", &address), 1).await;

    assert!(seen[0].contains("the proxy does not speak TLS on its port"), "{seen:?}");
}

#[tokio::test]
async fn proxy_that_speaks_tls_is_told_from_a_server() {
    let alert = &b"\x15\x03\x03\x00\x02\x02\x28"[..];
    let page = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    for (uri, answer) in [
        ("http://a.example/", alert),
        ("https://a.example/", alert),
        ("https://a.example/", page.as_bytes()),
    ] {
        let script = vec![Step::ExpectHead, Step::send(answer), Step::Close];
        let proxy = ScriptedServer::start([script]).await;

        let seen = some(&mut source(uri, &proxy.url("")), 1).await;

        let words = "the connection failed: the proxy speaks TLS on its port: use https:// for it";
        assert_eq!(seen, [format!("again: {words}")], "{uri} {answer:?}");
    }
}

#[tokio::test]
async fn bad_request_by_a_proxy_blames_no_server() {
    let page = Step::response("400 Bad Request", "Client sent an HTTP request to an HTTPS server");
    let proxy = ScriptedServer::start([vec![Step::ExpectHead, page]]).await;

    let mut source = source("http://a.example/", &proxy.url(""));
    let refused = source.next().await.unwrap().unwrap_err();

    let words = "the proxy, or the server behind it, speaks TLS on its port: use https:// for it";
    assert_eq!(refused.to_string(), format!("the server answered 400 Bad Request: {words}"));
    assert_eq!(refused.tls_mismatch(), None);
}

#[tokio::test]
async fn publisher_goes_by_the_same_proxies() {
    let answered = vec![Step::ExpectHead, Step::ExpectBody, Step::response("200 OK", "ok")];
    let proxy = ScriptedServer::start([answered]).await;
    let publisher =
        publisher("http://a.example/base", &format!("http://me:secret@{}", proxy.addr()));

    let answer = publisher.send_string("42", "ping", "hi").await.unwrap();

    assert_eq!(answer, "ok");
    let request = &proxy.requests()[0];
    let line = "POST http://a.example/base/ping/42 HTTP/1.1\r\n";
    assert!(request.head.starts_with(line), "{}", request.head);
    assert_eq!(request.field("host"), Some("a.example"));
    assert_eq!(request.field("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
    assert_eq!(request.body, b"hi");
}

#[tokio::test]
async fn publisher_says_which_proxy_cannot_be_reached() {
    let unsent = publisher("http://a.example", "socks5://127.0.0.77");

    let unsent = unsent.send_string("42", "ping", "hi").await.unwrap_err();

    assert!(unsent.to_string().contains("no connection to 127.0.0.77:1080"), "{unsent}");
}

#[tokio::test]
async fn proxy_that_is_named_leads_to_this_machine_too() {
    let proxy = ScriptedServer::start([held("data: a\n\n")]).await;

    let seen = some(&mut source("http://localhost:1/", &proxy.url("")), 2).await;

    assert_eq!(seen, ["open", "a"]);
    assert!(proxy.requests()[0].head.starts_with("GET http://localhost:1/ "));
}

#[tokio::test]
async fn redirect_to_a_scheme_whose_proxy_cannot_be_used_fails_with_the_reason() {
    let proxy =
        ScriptedServer::start([vec![Step::ExpectHead, Step::redirect(307, "https://a.example/")]])
            .await;
    let variables = [("http_proxy", &*proxy.url("")), ("https_proxy", "ftp://me:secret@p")];

    let said = asked_in(&variables).await;

    let words =
        "again: the connection failed: the proxy \"ftp://***@p\" of the variable https_proxy";
    assert!(said[0].starts_with(words), "{said:?}");
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn environment_names_the_proxies_of_source_and_publisher() {
    for name in ["http_proxy", "all_proxy", "ALL_PROXY"] {
        let answered = vec![Step::ExpectHead, Step::response("200 OK", "ok")];
        let proxy = ScriptedServer::start([held("data: a\n\n"), answered]).await;

        let said = asked_in(&[(name, &*proxy.addr().to_string())]).await;

        assert_eq!(said, ["open", "published"], "{name}");
        let requests = proxy.requests();
        assert!(requests[0].head.starts_with("GET http://a.example/ "), "{}", requests[0].head);
        assert!(requests[1].head.starts_with("POST http://a.example/ping/42 "), "{requests:?}");
    }
}

#[tokio::test]
async fn variable_that_cannot_be_used_is_named_where_it_would_be_used() {
    for (variables, words) in [
        (
            &[("http_proxy", "::::")][..],
            "the proxy \"::::\" of the variable http_proxy cannot be used: there is no host in it",
        ),
        (
            &[("http_proxy", ""), ("ALL_PROXY", "http://me:secret@p:x")],
            "the proxy \"http://***@p:x\" of the variable ALL_PROXY cannot be used: \"x\" is no port: ports \
             are numbers from 1 to 65535",
        ),
    ] {
        assert_eq!(asked_in(variables).await, [words, words], "{variables:?}");
    }
    for variables in [
        &[("HTTP_PROXY", "ftp://p")][..],
        &[("https_proxy", "ftp://p"), ("HTTPS_PROXY", "::::")],
        &[("http_proxy", "ftp://p"), ("NO_PROXY", "a.example")],
    ] {
        let said = asked_in(variables).await;

        assert!(said.iter().all(|said| !said.contains("proxy")), "{variables:?}: {said:?}");
    }
}

/// What clients of `http://a.example/` say in a process with these variables alone.
async fn asked_in(variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(env::current_exe().unwrap());
    let test = "proxies::clients_ask_as_their_environment_says";
    command.args(["--ignored", "--exact", "--nocapture", test]).env_clear();
    command.envs(variables.iter().copied());
    let output = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    said.lines().filter_map(|line| line.strip_prefix("said: ")).map(str::to_owned).collect()
}

#[tokio::test]
#[ignore = "others run it, in a process with variables of its own"]
async fn clients_ask_as_their_environment_says() {
    let uri: http::Uri = "http://a.example/".parse().unwrap();
    let source = EventSource::builder(uri.clone()).with_config(config()).build();
    let said = match source {
        Ok(mut source) => some(&mut source, 1).await.remove(0),
        Err(error) => error.to_string(),
    };
    writeln!(io::stdout(), "\nsaid: {said}").unwrap();
    let said = match Publisher::builder(uri).build() {
        Ok(publisher) => match publisher.send_string("42", "ping", "").await {
            Ok(_) => "published".to_owned(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    writeln!(io::stdout(), "\nsaid: {said}").unwrap();
}

pub(crate) fn publisher(base: &str, proxy: &str) -> Publisher {
    let proxies = Proxies::One(proxy.parse().unwrap());
    Publisher::builder(base.parse().unwrap()).with_proxies(proxies).build().unwrap()
}

pub(crate) fn source(uri: &str, proxy: &str) -> EventSource {
    EventSource::builder(uri.parse().unwrap())
        .with_config(config())
        .with_proxies(Proxies::One(proxy.parse().unwrap()))
        .build()
        .unwrap()
}
