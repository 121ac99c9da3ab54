use std::{fmt, sync::Arc};

use super::{Authenticator, Permissions};

/// Who may use the channels of a gateway: who says so, and what everybody may do.
///
/// ```
/// use sse_core::{
///     GatewayConfig,
///     access::{Access, Denied, Permissions, from_fn},
/// };
///
/// let nobody = from_fn(|request| match request.credential() {
///     Some(_) => Err(Denied::Unauthorized),
///     None => Ok(None),
/// });
/// let access = Access::new(nobody)
///     .with_anonymous(Permissions::none().with_listen("news".parse()?))
///     .with_cookie("session")?;
/// let config = GatewayConfig::default().with_access(access);
/// # drop(config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Access {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) anonymous: Permissions,
    pub(crate) cookie: Option<Box<str>>,
}

impl Access {
    /// Only what `authenticator` grants is permitted.
    pub fn new(authenticator: impl Authenticator) -> Self {
        Self {
            authenticator: Arc::new(authenticator),
            anonymous: Permissions::none(),
            cookie: None,
        }
    }

    /// Sets what those may do who do not say who they are. Default: nothing.
    #[must_use]
    pub fn with_anonymous(mut self, permissions: Permissions) -> Self {
        self.anonymous = permissions;
        self
    }

    /// Sets in which cookie a credential may come. Default: in none.
    ///
    /// A cookie is sent by the browser, unasked. So one that is not valid any more is no reason to refuse what
    /// is permitted without it.
    ///
    /// # Errors
    ///
    /// [`AccessError::Cookie`] if no cookie can have that name.
    ///
    /// # Source
    ///
    /// RFC 6265, [Syntax](https://www.rfc-editor.org/rfc/rfc6265.html#section-4.1.1): a name is a token.
    pub fn with_cookie(mut self, name: &str) -> Result<Self, AccessError> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(AccessError::Cookie { name: name.to_owned() });
        }
        self.cookie = Some(name.into());
        Ok(self)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("anonymous", &self.anonymous)
            .field("cookie", &self.cookie)
            .finish_non_exhaustive()
    }
}

/// Why access cannot be configured so.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No cookie has such a name.
    #[error(
        "no cookie can be named {name:?}: letters, digits and some marks are allowed, no space, no `=`"
    )]
    Cookie {
        /// What was given.
        name: String,
    },
}
