//! Who may listen and publish, and how much: tokens, tickets, passwords, limits by address.
//!
//! [`sse_core::access`] decides what a grant permits. This crate finds out which grant a request has.
//!
//! | to | use | feature |
//! |---|---|---|
//! | find out who sends a request, in all of these ways | [`Authentication`] | |
//! | verify JSON Web Tokens | [`Jwt`], with [`Keys`] of files or a JWK set | `jwt` |
//! | fetch their keys from the issuer | [`RemoteKeys`] | `jwt`, `http` |
//! | sign tokens | [`SigningKey`] | `jwt` |
//! | admit an `EventSource`, which can set no header | [`TicketKey`] | |
//! | admit scripts by a name and a password | [`Passwords`], [`hash_password`] | `password` |
//! | ask a server of your own | [`Upstream`] | `http` |
//! | learn whether the servers that are asked answer | [`Reachability`] | `http` |
//! | limit what one address and one subject may have | [`limits`] | |
//!
//! # Features
//!
//! All of them are on by default. All cryptography is that of `ring`, also for TLS.
//!
//! # Example
//!
//! ```
//! use std::time::{Duration, Instant};
//! use http::{Request, StatusCode, request::Parts};
//! use serde_json::json;
//! use sse_access::{Algorithm, Authentication, Jwt, Keys, SigningKey, TicketKey};
//! use sse_core::{
//!     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
//!     access::Access,
//!     gateway::{Asked, Handled},
//! };
//!
//! let key = SigningKey::generate(Algorithm::EdDsa)?;
//! let authentication = Authentication::new()
//!     .with_jwt(Jwt::new(Keys::new().with_key(key.verifying_key())))
//!     .with_tickets(TicketKey::random()?, Duration::from_secs(3600));
//! let config = GatewayConfig::default().with_access(Access::new(authentication));
//! let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
//!
//! // What an adapter does with the head of a request.
//! let answer = |parts: &Parts| {
//!     let Asked::Channel(asked) = gateway.ask(parts) else { panic!("it is for a channel") };
//!     let outcome = gateway.authenticate(&asked, parts).into_ready().expect("nothing has to be awaited");
//!     match gateway.decide(asked, parts, outcome, Instant::now()) {
//!         Handled::Respond(response) => response,
//!         handled => panic!("{handled:?}"),
//!     }
//! };
//! let alice = key.sign(&json!({
//!     "sub": "alice",
//!     "exp": 4_000_000_000_u64,
//!     "sse": { "listen": ["room:*"] },
//! }));
//! for (authorization, path, expected) in [
//!     (format!("Bearer {alice}"), "/ticket/room:42", StatusCode::OK),
//!     (format!("Bearer {alice}"), "/ticket/news", StatusCode::FORBIDDEN),
//!     (format!("Bearer {alice}"), "/ping/room:42", StatusCode::FORBIDDEN),
//!     ("Bearer made.up.altogether".to_owned(), "/ticket/room:42", StatusCode::UNAUTHORIZED),
//! ] {
//!     let request = Request::post(path).header("host", "localhost");
//!     let request = request.header("authorization", authorization).body(())?;
//!     assert_eq!(answer(&request.into_parts().0).status(), expected, "{path}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
#![cfg_attr(not(feature = "jwt"), doc = "[`Jwt`]: #features")]
#![cfg_attr(not(feature = "jwt"), doc = "[`Keys`]: #features")]
#![cfg_attr(not(feature = "jwt"), doc = "[`SigningKey`]: #features")]
#![cfg_attr(not(all(feature = "http", feature = "jwt")), doc = "[`RemoteKeys`]: #features")]
#![cfg_attr(not(feature = "password"), doc = "[`Passwords`]: #features")]
#![cfg_attr(not(feature = "password"), doc = "[`hash_password`]: #features")]
#![cfg_attr(not(feature = "http"), doc = "[`Reachability`]: #features")]
#![cfg_attr(not(feature = "http"), doc = "[`Upstream`]: #features")]

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

#[cfg(feature = "http")]
mod reachability;
#[cfg(feature = "http")]
pub use reachability::{Reachability, Unreachable};

pub mod limits;

#[cfg(any(feature = "http", feature = "jwt"))]
mod cache;
#[cfg(any(feature = "http", feature = "jwt"))]
mod claims;
mod clock;
mod known_key;
