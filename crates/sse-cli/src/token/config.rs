use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};
use sse_access::{Algorithm, Jwt, Keys, KeysError, SigningKey};
use sse_core::access::Permissions;

use super::{
    args::{HashArgs, KeyArgs, MintArgs, PermissionArgs, ShowArgs},
    key_file,
    secret_file::SecretFile,
};
use crate::{
    data::{self, ReadError},
    exit::Failure,
    signed::{Signed, SignedError},
};

/// What the arguments of `eventsource-token key` mean.
#[derive(Debug)]
pub(super) struct KeyConfig {
    pub(super) file: SecretFile,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

impl KeyConfig {
    pub(super) fn new(args: KeyArgs) -> Result<Self, Failure> {
        if args.out == Path::new("-") {
            return Err(Failure::usage(UsageError::Out));
        }
        let file = SecretFile::new(args.out, args.force).map_err(Failure::usage)?;
        Ok(Self { file, algorithm: args.alg, kid: args.kid })
    }
}

/// What the arguments of `eventsource-token mint` mean.
#[derive(Debug)]
pub(super) struct MintConfig {
    pub(super) key: SigningKey,
    pub(super) claims: Value,
}

impl MintConfig {
    pub(super) fn new(args: MintArgs) -> Result<Self, Failure> {
        let permissions =
            permissions(args.permissions).ok_or_else(|| Failure::usage(UsageError::Nothing))?;
        let key = key_file::signing_key(&args.key, args.alg).map_err(Failure::usage)?;
        let key = match &args.kid {
            Some(kid) => key.with_id(kid),
            None => key,
        };
        let id = match args.id {
            Some(id) => id,
            None => random_id()?,
        };
        let now = now();
        let mut claims = json!({
            "iat": now.as_secs(),
            "exp": (now + args.expires_in).as_secs(),
            "jti": id,
            "sse": serde_json::to_value(&permissions).map_err(Failure::failed)?,
        });
        if let Some(subject) = args.subject {
            claims["sub"] = subject.into();
        }
        if let Some(issuer) = args.issuer {
            claims["iss"] = issuer.into();
        }
        match &*args.audience {
            [] => {}
            [audience] => claims["aud"] = audience.as_str().into(),
            audiences => claims["aud"] = audiences.into(),
        }
        Ok(Self { key, claims })
    }
}

/// What the arguments of `eventsource-token show` mean.
#[derive(Debug)]
pub(super) struct ShowConfig {
    pub(super) token: String,
    pub(super) signed: Signed,
    /// What verifies it, if there is a key.
    pub(super) jwt: Option<Jwt>,
}

impl ShowConfig {
    pub(super) fn new(args: ShowArgs) -> Result<Self, Failure> {
        let has_keys = !(args.key.is_empty() && args.jwks.is_empty());
        let is_compared = !(args.audience.is_empty() && args.issuer.is_empty());
        if is_compared && !has_keys {
            return Err(Failure::usage(UsageError::NoKey));
        }
        let bytes = match &*args.token {
            "-" => data::read_file(Path::new("-")).map_err(Failure::usage)?,
            _ => args.token.into_bytes(),
        };
        let keys_of_files = args.key.iter().map(|file| key_file::verifying_keys(file, args.alg));
        let keys_of_files = keys_of_files.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
        let sets = args.jwks.iter().map(|file| key_set(file));
        let sets = sets.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;

        let token = String::from_utf8(bytes).map_err(|_| Failure::failed(SignedError::NoToken))?;
        let token = token.trim().to_owned();
        let signed = Signed::parse(&token).map_err(Failure::failed)?;
        // A key that was given for this token is the one that it means.
        let kid = signed.kid();
        let mut keys = Keys::from_iter(keys_of_files.into_iter().flatten().map(|key| match kid {
            Some(kid) => key.with_id(kid),
            None => key,
        }));
        keys.extend(sets.into_iter().flatten());

        let mut jwt = Jwt::new(keys);
        for audience in &args.audience {
            jwt = jwt.with_audience(audience);
        }
        for issuer in &args.issuer {
            jwt = jwt.with_issuer(issuer);
        }
        Ok(Self { token, signed, jwt: has_keys.then_some(jwt) })
    }
}

/// What the arguments of `eventsource-token hash` mean.
#[derive(Debug)]
pub(super) struct HashConfig {
    pub(super) name: String,
    /// `None` for the usual ones.
    pub(super) permissions: Option<Permissions>,
}

impl HashConfig {
    pub(super) fn new(args: HashArgs) -> Self {
        Self { name: args.name, permissions: permissions(args.permissions) }
    }
}

/// What is permitted, if anything is named.
fn permissions(args: PermissionArgs) -> Option<Permissions> {
    if args.listen.is_empty() && args.publish.is_empty() {
        return None;
    }
    let permissions = args.listen.into_iter().fold(Permissions::none(), Permissions::with_listen);
    let permissions = args.publish.into_iter().fold(permissions, Permissions::with_publish);
    Some(args.actions.iter().fold(permissions, |permissions, name| permissions.with_action(name)))
}

fn key_set(file: &Path) -> Result<Keys, KeySetError> {
    let json = data::read_file(file).map_err(KeySetError::Read)?;
    Keys::from_jwks(&json).map_err(|error| KeySetError::Invalid { file: data::name(file), error })
}

/// 128 random bits, so that no two tokens get the same one.
fn random_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Failure::failed("the system has no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Why arguments mean nothing together.
#[derive(Debug, thiserror::Error)]
enum UsageError {
    #[error("--out: a key is written to a file, and not to standard output")]
    Out,
    #[error("the token would permit nothing: give --listen or --publish")]
    Nothing,
    #[error("--audience and --issuer are checked only with --key or --jwks")]
    NoKey,
}

/// Why there are no keys in a set.
#[derive(Debug, thiserror::Error)]
enum KeySetError {
    #[error("--jwks")]
    Read(#[source] ReadError),
    #[error("--jwks: {file}: {error}")]
    Invalid { file: String, error: KeysError },
}

/// Now, since the beginning of 1970 in UTC.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
