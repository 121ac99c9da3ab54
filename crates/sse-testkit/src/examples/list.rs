/// Makes a `#[test]` of each thing that the examples `chat`, `guarded`, `protocol_server` and `tokens` of
/// the package under test must do. They take `--version`, by which they are told from those of others.
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
            guarded {
                a_channel_is_behind_a_look_at_a_cookie
                the_protocol_is_behind_a_layer
                a_stream_has_a_status_a_header_and_a_cookie_of_its_own
            }
            protocol_server {
                it_serves_every_format
                it_keeps_alive
                it_ends_its_streams_when_told_to_stop
                a_second_signal_ends_it_at_once
            }
            tokens {
                they_come_one_by_one_and_end
                a_browser_that_has_all_comes_back_once
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
                let package = env!("CARGO_PKG_NAME");
                $crate::run($crate::examples::$example::$test(package));
            })+
        }
    )+};
}
