use std::{collections::HashMap, time::Duration};

use http::{HeaderName, HeaderValue, Method, Uri};
use serde::{Deserialize, Serialize};
use sse_core::client::ClientConfig;
use sse_hyper::{EventSource, Notice};

/// What the service can do.
#[derive(Serialize)]
pub(crate) struct Status {
    name: &'static str,
    capabilities: &'static [&'static str],
}

pub(crate) const STATUS: Status = Status {
    name: "sse-hyper",
    capabilities: &[
        "bom",
        "comments",
        "headers",
        "last-event-id",
        "post",
        "read-timeout",
        "report",
        "restart",
        "server-directed-shutdown-request",
    ],
};

/// The stream that the harness asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStream {
    stream_url: String,
    pub(crate) callback_url: String,
    initial_delay_ms: Option<u64>,
    read_timeout_ms: Option<u64>,
    last_event_id: Option<String>,
    headers: Option<HashMap<String, String>>,
    method: Option<String>,
    body: Option<String>,
}

impl CreateStream {
    pub(crate) fn source(self) -> Result<EventSource, Box<dyn std::error::Error + Send + Sync>> {
        let mut config = ClientConfig::default()
            .with_reconnection_floor(Duration::ZERO)
            .with_last_event_id(self.last_event_id.unwrap_or_default())
            .with_comments(true)
            .with_repetition(true);
        if let Some(delay) = self.initial_delay_ms {
            config = config.with_reconnection_time(Duration::from_millis(delay));
        }
        if let Some(timeout) = self.read_timeout_ms {
            config = config.with_idle_timeout(Duration::from_millis(timeout));
        }
        let mut source = EventSource::builder(self.stream_url.parse::<Uri>()?).with_config(config);
        for (name, value) in self.headers.unwrap_or_default() {
            source = source.with_header(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        }
        if let Some(method) = self.method.filter(|method| !method.is_empty()) {
            source = source.with_method(method.parse::<Method>()?);
        }
        if let Some(body) = self.body {
            source = source.with_body(body);
        }
        Ok(source.build()?)
    }
}

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(crate) enum Command {
    Restart,
}

/// What the harness is told.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Message {
    Event { event: Event },
    Comment { comment: String },
    Error { error: String },
}

#[derive(Serialize)]
pub(crate) struct Event {
    r#type: String,
    data: String,
    id: String,
}

impl Message {
    pub(crate) fn of(notice: Notice) -> Option<Self> {
        match notice {
            Notice::Event(event) => {
                let [r#type, data, id] =
                    [event.name(), event.data(), event.last_event_id()].map(str::to_owned);
                Some(Self::Event { event: Event { r#type, data, id } })
            }
            Notice::Comment(comment) => Some(Self::Comment { comment }),
            Notice::Reconnecting { because, .. } => {
                Some(Self::Error { error: because.to_string() })
            }
            _ => None,
        }
    }
}
