use std::fmt;

use sha2::{Digest, Sha256};
use sse_core::Token;

/// What stands for the name of a channel in the names of keys: names may hold anything, and be long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Id([u8; LEN]);

const LEN: usize = 16;

impl Id {
    pub(crate) fn of(name: &[u8]) -> Self {
        let digest = Sha256::digest(name);
        Self(std::array::from_fn(|at| digest[at]))
    }

    /// The channel that `name` ends with, which stands behind the last colon.
    fn read(name: &[u8]) -> Option<Self> {
        let at = name.iter().rposition(|&byte| byte == b':')?;
        let digits =
            str::from_utf8(&name[at + 1..]).ok().filter(|digits| digits.len() == 2 * LEN)?;
        u128::from_str_radix(digits, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl From<&Token> for Id {
    fn from(token: &Token) -> Self {
        Self::of(token.as_str().as_bytes())
    }
}

/// The names of keys and of Pub/Sub channels.
///
/// The keys of one channel have the same hash tag, so that a script may use all of them on Redis Cluster too.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: String,
    /// What the names of each partition begin with.
    partitions: Vec<String>,
}

impl Keys {
    pub(crate) fn new(prefix: &str, partitions: u16) -> Self {
        let partitions = (0..partitions).map(|partition| format!("{{{prefix}:{partition}}}:"));
        Self { prefix: prefix.to_owned(), partitions: partitions.collect() }
    }

    /// The events of a channel.
    pub(crate) fn stream(&self, id: Id) -> String {
        self.named(id, "s:")
    }

    /// What is known of a channel beside its events.
    pub(crate) fn meta(&self, id: Id) -> String {
        self.named(id, "m:")
    }

    /// How many listen on a channel, node by node.
    pub(crate) fn counts(&self, id: Id) -> String {
        self.named(id, "n:")
    }

    /// What was published on a channel under an idempotency key.
    pub(crate) fn published(&self, id: Id, key: &str) -> String {
        format!("{}i:{id}:{}", self.partition(id), Id::of(key.as_bytes()))
    }

    /// Where nodes tell each other of a channel.
    pub(crate) fn channel(&self, id: Id) -> String {
        self.named(id, "c:")
    }

    /// The channel that a message is about, if it is about one.
    pub(crate) fn id(&self, channel: &[u8]) -> Option<Id> {
        channel.starts_with(b"{").then(|| Id::read(channel)).flatten()
    }

    /// What the names of the keys begin with that say which nodes are there, in the partition of a channel.
    pub(crate) fn lives(&self, id: Id) -> String {
        format!("{}l:", self.partition(id))
    }

    /// The same for the partition with this number.
    pub(crate) fn life(&self, partition: usize, node: &str) -> String {
        format!("{}l:{node}", self.partitions[partition])
    }

    pub(crate) fn partition_of(&self, id: Id) -> usize {
        usize::from(u16::from_be_bytes([id.0[0], id.0[1]])) % self.partitions.len()
    }

    /// What all nodes have to have the same.
    pub(crate) fn settings(&self) -> String {
        format!("{{{}}}:settings", self.prefix)
    }

    /// Who was revoked.
    pub(crate) fn revoked(&self) -> String {
        format!("{{{}}}:revoked", self.prefix)
    }

    /// Where nodes tell each other what is about no channel.
    pub(crate) fn everywhere(&self) -> String {
        format!("{{{}}}:all", self.prefix)
    }

    /// What one node alone uses, for its own messages and to try its rights.
    pub(crate) fn own(&self, node: &str) -> String {
        format!("{{{}}}:node:{node}", self.prefix)
    }

    fn named(&self, id: Id, kind: &str) -> String {
        format!("{}{kind}{id}", self.partition(id))
    }

    fn partition(&self, id: Id) -> &str {
        &self.partitions[self.partition_of(id)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_channel_have_one_hash_tag() {
        let keys = Keys::new("sse", 128);
        let id = Id::of("news:ünïcode {x}".as_bytes());
        let tag = |key: &str| key[..=key.find('}').unwrap()].to_owned();
        let expected = tag(&keys.stream(id));

        for key in [keys.meta(id), keys.counts(id), keys.channel(id), keys.lives(id)] {
            assert_eq!(tag(&key), expected, "{key}");
        }
        assert_eq!(tag(&keys.published(id, "a key")), expected);
        assert_eq!(tag(&keys.life(keys.partition_of(id), "node")), expected);
    }

    #[test]
    fn a_message_names_its_channel() {
        let (keys, id) = (Keys::new("a:b", 7), Id::of(b"42"));

        assert_eq!(keys.id(keys.channel(id).as_bytes()), Some(id));
        for other in [keys.everywhere(), keys.own("k3f9x2q1ab"), String::new(), ":".to_owned()] {
            assert_eq!(keys.id(other.as_bytes()), None, "{other}");
        }
    }
}
