//! Who may listen and publish, and how much: tokens, tickets, passwords, limits by address.

mod authentication;
pub use authentication::Authentication;

#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "jwt")]
pub use jwt::{
    Algorithm, AlgorithmError, Jwt, JwtError, Key, KeyError, KeyKind, Keys, KeysError, SigningKey,
    SigningKeyError,
};
#[cfg(all(feature = "http", feature = "jwt"))]
pub use jwt::{Refresh, RemoteKeys};

#[cfg(feature = "password")]
mod password;
#[cfg(feature = "password")]
pub use password::{
    HashPasswordError, PasswordLineError, PasswordNameError, PasswordProblem, Passwords,
    PasswordsError, check_password_name, hash_password, password_line,
};

mod ticket;
pub use ticket::{TicketError, TicketKey, TicketKeyError};

#[cfg(feature = "http")]
mod upstream;
#[cfg(feature = "http")]
pub use upstream::Upstream;

#[cfg(feature = "http")]
mod fetch;
#[cfg(feature = "http")]
pub use fetch::{Endpoint, EndpointError};

pub mod limits;

#[cfg(any(feature = "http", feature = "jwt"))]
mod cache;
#[cfg(any(feature = "http", feature = "jwt"))]
mod claims;
mod clock;
