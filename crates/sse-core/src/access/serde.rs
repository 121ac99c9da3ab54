use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, ser};

use super::{Pattern, Permissions};

/// Writes the pattern as text. That is an error if the text would match other tokens.
impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        if Self::new(&text).as_ref() != Ok(self) {
            return Err(ser::Error::custom(
                "a pattern of one token with a `*` in it cannot be written",
            ));
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).map_err(D::Error::custom)
    }
}

#[derive(Deserialize, Serialize)]
struct Fields<'a> {
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    listen: Cow<'a, [Pattern]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    publish: Cow<'a, [Pattern]>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    actions: Option<Cow<'a, [Box<str>]>>,
}

/// Writes a map of `listen`, `publish` and `actions`, without those that are empty or not set.
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = Fields {
            listen: Cow::Borrowed(&self.listen),
            publish: Cow::Borrowed(&self.publish),
            actions: self.actions.as_deref().map(Cow::Borrowed),
        };
        fields.serialize(serializer)
    }
}

/// Reads what `Serialize` writes. A pattern that is not valid is an error.
impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { listen, publish, actions } = Fields::deserialize(deserializer)?;
        Ok(Self {
            listen: listen.into_owned(),
            publish: publish.into_owned(),
            actions: actions.map(Cow::into_owned),
        })
    }
}

/// Refuses `null`: if it counted as a missing list, it would permit more.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
