use std::{path::PathBuf, time::Duration};

use clap::{ValueHint, builder::NonEmptyStringValueParser};
use sse_core::access::Pattern;

use super::{jwt_key::JwtKey, key_set::KeySet};
use crate::bounded;

/// Who may listen and publish.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(in crate::server) struct AccessArgs {
    /// Accept JSON Web Tokens signed with one of the algorithms ALG (HS256 to HS512, RS256 to RS512, PS256 to
    /// PS512, ES256, ES384, EdDSA) and the key in FILE: a secret of at least 32 bytes, or a public key or a
    /// certificate in PEM. A token that names its key is verified only with a key of that KID. A token is
    /// accepted for a minute after it has ended, since clocks differ. May be given more than once
    #[arg(long = "jwt-key", value_name = "ALG[,ALG...][:KID]=FILE")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) jwt_keys: Vec<JwtKey>,

    /// Accept JSON Web Tokens signed with a key of this JWK set: a file, or an http or https URL. A URL is
    /// fetched again every 10 minutes, or as its Cache-Control says; while that fails, the last keys stay
    /// valid
    #[arg(long, value_name = "FILE-OR-URL", value_hint = ValueHint::FilePath)]
    pub(super) jwks: Option<KeySet>,

    /// Accept only tokens whose claim `aud` names TEXT. May be given more than once, for any of several
    #[arg(long = "jwt-audience", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(super) jwt_audiences: Vec<String>,

    /// Accept only tokens whose claim `iss` is TEXT. May be given more than once, for any of several
    #[arg(long = "jwt-issuer", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(super) jwt_issuers: Vec<String>,

    /// Also accept a token, or what --auth-url checks, in the cookie NAME. For a page of another origin it
    /// counts only if --allow-origin names that origin and --allow-credentials is given
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(super) cookie: Option<String>,

    /// Accept the names and passwords in FILE, by HTTP Basic authentication; `eventsource-token hash` writes
    /// its lines
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,

    /// Ask URL, by a GET with the credentials, the method and the path, about a request that no other option
    /// checks: 2xx with a header `Sse-Grant` says what it may do, 401 and 403 refuse it, and after any other
    /// answer it gets 503
    #[arg(long, value_name = "URL")]
    pub(super) auth_url: Option<String>,

    /// Wait at most MS milliseconds for an answer of --auth-url, 1 to 4294967295; a request without one gets
    /// 503
    #[arg(long, value_name = "MS", default_value = "5000", requires = "auth_url")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) auth_timeout: Duration,

    /// Use an answer of --auth-url again for MS milliseconds, 0 to 4294967295; 0: ask each time
    #[arg(long, value_name = "MS", default_value = "10000", requires = "auth_url")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) auth_ttl: Duration,

    /// Sign tickets with the key in FILE, at least 32 bytes, so that they outlive this process. POST
    /// /ticket/TOKEN answers with a ticket, which a page puts into the URL of its EventSource (`?ticket=`),
    /// since that sends no headers [default: a random key]
    #[arg(long, value_name = "FILE")]
    pub(super) ticket_key: Option<PathBuf>,

    /// Let a ticket be valid for at most MS milliseconds, 1 to 4294967295 [default: 3600000]
    #[arg(long, value_name = "MS")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) ticket_ttl: Option<Duration>,

    /// Let everybody listen on the channel PATTERN, or, if it ends in `*`, on every channel that begins with
    /// what comes before. May be given more than once
    #[arg(long, value_name = "PATTERN")]
    pub(super) anonymous_listen: Vec<Pattern>,

    /// Let everybody publish to the channels of PATTERN, as in --anonymous-listen, but not by `close` and
    /// `retry`. May be given more than once
    #[arg(long, value_name = "PATTERN")]
    pub(super) anonymous_publish: Vec<Pattern>,

    /// Do not warn that everybody may do everything, on an address that others can reach; not with the
    /// options above
    #[arg(long)]
    pub(in crate::server) open: bool,
}
