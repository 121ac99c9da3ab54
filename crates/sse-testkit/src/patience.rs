use std::{
    future::Future,
    thread,
    time::{Duration, Instant},
};

use tokio::time::{sleep, timeout};

/// What `future` comes to; panics with `what` if it hangs.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(HANG, future).await {
        Ok(output) => output,
        Err(_elapsed) => panic!("it hangs: {what}"),
    }
}

/// Asks again and again until the answer is yes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let asked = std::cell::Cell::new(0);
/// sse_testkit::until("too few", async || asked.replace(asked.get() + 1) == 2).await;
/// assert_eq!(asked.get(), 3);
/// # }
/// ```
///
/// # Panics
///
/// With `what` if it is not within 30 s.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    within(what, async {
        while !is_so().await {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// The same for a thread that may stand still: whether it is so within 30 s.
pub(crate) fn comes_true(is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if HANG < start.elapsed() {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Far longer than anything takes on a machine that is busy with other things.
pub(crate) const HANG: Duration = Duration::from_secs(30);
