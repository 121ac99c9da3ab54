/// Why a value cannot be written as a field.
///
/// ```
/// use sse_core::event::{EventId, FieldError};
///
/// let error = EventId::new("7\nretry: 0").unwrap_err();
///
/// assert_eq!(error, FieldError::Forbidden { field: "id", character: '\n', at: 1 });
/// assert_eq!(error.to_string(), r"'\n' at byte 1 of an id field");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// A character that would end the field, or make the receiver ignore it.
    #[error("{character:?} at byte {at} of an {field} field")]
    Forbidden {
        /// The name of the field: `event` or `id`.
        field: &'static str,
        /// The first character that is not allowed.
        character: char,
        /// Its byte offset.
        at: usize,
    },
}

/// Checks `value` for the ASCII characters `forbidden`.
pub(super) const fn check(
    field: &'static str,
    value: &str,
    forbidden: &[u8],
) -> Result<(), FieldError> {
    let value = value.as_bytes();
    let mut at = 0;
    while at < value.len() {
        let mut i = 0;
        while i < forbidden.len() {
            if value[at] == forbidden[i] {
                return Err(FieldError::Forbidden { field, character: value[at] as char, at });
            }
            i += 1;
        }
        at += 1;
    }
    Ok(())
}

/// The conversions that both validated values have.
macro_rules! impl_conversions {
    ($value:ident) => {
        impl AsRef<str> for $value {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $value {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $value {
            type Err = FieldError;

            fn from_str(value: &str) -> Result<Self, FieldError> {
                Self::new(value)
            }
        }

        impl TryFrom<&str> for $value {
            type Error = FieldError;

            fn try_from(value: &str) -> Result<Self, FieldError> {
                Self::new(value)
            }
        }

        impl TryFrom<String> for $value {
            type Error = FieldError;

            fn try_from(value: String) -> Result<Self, FieldError> {
                Self::new(value)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $value {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $value {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use impl_conversions;
