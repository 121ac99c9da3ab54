use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use ring::{
    digest::{SHA256, digest},
    hmac::{self, HMAC_SHA256},
    rand::SystemRandom,
};
use sse_core::access::{Denied, Grant, Outcome, Revocation, Verdict};

use super::{
    basic::{self, MAX_NAME, MAX_PASSWORD},
    failures::{Failures, Uncounted},
    hash::Hash,
    line::{Line, PasswordProblem},
    memory::Memory,
    turns::Turns,
};

/// Names and passwords, out of a file of hashes.
///
/// They are meant for scripts, whose passwords do not change. A line of the file is a name, a colon and a
/// hash of argon2id, as [`password_line`](super::password_line) and the command `eventsource-token hash` write
/// it. Behind a space may stand what is permitted, as JSON; without it everything is permitted but to finish
/// channels and to set their reconnection times. Empty lines and those that begin with `#` say nothing. The
/// name is the subject of the grant.
///
/// ```
/// use sse_access::Passwords;
/// use sse_core::access::Denied;
///
/// let passwords = Passwords::parse(
///     "# Her password is `password`, and its hash a weak one.\n\
///      alice:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4 \
///      {\"listen\":[\"room:*\"]}\n",
/// )?;
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert_eq!(passwords.check("alice", "pa55word").await, Err(Denied::Unauthorized));
/// let grant = passwords.check("alice", "password").await.unwrap().unwrap();
/// assert_eq!(grant.subject(), Some("alice"));
/// # });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What it costs
///
/// A hash takes the time and the memory that its parameters say: its `m` in KiB, which may be 1 GiB. Two are
/// computed at once, so up to twice the largest `m` is taken, and kept for the next ones; 64 more wait, and beyond that nothing is checked
/// ([`Denied::Unavailable`]). A password that was right is remembered, by a keyed hash of it and of the name,
/// with a key that ends with the process, and is not hashed again.
///
/// # What a time tells
///
/// A name that is not in the file is compared with the hash of one that is, always with that of the same one,
/// and refused whatever comes of it. So the time shows nothing of which names there are, even if their hashes
/// have different parameters.
///
/// Passwords are not wiped from memory: they have been in the buffers of the connection before they come here.
pub struct Passwords {
    entries: Vec<Arc<Entry>>,
    /// Where each name stands in `entries`.
    names: HashMap<Box<str>, usize>,
    /// What a name that is not there is compared with if no name is there.
    nobody: Arc<Entry>,
    turns: Turns,
    memory: Arc<Memory>,
    /// Of what is remembered. It ends with the process.
    key: hmac::Key,
    /// Of the choice of an entry for a name that is not there. It stays the same as long as the file does.
    choice: hmac::Key,
}

impl Passwords {
    /// Reads the text of a password file.
    ///
    /// # Errors
    ///
    /// [`PasswordsError::Line`] for the first line that is not valid.
    ///
    /// # Panics
    ///
    /// If the system gives no random bytes.
    pub fn parse(text: &str) -> Result<Self, PasswordsError> {
        let mut entries = Vec::new();
        let mut names = HashMap::new();
        let mut lines = Vec::new();
        // An editor may have put a byte order mark before the first name.
        let content = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, content) in (1..).zip(content.lines()) {
            let at_line = |problem| PasswordsError::Line { line, problem };
            let Some(Line { name, hash, permissions }) = Line::parse(content).map_err(at_line)?
            else {
                continue;
            };
            if let Some(&first) = names.get(name) {
                let (name, first): (_, usize) = (name.to_owned(), lines[first]);
                return Err(at_line(PasswordProblem::Twice { name, first }));
            }
            names.insert(name.into(), entries.len());
            let grant = Grant::new(permissions).with_subject(name);
            entries.push(Arc::new(Entry::new(hash, grant)));
            lines.push(line);
        }
        let nobody = Entry::new(Hash::of_nothing(&[0; 16]), Grant::new(Default::default()));
        let random = SystemRandom::new();
        Ok(Self {
            entries,
            names,
            nobody: Arc::new(nobody),
            turns: Turns::new(AT_ONCE, WAITING),
            memory: Arc::default(),
            key: hmac::Key::generate(HMAC_SHA256, &random).expect("the system has random bytes"),
            choice: hmac::Key::new(HMAC_SHA256, digest(&SHA256, text.as_bytes()).as_ref()),
        })
    }

    /// Reads what a password file contains.
    ///
    /// # Errors
    ///
    /// [`PasswordsError::Line`] for the first line that is not valid, or not UTF-8.
    ///
    /// # Panics
    ///
    /// If the system gives no random bytes.
    pub fn from_contents(contents: &[u8]) -> Result<Self, PasswordsError> {
        let text = str::from_utf8(contents).map_err(|error| {
            let valid = &contents[..error.valid_up_to()];
            let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
            PasswordsError::Line { line, problem: PasswordProblem::NotUtf8 }
        })?;
        Self::parse(text)
    }

    /// Reads a password file.
    ///
    /// # Errors
    ///
    /// [`PasswordsError::Read`] if there is none that can be read, [`PasswordsError::Line`] for the first line
    /// that is not valid.
    ///
    /// # Panics
    ///
    /// If the system gives no random bytes.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PasswordsError> {
        let path = path.as_ref();
        let contents = fs::read(path)
            .map_err(|source| PasswordsError::Read { file: path.to_owned(), source })?;
        Self::from_contents(&contents)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What `name` may do, if `password` is right.
    ///
    /// The verdict is ready if the password was right before, or if it cannot be right since it is longer than
    /// 1,024 bytes. Otherwise it is a future, and nothing is done or counted before it is polled: it can be
    /// dropped at no cost. It finds [`Denied::Unauthorized`] for a password that is wrong and a name that is not
    /// there, and [`Denied::Unavailable`] if too many wait for their turn or there is no memory.
    ///
    /// # Panics
    ///
    /// The future, if it is polled outside of a runtime of tokio.
    pub fn check(&self, name: &str, password: &str) -> Verdict<'_> {
        self.check_counted(name, password, Uncounted)
    }

    fn check_counted<'a>(
        &'a self,
        name: &str,
        password: &str,
        failures: impl Failures + 'a,
    ) -> Verdict<'a> {
        if MAX_NAME < name.len() || MAX_PASSWORD < password.len() {
            return Verdict::ready(Err(Denied::Unauthorized));
        }
        let known = self.names.get(name).map(|&at| &self.entries[at]);
        let message = format!("{name}:{password}");
        if let Some(grant) = known.and_then(|entry| entry.recall(&self.key, &message)) {
            return Verdict::ready(Ok(Some(grant)));
        }
        let entry = known.unwrap_or_else(|| self.stand_in(name)).clone();
        Verdict::pending(self.hash(entry, known.is_some(), message, name.len() + 1, failures))
    }

    /// [`Self::check`] of the name and the password that `credentials` hold: what follows
    /// `Authorization: Basic`, in base64.
    ///
    /// The verdict is also ready, and [`Denied::Unauthorized`], if they are not well formed.
    ///
    /// ```
    /// use sse_access::Passwords;
    /// use sse_core::access::{Credential, Denied, Verdict};
    ///
    /// fn authenticate<'a>(passwords: &'a Passwords, credential: &Credential<'_>) -> Verdict<'a> {
    ///     match credential {
    ///         Credential::Basic(credentials) => passwords.check_basic(credentials),
    ///         _ => Verdict::ready(Err(Denied::Unauthorized)),
    ///     }
    /// }
    /// # let passwords = Passwords::parse("")?;
    /// # let verdict = authenticate(&passwords, &Credential::Basic("no colon"));
    /// # assert_eq!(verdict.into_ready().unwrap(), Err(Denied::Unauthorized));
    /// # Ok::<(), sse_access::PasswordsError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Self::check`] does.
    ///
    /// # Source
    ///
    /// RFC 7617, [The 'Basic' Authentication Scheme][spec]. The text is UTF-8, which a challenge has to ask for
    /// by `charset`.
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc7617.html#section-2
    pub fn check_basic(&self, credentials: &str) -> Verdict<'_> {
        self.check_basic_counted(credentials, Uncounted)
    }

    /// [`Self::check_basic`], where `failures` counts a password that is hashed and wrong.
    pub(crate) fn check_basic_counted<'a>(
        &'a self,
        credentials: &str,
        failures: impl Failures + 'a,
    ) -> Verdict<'a> {
        match basic::decode(credentials) {
            Some((name, password)) => self.check_counted(&name, &password, failures),
            None => Verdict::ready(Err(Denied::Unauthorized)),
        }
    }

    /// Forgets that the passwords of those were right whose grants are revoked, so that they are hashed again.
    pub fn forget(&self, revocation: &Revocation) {
        for entry in self.entries.iter().filter(|entry| revocation.matches(&entry.grant)) {
            entry.remember(None);
        }
    }

    /// What a name is compared with that is not there. The names of one file are so divided that as many of
    /// those that are not there meet each hash.
    fn stand_in(&self, name: &str) -> &Arc<Entry> {
        let tag = hmac::sign(&self.choice, name.as_bytes());
        let (number, _) = tag.as_ref().split_first_chunk().expect("it has 32 bytes");
        let count = self.entries.len().max(1) as u64;
        self.entries.get((u64::from_le_bytes(*number) % count) as usize).unwrap_or(&self.nobody)
    }

    /// Hashes the password, which begins at byte `at` of `message`.
    async fn hash(
        &self,
        entry: Arc<Entry>,
        is_known: bool,
        message: String,
        at: usize,
        failures: impl Failures,
    ) -> Outcome {
        let turn = self.turns.wait().await.ok_or(Denied::Unavailable)?;
        // One that waited before may have had the same password.
        if is_known && let Some(grant) = entry.recall(&self.key, &message) {
            return Ok(Some(grant));
        }
        failures.check()?;
        let tag = hmac::sign(&self.key, message.as_bytes());
        let work = {
            let (entry, memory) = (entry.clone(), self.memory.clone());
            move || entry.hash.matches(&message[at..], &memory)
        };
        let (matches, _turn) = match turn.work(work).await {
            Ok((Ok(matches), turn)) => (matches, turn),
            Ok((Err(error), _turn)) => {
                tracing::error!(%error, "a password cannot be hashed");
                return Err(Denied::Unavailable);
            }
            Err(error) => {
                tracing::error!(%error, "a password is not hashed");
                return Err(Denied::Unavailable);
            }
        };
        if !(matches && is_known) {
            failures.count();
            return Err(Denied::Unauthorized);
        }
        entry.remember(Some(tag));
        Ok(Some(entry.grant.clone()))
    }
}

/// Without what stands in the file.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// What the file says of a name.
struct Entry {
    hash: Hash,
    grant: Grant,
    /// Of the name and the password, once it was right. No other password is, so one is enough.
    tag: RwLock<Option<hmac::Tag>>,
}

impl Entry {
    fn new(hash: Hash, grant: Grant) -> Self {
        Self { hash, grant, tag: RwLock::new(None) }
    }

    /// The grant, if `message` is remembered. It is compared in constant time.
    fn recall(&self, key: &hmac::Key, message: &str) -> Option<Grant> {
        let tag = (*self.tag.read().unwrap_or_else(PoisonError::into_inner))?;
        hmac::verify(key, message.as_bytes(), tag.as_ref()).ok()?;
        Some(self.grant.clone())
    }

    fn remember(&self, tag: Option<hmac::Tag>) {
        *self.tag.write().unwrap_or_else(PoisonError::into_inner) = tag;
    }
}

/// Why there are no passwords.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordsError {
    /// The file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not valid.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: PasswordProblem,
    },
}

/// How many hashes are computed at once. Each takes a processor and megabytes.
const AT_ONCE: usize = 2;

/// How many wait for their turn: a few seconds' worth of hashes.
const WAITING: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_there_is_compared_with_the_same_hash_each_time_and_each_hash_is_met() {
        let cheap = "m=64,t=1,p=1";
        let dear = "m=128,t=3,p=1";
        let hash = "c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let line = |name, cost| format!("{name}:$argon2id$v=19${cost}${hash}\n");
        let text = [line("a", cheap), line("b", cheap), line("c", cheap), line("d", dear)].concat();
        let [passwords, again] = [(); 2].map(|()| Passwords::parse(&text).unwrap());

        let mut met = [0; 4];
        for number in 0..1000 {
            let name = format!("stranger{number}");
            let [at, at_again] = [&passwords, &again].map(|passwords| {
                let found = passwords.stand_in(&name);
                passwords.entries.iter().position(|entry| Arc::ptr_eq(entry, found)).unwrap()
            });
            assert_eq!(at, at_again, "{name}");
            met[at] += 1;
        }

        assert!(met.iter().all(|times| (150..350).contains(times)), "{met:?}");
    }

    #[test]
    fn where_nobody_is_named_strangers_are_hashed_all_the_same() {
        let passwords = Passwords::parse("").unwrap();

        assert!(Arc::ptr_eq(passwords.stand_in("alice"), &passwords.nobody));
        assert!(passwords.check("alice", "x").into_ready().is_err());
    }
}
