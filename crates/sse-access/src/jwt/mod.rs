mod algorithm;
pub use algorithm::{Algorithm, AlgorithmError};

mod material;
pub use material::KeyKind;

mod key;
pub use key::{Key, KeyError};

mod keys;
pub use keys::{Keys, KeysError};

mod verify;
pub use verify::{Jwt, JwtError};

mod signing;
pub use signing::{SigningKey, SigningKeyError};

mod der;
mod jwk;
mod token;

#[cfg(feature = "http")]
mod remote;
#[cfg(feature = "http")]
pub use remote::{Refresh, RemoteKeys};
