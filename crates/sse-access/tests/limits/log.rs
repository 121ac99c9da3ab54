//! What the log says of limits.

use std::time::{Duration, Instant};

use sse_access::limits::Limits;
use sse_core::access::Operation;
use sse_testkit::Log;
use tracing::Level;

use super::support::{admit, parts, publish};

#[test]
fn a_flood_is_one_line_a_minute_for_each_limit_and_names_no_address() {
    let (log, _guard) = Log::start(Level::INFO);
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

    let written = log.text();
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
