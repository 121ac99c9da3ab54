use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use sse_core::{
    Event, Hub, Token,
    event::EventId,
    hub::{self, HubEvent, Observer, Watcher},
    response::LastEventId,
};
use tokio::{
    select,
    sync::OwnedSemaphorePermit,
    task::yield_now,
    time::{self, Interval, MissedTickBehavior, interval, sleep_until},
};

use super::{
    Channel,
    batch::Batch,
    item::{Item, unix_time},
    told,
};

/// One channel, as a viewer is told of it.
#[derive(Debug)]
pub(super) struct Observed {
    hub: Arc<Hub>,
    token: Token,
    observer: Observer,
    watcher: Watcher,
    seconds: Interval,
    pace: Pace,
    batch: Batch,
    due: time::Instant,
    place: Place,
    _seat: OwnedSemaphorePermit,
}

impl Observed {
    /// Goes on behind `last`, where that is an id of the process that calls itself `instance`.
    pub(super) fn new(
        hub: Arc<Hub>,
        token: Token,
        seat: OwnedSemaphorePermit,
        (instance, last): (u64, &LastEventId),
    ) -> Self {
        let mut batch = Batch::new(MAX_REMEMBERED);
        let place = Place::new(instance, last);
        if place.is_lost {
            batch.push_item(Item::Away { time: unix_time(place.began), count: None });
        }
        let (observer, watcher) = (hub.observe(&token), hub.watch());
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            hub,
            token,
            observer,
            watcher,
            seconds,
            pace: Pace::default(),
            batch,
            // What is remembered comes together.
            due: time::Instant::now() + GATHER,
            place,
            _seat: seat,
        }
    }

    /// What the viewer is told next; `None` once the hub is gone.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            let Self { token, observer, watcher, batch, due, place, .. } = self;
            select! {
                biased;
                () = sleep_until(*due), if !batch.is_empty() => {
                    *due = time::Instant::now() + PAUSE;
                    return Some(told("items", &batch.take(MAX_ITEMS)).with_id(place.id()));
                }
                _ = self.seconds.tick() => return Some(self.facts()),
                is_open = poll_fn(|cx| poll_seen(cx, token, (observer, watcher), batch, place)) => {
                    if !is_open {
                        return None;
                    }
                }
            }
            // A channel may have news at once, for ever.
            yield_now().await;
        }
    }

    /// What the channel is now.
    fn facts(&mut self) -> Event {
        let info = self.hub.channel(&self.token);
        let rate = self.pace.rate(info.as_ref().map_or(0, |info| info.published));
        let channel = info.as_ref().map(|info| Channel::new(info, rate));
        told("facts", &serde_json::json!({ "channel": channel }))
    }
}

/// Puts what was seen into `batch`; `false` once there will be nothing more.
fn poll_seen(
    cx: &Context<'_>,
    token: &Token,
    (observer, watcher): (&mut Observer, &mut Watcher),
    batch: &mut Batch,
    place: &mut Place,
) -> Poll<bool> {
    for seen in 0..MAX_POLL {
        let is_open = match watcher.poll_next(cx.waker()) {
            Poll::Ready(Some(event)) => {
                note(event, token).into_iter().for_each(|item| batch.push_item(item));
                true
            }
            Poll::Ready(None) => false,
            Poll::Pending => match observer.poll_next(cx.waker()) {
                Poll::Ready(Some(observed)) => {
                    place.pass(observed, batch);
                    true
                }
                Poll::Ready(None) => false,
                Poll::Pending if seen == 0 => return Poll::Pending,
                Poll::Pending => return Poll::Ready(true),
            },
        };
        if !is_open {
            return Poll::Ready(false);
        }
    }
    Poll::Ready(true)
}

/// What is shown of an event of the hub.
fn note(event: HubEvent, channel: &Token) -> Option<Item> {
    let time = unix_time(Instant::now());
    let (token, item) = match event {
        HubEvent::FirstListener { token, .. } => (token, Item::FirstListener { time }),
        HubEvent::LastListener { token, .. } => (token, Item::LastListener { time }),
        HubEvent::Gap { token, gap } => {
            let (reason, missed) = (gap.reason().as_str(), gap.missed());
            (token, Item::Gap { time, reason, missed })
        }
        HubEvent::Overrun { token, listeners } => (token, Item::Overrun { time, listeners }),
        _ => return None,
    };
    (token == *channel).then_some(item)
}

/// How many events of the channel there were at an instant.
#[derive(Debug, Default)]
struct Pace(Option<(u64, Instant)>);

impl Pace {
    /// How many there are a second since it was asked before.
    fn rate(&mut self, published: u64) -> Option<f64> {
        let now = Instant::now();
        let (before, at) = self.0.replace((published, now))?;
        // A channel that has ended and is there again has begun to count anew.
        let new = published.checked_sub(before).unwrap_or(published);
        Some(new as f64 / (now - at).as_secs_f64())
    }
}

/// How far a viewer has seen the channel.
#[derive(Debug)]
struct Place {
    instance: u64,
    /// The number of the last event that was seen.
    number: u64,
    began: Instant,
    /// Whether the viewer is back, and nothing has come yet.
    is_back: bool,
    /// Whether the viewer comes from another process.
    is_lost: bool,
}

impl Place {
    fn new(instance: u64, last: &LastEventId) -> Self {
        let last = str::from_utf8(last.as_bytes()).unwrap_or_default();
        let parts = last.split_once('.').unwrap_or_default();
        let is_ours = parts.0.parse() == Ok(instance);
        let number = parts.1.parse().ok().filter(|_| is_ours);
        Self {
            instance,
            number: number.unwrap_or(0),
            began: Instant::now(),
            is_back: number.is_some(),
            is_lost: number.is_none() && !last.is_empty(),
        }
    }

    fn id(&self) -> EventId {
        let id = format!("{}.{}", self.instance, self.number);
        EventId::new(id).expect("digits and a full stop are an id")
    }

    /// Puts what was observed into `batch`, unless it was seen before.
    fn pass(&mut self, observed: hub::Observed, batch: &mut Batch) {
        let now = Instant::now();
        match observed {
            hub::Observed::Event { number, at, frame } => {
                if self.is_back && number <= self.number && at < self.began {
                    return;
                }
                if std::mem::take(&mut self.is_back) && number != self.number + 1 {
                    // A lower one is of a channel that has begun anew.
                    let count = number.checked_sub(self.number + 1);
                    batch.push_item(Item::Away { time: unix_time(at), count });
                }
                self.number = number;
                batch.push_event(frame, at);
            }
            hub::Observed::Missed { count } => {
                batch.push_item(Item::Missed { time: unix_time(now), count });
            }
            hub::Observed::Closed => {
                self.number = 0;
                batch.push_item(Item::Closed { time: unix_time(now) });
            }
            _ => {}
        }
    }
}

/// How many items are told at once, and how long none are told then: 100 a second at most, of which nobody
/// reads more.
const MAX_ITEMS: usize = 25;
const PAUSE: Duration = Duration::from_millis(250);

/// How many of the remembered events are told at the beginning, and how long they have to come.
const MAX_REMEMBERED: usize = 80;
const GATHER: Duration = Duration::from_millis(50);

/// How much is looked at before others have their turn.
const MAX_POLL: usize = 64;
