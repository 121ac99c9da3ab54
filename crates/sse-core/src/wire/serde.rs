use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{EventRef, MessageEvent};

/// A decoded event under the names that a page knows it by.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(rename = "type")]
    name: Cow<'a, str>,
    data: Cow<'a, str>,
    last_event_id: Cow<'a, str>,
}

/// As a map of `type`, `data` and `lastEventId`, as in a page's `MessageEvent`.
impl Serialize for EventRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let properties = Properties {
            name: self.name().into(),
            data: self.data().into(),
            last_event_id: self.last_event_id().into(),
        };
        properties.serialize(serializer)
    }
}

/// As a map of `type`, `data` and `lastEventId`, as in a page's `MessageEvent`.
impl Serialize for MessageEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MessageEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Properties { name, data, last_event_id } = Properties::deserialize(deserializer)?;
        Ok(EventRef { name: &name, data: &data, last_event_id: &last_event_id }.to_owned())
    }
}
