use std::{fmt, future::Future};

use super::{AccessRequest, Authenticator, Outcome, Verdict};

/// Makes an [`Authenticator`] from a closure.
///
/// ```
/// use std::collections::HashMap;
///
/// use sse_core::access::{Access, Credential, Denied, Grant, Permissions, from_fn};
///
/// let everything = Grant::new(Permissions::all());
/// let keys = HashMap::from([("s3cret".to_owned(), everything)]);
/// let access = Access::new(from_fn(move |request| match request.credential() {
///     Some(Credential::Bearer(key)) => keys.get(*key).cloned().map(Some).ok_or(Denied::Unauthorized),
///     Some(_) => Err(Denied::Unauthorized),
///     None => Ok(None),
/// }));
/// # drop(access);
/// ```
pub fn from_fn<F>(decide: F) -> FromFn<F>
where
    F: Fn(&AccessRequest<'_>) -> Outcome + Send + Sync + 'static,
{
    FromFn(decide)
}

/// Makes an [`Authenticator`] from a closure that returns a future. The future cannot borrow from the request, so
/// the closure copies what it needs.
///
/// ```
/// use sse_core::access::{Access, Credential, Denied, Grant, Outcome, Permissions, from_async_fn};
///
/// async fn find_session(id: String) -> Outcome {
///     // Here a database is asked.
///     # let alice = Grant::new(Permissions::all()).with_subject("alice");
///     if id == "s3cret" { Ok(Some(alice)) } else { Err(Denied::Unauthorized) }
/// }
///
/// let sessions = from_async_fn(|request| {
///     let id = match request.credential() {
///         Some(Credential::Cookie(id)) => Some((*id).to_owned()),
///         _ => None,
///     };
///     async move {
///         match id {
///             Some(id) => find_session(id).await,
///             None => Ok(None),
///         }
///     }
/// });
/// let access = Access::new(sessions).with_cookie("session")?;
/// # drop(access);
/// # Ok::<(), sse_core::access::AccessError>(())
/// ```
pub fn from_async_fn<F, T>(decide: F) -> FromAsyncFn<F>
where
    F: Fn(&AccessRequest<'_>) -> T + Send + Sync + 'static,
    T: Future<Output = Outcome> + Send + 'static,
{
    FromAsyncFn(decide)
}

/// What [`from_fn`] returns.
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<F> Authenticator for FromFn<F>
where
    F: Fn(&AccessRequest<'_>) -> Outcome + Send + Sync + 'static,
{
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        Verdict::ready((self.0)(request))
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

/// What [`from_async_fn`] returns.
#[derive(Clone, Copy)]
pub struct FromAsyncFn<F>(F);

impl<F, T> Authenticator for FromAsyncFn<F>
where
    F: Fn(&AccessRequest<'_>) -> T + Send + Sync + 'static,
    T: Future<Output = Outcome> + Send + 'static,
{
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        Verdict::pending((self.0)(request))
    }
}

impl<F> fmt::Debug for FromAsyncFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromAsyncFn")
    }
}
