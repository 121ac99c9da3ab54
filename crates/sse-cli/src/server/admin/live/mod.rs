//! What an operator watches in a browser: a page, and the event streams that feed it.

mod batch;
mod census;
mod channel;
mod disk;
mod item;
mod overview;
mod page;
mod redis;
mod view;

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use http::{Response, StatusCode, request::Parts};
use serde::Serialize;
use sse_core::{Event, Hub, Token, event::EventName, hub::ChannelInfo, response::LastEventId};
use sse_hyper::Sse;
use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
};

use self::{
    census::{Census, Snapshot},
    channel::Observed,
    overview::Overview,
    page::Page,
    view::View,
};
use super::{
    answer::{self, Body, boxed},
    form::decoded,
    seen::Seen,
};

/// What the page shows, and the page.
#[derive(Debug)]
pub(super) struct Live {
    page: Page,
    census: Arc<Census>,
    hub: Arc<Hub>,
    servers: Arc<Semaphore>,
    channels: Arc<Semaphore>,
    /// What tells the ids of this process from those of others.
    instance: u64,
    is_over: watch::Sender<bool>,
}

impl Live {
    pub(super) fn new(seen: Seen) -> Self {
        Self {
            page: Page::new(),
            hub: seen.hub.clone(),
            instance: (seen.started * 1000.0) as u64,
            census: Census::new(seen),
            servers: Arc::new(Semaphore::new(MAX_STREAMS)),
            channels: Arc::new(Semaphore::new(MAX_STREAMS)),
            is_over: watch::Sender::new(false),
        }
    }

    /// Ends all streams.
    pub(super) fn end(&self) {
        self.is_over.send_replace(true);
    }

    pub(super) fn page(&self) -> Response<Body> {
        self.page.response()
    }

    /// The whole server: each second what it does, and some of its channels.
    pub(super) fn server(&self, parts: &Parts) -> Response<Body> {
        let view = match View::parse(parts.uri.query()) {
            Ok(view) => Arc::new(view),
            Err(error) => return answer::text(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let Ok(seat) = self.servers.clone().try_acquire_owned() else {
            return full("the server");
        };
        let seconds = stream::unfold((self.census.watch(), seat), move |(mut watch, seat)| {
            let view = view.clone();
            async move {
                let snapshot = watch.next().await?;
                let events = spawn_blocking(move || overview(&snapshot, &view)).await.ok()?;
                Some((stream::iter(events), (watch, seat)))
            }
        });
        self.answer(seconds.flatten())
    }

    /// One channel: what is published, as it comes, and each second what the channel is.
    pub(super) fn channel(&self, segment: &str, parts: &Parts) -> Response<Body> {
        let token = match token(segment) {
            Ok(token) => token,
            Err(reason) => return answer::text(StatusCode::BAD_REQUEST, &reason),
        };
        let Ok(seat) = self.channels.clone().try_acquire_owned() else {
            return full("channels");
        };
        let (hub, instance, last) = (self.hub.clone(), self.instance, LastEventId::from(parts));
        // With very many channels it takes a while.
        let begin = move || Observed::new(hub, token, seat, (instance, &last));
        let events = stream::once(spawn_blocking(begin)).flat_map(|begun| {
            stream::unfold(begun.ok(), async |observed| {
                let mut observed = observed?;
                let event = observed.next().await?;
                Some((event, Some(observed)))
            })
        });
        self.answer(events)
    }

    fn answer(&self, events: impl Stream<Item = Event> + Send + 'static) -> Response<Body> {
        let mut is_over = self.is_over.subscribe();
        let end = async move { drop(is_over.wait_for(|is_over| *is_over).await) };
        Sse::new(events).with_shutdown(end).into_response().map(boxed)
    }
}

fn token(segment: &str) -> Result<Token, String> {
    let name = decoded(segment.as_bytes()).map_err(|error| error.to_string());
    let token = name.and_then(|name| Token::new(&name).map_err(|error| error.to_string()));
    token.map_err(|reason| format!("the name of the channel is not valid: {reason}"))
}

fn full(what: &str) -> Response<Body> {
    let text = format!("{MAX_STREAMS} pages watch {what} already, which is the limit; close one");
    answer::text(StatusCode::SERVICE_UNAVAILABLE, &text)
}

/// A channel, as a viewer is told.
#[derive(Debug, Serialize)]
struct Channel<'a> {
    token: &'a str,
    mode: String,
    listeners: usize,
    rate: Option<f64>,
    published: u64,
    lag: u64,
    events: usize,
    unread_bytes: usize,
    history_bytes: usize,
}

impl<'a> Channel<'a> {
    fn new(info: &'a ChannelInfo, rate: Option<f64>) -> Self {
        Self {
            token: info.token.as_str(),
            mode: format!("{:?}", info.mode).to_lowercase(),
            listeners: info.listeners,
            rate,
            published: info.published,
            lag: info.lag,
            events: info.events,
            unread_bytes: info.unread_bytes,
            history_bytes: info.history_bytes,
        }
    }
}

fn overview(snapshot: &Snapshot, view: &View) -> [Event; 2] {
    let (rows, matched) = view.select(&snapshot.rows);
    let rows: Vec<_> = rows.into_iter().map(|row| Channel::new(&row.info, row.rate)).collect();
    let channels = serde_json::json!({ "matched": matched, "rows": rows });
    [told("overview", &Overview::new(snapshot)), told("channels", &channels)]
}

fn told(name: &'static str, value: &impl Serialize) -> Event {
    let event = Event::json(value).expect("these are numbers and texts");
    event.with_name(EventName::from_static(name)).with_retry(RETRY)
}

/// How many may watch the server, and how many a channel.
const MAX_STREAMS: usize = 16;

/// A page that watches wants the server back at once.
const RETRY: Duration = Duration::from_secs(1);
