//! Who listens is woken whatever becomes of the runtime, and the thread, that published.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{future::pending, mem::forget, sync::mpsc::channel, thread, time::Duration};

use http_body_util::BodyExt;
use sse_core::{Hub, HubConfig, StringFormat, Token};
use sse_tokio::Channels;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::yield_now,
    time::timeout,
};

type Publisher = fn(&Channels, &Token);

#[tokio::test]
async fn whatever_becomes_of_the_publisher_everything_is_heard() {
    let publishers: [(&str, Publisher); 8] = [
        ("no runtime", twice),
        ("a runtime that ends", |channels, token| {
            one_thread().block_on(async { twice(channels, token) });
        }),
        ("a runtime that ends while a task waits", |channels, token| {
            let runtime = one_thread();
            let (channels, token) = (channels.clone(), token.clone());
            runtime.spawn(async move {
                twice(&channels, &token);
                pending::<()>().await;
            });
            runtime.block_on(yield_now());
        }),
        ("a runtime of several threads that ends", |channels, token| {
            several_threads().block_on(async { twice(channels, token) });
        }),
        ("a runtime that is left in the background", |channels, token| {
            let runtime = several_threads();
            runtime.block_on(async { twice(channels, token) });
            runtime.shutdown_background();
        }),
        ("a runtime that nobody drives any more", |channels, token| {
            let runtime = one_thread();
            runtime.block_on(async { twice(channels, token) });
            forget(runtime);
        }),
        ("a runtime that was entered and is never driven", |channels, token| {
            let runtime = one_thread();
            let entered = runtime.enter();
            twice(channels, token);
            drop(entered);
            forget(runtime);
        }),
        ("a task that never gives its thread back", |channels, token| {
            let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
            let (channels, token) = (channels.clone(), token.clone());
            let (told, has_published) = channel();
            runtime.spawn(async move {
                twice(&channels, &token);
                told.send(()).unwrap();
                loop {
                    thread::park();
                }
            });
            has_published.recv().unwrap();
            forget(runtime);
        }),
    ];
    for (name, publish) in publishers {
        let (channels, token) = channels();
        let mut heard = listen(&channels, &token).await;

        let elsewhere = (channels.clone(), token.clone());
        thread::spawn(move || publish(&elsewhere.0, &elsewhere.1)).join().unwrap();
        expect(&mut heard, "event: ping\ndata: 1\n\nevent: ping\ndata: 2\n\n", name).await;

        // The state that a publication leaves behind does no harm to the next ones, here.
        for data in ["3", "4", "5"] {
            channels.publish(&token, "ping", data.as_bytes()).unwrap();
            expect(&mut heard, &format!("event: ping\ndata: {data}\n\n"), name).await;
        }
    }
}

#[tokio::test]
async fn a_publisher_may_take_a_runtime_for_each_publication() {
    let (channels, token) = channels();
    let mut heard = listen(&channels, &token).await;

    for data in 0..50 {
        let (channels, token) = (channels.clone(), token.clone());
        let publish = async move {
            channels.publish(&token, "ping", data.to_string().as_bytes()).unwrap();
        };
        thread::spawn(|| one_thread().block_on(publish)).join().unwrap();

        expect(&mut heard, &format!("event: ping\ndata: {data}\n\n"), "each").await;
    }
}

#[tokio::test]
async fn a_channel_is_heard_while_another_is_published_to_by_a_runtime_that_is_gone() {
    let (channels, token) = channels();
    let other = Token::new("43").unwrap();
    let _body = channels.listen(&other).unwrap();
    let mut heard = listen(&channels, &token).await;

    one_thread_in_another(&channels, &other);
    for data in ["1", "2"] {
        channels.publish(&token, "ping", data.as_bytes()).unwrap();
        expect(&mut heard, &format!("event: ping\ndata: {data}\n\n"), "the other").await;
    }
}

fn one_thread_in_another(channels: &Channels, token: &Token) {
    let (channels, token) = (channels.clone(), token.clone());
    let publish = async move { twice(&channels, &token) };
    thread::spawn(|| one_thread().block_on(publish)).join().unwrap();
}

fn twice(channels: &Channels, token: &Token) {
    for data in [b"1", b"2"] {
        channels.publish(token, "ping", data).unwrap();
    }
}

fn channels() -> (Channels, Token) {
    let hub = Hub::new(HubConfig::new(StringFormat).with_keepalive(None));
    (Channels::new(hub), Token::new("42").unwrap())
}

/// What a listener in a task of its own is written, once it has nothing more to write.
async fn listen(channels: &Channels, token: &Token) -> UnboundedReceiver<String> {
    let mut body = channels.listen(token).unwrap();
    let (said, mut heard) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(frame)) = body.frame().await {
            let data = frame.into_data().unwrap();
            said.send(String::from_utf8(data.to_vec()).unwrap()).unwrap();
        }
    });
    assert!(heard.recv().await.unwrap().starts_with("event: sse.open\n"));
    // There is one thread: the task has its turn, and waits for more.
    yield_now().await;
    heard
}

/// Sees that exactly `expected` is written, in one write or in several.
async fn expect(heard: &mut UnboundedReceiver<String>, expected: &str, name: &str) {
    let mut all = String::new();
    while all.len() < expected.len() {
        let more = timeout(Duration::from_secs(10), heard.recv()).await;
        all += &more.unwrap_or_else(|_| panic!("{name}: nothing behind {all:?}")).unwrap();
    }
    assert_eq!(all, expected, "{name}");
    yield_now().await;
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn several_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().unwrap()
}
