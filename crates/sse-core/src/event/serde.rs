use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    Event,
    event::{EventId, EventName},
};

/// An event under the names of the fields; the reconnection time in milliseconds.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, EventId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Cow<'a, EventName>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Cow<'a, str>>,
}

/// As a map of `id`, `event`, `retry` in milliseconds, and `data`, each only where it is set.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = |retry: Duration| u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
        let fields = Fields {
            id: self.id().map(Cow::Borrowed),
            event: self.name().map(Cow::Borrowed),
            retry: self.retry().map(millis),
            data: self.as_data().map(Cow::Borrowed),
        };
        fields.serialize(serializer)
    }
}

/// From what `Serialize` writes; an id or a name that is not valid is an error.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { id, event, retry, data } = Fields::deserialize(deserializer)?;
        Ok(Self {
            id: id.map(Cow::into_owned),
            name: event.map(Cow::into_owned),
            retry: retry.map(Duration::from_millis),
            data: data.map(Cow::into_owned),
        })
    }
}
