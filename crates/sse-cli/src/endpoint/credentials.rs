use std::{
    env, fmt,
    path::{Path, PathBuf},
};

use crate::data::{self, ReadError};

/// A user and the password.
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Credentials {
    /// With the password as it was typed, or the first line of `file`, or what the environment has.
    pub(super) fn new(
        user: String,
        typed: Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Self, PasswordError> {
        if user.contains(':') {
            return Err(PasswordError::Colon);
        }
        let password = match (typed, file) {
            (Some(password), _) => password,
            (None, Some(file)) => first_line(&file)?,
            (None, None) => match env::var(VARIABLE) {
                Err(env::VarError::NotUnicode(_)) => return Err(PasswordError::Variable),
                password => password.unwrap_or_default(),
            },
        };
        Ok(Self { user, password })
    }
}

/// Without the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

fn first_line(file: &Path) -> Result<String, PasswordError> {
    let bytes = data::read_file(file).map_err(PasswordError::Read)?;
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8(line.to_owned())
        .map_err(|_| PasswordError::NotUtf8 { file: data::name(file) })
}

/// Why there is no password. It is not repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// What stands behind it may be the password.
    #[error("--user: a user's name has no colon; give the password by --password-file")]
    Colon,
    #[error("--password-file")]
    Read(#[source] ReadError),
    #[error("--password-file: line 1 of {file} is not UTF-8")]
    NotUtf8 { file: String },
    #[error("the password in {VARIABLE} is not UTF-8")]
    Variable,
}

pub(crate) const VARIABLE: &str = "EVENTSOURCE_PASSWORD";
