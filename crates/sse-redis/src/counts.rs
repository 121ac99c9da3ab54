/// What a store has done since it was started.
///
/// ```
/// use sse_redis::Counts;
///
/// assert_eq!(Counts::default().connections, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// How many channels are subscribed to.
    pub channels: usize,
    /// How many bytes wait to be stored, or for an answer.
    pub queue_bytes: usize,
    /// How often Redis was connected to.
    pub connections: u64,
    /// How many publications were stored.
    pub published: u64,
    /// How many messages came from Redis.
    pub messages: u64,
    /// How often events were missing, or in doubt, and were read.
    pub refills: u64,
    /// How many pages were read for listeners who stood before the log.
    pub pages: u64,
    /// How often Redis had lost what it had told, so that streams were broken.
    pub losses: u64,
}
