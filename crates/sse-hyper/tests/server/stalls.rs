//! HTTP/2 clients that keep their windows shut.

use std::time::Duration;

use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode};
use sse_hyper::{EventService, Server};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

use super::{
    frames::{DATA, END_STREAM, Frames, HEADERS, RST_STREAM},
    support::{TestServer, within},
};

/// For what ends by it.
const TIMEOUT: Duration = Duration::from_millis(400);

/// For what goes on in spite of it, on a busy machine too.
const LONG_TIMEOUT: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_listener_that_was_cut_is_reset_though_its_window_is_shut() {
    for window in [0, 1, 30, 20_000] {
        let config =
            HubConfig::new(StringFormat).with_mode(Mode::Shared).with_max_log_bytes(100_000);
        let service = EventService::new(Gateway::new(Hub::new(config), GatewayConfig::default()));
        let channels = service.channels();
        let server = Server::bind("127.0.0.1:0").await.unwrap().with_stall_timeout(None);
        let addr = server.local_addr().unwrap();
        let serving = tokio::spawn(server.serve(service));
        let mut frames = Frames::open(TcpStream::connect(addr).await.unwrap(), window).await;
        // One never reads on; the other, on the same connection, reads all.
        frames.get(1, "/poll/42").await;
        frames.get(3, "/poll/43").await;
        frames.widen(0, 1 << 20).await;
        frames.widen(3, 1 << 20).await;
        let (slow, quick) = (Token::new("42").unwrap(), Token::new("43").unwrap());
        let mut opened = 0;
        while opened < 2 {
            opened += usize::from(frames.next().await.unwrap().kind == HEADERS);
        }

        // Until it is cut, which frees the token; never in one go, as a burst would be.
        while channels.publish(&slow, "ping", &[b'x'; 10_000]).is_ok() {
            sleep(Duration::from_millis(5)).await;
        }

        let reset = within(async {
            loop {
                let frame = frames.next().await.expect("the connection goes on");
                if frame.kind == RST_STREAM {
                    break frame.id;
                }
            }
        });
        assert_eq!(reset.await, 1, "a window of {window}");
        channels.publish(&quick, "ping", b"still here").unwrap();
        let told = within(async {
            loop {
                let frame = frames.next().await.expect("the connection goes on");
                if frame.id == 3 && frame.payload.ends_with(b"data: still here\n\n") {
                    break frame.kind;
                }
            }
        });
        assert_eq!(told.await, DATA, "a window of {window}");
        serving.abort();
    }
}

#[tokio::test]
async fn a_connection_of_which_nothing_is_taken_ends() {
    for window in [0, 1, 4] {
        for path in ["/", "/endless", "/events", "/events/held", "/events/endless"] {
            let server = TestServer::start(|it| it.with_stall_timeout(Some(TIMEOUT))).await;
            let mut frames = Frames::open(server.connect().await, window).await;
            let start = Instant::now();
            for id in [1, 3, 5] {
                frames.get(id, path).await;
            }

            // What h2 holds of a body counts once the body says more.
            sleep(TIMEOUT / 4).await;
            server.held.release();

            // An event stream may be reset before the connection ends.
            let mut resets = 0;
            while let Some(frame) = frames.next().await {
                resets += usize::from(frame.kind == RST_STREAM);
                if resets == 3 {
                    break;
                }
            }

            assert!(TIMEOUT <= start.elapsed(), "{path} and a window of {window}");
            server.bodies.until(0).await;
        }
    }
}

#[tokio::test]
async fn an_event_stream_of_which_nothing_is_taken_is_reset_while_others_go_on() {
    let server = TestServer::start(|it| it.with_stall_timeout(Some(LONG_TIMEOUT))).await;
    let mut frames = Frames::open(server.connect().await, 0).await;
    let start = Instant::now();
    for (id, path) in [(1, "/events/endless"), (3, "/endless"), (5, "/events/endless")] {
        frames.get(id, path).await;
    }
    frames.widen(1, 4).await;

    // The client takes far less than a frame of the others, each time.
    let mut sizes = [0; 6];
    let reset = loop {
        let frame = frames.next().await.expect("the connection goes on");
        match frame.kind {
            RST_STREAM => break frame.id,
            DATA => {
                sizes[frame.id as usize] += frame.payload.len();
                if frame.id > 1 {
                    sleep(LONG_TIMEOUT / 40).await;
                    frames.widen(frame.id, 10).await;
                }
            }
            _ if frame.id > 1 => frames.widen(frame.id, 10).await,
            _ => (),
        }
    };

    assert_eq!((reset, sizes[1]), (1, 4));
    assert!(LONG_TIMEOUT <= start.elapsed());
    server.bodies.until(2).await;
    // The slow streams are taken longer than the timeout lasts.
    let rest = Instant::now();
    while rest.elapsed() < LONG_TIMEOUT * 2 {
        let frame = frames.next().await.expect("the connection goes on");
        assert_eq!(frame.kind, DATA, "{frame:?}");
        sleep(LONG_TIMEOUT / 40).await;
        frames.widen(frame.id, 10).await;
    }
}

#[tokio::test]
async fn a_connection_of_which_one_stream_is_taken_goes_on() {
    let server = TestServer::start(|it| it.with_stall_timeout(Some(LONG_TIMEOUT))).await;
    let mut frames = Frames::open(server.connect().await, 0).await;
    for (id, path) in [(1, "/"), (3, "/endless"), (5, "/endless"), (7, "/silent")] {
        frames.get(id, path).await;
    }

    // Far less than a frame of the body, each time.
    let start = Instant::now();
    while start.elapsed() < LONG_TIMEOUT * 2 {
        frames.widen(3, 10).await;
        let taken = within(async {
            loop {
                let frame = frames.next().await.expect("the connection goes on");
                if frame.kind == DATA {
                    break frame;
                }
            }
        });
        assert_eq!(taken.await.id, 3);
        sleep(LONG_TIMEOUT / 40).await;
    }
    server.bodies.until(3).await;
    while frames.next().await.is_some() {}

    server.bodies.until(0).await;
}

#[tokio::test]
async fn a_connection_that_has_nothing_to_write_goes_on() {
    let server = TestServer::start(|it| it.with_stall_timeout(Some(LONG_TIMEOUT))).await;
    let mut frames = Frames::open(server.connect().await, 0).await;
    // Silent and read so far, reset by the client at different times, read to the end.
    frames.get(1, "/silent").await;
    frames.widen(1, 4).await;
    for id in (3..40).step_by(2) {
        frames.get(id, if id % 4 == 1 { "/events/endless" } else { "/" }).await;
        if id % 3 == 0 {
            while frames.next().await.unwrap().id != id {}
        }
        frames.reset(id).await;
    }
    frames.get(41, "/").await;
    frames.widen(41, 5).await;
    loop {
        let frame = frames.next().await.unwrap();
        if frame.id == 41 && frame.flags & END_STREAM != 0 {
            break;
        }
    }

    sleep(LONG_TIMEOUT * 2).await;

    frames.get(43, "/events").await;
    frames.widen(43, 100).await;
    while frames.next().await.expect("the connection went on").id != 43 {}
    server.bodies.until(1).await;
}
