use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use ring::rand::{SecureRandom, SystemRandom};

use super::{basic, line::PasswordProblem, memory::Memory};

/// A hash of `password` as it stands in a password file, with a random salt.
///
/// It is made by argon2id with 19 MiB of memory and two passes. OWASP recommends this for servers. The second
/// recommendation of RFC 9106 takes three times as much memory and several times as long, and so do those who
/// only guess passwords: here no more than two hashes are computed at once, and others would wait for them. A
/// password that a program keeps can be long and random, which no hash has to make up for.
///
/// ```
/// let hash = sse_access::hash_password("correct horse battery staple")?;
/// assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// # Ok::<(), sse_access::HashPasswordError>(())
/// ```
///
/// # Errors
///
/// If the password is empty, is longer than 1,024 bytes or has control characters in it, with which it could
/// not be sent, or if the system gives no random bytes or no memory.
///
/// # Source
///
/// OWASP, [Password Storage Cheat Sheet][owasp]; RFC 9106, [Parameter Choice][spec].
///
/// [owasp]: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
/// [spec]: https://www.rfc-editor.org/rfc/rfc9106.html#section-4
pub fn hash_password(password: &str) -> Result<String, HashPasswordError> {
    if password.is_empty() {
        return Err(HashPasswordError::Empty);
    }
    if basic::MAX_PASSWORD < password.len() {
        return Err(HashPasswordError::Long { len: password.len(), max: basic::MAX_PASSWORD });
    }
    if let Some(at) = password.find(char::is_control) {
        return Err(HashPasswordError::Control { at });
    }
    let mut salt = [0; SALT_LEN];
    SystemRandom::new().fill(&mut salt).map_err(|_| HashPasswordError::Random)?;
    let mut hash = Hash::of_nothing(&salt);
    hash.output =
        hash.compute(password, &Memory::default()).map_err(|_| HashPasswordError::Memory)?;
    Ok(hash.write())
}

/// Why a password is not hashed. It is not repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HashPasswordError {
    /// The password is empty.
    #[error("the password is empty")]
    Empty,
    /// It is longer than what is taken from a request.
    #[error("the password has {len} bytes, and may have {max}")]
    Long {
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be.
        max: usize,
    },
    /// It has a control character in it, such as a tab or a line break.
    #[error("the password has a control character at byte {at}")]
    Control {
        /// Where the first one stands.
        at: usize,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a salt")]
    Random,
    /// The system does not give as much memory as a hash takes.
    #[error("there is no memory for the hash")]
    Memory,
}

/// What a password is compared with.
#[derive(Debug)]
pub(super) struct Hash {
    params: Params,
    salt: Salt,
    output: Output,
}

impl Hash {
    /// Reads what `hash_password` writes, also with other parameters.
    pub(super) fn parse(text: &str) -> Result<Self, PasswordProblem> {
        let hash = match PasswordHash::new(text) {
            Ok(hash) if hash.algorithm == Algorithm::Argon2id.ident() => hash,
            // The hashes of others need not be well formed in the eyes of this parser.
            _ => match algorithm(text) {
                Some("argon2id") => return Err(PasswordProblem::Malformed),
                Some(name) => {
                    return Err(PasswordProblem::Algorithm { algorithm: name.to_owned() });
                }
                None => return Err(PasswordProblem::NoHash),
            },
        };
        match hash.version {
            Some(version) if version == u32::from(Version::V0x13) => {}
            version => return Err(PasswordProblem::Version { version }),
        }
        if hash.params.iter().any(|(name, _)| !matches!(name.as_str(), "m" | "t" | "p")) {
            return Err(PasswordProblem::Malformed);
        }
        let number = |name: &'static str, max| {
            let digits = hash.params.get_str(name).ok_or(PasswordProblem::Malformed)?;
            bounded(name, digits, max)
        };
        let memory = number("m", MAX_MEMORY)?;
        let passes = number("t", MAX_WORK / memory.max(Params::MIN_M_COST))?;
        let lanes = number("p", MAX_LANES)?;
        let params =
            Params::new(memory, passes, lanes, None).map_err(|_| PasswordProblem::Malformed)?;
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
            return Err(PasswordProblem::Malformed);
        };
        Ok(Self { params, salt, output })
    }

    /// One that has the usual parameters, and no password.
    pub(super) fn of_nothing(salt: &[u8; SALT_LEN]) -> Self {
        Self {
            params: Params::DEFAULT,
            salt: Salt::new(salt).expect("it is as long as is recommended"),
            output: Output::new(&[0; OUTPUT_LEN]).expect("it is as long as is recommended"),
        }
    }

    /// Whether it is the hash of `password`. The time that takes does not depend on how much of it is right.
    pub(super) fn matches(&self, password: &str, memory: &Memory) -> Result<bool, argon2::Error> {
        // They are compared in constant time.
        Ok(self.compute(password, memory)? == self.output)
    }

    fn compute(&self, password: &str, memory: &Memory) -> Result<Output, argon2::Error> {
        let mut output = [0; Output::MAX_LENGTH];
        let output = &mut output[..self.output.len()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        memory.lend(self.params.block_count(), |blocks| {
            argon2.hash_password_into_with_memory(password.as_bytes(), &self.salt, output, blocks)
        })??;
        Ok(Output::new(output).expect("one of that length was made before"))
    }

    fn write(self) -> String {
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: self.params.try_into().expect("three numbers fit"),
            salt: Some(self.salt),
            hash: Some(self.output),
        };
        hash.to_string()
    }
}

fn bounded(parameter: &'static str, digits: &str, max: u32) -> Result<u32, PasswordProblem> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PasswordProblem::Malformed);
    }
    // What is too long to be a number is too large.
    let value = digits.parse().unwrap_or(u64::MAX);
    match u32::try_from(value) {
        Ok(value) if value <= max => Ok(value),
        _ => Err(PasswordProblem::Limit { parameter, value, max }),
    }
}

/// What a hash calls its algorithm. What does not look like a hash may be a password, and has none.
fn algorithm(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix('$')?.split_once('$')?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_hash = (1..=16).contains(&name.len()) && name.bytes().all(is_name) && rest.contains('$');
    (is_hash || name == Algorithm::Argon2id.as_str()).then_some(name)
}

/// What RFC 9106 recommends, in bytes.
const SALT_LEN: usize = 16;
const OUTPUT_LEN: usize = 32;

/// 1 GiB, in KiB. Two hashes may be computed at once, which take it twice.
const MAX_MEMORY: u32 = 1 << 20;

/// 4 GiB, in KiB: how much memory all passes together go over, which is a few seconds of a processor.
const MAX_WORK: u32 = 4 << 20;

/// What other implementations can do.
const MAX_LANES: u32 = 255;

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the reference implementation, <https://github.com/P-H-C/phc-winner-argon2>.
    #[test]
    fn hashes_of_the_reference_implementation_match() {
        let memory = Memory::default();
        for hash in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ] {
            let hash = Hash::parse(hash).unwrap();

            assert_eq!(hash.matches("password", &memory), Ok(true));
            assert_eq!(hash.matches("differentpassword", &memory), Ok(false));
        }
    }

    #[test]
    fn hashes_of_the_same_password_differ_and_match_it() {
        let [one, other] = [(); 2].map(|()| hash_password("pässword").unwrap());

        assert_ne!(one, other);
        assert_eq!(Hash::parse(&one).unwrap().matches("pässword", &Memory::default()), Ok(true));
    }

    #[test]
    fn what_cannot_be_sent_is_not_hashed() {
        let long = "x".repeat(1025);
        for (password, expected) in [
            ("", HashPasswordError::Empty),
            ("a\tb", HashPasswordError::Control { at: 1 }),
            ("ab\u{85}", HashPasswordError::Control { at: 2 }),
            (&long, HashPasswordError::Long { len: 1025, max: 1024 }),
        ] {
            assert_eq!(hash_password(password), Err(expected), "{password:?}");
        }
    }
}
