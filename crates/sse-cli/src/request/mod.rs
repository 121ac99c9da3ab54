mod args;
mod config;

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::CommandFactory;
use sse_hyper::SendError;
use tokio::runtime::Builder;

use crate::{
    escape::{Place, escaped},
    exit::{self, Failure},
    hint::with_option,
    logging,
};
use args::Args;
use config::{Config, Data};

/// The command `eventsource-request`, on the arguments of this process.
pub fn eventsource_request() -> ExitCode {
    exit::run(|args: Args| {
        let _flush = logging::init(false);
        let config = Config::new(args)?;
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
        let outcome = runtime.block_on(send(config));
        // A name that is still looked up is not waited for.
        runtime.shutdown_background();
        outcome
    })
}

/// The options and the help of `eventsource-request`.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

async fn send(config: Config) -> Result<(), Failure> {
    let publisher = config.publisher.build().map_err(Failure::failed)?;
    let (token, action) = (config.token.as_str(), config.action.as_str());
    let sent = match config.data {
        Data::Text(text) => publisher.send_string(token, action, text).await,
        Data::Json(value) => publisher.send_json(token, action, &value).await,
    };
    let body = sent.map_err(|error| Failure::failed(RequestError::from(error)))?;
    let mut stdout = io::stdout().lock();
    let body = match stdout.is_terminal() {
        true => escaped(&String::from_utf8_lossy(&body), Place::Lines).into(),
        false => body,
    };
    stdout.write_all(&body).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}

/// What the original said when it failed.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error("Unable to send request {}", Shortened(.0))]
    Refused(SendError),
    #[error("Unable to send request: {}", with_option(.0, .0.tls_mismatch(), .0.certificate_problem()))]
    Failed(SendError),
}

impl From<SendError> for RequestError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused { .. } => Self::Refused(error),
            _ => Self::Failed(error),
        }
    }
}

/// A text without what is beyond the bound for the answer of a server.
struct Shortened<T>(T);

impl<T: fmt::Display> fmt::Display for Shortened<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let end = (0..=MAX_SHOWN).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        match text.len() > MAX_SHOWN {
            true => write!(f, "{}…", &text[..end]),
            false => f.write_str(&text),
        }
    }
}

const MAX_SHOWN: usize = 4 << 10;
