use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, request::Parts};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::form::{Form, FormError};

/// Reads the form that the body of a request is.
pub(super) async fn form<B>(parts: &Parts, body: B) -> Result<Form, BodyError>
where
    B: HttpBody,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let is_form = is_form(&parts.headers)?;
    if (MAX as u64) < body.size_hint().lower() {
        return Err(BodyError::TooLong);
    }
    let body = timeout(MAX_TIME, Limited::new(body, MAX).collect());
    let body: Bytes = match body.await.map_err(|_elapsed| BodyError::Late)? {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(BodyError::TooLong),
        Err(_broken) => return Err(BodyError::Broken),
    };
    if !is_form && !body.is_empty() {
        return Err(BodyError::Type);
    }
    Ok(Form::parse(&body)?)
}

/// Whether the headers say that the body is a form. It is an error if they say that it is something else.
fn is_form(headers: &HeaderMap) -> Result<bool, BodyError> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if !codings.into_iter().all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(BodyError::Type);
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), second) = (types.next(), types.next()) else {
        return Ok(false);
    };
    let value = value.to_str().unwrap_or_default();
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let charset = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let is_utf8 = charset.into_iter().all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let is_form = essence.trim().eq_ignore_ascii_case(FORM) && is_utf8 && second.is_none();
    if is_form { Ok(true) } else { Err(BodyError::Type) }
}

/// Why there is no form.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body has to be {FORM}, in UTF-8 and not compressed")]
    Type,
    #[error("the body is longer than {MAX} bytes")]
    TooLong,
    #[error("the body did not arrive within {} s", MAX_TIME.as_secs())]
    Late,
    #[error("the body broke off")]
    Broken,
    #[error(transparent)]
    Form(#[from] FormError),
}

impl BodyError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Broken | Self::Form(_) => StatusCode::BAD_REQUEST,
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

const MAX: usize = 64 << 10;

const MAX_TIME: Duration = Duration::from_secs(30);
