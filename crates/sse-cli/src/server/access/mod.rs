//! Who may listen and publish, as the options say it.

mod args;
pub(super) use args::AccessArgs;

mod jwt_key;
use jwt_key::JwtKey;

mod key_set;
use key_set::KeySet;

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use sse_access::{
    Authentication, Endpoint, Jwt, Key, Keys, Passwords, Reachability, Refresh, RemoteKeys,
    TicketKey, Upstream, limits::Limits,
};
use sse_core::access::{Access, Permissions};

use super::files::Files;
use crate::exit::Failure;

/// Who may listen and publish: those who say who they are, and everybody.
#[derive(Debug)]
pub(super) struct AccessConfig {
    jwt: Option<Jwt>,
    jwks_url: Option<(String, Endpoint)>,
    passwords: Option<Passwords>,
    upstream: Option<Upstream>,
    /// Without a key of its own, the random one of the process signs tickets.
    tickets: (Option<TicketKey>, Duration),
    cookie: Option<String>,
    anonymous: Permissions,
}

impl AccessConfig {
    /// `None` if everybody may do everything.
    pub(super) fn new(args: AccessArgs, files: &mut Files) -> Result<Option<Self>, Failure> {
        check(&args)?;
        if !args.is_controlled() {
            return Ok(None);
        }
        let jwks_url = match &args.jwks {
            Some(KeySet::Url(url)) => Some((url.clone(), endpoint("--jwks", url)?)),
            _ => None,
        };
        Ok(Some(Self {
            jwt: jwt(&args, files)?,
            jwks_url,
            passwords: passwords(&args, files)?,
            upstream: upstream(&args)?,
            tickets: (ticket_key(&args, files)?, args.ticket_ttl.unwrap_or(DEFAULT_TICKET_TTL)),
            anonymous: anonymous(&args),
            cookie: args.cookie.clone(),
        }))
    }

    /// Warns of what an operator may not expect.
    pub(super) fn warn(&self) {
        let takes_credentials =
            self.jwt.is_some() || self.passwords.is_some() || self.upstream.is_some();
        if self.tickets.0.is_none() && takes_credentials {
            tracing::warn!("without --ticket-key, tickets end with this process");
        }
    }

    /// The access control of a gateway, and what it depends on. It may fetch keys, so it needs a runtime.
    pub(super) fn access(
        self,
        kept: &mut Kept,
        limits: Arc<Limits>,
    ) -> Result<(Access, Vec<Reachability>), Failure> {
        let mut dependencies = Vec::new();
        let (key, ttl) = self.tickets;
        let key = key.unwrap_or_else(|| kept.random_key.clone());
        let mut authentication = Authentication::new().with_tickets(key, ttl).with_limits(limits);
        kept.fetched
            .take_if(|(url, _)| self.jwks_url.as_ref().is_none_or(|wanted| wanted.0 != *url));
        if let Some(jwt) = self.jwt {
            authentication = match self.jwks_url {
                Some((url, endpoint)) => {
                    let fetch = || (url, RemoteKeys::spawn(endpoint, Refresh::default()).into());
                    let (_, keys) = kept.fetched.get_or_insert_with(fetch);
                    dependencies.push(keys.reachability());
                    authentication.with_remote_jwt(jwt, keys.clone())
                }
                None => authentication.with_jwt(jwt),
            };
        }
        if let Some(passwords) = self.passwords {
            authentication = authentication.with_passwords(passwords);
        }
        if let Some(upstream) = self.upstream {
            dependencies.push(upstream.reachability());
            authentication = authentication.with_upstream(upstream);
        }
        let access = Access::new(authentication).with_anonymous(self.anonymous);
        let access = match self.cookie {
            Some(name) => access.with_cookie(&name).map_err(of("--cookie"))?,
            None => access,
        };
        Ok((access, dependencies))
    }
}

/// What access that replaces another takes over from it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Tickets that it has signed are valid as long as the process lives.
    random_key: TicketKey,
    /// Keys that were fetched, with their URL: they are valid also while that cannot be reached.
    fetched: Option<(String, Arc<RemoteKeys>)>,
}

impl Kept {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { random_key: TicketKey::random().map_err(Failure::failed)?, fetched: None })
    }
}

impl AccessArgs {
    /// Whether any option restricts access.
    fn is_controlled(&self) -> bool {
        self.takes_credentials()
            || !self.anonymous_listen.is_empty()
            || !self.anonymous_publish.is_empty()
    }

    /// Whether any option accepts credentials.
    fn takes_credentials(&self) -> bool {
        self.takes_tokens() || self.password_file.is_some() || self.auth_url.is_some()
    }

    fn takes_tokens(&self) -> bool {
        !self.jwt_keys.is_empty() || self.jwks.is_some()
    }
}

/// Refuses options that would have no effect: an operator who gives one relies on it.
fn check(args: &AccessArgs) -> Result<(), Failure> {
    let needs = |option, others| Err(Failure::usage(format!("{option} needs {others}")));
    let tokens = "--jwt-key or --jwks";
    if !args.takes_tokens() && !args.jwt_audiences.is_empty() {
        return needs("--jwt-audience", tokens);
    }
    if !args.takes_tokens() && !args.jwt_issuers.is_empty() {
        return needs("--jwt-issuer", tokens);
    }
    if !args.takes_tokens() && args.auth_url.is_none() && args.cookie.is_some() {
        return needs("--cookie", "--jwt-key, --jwks or --auth-url");
    }
    if let Some(name) = &args.cookie {
        Access::new(Authentication::new()).with_cookie(name).map_err(of("--cookie"))?;
    }
    let credentials = "--jwt-key, --jwks, --password-file or --auth-url";
    if !args.takes_credentials() && args.ticket_key.is_some() {
        return needs("--ticket-key", credentials);
    }
    if !args.takes_credentials() && args.ticket_ttl.is_some() {
        return needs("--ticket-ttl", credentials);
    }
    if args.open && args.is_controlled() {
        return Err(Failure::usage(
            "--open is for a server without access control, which other options ask for",
        ));
    }
    Ok(())
}

fn jwt(args: &AccessArgs, files: &mut Files) -> Result<Option<Jwt>, Failure> {
    if !args.takes_tokens() {
        return Ok(None);
    }
    let mut keys = match &args.jwks {
        Some(KeySet::File(file)) => {
            let set = read("--jwks", file, files)?;
            Keys::from_jwks(&set).map_err(|error| unusable("--jwks", file, error))?
        }
        _ => Keys::new(),
    };
    for JwtKey { algorithms, id, file } in &args.jwt_keys {
        let key = Key::from_contents(algorithms, &read("--jwt-key", file, files)?);
        let key = key.map_err(|error| unusable("--jwt-key", file, error))?;
        keys = keys.with_key(match id {
            Some(id) => key.with_id(id),
            None => key,
        });
    }
    let audiences = args.jwt_audiences.iter();
    let jwt = audiences.fold(Jwt::new(keys), |jwt, audience| jwt.with_audience(audience));
    Ok(Some(args.jwt_issuers.iter().fold(jwt, |jwt, issuer| jwt.with_issuer(issuer))))
}

fn passwords(args: &AccessArgs, files: &mut Files) -> Result<Option<Passwords>, Failure> {
    let Some(file) = &args.password_file else {
        return Ok(None);
    };
    let passwords = Passwords::from_contents(&read("--password-file", file, files)?);
    passwords.map(Some).map_err(|error| unusable("--password-file", file, error))
}

fn upstream(args: &AccessArgs) -> Result<Option<Upstream>, Failure> {
    let Some(url) = &args.auth_url else {
        return Ok(None);
    };
    let endpoint = endpoint("--auth-url", url)?.with_timeout(args.auth_timeout);
    Ok(Some(Upstream::new(endpoint).with_ttl(args.auth_ttl)))
}

fn anonymous(args: &AccessArgs) -> Permissions {
    let listen = args.anonymous_listen.iter().cloned();
    let permissions = listen.fold(Permissions::none(), Permissions::with_listen);
    args.anonymous_publish.iter().cloned().fold(permissions, Permissions::with_publish)
}

fn ticket_key(args: &AccessArgs, files: &mut Files) -> Result<Option<TicketKey>, Failure> {
    let Some(file) = &args.ticket_key else {
        return Ok(None);
    };
    let key = TicketKey::new(&read("--ticket-key", file, files)?);
    key.map(Some).map_err(|error| unusable("--ticket-key", file, error))
}

fn endpoint(option: &'static str, url: &str) -> Result<Endpoint, Failure> {
    Endpoint::new(url).map_err(of(option))
}

fn read(option: &'static str, file: &Path, files: &mut Files) -> Result<Vec<u8>, Failure> {
    files.read(option, file).map_err(of(option))
}

fn unusable<E: Error + Send + Sync + 'static>(
    option: &'static str,
    file: &Path,
    source: E,
) -> Failure {
    of(option)(UseError { file: file.into(), source: source.into() })
}

/// Says which option an error is of.
fn of<E: Error + Send + Sync + 'static>(option: &'static str) -> impl FnOnce(E) -> Failure {
    move |source| Failure::usage(OptionError { option, source: source.into() })
}

#[derive(Debug, thiserror::Error)]
#[error("{option}")]
struct OptionError {
    option: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", file.display())]
struct UseError {
    file: Box<Path>,
    source: Box<dyn Error + Send + Sync>,
}

const DEFAULT_TICKET_TTL: Duration = Duration::from_secs(60 * 60);
