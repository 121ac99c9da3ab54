use std::{array, fmt};

use percent_encoding::percent_decode;

use crate::shown::cut;

/// The fields of a form.
///
/// # Source
///
/// URL Standard, [`application/x-www-form-urlencoded` parsing][spec]. What is damaged is an error here, so that
/// nothing is done to another name than that which was meant.
///
/// [spec]: https://url.spec.whatwg.org/#urlencoded-parsing
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Result<Self, FormError> {
        let pairs = body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        let fields = pairs.map(|pair| {
            let pair: Vec<u8> =
                pair.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
            let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let value = pair.get(end + 1..).unwrap_or_default();
            Ok((decoded(&pair[..end])?, decoded(value)?))
        });
        fields.collect::<Result<_, _>>().map(Self).map_err(FormError::Encoding)
    }

    /// The values of the fields that are known here, each of which may be there once.
    pub(super) fn fields<const N: usize>(
        self,
        known: [&'static str; N],
    ) -> Result<[Option<String>; N], FormError> {
        let mut values = array::from_fn(|_| None);
        for (name, value) in self.0 {
            let Some(at) = known.iter().position(|known| *known == name) else {
                return Err(FormError::Unknown { name, known: known.to_vec() });
            };
            if value.is_empty() {
                return Err(FormError::Empty { name });
            }
            if values[at].replace(value).is_some() {
                return Err(FormError::Twice { name });
            }
        }
        Ok(values)
    }
}

/// What stands in an address or a form, without its percent-encoding.
pub(super) fn decoded(text: &[u8]) -> Result<String, EncodingError> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        rest = &rest[at + 1..];
        if rest.len() < 2 || !rest[..2].iter().all(u8::is_ascii_hexdigit) {
            return Err(EncodingError::Percent);
        }
    }
    String::from_utf8(percent_decode(text).collect()).map_err(|_| EncodingError::NotUtf8)
}

/// Why a text cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum EncodingError {
    #[error("a % is not followed by two hexadecimal digits")]
    Percent,
    #[error("it is not UTF-8 once decoded")]
    NotUtf8,
}

/// Why a body is not the form that is expected.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum FormError {
    #[error("the body is no form: {0}")]
    Encoding(EncodingError),
    #[error("the field {} is not known: {}", quoted(name), Known(known))]
    Unknown { name: String, known: Vec<&'static str> },
    #[error("the field {name:?} is empty")]
    Empty { name: String },
    #[error("the field {name:?} is there twice")]
    Twice { name: String },
}

/// The beginning of a value, on one line.
pub(super) fn quoted(value: &str) -> String {
    format!("{:?}", cut(value, SHOWN))
}

struct Known<'a>(&'a [&'static str]);

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("this takes none"),
            names => write!(f, "this takes {}", names.join(", ")),
        }
    }
}

/// How many bytes of a value that is refused are shown.
const SHOWN: usize = 64;
