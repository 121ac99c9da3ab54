use std::time::{Duration, Instant};

use sse_core::{
    Token,
    access::{
        Access, AccessRequest, Authenticator, Credential, Denied, Grant, Pattern, Permissions,
        Ticket, Verdict,
    },
};

/// Knows people by their names, which are their secrets too: `Bearer NAME`, `Basic NAME`, the cookie
/// `auth=NAME`. The ticket that NAME has for TOKEN is `TOKEN~NAME`.
///
/// | name | may |
/// |---|---|
/// | `reader` | listen on `news` and `room:*` |
/// | `writer` | publish to `news` and `room:*` |
/// | `both` | do what the two may |
/// | `star` | listen on and publish to `a*` |
/// | `all` | do everything but `close` and `retry` |
/// | `chief` | do everything with `ping`, `close` and `retry` |
/// | `closer` | close `news`, and nothing else |
/// | `nobody` | do nothing |
/// | `mallory`, `eve` | do what `chief` may; tests revoke them |
/// | `brief.N` | do what `chief` may, for N milliseconds from the request on |
/// | `ended` | do what `chief` may, until just now |
/// | `banned` | not even ask |
/// | `hammering` | come back in 20 s |
/// | `unchecked` | come back when what has to be asked answers |
///
/// Each one's grant has the name for a subject, and for an ID the name in capital letters.
pub(crate) struct People {
    takes_passwords: bool,
}

impl People {
    /// Only these, by a header, a ticket, or the cookie `auth`.
    pub(crate) fn access() -> Access {
        Self { takes_passwords: true }.into_access()
    }

    /// The same without Basic, for which a browser would ask its user.
    pub(crate) fn access_without_passwords() -> Access {
        Self { takes_passwords: false }.into_access()
    }

    fn into_access(self) -> Access {
        Access::new(self).with_cookie("auth").expect("it is a name of a cookie")
    }
}

impl Authenticator for People {
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        Verdict::ready(match request.credential() {
            Some(Credential::Bearer(name) | Credential::Basic(name) | Credential::Cookie(name)) => {
                grant(name).map(Some)
            }
            Some(Credential::Ticket(ticket)) => listen_by(ticket).map(Some),
            Some(_) => Err(Denied::Unauthorized),
            None => Ok(None),
        })
    }

    fn issue_ticket(&self, grant: &Grant, token: &Token, _now: Instant) -> Option<Ticket> {
        let name = grant.subject().unwrap_or("reader");
        Some(Ticket::new(&format!("{}~{name}", plain(token.as_str())), EXPIRES))
    }

    fn takes_passwords(&self) -> bool {
        self.takes_passwords
    }
}

/// The grant of `name`.
pub(crate) fn grant(name: &str) -> Result<Grant, Denied> {
    let now = Instant::now();
    let (permissions, end) = match name.split_once('.').unwrap_or((name, "")) {
        ("reader", _) => (listen(&["news", "room:*"]), None),
        ("writer", _) => (publish(Permissions::none(), &["news", "room:*"]), None),
        ("both", _) => (publish(listen(&["news", "room:*"]), &["news", "room:*"]), None),
        ("star", _) => (publish(listen(&["a*"]), &["a*"]), None),
        ("all", _) => (Permissions::all(), None),
        ("chief" | "mallory" | "eve", _) => (everything(), None),
        ("closer", _) => (publish(Permissions::none(), &["news"]).with_action("close"), None),
        ("nobody", _) => (Permissions::none(), None),
        ("brief", millis) => {
            let millis = millis.parse().map_err(|_| Denied::Unauthorized)?;
            (everything(), Some(now + Duration::from_millis(millis)))
        }
        ("ended", _) => (everything(), Some(now)),
        ("banned", _) => return Err(Denied::Forbidden),
        ("hammering", _) => {
            return Err(Denied::TooManyFailures { retry_after: Duration::from_secs(20) });
        }
        ("unchecked", _) => return Err(Denied::Unavailable),
        _ => return Err(Denied::Unauthorized),
    };
    let grant = Grant::new(permissions).with_subject(name).with_id(&name.to_uppercase());
    Ok(match end {
        Some(end) => grant.with_end(end),
        None => grant,
    })
}

/// What a ticket is a grant of.
fn listen_by(ticket: &str) -> Result<Grant, Denied> {
    let (token, name) = ticket.split_once('~').ok_or(Denied::Unauthorized)?;
    let holder = grant(name)?;
    let grant = Grant::new(listen(&[token])).with_subject(name).with_id(&name.to_uppercase());
    Ok(match holder.end() {
        Some(end) => grant.with_end(end),
        None => grant,
    })
}

fn listen(patterns: &[&str]) -> Permissions {
    patterns.iter().fold(Permissions::none(), |all, text| all.with_listen(pattern(text)))
}

fn publish(permissions: Permissions, patterns: &[&str]) -> Permissions {
    patterns.iter().fold(permissions, |all, text| all.with_publish(pattern(text)))
}

fn everything() -> Permissions {
    ["ping", "close", "retry"]
        .iter()
        .fold(Permissions::all(), |all, action| all.with_action(action))
}

fn pattern(text: &str) -> Pattern {
    text.parse().expect("it is a pattern")
}

/// `token` in characters that a ticket may have.
fn plain(token: &str) -> String {
    token.replace(|character: char| !character.is_ascii_alphanumeric(), "-")
}

/// 2033.
pub(super) const EXPIRES: u64 = 2_000_000_000;
