use std::{
    any::Any,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{AccessRequest, Grant};

/// Limits how much one client may do. The crate `sse-access` has one that counts by address and by subject.
///
/// It is asked when access has been granted, and before the channel is looked at.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sse_core::{
///     GatewayConfig,
///     access::{AccessRequest, Grant, Limited, Limiter, Operation, Seat},
/// };
///
/// /// Nobody publishes at night.
/// struct Night;
///
/// impl Limiter for Night {
///     fn admit(
///         &self,
///         request: &AccessRequest<'_>,
///         _: Option<&Grant>,
///         _: Instant,
///     ) -> Result<Seat, Limited> {
///         # let is_night = true;
///         match request.operation() {
///             Operation::Publish { .. } if is_night => Err(Limited::TooFast {
///                 limit: "publications at night".into(),
///                 max: 0,
///                 retry_after: Duration::from_secs(3600),
///             }),
///             _ => Ok(Seat::none()),
///         }
///     }
/// }
///
/// let config = GatewayConfig::default().with_limiter(Night);
/// # drop(config);
/// ```
pub trait Limiter: Send + Sync + 'static {
    /// Admits one more request. The seat of a listener is dropped when its stream has ended, and any other seat at
    /// once.
    ///
    /// `grant` says who sends the request, if that is known. `request` has no credential.
    ///
    /// # Errors
    ///
    /// [`Limited`] says which limit is reached.
    fn admit(
        &self,
        request: &AccessRequest<'_>,
        grant: Option<&Grant>,
        now: Instant,
    ) -> Result<Seat, Limited>;
}

/// A limiter that is shared.
impl<L: Limiter + ?Sized> Limiter for Arc<L> {
    fn admit(
        &self,
        request: &AccessRequest<'_>,
        grant: Option<&Grant>,
        now: Instant,
    ) -> Result<Seat, Limited> {
        (**self).admit(request, grant, now)
    }
}

/// The place of a listener that a [`Limiter`] counts until this is dropped.
///
/// ```
/// use std::sync::Arc;
/// use sse_core::access::Seat;
///
/// let counted = Arc::new(());
/// let seat = Seat::new(counted.clone());
/// assert_eq!(Arc::strong_count(&counted), 2);
/// drop(seat);
/// assert_eq!(Arc::strong_count(&counted), 1);
/// ```
#[derive(Default)]
pub struct Seat(Option<Box<dyn Any + Send + Sync>>);

impl Seat {
    /// A seat that is not counted.
    pub fn none() -> Self {
        Self(None)
    }

    /// A seat that holds `guard`, which is dropped with it.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }

    pub(crate) fn is_counted(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seat")
    }
}

/// Which limit is reached.
///
/// ```
/// use sse_core::access::Limited;
///
/// let full = Limited::Full { limit: "listeners of one address".into(), max: 1000 };
/// assert_eq!(full.to_string(), "there may be no more than 1000 listeners of one address");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Limited {
    /// Too many at a time: 503.
    #[error("there may be no more than {max} {limit}")]
    Full {
        /// What is counted, in the plural.
        limit: std::borrow::Cow<'static, str>,
        /// How many there may be.
        max: u64,
    },
    /// Too many within a time: 429.
    #[error("there may be no more than {max} {limit}")]
    TooFast {
        /// What is counted, in the plural, and within which time.
        limit: std::borrow::Cow<'static, str>,
        /// How many there may be.
        max: u64,
        /// How long to wait before the next one.
        retry_after: Duration,
    },
}
