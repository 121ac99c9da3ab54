mod probe;
pub(crate) use probe::{answer, size};

mod probed;
pub use probed::Probed;

mod taken;
pub use taken::{Shell, Taken, take_subscriber};

use std::{fmt, hint::black_box};

use http::Response;

use crate::ResponseBody;

/// How a [`ResponseBody`] became a body of the type `B`, in the extensions of its response.
///
/// With it a server can tell whether the body that it is to send is still that one, see [`take_subscriber`].
/// It says nothing of one response in particular: on another one, or twice, it does no harm.
pub(crate) struct Offer<B> {
    convert: fn(ResponseBody) -> B,
}

impl<B: 'static> Offer<B> {
    /// The response with its body as `convert` makes it, which has to be a plain function: another body is made
    /// by the same code later, to compare the two.
    pub(crate) fn make(
        response: Response<ResponseBody>,
        convert: fn(ResponseBody) -> B,
    ) -> Response<B> {
        // Called by its address here too, so that the compiler makes no second copy of it.
        let offer = Self { convert: black_box(convert) };
        let is_offered = response.body().has_subscriber();
        let mut response = response.map(offer.convert);
        if is_offered {
            response.extensions_mut().insert(offer);
        }
        response
    }

    /// A body that was made like that of the response, and is nobody's.
    fn sample(&self) -> B {
        (self.convert)(ResponseBody::sample())
    }
}

impl<B> Clone for Offer<B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Offer<B> {}

impl<B> fmt::Debug for Offer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").finish_non_exhaustive()
    }
}
