use std::io;

use futures_core::Stream;
use tokio::runtime::{Builder, Runtime};

use super::{EventSource, Interrupted, Notice};

/// An [`EventSource`] as an iterator, for programs without a runtime.
///
/// It waits in [`next`](Iterator::next), on the thread that calls it. Where HTTP/2 may be spoken, or the
/// transport is not this crate's, a thread of its own answers the server between two calls. Dropping it
/// closes the connection.
///
/// ```no_run
/// use sse_hyper::{BlockingEventSource, EventSource, Notice};
///
/// let source = EventSource::builder("http://127.0.0.1:8888/poll/42".parse()?).build()?;
/// for notice in BlockingEventSource::new(source)? {
///     if let Notice::Event(event) = notice? {
///         println!("{}: {}", event.name(), event.data());
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BlockingEventSource {
    // Before the runtime, without which it cannot be closed in order.
    source: EventSource,
    runtime: Option<Runtime>,
}

impl BlockingEventSource {
    /// The notices of `source`.
    ///
    /// # Errors
    ///
    /// If the system has no file descriptors left to wait with, or no thread.
    pub fn new(source: EventSource) -> io::Result<Self> {
        let mut builder = match source.has_tasks() {
            true => Builder::new_multi_thread(),
            false => Builder::new_current_thread(),
        };
        let runtime = builder.worker_threads(1).enable_all().build()?;
        Ok(Self { source, runtime: Some(runtime) })
    }

    /// The source, to ask or to close.
    pub fn source(&mut self) -> &mut EventSource {
        &mut self.source
    }
}

impl Iterator for BlockingEventSource {
    type Item = Result<Notice, Interrupted>;

    /// # Panics
    ///
    /// Inside of a runtime, which must not be blocked.
    fn next(&mut self) -> Option<Self::Item> {
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        let source = &mut self.source;
        runtime.block_on(std::future::poll_fn(|cx| std::pin::Pin::new(&mut *source).poll_next(cx)))
    }
}

impl Drop for BlockingEventSource {
    fn drop(&mut self) {
        self.source.close();
        if let Some(runtime) = self.runtime.take() {
            // A name that is still looked up is not waited for.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::RuntimeFlavor;

    use super::*;
    use crate::HttpVersion;

    #[test]
    fn thread_is_there_only_where_http2_may_be_spoken() {
        for (uri, version, has_thread) in [
            ("http://a.example/", HttpVersion::Http1, false),
            ("http://a.example/", HttpVersion::Any, false),
            ("http://a.example/", HttpVersion::Http2, true),
            #[cfg(feature = "tls")]
            ("https://a.example/", HttpVersion::Http1, false),
            #[cfg(feature = "tls")]
            ("https://a.example/", HttpVersion::Any, true),
        ] {
            let builder = EventSource::builder(uri.parse().unwrap()).with_http_version(version);
            #[cfg(feature = "tls")]
            let builder = builder.with_tls(crate::ClientTls::insecure());

            let source = BlockingEventSource::new(builder.build().unwrap()).unwrap();

            let flavor = source.runtime.as_ref().unwrap().handle().runtime_flavor();
            let is_alone = flavor == RuntimeFlavor::CurrentThread;
            assert_eq!(!is_alone, has_thread, "{uri} {version:?}");
        }
    }
}
