use std::future::Future;

/// Runs a contract test in a tokio runtime of its own, of two threads beside the test's.
///
/// ```
/// sse_testkit::run(async { tokio::task::yield_now().await });
/// ```
///
/// # Panics
///
/// If the test does.
pub fn run(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.expect("the system has threads").block_on(test);
}
