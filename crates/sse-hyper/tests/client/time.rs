//! Time that passes while nobody looks.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use futures_util::StreamExt;
use sse_core::client::Disconnect;
use sse_hyper::EventSource;
use sse_testkit::MemoryServer;

use crate::support::{config, held, some, source};

#[tokio::test(start_paused = true)]
async fn time_before_the_first_poll_counts_for_nothing() {
    let server = MemoryServer::new([held("data: 1\n\n")]);
    let mut source = source(&server, config().with_max_time(Duration::from_secs(20)));

    tokio::time::sleep(Duration::from_secs(31)).await;

    assert_eq!(some(&mut source, 2).await, ["open", "1"]);
}

#[tokio::test(start_paused = true)]
async fn time_before_a_restart_counts_for_nothing() {
    let server = MemoryServer::new([held("data: 1\n\n"), held("data: 2\n\n")]);
    let mut source = source(&server, config());
    assert_eq!(some(&mut source, 2).await, ["open", "1"]);

    tokio::time::sleep(Duration::from_secs(60)).await;
    source.restart();
    tokio::time::sleep(Duration::from_secs(60)).await;

    assert_eq!(some(&mut source, 2).await, ["open", "2"]);
}

#[tokio::test]
async fn answers_without_end_before_the_answer_do_not_outlast_any_time() {
    for (config, expected) in [
        (config().with_max_time(Duration::from_millis(300)), "OutOfTime"),
        (config().with_response_timeout(Duration::from_millis(300)), "NoAnswer"),
    ] {
        let uri = chatter().parse().unwrap();
        let config = config.with_initial_retry(false);
        let mut source = EventSource::builder(uri).with_config(config).build().unwrap();

        let gave_up = source.next().await.unwrap().unwrap_err();

        let because: &Disconnect = gave_up.disconnect();
        assert!(format!("{because:?}").starts_with(expected), "{because:?}");
    }
}

#[tokio::test]
async fn answers_without_end_before_the_answer_are_an_error() {
    let uri = chatter().parse().unwrap();
    let config = config().with_initial_retry(false).with_response_timeout(Duration::from_secs(600));
    let mut source = EventSource::builder(uri).with_config(config).build().unwrap();

    let gave_up = source.next().await.unwrap().unwrap_err().to_string();

    assert!(gave_up.contains("no answer came in 1536 KiB of interim answers"), "{gave_up}");
}

/// The address of a server that sends interim answers as fast as they are taken.
fn chatter() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _request = connection.read(&mut [0; 4096]).unwrap();
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(1000);
        while connection.write_all(hints.as_bytes()).is_ok() {}
    });
    format!("http://{addr}/")
}
