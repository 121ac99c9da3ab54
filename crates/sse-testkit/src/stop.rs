use std::future::Future;

use tokio::sync::watch;

/// The signal that the server under test is to shut down gracefully.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let stop = sse_testkit::Stop::default();
/// let requested = stop.requested();
/// stop.request();
/// requested.await;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Asks for the shutdown.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Completes once the shutdown is asked for.
    pub fn requested(&self) -> impl Future<Output = ()> + Send + Sync + use<> {
        let mut requested = self.0.subscribe();
        async move {
            // Without a sender nobody can ask any more, and the test is over.
            let _over = requested.wait_for(|requested| *requested).await;
        }
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}
