//! The protocol, with the options `-P`, `-i`, `-j` and `-k` of `eventsource-server`.

use rustix::process::Signal;

use super::process::Example;
use crate::head;

/// `-i` and `-j` choose the format, as they do with `eventsource-server`.
pub async fn it_serves_every_format(package: &str) {
    for (options, data, event) in [
        (&[][..], "a\nb", "event: ping\ndata: a\ndata: b\n\n"),
        (&["-i"], "a", "event: ping\ndata: a\nid: 0\n\n"),
        (&["-j"], "[ 1 ]", "event: ping\ndata: [1]\n\n"),
        (&["-i", "-j"], "{}", "event: ping\ndata: {}\nid: 0\n\n"),
    ] {
        let (_server, target) = Example::start(package, "protocol_server", options);
        let mut listener = target.listen("42").await;

        target.publish("ping", "42", data).await;
        listener.expect(event).await;

        let has_retry = options.contains(&"-i");
        let retry = target.post("retry", "42", "70").await;
        assert_eq!(retry.status(), if has_retry { 200 } else { 404 }, "{options:?}");
    }
}

/// `-k` breaks the silence.
pub async fn it_keeps_alive(package: &str) {
    let (_server, target) = Example::start(package, "protocol_server", &["-k", "50"]);

    target.listen("42").await.expect(":\n\n").await;
}

/// "SIGINT and SIGTERM: stop accepting, end all streams cleanly, exit 0 within 5 s".
pub async fn it_ends_its_streams_when_told_to_stop(package: &str) {
    for signal in [Signal::INT, Signal::TERM] {
        let (mut server, target) = Example::start(package, "protocol_server", &[]);
        let mut listener = target.listen("42").await;

        server.signal(signal);

        listener.expect_end().await;
        assert!(server.end().success(), "{signal:?}");
    }
}

/// "A second signal ends it at once".
pub async fn a_second_signal_ends_it_at_once(package: &str) {
    let (mut server, target) = Example::start(package, "protocol_server", &[]);
    let mut listener = target.listen("42").await;
    // A request that the server has begun with, and waits for.
    let mut owing = target.connect().await;
    let fields = [("Content-Length", "9"), ("Expect", "100-continue")];
    owing.send(head("POST", "/ping/42", &fields)).await;
    assert_eq!(owing.head().await.status, 100);

    server.signal(Signal::TERM);
    listener.expect_end().await;
    server.signal(Signal::INT);

    assert_eq!(server.end().code(), Some(1), "it was not waited for");
}
