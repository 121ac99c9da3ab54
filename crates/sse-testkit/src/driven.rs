use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::set_global_default,
};

use crate::{Target, head};

/// Whether the streams of `target` are driven by the engines of `sse_hyper::Server`, as its log says. Otherwise the task
/// of each connection writes its stream, which the wire does not show.
///
/// It has to be asked in a process of its own, because it takes the log.
///
/// ```no_run
/// # async fn ask(target: sse_testkit::Target) {
/// assert!(sse_testkit::is_driven_by_engines(&target).await);
/// # }
/// ```
///
/// # Panics
///
/// If somebody else has taken the log, or the target does not serve.
pub async fn is_driven_by_engines(target: &Target) -> bool {
    let ends = Arc::new(AtomicUsize::new(0));
    set_global_default(Ends(ends.clone())).expect("nobody has taken the log");
    let mut listener = target.listen("42").await;
    target.publish("close", "42", "").await;
    listener.expect_end().await;
    // Once this is answered, the end of the stream is in the log.
    listener.connection().send(head("GET", "/", &[])).await;
    assert_eq!(listener.connection().response().await.status(), 200);
    // Other tests of the process may have ended streams too, in the same way.
    0 < ends.load(Ordering::Acquire)
}

/// Counts what engines say, which is that a stream has ended.
struct Ends(Arc<AtomicUsize>);

impl Subscriber for Ends {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sse_hyper::server::delivery")
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
