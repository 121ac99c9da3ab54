//! Many listeners at once, some slow, some cut off again and again, on a server in a process of its own,
//! so that its memory is nobody else's.
//!
//! [`crowd_tests!`](crate::crowd_tests) runs them all.

#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod cut_off;
mod process;
mod slow_readers;

use tokio::sync::Semaphore;

pub use cut_off::who_comes_back_misses_nothing;
pub use process::serve;
pub use slow_readers::{slow_readers_are_cut, slow_readers_are_told};

/// Runs `test` once no more than one other is under way: each keeps a machine of two processors busy.
pub async fn in_turn(test: impl Future<Output = ()>) {
    let turn = TURNS.acquire().await;
    test.await;
    drop(turn);
}

static TURNS: Semaphore = Semaphore::const_new(2);

/// Makes each test of the crowd a `#[test]` of its own; they need a test binary to themselves.
///
/// Takes the name of a function in reach that starts the server under test, as
/// [`contract_tests!`](crate::contract_tests) does.
///
/// ```no_run
/// use sse_testkit::{Setup, Target, crowd_tests};
///
/// async fn start(setup: Setup) -> Target {
/// #     let addr = ([127, 0, 0, 1], 8888).into();
/// #     let server = tokio::task::JoinSet::new();
///     // Configure a server as `setup` says, bind a free port, serve in the background.
///     Target::new(addr, setup, server)
/// }
///
/// crowd_tests!(start);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! crowd_tests {
    ($start:ident) => {
        #[test]
        #[ignore = "it is the server of the other tests, which run it in a process"]
        fn server() {
            $crate::run($crate::crowd::serve($start));
        }

        #[test]
        fn slow_readers_are_cut_and_harm_nobody() {
            $crate::run($crate::crowd::in_turn($crate::crowd::slow_readers_are_cut()));
        }

        #[test]
        fn slow_readers_can_be_told_of_the_gap_and_kept() {
            $crate::run($crate::crowd::in_turn($crate::crowd::slow_readers_are_told()));
        }

        #[test]
        fn who_is_cut_off_and_comes_back_misses_nothing() {
            $crate::run($crate::crowd::in_turn($crate::crowd::who_comes_back_misses_nothing()));
        }
    };
}
