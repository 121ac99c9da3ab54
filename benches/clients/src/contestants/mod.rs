mod eventsource_client;
mod ours;
mod ours_over_reqwest;
mod reqwest_eventsource;
mod sse_reqwest_client;
mod sseer;

use std::{future::Future, pin::Pin, time::Duration};

use futures_util::Stream;

/// A client under comparison.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) open: fn(&str, Options) -> Told,
    /// Reads this many events and says how many bytes of data they had.
    pub(crate) read: fn(&str, u64) -> Reading,
}

/// What a client was told to do; what it has no option for, it does its own way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) max_retries: Option<u32>,
    /// Try again after 503, where that is an option.
    pub(crate) status_retry: bool,
}

/// What a client delivers.
pub(crate) enum Notice {
    Open,
    Event(String),
    Error,
}

pub(crate) type Told = Pin<Box<dyn Stream<Item = Notice> + Send>>;
pub(crate) type Reading = Pin<Box<dyn Future<Output = usize>>>;

pub(crate) const OURS: &str = "sse-hyper";

pub(crate) fn all() -> [Contestant; 6] {
    [
        ours::CONTESTANT,
        ours_over_reqwest::CONTESTANT,
        reqwest_eventsource::CONTESTANT,
        sseer::CONTESTANT,
        eventsource_client::CONTESTANT,
        sse_reqwest_client::CONTESTANT,
    ]
}

/// The delay that each begins with.
const DELAY: Duration = Duration::from_millis(300);
