/// Makes each contract test a `#[test]` of its own, in modules named for subjects and topics.
///
/// Takes the name of a function in reach that starts the server under test, an
/// `async fn(Setup) -> Target`. What a framework makes impossible is left out by name, as in
/// `contract_tests!(start, except: ["listening::ends::a_reset_listener_is_gone"])`, and belongs into the
/// documentation of the adapter with its reason.
///
/// ```no_run
/// use sse_testkit::{Setup, Target, contract_tests};
///
/// async fn start(setup: Setup) -> Target {
/// #     let addr = ([127, 0, 0, 1], 8888).into();
/// #     let server = tokio::task::JoinSet::new();
///     // Configure a server as `setup` says, bind a free port, serve in the background.
///     Target::new(addr, setup, server)
/// }
///
/// contract_tests!(start);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! contract_tests {
    ($start:ident) => {
        $crate::contract_tests!($start, except: []);
    };
    ($start:ident, except: [$($except:literal),*]) => {
        $crate::__contract_tests! {
            $start [$($except),*]
            access {
                ends {
                    an_idle_stream_ends_with_its_grant
                    a_comment_puts_the_end_off_by_nothing
                    what_was_published_before_the_end_arrives
                    a_revoked_stream_ends_at_once
                    a_revoked_stream_counts_no_more
                    a_stream_that_is_not_read_keeps_no_token
                    a_long_event_is_completed_before_a_revoked_stream_ends
                    a_long_event_is_completed_before_a_grant_ends
                    a_body_that_outlasts_its_grant_is_refused
                    a_stream_of_http_1_0_ends_with_its_grant
                }
                extensions {
                    a_grant_of_middleware_is_taken
                    a_grant_counts_where_nobody_is_asked
                    the_stream_of_a_session_ends
                    a_route_of_ones_own_decides_for_itself
                }
                limits {
                    a_limit_is_told_with_a_time
                    a_browser_is_told_of_a_limit_in_a_stream
                    a_limiter_is_asked_behind_access
                    a_limit_comes_before_the_channel
                    a_seat_is_taken_until_the_connection_ends
                    a_cut_or_replaced_listener_gives_its_seat_back
                    a_refused_listener_takes_no_seat
                    a_limiter_is_told_the_address
                }
                order {
                    what_comes_first_is_said
                    nothing_is_told_before_access
                    a_taken_channel_and_a_full_server_are_told_behind_access
                    a_refusal_does_not_wait_for_the_body
                }
                origins {
                    what_a_browser_adds_unasked_counts_for_own_pages
                    a_preflight_needs_no_access
                }
                permissions {
                    a_grant_permits_what_it_says
                    everybody_may_do_what_is_said_of_everybody
                }
                presenting {
                    a_credential_counts_where_it_belongs
                    a_cookie_that_is_not_valid_takes_nothing_away
                    a_password_is_asked_for_where_one_is_taken
                    every_way_to_be_denied_has_an_answer
                    a_grant_that_has_ended_is_not_valid
                }
                secrecy {
                    a_refusal_tells_nothing_of_a_channel
                    an_id_of_another_channel_resumes_nothing_of_it
                }
                tickets {
                    a_ticket_is_for_listening_on_one_channel
                    a_ticket_is_revoked_with_its_subject
                    without_tickets_there_is_no_such_action
                    a_page_of_an_allowed_origin_gets_one
                }
            }
            routes {
                arrival {
                    a_listen_request_can_come_in_two_pieces
                    a_post_can_come_in_two_pieces
                    a_post_can_come_byte_by_byte
                    requests_can_be_pipelined
                    a_connection_is_used_again
                    http_1_0_can_listen_and_publish
                    a_client_that_expects_100_is_told_to_continue
                }
                methods {
                    other_methods_are_refused
                    the_root_is_only_read
                    head_answers_like_get_without_a_body
                    head_of_a_listen_url_takes_nothing
                    head_does_not_disturb_the_listener
                }
                paths {
                    a_path_has_exactly_two_segments
                    an_encoded_slash_belongs_to_the_token
                    the_action_is_decoded
                    a_plus_is_a_plus
                    a_bad_percent_is_refused
                    the_query_is_ignored
                    an_absolute_target_is_the_same
                }
                table {
                    get_poll_listens
                    another_segment_can_listen
                    post_publishes_the_body_under_the_action
                    configured_actions_publish
                    close_ends_the_stream_and_forgets_the_channel
                    close_takes_any_body
                    retry_sets_the_reconnection_time
                    get_of_anything_else_goes_to_the_root
                    the_root_is_a_page
                    a_prefix_moves_every_route
                    nothing_is_served_outside_the_prefix
                }
                targets {
                    a_target_without_a_path_is_refused
                    the_asterisk_is_no_channel
                    there_is_no_tunnel
                    a_url_may_leave_the_path_out
                }
                tokens {
                    any_text_can_be_a_token
                    the_case_of_a_token_matters
                    a_token_has_at_most_256_bytes
                    a_token_is_utf_8
                    a_token_has_no_control_characters
                }
            }
            answers {
                bodies {
                    the_limit_is_1_mib
                    the_limit_is_exact
                    a_length_over_the_limit_is_refused_at_once
                    an_endless_body_is_refused_once_it_is_too_large
                    a_client_that_expects_100_is_refused
                    a_body_that_stops_is_given_up
                    a_body_that_drips_is_given_up
                    a_body_may_take_its_time
                    half_a_body_publishes_nothing
                }
                body_types {
                    what_is_not_utf_8_as_it_stands_is_refused
                    a_byte_order_mark_is_dropped
                }
                budget {
                    bodies_under_way_have_a_budget
                }
                refusals {
                    not_connected_is_read_after_8_mib
                    unknown_action_is_read_after_8_mib
                    too_large_is_read_after_8_mib
                    other_refusals_are_read_after_8_mib
                    a_refusal_comes_first_and_the_rest_is_still_taken
                    a_refused_body_is_not_read_for_ever
                    a_refused_body_is_not_waited_for_for_ever
                }
                table {
                    the_head_of_a_stream_is_exact
                    a_publisher_is_told_the_content_type
                    nobody_listens
                    an_error_has_the_form_of_the_original
                    nobody_listens_is_checked_first
                    an_unknown_action_is_refused
                    a_taken_channel_is_locked
                    data_that_does_not_fit_is_refused
                }
                verdict {
                    a_listener_that_leaves_while_the_body_arrives_is_gone
                    who_left_is_noticed_before_what_does_not_fit
                    a_channel_closed_while_the_body_arrives_is_gone
                    who_listens_when_the_body_has_arrived_receives
                    events_are_ordered_by_the_ends_of_their_bodies
                    nobody_listens_is_answered_before_the_body
                }
            }
            formats {
                ids {
                    one_counter_serves_all_channels
                    the_count_outlives_a_channel
                    a_refused_event_takes_no_id
                    retry_and_close_take_no_id
                    ids_rise_along_the_stream
                }
                json {
                    only_white_space_is_removed
                    strings_stay_as_they_are
                    what_is_not_json_is_refused
                    json_is_utf_8
                    close_and_retry_need_no_json
                    deep_nesting_does_no_harm
                }
                retry {
                    digits_are_a_reconnection_time
                    anything_else_is_refused
                    it_arrives_between_the_events
                }
                string {
                    every_line_end_ends_a_line
                    an_empty_body_is_an_event
                    text_stays_as_it_is
                    a_body_can_forge_nothing
                    no_pair_of_characters_escapes_its_line
                    a_string_is_utf_8
                    an_event_is_written_in_one_piece
                }
                table {
                    string
                    string_with_ids
                    json
                    json_with_ids
                }
            }
            hub {
                batches {
                    each_line_is_an_event
                    one_bad_line_refuses_all
                    a_batch_has_at_most_10_000_events
                    a_batch_that_the_log_cannot_hold_is_refused
                    in_the_string_format_it_is_one_event
                }
                ends {
                    a_closed_channel_says_so_for_its_time
                    a_drain_ends_streams_one_after_the_other
                }
                history {
                    what_is_published_for_nobody_is_found_later
                    who_comes_back_gets_what_it_missed
                    every_gap_is_told
                    since_says_where_to_begin
                    without_history_nothing_of_it_is_said
                    a_reconnection_time_is_told_in_the_first_block
                    head_tells_the_verdict
                }
                keys {
                    the_same_key_publishes_once
                    a_key_stands_for_one_publication
                    of_many_at_once_one_is_published
                    a_key_is_known_after_a_thousand_others
                    a_key_is_forgotten_after_its_window
                    two_keys_are_refused
                    a_key_that_is_none_is_refused
                }
                limits {
                    who_comes_when_it_is_full_is_refused
                    who_was_replaced_counts_until_it_has_gone
                    a_full_history_refuses_nothing
                    an_event_larger_than_all_histories_is_delivered
                    the_channel_used_longest_ago_gives_way
                    made_up_tokens_shut_nobody_out
                }
                modes {
                    the_newcomer_takes_the_channel_over
                    who_is_replaced_is_told_whatever_comes_afterwards
                    each_channel_can_have_a_mode_of_its_own
                }
                returning {
                    a_channel_without_events_goes_on_where_it_was
                    a_forgotten_channel_goes_on_where_it_was
                    a_closed_channel_does_not_go_on
                }
            }
            listening {
                delivery {
                    ten_thousand_events_arrive_once_and_in_order
                    pipelined_events_arrive_once_and_in_order
                    every_listener_receives_a_rush
                    close_overtakes_nothing
                    large_events_arrive_whole
                }
                ends {
                    a_closed_listener_is_gone
                    a_half_closed_listener_is_gone
                    a_reset_listener_is_gone
                    a_listener_in_the_middle_is_gone
                    a_listener_that_talks_is_gone
                    a_listener_that_owes_a_body_is_gone
                    who_leaves_while_the_token_is_taken_takes_nothing
                    a_get_right_after_a_close_is_never_423
                    a_get_right_after_a_half_close_is_never_423
                    a_get_right_after_a_reset_is_never_423
                    who_took_over_is_served
                    a_taken_token_is_refused_soon
                    tcp_watches_a_silent_listener
                }
                exclusive {
                    the_second_listener_is_refused
                    channels_do_not_mix
                    of_many_at_once_one_listens
                    the_token_is_free_before_close_is_answered
                    nobody_listens_once_close_is_answered
                }
                keepalive {
                    silence_is_broken_by_a_comment
                    the_comment_is_not_late
                    events_put_the_comment_off
                    retry_puts_the_comment_off
                    no_comment_comes_when_it_is_off
                    no_comment_lands_inside_an_event
                    every_listener_is_kept_alive
                }
                opening {
                    the_head_is_sent_at_once
                    the_first_block_comes_with_the_head
                    the_first_block_can_be_a_comment
                    the_first_block_tells_the_reconnection_time
                    what_is_published_after_the_head_arrives
                    a_stream_begins_where_it_was_opened
                    any_last_event_id_is_taken
                    two_last_event_ids_are_taken
                }
                overrun {
                    who_stops_reading_is_cut
                    who_was_cut_sees_a_broken_stream
                    who_reads_on_in_time_has_lost_nothing
                    who_keeps_reading_is_not_cut
                    all_channels_together_are_bounded
                    what_the_log_cannot_hold_is_refused
                    a_long_event_arrives_whole_at_slow_listeners
                }
                own_route {
                    it_answers_as_the_path_of_the_protocol_does
                    what_is_published_arrives_there
                    a_taken_channel_is_refused_there
                    a_get_right_after_a_close_is_never_423_there
                    other_methods_are_refused_there
                    http_1_0_can_listen_there
                }
                refused {
                    a_browser_is_told_in_a_stream_that_the_token_is_taken
                    a_browser_is_told_in_a_stream_that_the_server_is_full
                    the_connection_of_a_refused_browser_goes_on
                }
                shutdown {
                    a_thousand_listeners_are_ended
                    a_thousand_streams_are_ended
                    idle_connections_are_closed
                }
                shared {
                    everyone_receives_everything
                    who_comes_later_receives_what_comes_later
                    the_channel_lasts_until_the_last_has_left
                    close_ends_every_stream
                }
            }
            origins {
                cors {
                    nothing_is_said_unless_configured
                    a_listed_origin_reads_every_answer
                    other_origins_read_nothing
                    any_origin_can_be_allowed
                    credentials_need_leave_of_their_own
                    options_says_what_may_be_asked
                }
                hosts {
                    only_allowed_hosts_are_served
                    the_host_is_looked_at_first
                    http_1_0_needs_no_host
                    http_1_1_has_one_valid_host
                }
                sites {
                    pages_of_other_sites_change_nothing
                    pages_of_the_server_itself_and_programs_pass
                    allowed_origins_pass
                    a_refused_site_is_told_the_option
                }
            }
            streams {
                delivery {
                    ready_events_are_written_together
                    an_event_is_written_when_it_is_ready
                    a_write_holds_up_to_16_kib
                    ten_thousand_events_arrive_once_and_in_order
                    a_large_event_arrives_whole
                }
                ends {
                    the_answer_ends_with_the_stream
                    an_error_breaks_the_answer
                    a_late_error_breaks_the_answer
                    an_error_at_once_breaks_the_answer
                    what_came_before_an_error_arrives
                    stop_is_204
                    who_closes_stops_the_producer
                    who_half_closes_stops_the_producer
                    who_resets_stops_the_producer
                    who_does_not_read_stops_the_producer
                }
                keepalive {
                    silence_is_broken_by_a_comment
                    no_comment_comes_when_it_is_off
                    the_first_comment_comes_after_a_second
                    the_first_comment_waits_for_no_keepalive
                    no_first_comment_comes_behind_an_event
                    events_put_the_comment_off
                }
                opening {
                    the_head_keeps_events_from_being_held_back
                    the_protocol_is_served_beside_it
                    the_last_event_id_is_told
                    any_last_event_id_is_taken
                    http_1_0_gets_no_chunks
                    nothing_follows_a_stream_of_http_1_0
                }
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __contract_tests {
    ($start:ident $except:tt $($subject:ident { $($topic:ident { $($test:ident)+ })+ })+) => {
        const EXCEPT: &[&str] = &$except;

        #[test]
        fn every_exception_is_a_test() {
            let tests = [$($($(
                concat!(stringify!($subject), "::", stringify!($topic), "::", stringify!($test)),
            )+)+)+];
            for name in EXCEPT {
                assert!(tests.contains(name), "{name}");
            }
        }

        $(mod $subject {
            use super::{EXCEPT, $start};

            $(mod $topic {
                use super::{EXCEPT, $start};

                $(#[test]
                fn $test() {
                    let name = concat!(
                        stringify!($subject), "::", stringify!($topic), "::", stringify!($test),
                    );
                    if !EXCEPT.contains(&name) {
                        $crate::run($crate::contract::$subject::$topic::$test($start));
                    }
                })+
            })+
        })+
    };
}
