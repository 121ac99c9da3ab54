/// How many values there were up to each of some fixed bounds, how many there were, and their sum.
///
/// ```
/// # use std::{task::Waker, time::Instant};
/// # use sse_core::{Hub, HubConfig, StringFormat, Token};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// # let token = Token::new("42")?;
/// let mut listener = hub.subscribe(&token, now)?;
/// hub.publish(&token, "ping", b"1", now)?;
/// hub.publish(&token, "ping", b"2", now)?;
/// let _greeting = listener.poll_output(Waker::noop(), now);
/// let _both = listener.poll_output(Waker::noop(), now);
///
/// let writes = hub.counts().writes;
/// assert_eq!((writes.count(), writes.sum()), (1, 2));
/// assert!(writes.buckets().take(2).eq([(1, 0), (2, 1)]), "up to one event, up to two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Histogram<T: 'static> {
    bounds: &'static [T],
    counts: Vec<u64>,
    count: u64,
    sum: T,
}

impl<T: Copy> Histogram<T> {
    /// `counts` says how many values lie between one bound and the next, and at last beyond all of them.
    pub(super) fn new(bounds: &'static [T], counts: &[u64], sum: T) -> Self {
        let up_to = |count: &mut u64, &more: &u64| {
            *count += more;
            Some(*count)
        };
        let counts: Vec<_> = counts.iter().scan(0, up_to).collect();
        Self { bounds, count: counts.last().copied().unwrap_or_default(), counts, sum }
    }

    /// Each bound, and how many values are not above it.
    pub fn buckets(&self) -> impl Iterator<Item = (T, u64)> {
        self.bounds.iter().copied().zip(self.counts.iter().copied())
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them added up.
    pub fn sum(&self) -> T {
        self.sum
    }
}
