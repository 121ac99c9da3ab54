/// Makes each browser test a `#[test]` of its own, in modules named for subjects.
///
/// Takes the name of a function in reach that starts the server under test, an
/// `async fn(Setup) -> Target`, as [`contract_tests!`](crate::contract_tests) does.
///
/// ```no_run
/// use sse_testkit::{Setup, Target, browser_tests};
///
/// async fn start(setup: Setup) -> Target {
/// #     let addr = ([127, 0, 0, 1], 8888).into();
/// #     let server = tokio::task::JoinSet::new();
///     // Configure a server as `setup` says, bind a free port, serve in the background.
///     Target::new(addr, setup, server)
/// }
///
/// browser_tests!(start);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! browser_tests {
    ($start:ident) => {
        $crate::__browser_tests! {
            $start
            access {
                a_source_goes_on_with_a_fresh_cookie
                a_source_without_a_fresh_cookie_stops
                a_source_listens_and_comes_back_by_its_ticket
                a_cookie_counts_for_no_page_of_another_origin
                a_cookie_counts_for_a_page_of_a_trusted_origin
                a_page_that_frames_the_server_shows_nothing
                a_credential_under_a_foreign_name_is_refused
            }
            events {
                a_source_opens_before_the_first_event
                events_of_named_and_default_types_arrive_in_order
                data_arrives_as_it_was_published
                json_arrives_as_it_was_published
                ids_are_told_with_the_events
                comments_are_not_seen
            }
            hub {
                a_source_that_comes_back_gets_what_it_missed
                a_gap_is_an_event
                a_source_that_is_taken_over_stays_away
                a_closed_channel_stops_the_source_for_good
            }
            leaving {
                a_closed_source_frees_its_token
                a_page_that_closes_its_source_when_left_frees_its_token
                a_closed_tab_frees_its_token
                a_closed_browser_frees_its_token
            }
            origins {
                a_foreign_origin_is_shut_out
                an_origin_that_is_not_listed_is_shut_out
                any_origin_can_be_let_in
                listed_origins_listen
                a_listed_origin_is_connected_again
                no_credentials_are_sent_unasked
                credentials_need_leave_of_their_own
                credentials_are_sent_with_leave
            }
            pages {
                another_site_cannot_publish
                another_site_cannot_take_a_channel
                a_name_that_leads_here_is_refused
                an_allowed_site_can_send_headers_of_its_own
            }
            reconnecting {
                a_lost_stream_is_opened_again_with_the_last_event_id
                a_lost_stream_without_ids_is_opened_again_without_one
                a_stream_that_was_closed_is_opened_again
                a_stream_that_failed_is_opened_again
                retry_changes_the_delay
                all_sources_outlive_a_drain
                a_source_that_is_cut_before_the_first_event_loses_nothing
                a_source_that_is_cut_in_an_event_gets_it_whole
            }
            refusals {
                a_taken_token_is_told_and_asked_for_again
                a_full_server_is_told
                a_wrong_path_closes_the_source
                an_unknown_action_closes_the_source
                a_path_that_is_not_served_closes_the_source
                a_204_stops_the_source_for_good
            }
            tls {
                twenty_streams_share_one_page_over_http_2
                a_closed_tab_frees_its_tokens_over_http_2
                six_streams_share_one_page_over_http_1
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __browser_tests {
    ($start:ident $($subject:ident { $($test:ident)+ })+) => {$(
        mod $subject {
            use super::$start;

            $(#[test]
            fn $test() {
                $crate::run($crate::browser::$subject::$test($start));
            })+
        }
    )+};
}
