use std::fmt;

use percent_encoding::percent_decode_str;

/// Where Redis is: one server, or the primary that Sentinels name.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Address {
    /// The server, or the Sentinels.
    pub(crate) hosts: Vec<(String, u16)>,
    /// What the Sentinels call the primary.
    pub(crate) service: Option<String>,
    pub(crate) is_tls: bool,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) db: i64,
}

/// What is wrong with the URL of Redis.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It begins with no scheme.
    #[error(
        "the URL of Redis does not begin with redis://, rediss://, redis+sentinel:// or rediss+sentinel://"
    )]
    NoScheme,
    /// The name or the password holds a character that ends it in a URL.
    #[error(
        "the name or the password in the URL of Redis holds a /, a ? or a #, which are written there as %2F, %3F and %23"
    )]
    Unescaped,
    /// It begins otherwise.
    #[error(
        "the URL of Redis begins with {scheme:?}, and not with redis://, rediss://, redis+sentinel:// or \
         rediss+sentinel://"
    )]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// A host is missing, or more than one is named where there is no Sentinel.
    #[error("the URL of Redis names {hosts} hosts, and not {expected}")]
    Hosts {
        /// How many it names.
        hosts: usize,
        /// How many there may be.
        expected: &'static str,
    },
    /// A port is no number from 1 to 65535.
    #[error("{port:?} in the URL of Redis is no port, which is a number from 1 to 65535")]
    Port {
        /// What stands there.
        port: String,
    },
    /// The database is not a number from 0 on.
    #[error("{db:?} in the URL of Redis is no number of a database")]
    Database {
        /// What stands there.
        db: String,
    },
    /// Sentinels are to be asked, and it is not said for what.
    #[error(
        "the URL of Redis does not say what the Sentinels call the primary: redis+sentinel://host/NAME"
    )]
    Service,
    /// A name or a password is not UTF-8 once it is decoded.
    #[error("the name or the password in the URL of Redis is not UTF-8")]
    Credentials,
    /// There is something behind the path.
    #[error("the URL of Redis ends with {rest:?}, which means nothing here")]
    Rest {
        /// What stands there.
        rest: String,
    },
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, AddressError> {
        let is_scheme = |text: &str| {
            text.len() <= 20 && text.bytes().all(|it| it.is_ascii_lowercase() || it == b'+')
        };
        // What stands there otherwise may be a password, which no error shows.
        let (scheme, rest) = url
            .split_once("://")
            .filter(|(scheme, _)| is_scheme(scheme))
            .ok_or(AddressError::NoScheme)?;
        let (is_tls, has_sentinels) = match scheme {
            "redis" => (false, false),
            "rediss" => (true, false),
            "redis+sentinel" => (false, true),
            "rediss+sentinel" => (true, true),
            _ => return Err(AddressError::Scheme { scheme: scheme.to_owned() }),
        };
        if rest.find(['/', '?', '#']).is_some_and(|at| rest[at..].contains('@')) {
            return Err(AddressError::Unescaped);
        }
        if let Some(at) = rest.find(['?', '#']) {
            return Err(AddressError::Rest { rest: rest[at..].to_owned() });
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let default = if has_sentinels { SENTINEL_PORT } else { PORT };
        let hosts: Vec<_> = hosts.split(',').filter(|host| !host.is_empty()).collect();
        if hosts.is_empty() || !has_sentinels && 1 < hosts.len() {
            let expected = if has_sentinels { "one or more" } else { "one" };
            return Err(AddressError::Hosts { hosts: hosts.len(), expected });
        }
        let hosts =
            hosts.into_iter().map(|host| host_of(host, default)).collect::<Result<_, _>>()?;
        let (service, db) = match path.split_once('/') {
            Some((service, db)) if has_sentinels => (service, db),
            None if has_sentinels => (path, ""),
            _ => ("", path),
        };
        if has_sentinels && service.is_empty() {
            return Err(AddressError::Service);
        }
        let db = if db.is_empty() { Some(0) } else { db.parse().ok().filter(|db| 0 <= *db) };
        let no_database = || AddressError::Database { db: path.to_owned() };
        Ok(Self {
            hosts,
            service: has_sentinels.then(|| service.to_owned()),
            is_tls,
            user: decoded(user)?,
            password: decoded(password)?,
            db: db.ok_or_else(no_database)?,
        })
    }
}

/// Without what nobody else is to know.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{host}:{port}")?;
        }
        self.service.as_ref().map_or(Ok(()), |service| write!(f, "/{service}"))
    }
}

fn host_of(host: &str, default: u16) -> Result<(String, u16), AddressError> {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, port)) => (name, port.strip_prefix(':')),
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    if name.is_empty() {
        return Err(AddressError::Hosts { hosts: 0, expected: "one" });
    }
    let Some(port) = port else {
        return Ok((name.to_owned(), default));
    };
    match port.parse() {
        Ok(number) if 0 < number => Ok((name.to_owned(), number)),
        _ => Err(AddressError::Port { port: port.to_owned() }),
    }
}

fn decoded(text: &str) -> Result<Option<String>, AddressError> {
    if text.is_empty() {
        return Ok(None);
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| AddressError::Credentials)?;
    Ok(Some(decoded.into_owned()))
}

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        for (url, shown) in [
            ("redis://localhost", "localhost:6379"),
            ("redis://localhost:7000/3", "localhost:7000"),
            ("rediss://user:p%40ss@[::1]:7000/", "::1:7000"),
            ("redis+sentinel://a,b:7001/primary", "a:26379,b:7001/primary"),
            ("rediss+sentinel://:pass@a/primary/2", "a:26379/primary"),
        ] {
            assert_eq!(Address::parse(url).map(|it| it.to_string()), Ok(shown.to_owned()), "{url}");
        }
        let address = Address::parse("rediss://user:p%40ss@[::1]:7000/3").unwrap();
        assert_eq!(
            (address.user.as_deref(), address.password.as_deref()),
            (Some("user"), Some("p@ss"))
        );
        assert_eq!((address.db, address.is_tls), (3, true));
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said() {
        for (url, expected) in [
            ("localhost:6379", "does not begin with redis://"),
            ("user:s3cret@localhost", "does not begin with redis://"),
            ("redis://user:s3/cret@localhost", "written there as %2F"),
            ("redis://user:s3?cret@localhost", "written there as %2F"),
            ("redis://user:s3#cret@localhost", "written there as %2F"),
            ("http://localhost", "begins with \"http\""),
            ("redis://", "names 0 hosts, and not one"),
            ("redis://a,b", "names 2 hosts, and not one"),
            ("redis://:7000", "names 0 hosts"),
            ("redis://a:0", "\"0\" in the URL of Redis is no port"),
            ("redis://a:70000", "\"70000\" in the URL of Redis is no port"),
            ("redis://a/x", "\"x\" in the URL of Redis is no number of a database"),
            ("redis://a/-1", "\"-1\" in the URL of Redis is no number of a database"),
            ("redis+sentinel://a", "what the Sentinels call the primary"),
            ("redis://a?protocol=resp2", "ends with \"?protocol=resp2\""),
            ("redis://%ff@a", "not UTF-8"),
        ] {
            let Err(error) = Address::parse(url) else { panic!("{url} is no address") };
            assert!(error.to_string().contains(expected), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("cret"), "{url}: {error}");
        }
    }
}
