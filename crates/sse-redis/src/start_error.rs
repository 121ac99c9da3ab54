use crate::address::AddressError;

/// Why a [`Store`](crate::Store) cannot be used before somebody has changed something.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The URL is none of Redis.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The name of all keys cannot begin so.
    #[error("the prefix {prefix:?} is not 1 to 100 bytes without braces and blanks")]
    Prefix {
        /// How it was to begin.
        prefix: String,
    },
    /// The store was not started in a runtime of tokio.
    #[error("a store needs a runtime of tokio to start in")]
    Runtime,
    /// The task that talks to Redis has panicked.
    #[error("the task that talks to Redis has panicked")]
    Panicked,
    /// The server is too old.
    #[error("Redis is of version {version}, and has to be 7.0 or newer")]
    Version {
        /// Its version.
        version: String,
    },
    /// The server is a part of Redis Cluster.
    #[error(
        "Redis is a node of a cluster, which cannot be used yet; one primary with replicas can"
    )]
    Cluster,
    /// The user may not do what is needed.
    #[error(
        "the user of Redis lacks rights: {}; `ACL SETUSER … ~{pattern}* &{pattern}* +@read +@write +@pubsub +@scripting \
         -@dangerous +info +time` gives all of them",
        commands.join(", ")
    )]
    Rights {
        /// The commands that are not permitted, on keys and channels whose names begin with `pattern`.
        commands: Vec<String>,
        /// What the names of all keys and channels begin with.
        pattern: String,
    },
    /// The user or the password is refused.
    #[error("Redis refuses the login: {0}")]
    Login(String),
    /// The certificates cannot be used.
    #[error("the certificates for Redis cannot be used: {0}")]
    Certificates(String),
    /// Nodes with other settings are there.
    #[error(
        "the nodes that are there have {theirs:?} for the setting {name}, and this one has {ours:?}; all nodes need the \
         same, and a minute after the last one has ended they can have another"
    )]
    Settings {
        /// Which setting it is.
        name: String,
        /// What it is here.
        ours: String,
        /// What it is there.
        theirs: String,
    },
}
