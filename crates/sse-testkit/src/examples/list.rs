/// Makes a `#[test]` of each thing that the examples `protocol_server`, `chat` and `tokens` of the
/// crate under test must do. Cargo builds them for its tests.
///
/// ```no_run
/// sse_testkit::example_tests!();
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! example_tests {
    () => {
        $crate::__example_tests! {
            chat {
                what_is_said_is_heard_by_all
            }
            protocol_server {
                it_serves_every_format
                it_keeps_alive
                it_ends_its_streams_when_told_to_stop
                a_second_signal_ends_it_at_once
            }
            tokens {
                they_come_one_by_one_and_end
                the_producer_stops_when_nobody_reads
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __example_tests {
    ($($example:ident { $($test:ident)+ })+) => {$(
        mod $example {
            $(#[test]
            fn $test() {
                $crate::run($crate::examples::$example::$test());
            })+
        }
    )+};
}
