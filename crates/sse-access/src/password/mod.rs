//! Names and passwords, for scripts: a file of hashes, and how often they are computed.

mod basic;

mod failures;
pub(crate) use failures::Failures;

mod hash;
pub use hash::{HashPasswordError, hash_password};

mod line;
pub use line::{
    PasswordLineError, PasswordNameError, PasswordProblem, check_password_name, password_line,
};

mod memory;

mod passwords;
pub use passwords::{Passwords, PasswordsError};

mod turns;
