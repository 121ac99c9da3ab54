use std::{path::PathBuf, time::Duration};

use clap::builder::NonEmptyStringValueParser;
use sse_core::access::Pattern;

use super::{jwt_key::JwtKey, key_set::KeySet};
use crate::bounded;

/// Who may listen and publish.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(in crate::server) struct AccessArgs {
    /// Take JSON Web Tokens signed with one of the algorithms ALG (HS256 to HS512, RS256 to RS512, PS256 to
    /// PS512, ES256, ES384, EdDSA) and the key in FILE: a secret, or a public key in PEM. With KID, tokens
    /// that name another key are not checked with it. A token that has ended is taken for another
    /// minute, since clocks differ. May be given more than once
    #[arg(long = "jwt-key", value_name = "ALG[,ALG...][:KID]=FILE")]
    pub(super) jwt_keys: Vec<JwtKey>,

    /// Take JSON Web Tokens signed with a key of this JWK set: a file, or an http or https URL, which is
    /// asked again from time to time
    #[arg(long, value_name = "FILE-OR-URL")]
    pub(super) jwks: Option<KeySet>,

    /// Take only tokens for TEXT, as their claim `aud` says. May be given more than once: any of them
    #[arg(long = "jwt-audience", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(super) jwt_audiences: Vec<String>,

    /// Take only tokens from TEXT, as their claim `iss` says. May be given more than once: any of them
    #[arg(long = "jwt-issuer", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(super) jwt_issuers: Vec<String>,

    /// Take a token, or what --auth-url is asked about, from the cookie NAME too, where a page of this server
    /// or of an origin that --allow-credentials is for sends it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(super) cookie: Option<String>,

    /// Take the names and passwords in FILE, as `eventsource-token hash` writes them
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,

    /// Ask URL who a request is from, with its credentials, method and path: 2xx with a header `Sse-Grant`
    /// says what it may do, 401 and 403 refuse it. It is not asked about tokens if there is --jwt-key or
    /// --jwks, nor about passwords if there is --password-file, nor about tickets
    #[arg(long, value_name = "URL")]
    pub(super) auth_url: Option<String>,

    /// Wait for the answer of --auth-url for MS milliseconds, 1 to 4294967295, and refuse with 503 then
    #[arg(long, value_name = "MS", default_value = "5000", requires = "auth_url")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) auth_timeout: Duration,

    /// Keep an answer of --auth-url for MS milliseconds, 0 to 4294967295; 0: ask each time
    #[arg(long, value_name = "MS", default_value = "10000", requires = "auth_url")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) auth_ttl: Duration,

    /// Make tickets with the key in FILE, at least 32 bytes, so that they outlive this process. A ticket, from
    /// POST /ticket/TOKEN, goes into the URL of a browser's EventSource, which sends no headers [default: a
    /// random key]
    #[arg(long, value_name = "FILE")]
    pub(super) ticket_key: Option<PathBuf>,

    /// Let a ticket last for MS milliseconds at most, 1 to 4294967295 [default: 3600000]
    #[arg(long, value_name = "MS")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) ticket_ttl: Option<Duration>,

    /// Let everybody listen on the channel PATTERN; `room:*` is every channel that begins so, `*` every one.
    /// May be given more than once
    #[arg(long, value_name = "PATTERN")]
    pub(super) anonymous_listen: Vec<Pattern>,

    /// Let everybody publish to the channel PATTERN, but not by `close` and `retry`. May be given more than
    /// once
    #[arg(long, value_name = "PATTERN")]
    pub(super) anonymous_publish: Vec<Pattern>,

    /// Let everybody do everything, on an address that others can reach, without a warning
    #[arg(long)]
    pub(in crate::server) open: bool,
}
