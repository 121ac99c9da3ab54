use std::time::Duration;

use sse_core::{
    HubConfig, IdempotencyKey, IdempotencyKeyError, JsonFormat, Post, PublishError, Published,
    Since,
};

use crate::support::{World, event, fresh, history, quiet, token};

#[test]
fn the_same_key_publishes_once_whatever_the_body() {
    let world = World::remembering(history());
    let first = post(&world, "k", b"1").unwrap();
    assert!(!first.is_duplicate());
    let other = post(&world, "K", b"2").unwrap();
    for body in [b"1".as_slice(), b"other", b"\xff not even UTF-8"] {
        let again = post(&world, "k", body).unwrap();
        assert!(again.is_duplicate());
        assert_eq!(again.id(), first.id());
    }

    let mut listener = world.listen_since("t", Since::Earliest);
    let zero = listener.resume().unwrap().anchor();
    let both = event(first.id().unwrap(), "1") + &event(other.id().unwrap(), "2");
    assert_eq!(world.read(&mut listener), fresh(zero) + &both);
}

#[test]
fn a_refused_publication_stores_no_key() {
    let config = HubConfig::new(JsonFormat).with_keepalive(None).with_history(history());
    let world = World::new(config);

    assert!(matches!(post(&world, "k", b"no JSON"), Err(PublishError::Format(_))));

    assert!(!post(&world, "k", b"1").unwrap().is_duplicate());
}

#[test]
fn keys_are_forgotten_after_their_window_and_beyond_their_number() {
    let window = Duration::from_secs(10);
    let mut world = World::remembering(history().with_keys(window, 2));
    post(&world, "a", b"1").unwrap().wake();
    world.pass(window - Duration::from_millis(1));
    assert!(post(&world, "a", b"1").unwrap().is_duplicate());
    world.pass(Duration::from_millis(1));
    assert!(!post(&world, "a", b"1").unwrap().is_duplicate());

    post(&world, "b", b"1").unwrap().wake();
    post(&world, "c", b"1").unwrap().wake();
    assert!(!post(&world, "a", b"1").unwrap().is_duplicate(), "the oldest of three is forgotten");
    assert!(post(&world, "c", b"1").unwrap().is_duplicate());
}

#[test]
fn keys_belong_to_one_channel_and_end_with_it() {
    let world = World::remembering(history());
    post(&world, "k", b"1").unwrap().wake();
    let key = IdempotencyKey::try_from(&b"k"[..]).unwrap();
    let elsewhere = Post::new("ping", b"1").with_key(key);
    assert!(!world.hub.post(&token("u"), &elsewhere, world.now).unwrap().is_duplicate());

    world.close("t");

    assert!(!post(&world, "k", b"1").unwrap().is_duplicate());
}

#[test]
fn keys_count_as_history_and_are_given_back() {
    let window = Duration::from_secs(10);
    let history = history().with_keys(window, 100).with_max_age(Some(window));
    let mut world = World::remembering(history);
    let plain = World::remembering(crate::support::history());
    plain.publish("t", "1");
    post(&world, &"k".repeat(200), b"1").unwrap().wake();
    let (with, without) = (world.hub.counts().history_bytes, plain.hub.counts().history_bytes);
    assert!(without + 200 < with, "{without} without a key, {with} with one");

    world.pass(window);
    world.hub.expire(world.now);

    assert_eq!(world.hub.counts().history_bytes, 0);
}

#[test]
fn without_history_a_key_means_nothing() {
    let world = World::new(quiet());
    let _listener = world.listen("t");

    for _ in 0..2 {
        assert!(!post(&world, "k", b"1").unwrap().is_duplicate());
    }
}

#[test]
fn keys_are_visible_ascii_of_up_to_255_bytes() {
    let longest = [b'~'; 255];
    assert!(IdempotencyKey::try_from(&longest[..]).is_ok());
    for (key, error) in [
        (&b""[..], IdempotencyKeyError::Length { len: 0 }),
        (&[b'a'; 256], IdempotencyKeyError::Length { len: 256 }),
        (b"a b", IdempotencyKeyError::NotVisible { byte: b' ', at: 1 }),
        (b"\xc3\xa9", IdempotencyKeyError::NotVisible { byte: 0xc3, at: 0 }),
        (b"a\x7f", IdempotencyKeyError::NotVisible { byte: 0x7f, at: 1 }),
    ] {
        assert_eq!(IdempotencyKey::try_from(key), Err(error));
    }
}

fn post(world: &World, key: &str, body: &[u8]) -> Result<Published, PublishError> {
    let key = IdempotencyKey::try_from(key.as_bytes()).unwrap();
    world.hub.post(&token("t"), &Post::new("ping", body).with_key(key), world.now)
}
