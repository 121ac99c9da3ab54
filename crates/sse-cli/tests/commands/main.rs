//! The commands, as binaries, over real sockets. One file a subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod access_everybody;
mod access_passwords;
mod access_secrets;
mod access_tickets;
mod access_tokens;
mod access_upstream;
mod access_usage;
mod activation;
mod addresses;
mod admin;
mod admin_access;
mod admin_actions;
mod admin_ready;
mod bench;
mod budgets;
mod client_ends;
mod client_events;
mod client_options;
mod client_output;
mod client_requests;
mod client_state;
mod config_errors;
mod config_example;
mod config_levels;
mod config_options;
mod delivery;
mod drain;
mod endings;
mod escapes;
mod exec_signals;
mod help;
mod hub_options;
mod limits;
mod log_reasons;
mod logs;
mod naming;
mod open_files;
mod pages;
mod readiness;
mod readme;
mod reload;
mod reload_access;
mod reload_certificates;
mod reload_limits;
mod reload_load;
mod request_options;
mod secrets;
mod server_options;
mod shutdown;
mod stderr;
mod stdout;
mod system_events;
mod tls;
mod token_hash;
mod token_keys;
mod token_mint;
mod token_show;
mod usage;
mod vectors;
#[cfg(target_os = "linux")]
mod workers;
