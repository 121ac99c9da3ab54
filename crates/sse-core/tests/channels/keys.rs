use std::time::Duration;

use sse_core::{
    HubConfig,
    action::{Action, ActionSet},
    channel::{IdempotencyKey, IdempotencyKeyError},
    format::JsonFormat,
    history::Since,
    hub::{Post, PublishError, Published},
};

use crate::support::{TOMBSTONE, World, cost, event, fresh, history, quiet, token};

#[test]
fn the_same_key_with_the_same_body_publishes_once() {
    let world = World::remembering(history());
    let first = post(&world, "k", b"1").unwrap();
    assert!(!first.is_duplicate());
    let other = post(&world, "K", b"2").unwrap();
    for _ in 0..3 {
        let again = post(&world, "k", b"1").unwrap();
        assert!(again.is_duplicate());
        assert_eq!((again.id(), again.position()), (first.id(), first.position()));
    }

    let mut listener = world.listen_since("t", Since::Earliest);
    let zero = listener.resume().unwrap().anchor();
    let both = event(&first.id().unwrap(), "1") + &event(&other.id().unwrap(), "2");
    assert_eq!(world.read(&mut listener), fresh(zero) + &both);
    assert_eq!(world.counts().published, 2);
}

#[test]
fn a_key_that_was_used_for_something_else_is_refused() {
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let actions = actions.with_action("pong", Action::Event).unwrap();
    let world = World::new(quiet().with_history(history()).with_actions(actions));
    let publish = |action: &str, body: &[u8], key: &str| {
        let key = IdempotencyKey::try_from(key.as_bytes()).unwrap();
        world.hub.post(&token("t"), &Post::new(action, body).with_key(key), world.now)
    };
    publish("ping", b"1", "k").unwrap().wake();
    publish("retry", b"1000", "r").unwrap().wake();

    for (action, body, key) in [
        ("ping", &b"2"[..], "k"),
        ("ping", b"", "k"),
        ("ping", b"1 ", "k"),
        ("pong", b"1", "k"),
        ("retry", b"1000", "k"),
        ("retry", b"1001", "r"),
        ("ping", b"1000", "r"),
    ] {
        let refused = publish(action, body, key).unwrap_err();
        assert_eq!(refused, PublishError::KeyReused, "{action} {body:?} {key}");
    }
    assert_eq!(world.counts().published, 1);
    assert!(publish("ping", b"1", "k").unwrap().is_duplicate(), "what it was used for stands");
    assert!(publish("retry", b"1000", "r").unwrap().is_duplicate());
}

#[test]
fn a_key_of_a_batch_stands_for_all_of_it() {
    let world = World::remembering(history());
    let publish = |lines: &str| {
        let key = IdempotencyKey::try_from(&b"k"[..]).unwrap();
        let post = Post::new("ping", lines.as_bytes()).with_batch().with_key(key);
        world.hub.post(&token("t"), &post, world.now)
    };
    let first = publish("1\n2\n3").unwrap();

    let again = publish("1\n2\n3").unwrap();

    assert!(again.is_duplicate());
    assert_eq!(again.id(), first.id(), "the last one's");
    assert_eq!(publish("1\n2").unwrap_err(), PublishError::KeyReused);
    assert_eq!(world.counts().published, 3);
}

#[test]
fn a_refused_publication_stores_no_key() {
    let config = HubConfig::new(JsonFormat).with_keepalive(None).with_history(history());
    let world = World::new(config);

    assert!(matches!(post(&world, "k", b"no JSON"), Err(PublishError::Format(_))));

    assert!(!post(&world, "k", b"1").unwrap().is_duplicate());
}

#[test]
fn keys_are_known_for_five_minutes_and_forgotten_then() {
    let mut world = World::remembering(history());
    let keys: Vec<_> = (0..1_900).map(|n| format!("{n:05}")).collect();
    for key in &keys {
        post(&world, key, b"1").unwrap().wake();
    }

    world.pass(Duration::from_millis(299_999));
    for key in &keys {
        assert!(post(&world, key, b"1").unwrap().is_duplicate(), "{key}");
    }
    world.pass(Duration::from_millis(1));
    assert!(!post(&world, &keys[0], b"1").unwrap().is_duplicate());
    assert!(!post(&world, &keys[1], b"other").unwrap().is_duplicate());
}

#[test]
fn keys_are_forgotten_after_a_window_of_ones_own() {
    let window = Duration::from_secs(10);
    let mut world = World::remembering(history().with_key_window(window));
    post(&world, "a", b"1").unwrap().wake();
    world.pass(window - Duration::from_millis(1));
    assert!(post(&world, "a", b"1").unwrap().is_duplicate(), "asking does not make it younger");
    world.pass(Duration::from_millis(1));
    assert!(!post(&world, "a", b"2").unwrap().is_duplicate());
}

#[test]
fn the_oldest_keys_of_a_channel_are_forgotten_beyond_their_bytes() {
    let world = World::remembering(history().with_max_key_bytes(2 * (1 + 128)));
    for key in ["a", "b", "c"] {
        post(&world, key, b"1").unwrap().wake();
    }

    assert!(post(&world, "c", b"1").unwrap().is_duplicate());
    assert!(post(&world, "b", b"1").unwrap().is_duplicate());
    assert!(!post(&world, "a", b"1").unwrap().is_duplicate(), "the oldest of three");
    assert!(!post(&world, "b", b"1").unwrap().is_duplicate(), "the oldest but for it");

    let none = World::remembering(history().with_max_key_bytes(0));
    for _ in 0..2 {
        assert!(!post(&none, "a", b"1").unwrap().is_duplicate());
    }
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
    let history = history().with_key_window(window).with_max_age(Some(window));
    let mut world = World::remembering(history);
    let id = world.publish("t", "1");
    let without = world.counts().history_bytes;
    assert_eq!(without, cost(&event(&id, "1")));
    let keyed = post(&world, &"k".repeat(200), b"1").unwrap();
    let event = event(&keyed.id().unwrap(), "1");
    keyed.wake();
    assert_eq!(world.counts().history_bytes, without + cost(&event) + 200 + 128);

    world.close("t");
    assert_eq!(world.counts().history_bytes, 0, "they end with their channel");
    post(&world, "k", b"1").unwrap().wake();
    world.pass(window);
    world.hub.expire(world.now);
    let counts = world.counts();
    assert_eq!((counts.channels, counts.history_bytes), (0, 1 + TOMBSTONE), "and with their age");
    world.pass(window);
    world.hub.expire(world.now);
    assert_eq!(world.counts().history_bytes, 0);
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
