//! What the log says of limits.

use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sse_access::limits::Limits;
use sse_core::access::Operation;
use tracing_subscriber::util::SubscriberInitExt;

use super::support::{admit, parts, publish};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_flood_is_one_line_a_minute_for_each_limit_and_names_no_address() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone());
    let _guard = subscriber.set_default();
    let limits = Limits::new().with_publish_rate(1).with_max_listeners_per_address(1);
    let (one, start) = (parts("192.0.2.1", &[]), Instant::now());
    let listen = |now| admit(&limits, &one, &Operation::Listen, None, now);
    let _seat = listen(start);

    for second in 0..90 {
        let now = start + Duration::from_secs(second);
        for _ in 0..100 {
            let _refused = publish(&limits, "192.0.2.1", now);
            let _refused = listen(now);
        }
    }

    let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = written.lines().map(str::trim).collect();
    let said = |limit, refused| {
        format!(
            "WARN sse_access::limits::counts: a limit is reached limit={limit:?} refused={refused}"
        )
    };
    let (listeners, publications) =
        ("listeners of one address", "publications of one address a second");
    let expected = [
        said(listeners, 1),
        said(publications, 1),
        said(listeners, 99 + 100 * 59 + 1),
        // Ten of the first hundred are let in, and one of each other hundred.
        said(publications, 89 + 99 * 59 + 1),
    ];
    assert_eq!(lines, expected);
}
