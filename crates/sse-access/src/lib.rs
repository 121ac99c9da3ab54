//! Who may listen and publish, and how much: tokens, tickets, passwords, limits by address.

#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "jwt")]
pub use jwt::{
    Algorithm, AlgorithmError, Jwt, JwtError, Key, KeyError, KeyKind, Keys, KeysError, SigningKey,
    SigningKeyError,
};

#[cfg(any(feature = "http", feature = "jwt"))]
mod claims;

mod clock;

mod ticket;
pub use ticket::{TicketError, TicketKey, TicketKeyError};

mod cache;

#[cfg(feature = "password")]
mod password;
#[cfg(feature = "password")]
pub use password::{
    HashPasswordError, PasswordLineError, PasswordNameError, PasswordProblem, Passwords,
    PasswordsError, hash_password, password_line,
};

pub mod limits;
