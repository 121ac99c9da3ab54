//! Who may listen and publish, as the options say it.

mod args;
pub(super) use args::AccessArgs;

mod jwt_key;
use jwt_key::JwtKey;

mod key_set;
use key_set::KeySet;

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use sse_access::{
    Authentication, Endpoint, Jwt, Key, Keys, Passwords, Refresh, RemoteKeys, TicketKey, Upstream,
    limits::Limits,
};
use sse_core::access::{Access, Permissions};

use crate::exit::Failure;

/// Who may listen and publish: those who say who they are, and everybody.
#[derive(Debug)]
pub(super) struct AccessConfig {
    jwt: Option<Jwt>,
    jwks_url: Option<Endpoint>,
    passwords: Option<Passwords>,
    upstream: Option<Upstream>,
    tickets: (TicketKey, Duration),
    cookie: Option<String>,
    anonymous: Permissions,
}

impl AccessConfig {
    /// None if everybody may do everything.
    pub(super) fn new(args: AccessArgs) -> Result<Option<Self>, Failure> {
        check(&args)?;
        if !args.is_controlled() {
            return Ok(None);
        }
        let tickets = match &args.ticket_key {
            Some(file) => {
                let key = TicketKey::new(&read(file)?);
                key.map_err(|error| unusable(file, error))?
            }
            None => TicketKey::random().map_err(Failure::failed)?,
        };
        if args.ticket_key.is_none() && args.takes_credentials() {
            tracing::warn!("without --ticket-key, tickets end with this process");
        }
        let jwks_url = match &args.jwks {
            Some(KeySet::Url(url)) => Some(Endpoint::new(url).map_err(Failure::usage)?),
            _ => None,
        };
        Ok(Some(Self {
            jwt: jwt(&args)?,
            jwks_url,
            passwords: passwords(&args)?,
            upstream: upstream(&args)?,
            tickets: (tickets, args.ticket_ttl),
            anonymous: anonymous(&args),
            cookie: args.cookie,
        }))
    }

    /// The access control of a gateway. It may fetch keys, so it needs a runtime.
    pub(super) fn access(self, limits: Arc<Limits>) -> Result<Access, Failure> {
        let (key, ttl) = self.tickets;
        let mut authentication = Authentication::new().with_tickets(key, ttl).with_limits(limits);
        if let Some(jwt) = self.jwt {
            authentication = match self.jwks_url {
                Some(url) => {
                    let keys = RemoteKeys::spawn(url, Refresh::default());
                    authentication.with_remote_jwt(jwt, keys)
                }
                None => authentication.with_jwt(jwt),
            };
        }
        if let Some(passwords) = self.passwords {
            authentication = authentication.with_passwords(passwords);
        }
        if let Some(upstream) = self.upstream {
            authentication = authentication.with_upstream(upstream);
        }
        let access = Access::new(authentication).with_anonymous(self.anonymous);
        match self.cookie {
            Some(name) => access.with_cookie(&name).map_err(Failure::usage),
            None => Ok(access),
        }
    }
}

impl AccessArgs {
    /// Whether some may do what others may not.
    fn is_controlled(&self) -> bool {
        self.takes_credentials()
            || !self.anonymous_listen.is_empty()
            || !self.anonymous_publish.is_empty()
    }

    /// Whether somebody can say who they are.
    fn takes_credentials(&self) -> bool {
        self.takes_tokens() || self.password_file.is_some() || self.auth_url.is_some()
    }

    fn takes_tokens(&self) -> bool {
        !self.jwt_keys.is_empty() || self.jwks.is_some()
    }
}

/// Refuses options that nothing would heed, since somebody counts on them.
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
    if !args.takes_credentials() && args.ticket_key.is_some() {
        return needs("--ticket-key", "--jwt-key, --jwks, --password-file or --auth-url");
    }
    if args.open && args.is_controlled() {
        return Err(Failure::usage(
            "--open is for a server without access control, and other options ask for it",
        ));
    }
    Ok(())
}

fn jwt(args: &AccessArgs) -> Result<Option<Jwt>, Failure> {
    if !args.takes_tokens() {
        return Ok(None);
    }
    let mut keys = match &args.jwks {
        Some(KeySet::File(file)) => {
            Keys::from_jwks(&read(file)?).map_err(|error| unusable(file, error))?
        }
        _ => Keys::new(),
    };
    for JwtKey { algorithms, id, file } in &args.jwt_keys {
        let key = Key::from_contents(algorithms, &read(file)?);
        let key = key.map_err(|error| unusable(file, error))?;
        keys = keys.with_key(match id {
            Some(id) => key.with_id(id),
            None => key,
        });
    }
    let audiences = args.jwt_audiences.iter();
    let jwt = audiences.fold(Jwt::new(keys), |jwt, audience| jwt.with_audience(audience));
    Ok(Some(args.jwt_issuers.iter().fold(jwt, |jwt, issuer| jwt.with_issuer(issuer))))
}

fn passwords(args: &AccessArgs) -> Result<Option<Passwords>, Failure> {
    let Some(file) = &args.password_file else {
        return Ok(None);
    };
    Passwords::from_file(file).map(Some).map_err(|error| unusable(file, error))
}

fn upstream(args: &AccessArgs) -> Result<Option<Upstream>, Failure> {
    let Some(url) = &args.auth_url else {
        return Ok(None);
    };
    let endpoint = Endpoint::new(url).map_err(Failure::usage)?.with_timeout(args.auth_timeout);
    Ok(Some(Upstream::new(endpoint).with_ttl(args.auth_ttl)))
}

fn anonymous(args: &AccessArgs) -> Permissions {
    let listen = args.anonymous_listen.iter().cloned();
    let permissions = listen.fold(Permissions::none(), Permissions::with_listen);
    args.anonymous_publish.iter().cloned().fold(permissions, Permissions::with_publish)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|source| Failure::usage(ReadError { file: file.into(), source }))
}

fn unusable(file: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::usage(UseError { file: file.into(), source: Box::new(source) })
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", file.display())]
struct ReadError {
    file: Box<Path>,
    source: io::Error,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", file.display())]
struct UseError {
    file: Box<Path>,
    source: Box<dyn std::error::Error + Send + Sync>,
}
