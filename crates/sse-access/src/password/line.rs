use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use sse_core::access::Permissions;

use super::{
    basic::MAX_NAME,
    hash::{Hash, HashPasswordError, hash_password},
};

/// The line of a password file that lets `name` in with `password`.
///
/// Without `permissions` everything is permitted but to finish channels and to set their reconnection times.
///
/// ```
/// use sse_access::password_line;
/// use sse_core::access::Permissions;
///
/// let permissions = Permissions::none().with_publish("room:*".parse()?);
/// let line = password_line("deploy", "correct horse battery staple", Some(&permissions))?;
/// assert!(line.starts_with("deploy:$argon2id$v=19$"));
/// assert!(line.ends_with(" {\"publish\":[\"room:*\"]}"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`PasswordLineError::Name`] for a name that cannot stand in the file, [`PasswordLineError::Password`] for a
/// password that cannot be hashed, as [`hash_password`] says.
pub fn password_line(
    name: &str,
    password: &str,
    permissions: Option<&Permissions>,
) -> Result<String, PasswordLineError> {
    check_password_name(name)?;
    let hash = hash_password(password)?;
    Ok(match permissions {
        Some(permissions) => format!("{name}:{hash} {}", json(permissions)),
        None => format!("{name}:{hash}"),
    })
}

fn json(permissions: &Permissions) -> String {
    serde_json::to_string(permissions).expect("lists of texts are JSON")
}

/// Why there is no line of a password file for a name and a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordLineError {
    /// The name cannot stand in the file.
    #[error(transparent)]
    Name(#[from] PasswordNameError),
    /// The password cannot be hashed.
    #[error(transparent)]
    Password(#[from] HashPasswordError),
}

/// Why a name has no line in a password file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordNameError {
    /// The name is empty.
    #[error("the name is empty")]
    Empty,
    /// It is longer than what is taken from a request.
    #[error("the name has {len} bytes, and may have {max}")]
    Long {
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be.
        max: usize,
    },
    /// A colon ends a name.
    #[error("the name has a colon at byte {at}")]
    Colon {
        /// Where the first one stands.
        at: usize,
    },
    /// It has a control character in it.
    #[error("the name has a control character at byte {at}")]
    Control {
        /// Where the first one stands.
        at: usize,
    },
    /// It begins or ends with a space, which is not seen.
    #[error("the name begins or ends with a space")]
    Space,
    /// Its line would be a comment.
    #[error("the name begins with `#`, as a comment does")]
    Comment,
}

/// Checks that `name` can stand in a password file.
///
/// ```
/// use sse_access::{PasswordNameError, check_password_name};
///
/// assert_eq!(check_password_name("deploy bot"), Ok(()));
/// assert_eq!(check_password_name("a:b"), Err(PasswordNameError::Colon { at: 1 }));
/// ```
///
/// # Errors
///
/// [`PasswordNameError`] says what is wrong with it.
pub fn check_password_name(name: &str) -> Result<(), PasswordNameError> {
    if name.is_empty() {
        return Err(PasswordNameError::Empty);
    }
    if MAX_NAME < name.len() {
        return Err(PasswordNameError::Long { len: name.len(), max: MAX_NAME });
    }
    if let Some(at) = name.find(':') {
        return Err(PasswordNameError::Colon { at });
    }
    if let Some(at) = name.find(char::is_control) {
        return Err(PasswordNameError::Control { at });
    }
    if name.trim() != name {
        return Err(PasswordNameError::Space);
    }
    if name.starts_with('#') {
        return Err(PasswordNameError::Comment);
    }
    Ok(())
}

/// What a line of a password file says.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) hash: Hash,
    pub(super) permissions: Permissions,
}

impl<'a> Line<'a> {
    /// Reads a line; `None` for a comment and an empty one.
    pub(super) fn parse(line: &'a str) -> Result<Option<Self>, PasswordProblem> {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            return Ok(None);
        }
        let (name, rest) = line.split_once(':').ok_or(PasswordProblem::NoColon)?;
        check_password_name(name)?;
        let (hash, json) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let hash = Hash::parse(hash)?;
        let permissions = match json.trim() {
            "" => Permissions::all(),
            json => permissions(json)?,
        };
        Ok(Some(Self { name, hash, permissions }))
    }
}

/// A list whose name is misspelt would be a list that is missing, and one of actions that is missing permits
/// more than one that is there.
fn permissions(json: &str) -> Result<Permissions, PasswordProblem> {
    let invalid =
        |error: serde_json::Error| PasswordProblem::Permissions { reason: error.to_string() };
    let lists: BTreeMap<String, IgnoredAny> = serde_json::from_str(json).map_err(invalid)?;
    let is_known = |list: &String| matches!(list.as_str(), "listen" | "publish" | "actions");
    if let Some(list) = lists.into_keys().find(|list| !is_known(list)) {
        return Err(PasswordProblem::List { list });
    }
    serde_json::from_str(json).map_err(invalid)
}

/// What is wrong with a line of a password file. Nothing of a hash is repeated, since a password may stand in
/// its place.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordProblem {
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// There is no colon, which ends the name.
    #[error("there is no colon behind the name")]
    NoColon,
    /// The name is not one.
    #[error(transparent)]
    Name(#[from] PasswordNameError),
    /// Another line has the same name.
    #[error("the name {name:?} is in line {first} already")]
    Twice {
        /// The name.
        name: String,
        /// The number of the first line that has it.
        first: usize,
    },
    /// What stands behind the name is no hash.
    #[error("behind the name stands no hash, which begins with `$argon2id$`")]
    NoHash,
    /// The hash is of another algorithm.
    #[error("the hash is of the algorithm {algorithm:?}, and only \"argon2id\" is supported")]
    Algorithm {
        /// What the hash calls its algorithm.
        algorithm: String,
    },
    /// The hash is of another version of the algorithm, or does not say of which.
    #[error(
        "the hash is of {}, and only version 19 of argon2id is supported",
        version.map_or_else(|| "no version".to_owned(), |version| format!("version {version}"))
    )]
    Version {
        /// What the hash says.
        version: Option<u32>,
    },
    /// A parameter would take more memory or time than is sensible.
    #[error("the hash has {parameter}={value}, and {parameter} may be no more than {max} here")]
    Limit {
        /// Which one: `m` is the memory in KiB, `t` how often it is gone over, `p` the number of lanes.
        parameter: &'static str,
        /// What the hash says, or the largest number for one that is larger.
        value: u64,
        /// What it may be; for `t` that depends on `m`.
        max: u32,
    },
    /// The hash is not well formed.
    #[error("the hash is not well formed; it is `$argon2id$v=19$m=..,t=..,p=..$SALT$HASH`")]
    Malformed,
    /// The permissions are not what they should be.
    #[error("the permissions are not valid: {reason}")]
    Permissions {
        /// What the parser of JSON says.
        reason: String,
    },
    /// The permissions have a list that means nothing.
    #[error("the permissions are lists of `listen`, `publish` and `actions`, not of {list:?}")]
    List {
        /// What the list is called.
        list: String,
    },
}
