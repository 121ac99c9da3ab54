use http::{HeaderValue, header::USER_AGENT};
use serde_json::value::RawValue;
use sse_core::Token;
use sse_hyper::{Proxies, Publisher, PublisherBuilder};

use super::args::Args;
use crate::{data, endpoint::Endpoint, exit::Failure, header};

/// What the arguments of `eventsource-request` mean.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) publisher: PublisherBuilder,
    pub(super) token: Token,
    pub(super) action: String,
    pub(super) data: Data,
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Data {
    Text(String),
    Json(Box<RawValue>),
}

impl Config {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        let endpoint = Endpoint::new(args.endpoint, None)?;
        let bytes = match args.raw {
            true => args.data.into_bytes(),
            false => data::read(args.data).map_err(Failure::usage)?,
        };
        // The data of these two is no event's, and need not be JSON.
        let is_event = !matches!(args.action.as_str(), "close" | "retry");
        let data = parse(bytes, args.json && is_event).map_err(Failure::failed)?;

        let mut publisher = Publisher::builder(endpoint.base)
            .with_tls(endpoint.tls)
            .with_timeout(args.timeout)
            .with_header(USER_AGENT, NAME);
        if let Some(who) = endpoint.credentials {
            publisher = publisher.with_basic_auth(&who.user, &who.password);
        }
        if let Some(proxy) = endpoint.proxy {
            publisher = publisher.with_proxies(Proxies::One(proxy));
        }
        for (name, value) in header::read("--header", args.header).map_err(Failure::usage)? {
            publisher = publisher.with_header(name, value);
        }
        Ok(Self { publisher, token: args.token, action: args.action, data })
    }
}

fn parse(bytes: Vec<u8>, is_json: bool) -> Result<Data, DataError> {
    let text = String::from_utf8(bytes)
        .map_err(|error| DataError::NotUtf8 { at: error.utf8_error().valid_up_to() })?;
    if is_json {
        Ok(Data::Json(RawValue::from_string(text).map_err(DataError::NotJson)?))
    } else {
        Ok(Data::Text(text))
    }
}

/// Why the data would be refused.
#[derive(Debug, thiserror::Error)]
enum DataError {
    #[error("Unable to send request: the data is not UTF-8 at byte {at}")]
    NotUtf8 { at: usize },
    #[error("Unable to send request: the data is not JSON: {0}")]
    NotJson(serde_json::Error),
}

const NAME: HeaderValue =
    HeaderValue::from_static(concat!("eventsource-request/", env!("CARGO_PKG_VERSION")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_takes_as_json_is_taken() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for (bytes, is_json) in [
            (&b"{}"[..], true),
            (b" 42 ", true),
            (b"{\"a\":1,\"a\":1e999}", true),
            (deep.as_bytes(), true),
            (b"", false),
            (b"NaN", false),
            (b"{}{}", false),
            (b"\"\xff\"", false),
            (b"[1,]", false),
        ] {
            assert_eq!(parse(bytes.to_owned(), true).is_ok(), is_json, "{bytes:.20?}");
        }
    }
}
