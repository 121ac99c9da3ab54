use std::{sync::Arc, time::Instant};

use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode, hub::Subscriber};

use crate::{
    allocator::{Counting, Used},
    case::{EVENT_LEN, Ids},
    cycle::read,
    figure::Figure,
};

/// What each unit keeps in use.
pub fn count(memory: &Counting) -> Vec<Figure> {
    let mut figures = Vec::new();
    for &(what, ids, make) in UNITS {
        let Used { bytes, blocks } = used(memory, ids, make);
        let each = |used: isize| used as f64 / COUNT as f64;
        figures.push(Figure::new(format!("{what}: bytes"), each(bytes)));
        figures.push(Figure::new(format!("{what}: blocks"), each(blocks)));
    }
    figures
}

/// Makes the unit of that number, and returns the listener if it stays.
type Make = fn(&Arc<Hub>, usize, Instant) -> Option<Subscriber>;

/// In the order of the table.
const UNITS: &[(&str, Ids, Make)] = &[
    ("channel with a listener", Ids::None, listened),
    ("channel with a listener, one event", Ids::None, published),
    ("channel with a listener, history", Ids::History, listened),
    ("channel with a listener, history of one event", Ids::History, published),
    ("one more listener", Ids::None, one_more),
    ("one more listener, history", Ids::History, one_more),
    ("channel left, history", Ids::History, left),
    ("channel left, history of one event", Ids::History, published_and_left),
    ("channel closed after one event", Ids::None, closed),
    ("channel closed after one event, history", Ids::History, closed),
];

fn used(memory: &Counting, ids: Ids, make: Make) -> Used {
    let now = Instant::now();
    let hub = Hub::new(ids.of(HubConfig::new(StringFormat)).with_mode(Mode::Shared));
    let _first = make(&hub, 0, now);
    // A box has no room for more, which a vector would have.
    let (used, _kept) = memory.used_by(|| {
        let kept = (1..=COUNT).filter_map(|number| make(&hub, number, now));
        kept.collect::<Box<[_]>>()
    });
    used
}

fn listened(hub: &Arc<Hub>, number: usize, now: Instant) -> Option<Subscriber> {
    let mut listener = hub.subscribe(&channel(number), now).expect("there is a place");
    read(&mut listener, now);
    Some(listener)
}

fn one_more(hub: &Arc<Hub>, _: usize, now: Instant) -> Option<Subscriber> {
    listened(hub, 0, now)
}

fn published(hub: &Arc<Hub>, number: usize, now: Instant) -> Option<Subscriber> {
    let mut listener = listened(hub, number, now)?;
    let event = [b'x'; EVENT_LEN];
    hub.publish(&channel(number), "ping", &event, now).expect("someone listens").wake();
    assert!(EVENT_LEN <= read(&mut listener, now));
    Some(listener)
}

fn left(hub: &Arc<Hub>, number: usize, now: Instant) -> Option<Subscriber> {
    listened(hub, number, now).and(None)
}

fn published_and_left(hub: &Arc<Hub>, number: usize, now: Instant) -> Option<Subscriber> {
    published(hub, number, now).and(None)
}

fn closed(hub: &Arc<Hub>, number: usize, now: Instant) -> Option<Subscriber> {
    let _listener = published(hub, number, now);
    hub.publish(&channel(number), "close", b"", now).expect("someone listens").wake();
    None
}

fn channel(number: usize) -> Token {
    Token::new(&format!("channel-{number:05}")).expect("it is short")
}

const COUNT: usize = 10_000;
