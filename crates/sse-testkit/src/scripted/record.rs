use std::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// A request that a [`ScriptedServer`](crate::ScriptedServer) was sent.
///
/// ```
/// # fn example(server: &sse_testkit::ScriptedServer) {
/// let first = &server.requests()[0];
/// assert!(first.head.starts_with("GET /poll/42 HTTP/1.1\r\n"));
/// assert_eq!(first.field("last-event-id"), None);
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    /// When its head was complete, by tokio's clock.
    pub at: Instant,
    /// The head, down to its blank line; what is not UTF-8 in it is replaced.
    pub head: String,
    /// The body, as far as the script read it.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The value of the field `name`, whatever the case of both.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) connections: usize,
    pub(super) departures: usize,
    pub(super) requests: Vec<RecordedRequest>,
}

pub(super) fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().expect("nothing panics under this lock")
}
