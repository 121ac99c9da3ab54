//! Threads that race for places.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use sse_access::limits::Limits;

use super::support::{listen, parts, publish, socket};

const THREADS: usize = 4;
const ROUNDS: usize = 5_000;

#[test]
fn listeners_and_connections_are_never_too_many_and_all_go() {
    let limits = Limits::new()
        .with_max_connections(5)
        .with_max_connections_per_address(3)
        .with_connection_rate(0)
        .with_max_listeners_per_address(3)
        .with_max_listeners_per_subject(2);
    let (listeners, connections, now) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
    let ips = ["192.0.2.1", "192.0.2.2"];
    let heads = ips.map(|ip| parts(ip, &[]));

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (limits, heads, listeners, connections) =
                (&limits, &heads, &listeners, &connections);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let at = (thread + round) % 2;
                    let subject = (round % 3 == 0).then_some("alice");
                    let seats: Vec<_> =
                        (0..3).filter_map(|_| listen(limits, &heads[at], subject).ok()).collect();
                    let open: Vec<_> =
                        (0..3).filter_map(|_| limits.connect(socket(ips[at]), now)).collect();
                    // What is taken is counted here later and given back here earlier.
                    let taken = listeners.fetch_add(seats.len(), Ordering::SeqCst) + seats.len();
                    assert!(taken <= 6, "{taken} listeners");
                    let taken = connections.fetch_add(open.len(), Ordering::SeqCst) + open.len();
                    assert!(taken <= 5, "{taken} connections");
                    let counts = limits.counts();
                    assert!(counts.listeners <= 6 && counts.connections <= 5, "{counts:?}");
                    listeners.fetch_sub(seats.len(), Ordering::SeqCst);
                    connections.fetch_sub(open.len(), Ordering::SeqCst);
                }
            });
        }
    });

    let counts = limits.counts();
    assert_eq!((counts.listeners, counts.connections), (0, 0));
}

#[test]
fn threads_together_publish_as_many_as_one_alone_might() {
    let (limits, now) = (Limits::new().with_publish_rate(100), Instant::now());
    let published = AtomicUsize::new(0);

    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let is_let_in = publish(&limits, "192.0.2.1", now).is_ok();
                    published.fetch_add(usize::from(is_let_in), Ordering::SeqCst);
                }
            });
        }
    });

    assert_eq!(published.into_inner(), 1_000);
}
