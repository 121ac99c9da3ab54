use std::{fmt, sync::Arc};

use super::{Authenticator, Permissions};

/// Who may use the channels of a gateway: an authenticator, and what everybody may do.
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
    /// Permits only what `authenticator` grants.
    pub fn new(authenticator: impl Authenticator) -> Self {
        Self {
            authenticator: Arc::new(authenticator),
            anonymous: Permissions::none(),
            cookie: None,
        }
    }

    /// Sets what everybody may do, without credentials too. Default: nothing.
    #[must_use]
    pub fn with_anonymous(mut self, permissions: Permissions) -> Self {
        self.anonymous = permissions;
        self
    }

    /// Sets the name of the cookie that may hold a credential. Default: none.
    ///
    /// A browser sends a cookie with every request. So a cookie that is no longer valid is ignored where
    /// everybody has access.
    ///
    /// # Errors
    ///
    /// [`AccessError::Cookie`] if `name` is not the name of a cookie.
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

/// Why an [`Access`] is not valid.
///
/// ```
/// use sse_core::access::{Access, AccessError, from_fn};
///
/// let error = Access::new(from_fn(|_| Ok(None))).with_cookie("a b").unwrap_err();
/// assert_eq!(error, AccessError::Cookie { name: "a b".to_owned() });
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No cookie can have this name.
    #[error(
        "no cookie can be named {name:?}: letters, digits and some marks are allowed, no space, no `=`"
    )]
    Cookie {
        /// What was given.
        name: String,
    },
}
