use std::{
    error::Error,
    fmt,
    io::{self, Write},
    process::ExitCode,
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use clap::Parser;

use crate::escape::{Place, escaped};

/// Runs a command on what was typed, and turns what becomes of it into an exit code: 0, 1 for a
/// failure, 2 for a wrong use. The reason goes to standard error.
pub(crate) fn run<A: Parser>(command: impl FnOnce(A) -> Result<(), Failure>) -> ExitCode {
    ended(A::try_parse().map_err(Failure::Typed).and_then(command))
}

/// The same for a command that has ended.
pub(crate) fn ended(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Why a command ends before it has done what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments do not parse, or only ask for help.
    Typed(clap::Error),
    /// The arguments do not mean anything that could be done.
    Usage(Box<dyn Error + Send + Sync>),
    /// What was asked for did not succeed.
    Failed(Box<dyn Error + Send + Sync>),
    /// Nobody reads standard output any more, which is no fault.
    StdoutClosed,
}

impl Failure {
    pub(crate) fn usage(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Usage(reason.into())
    }

    pub(crate) fn failed(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(reason.into())
    }

    /// What an error of a write to standard output means.
    pub(crate) fn stdout(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::StdoutClosed,
            _ => Self::failed(StdoutError(error)),
        }
    }

    /// What is wrong with the use, without hints around it; `None` for any other end.
    pub(crate) fn wrong_use(&self) -> Option<String> {
        match self {
            Self::Typed(error) if error.use_stderr() => Some(unadorned(error)),
            Self::Usage(reason) => Some(Causes(&**reason).to_string()),
            _ => None,
        }
    }

    /// The reason on one line, without hints around it.
    #[cfg(feature = "server")]
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Typed(error) => unadorned(error),
            Self::Usage(reason) | Self::Failed(reason) => Causes(&**reason).to_string(),
            Self::StdoutClosed => String::new(),
        }
    }

    /// Writes the reason, if there is anyone to read it, and says how to exit.
    fn report(self) -> ExitCode {
        let code = match self {
            Self::Typed(error) => {
                let _unread = error.print();
                error.exit_code()
            }
            Self::Usage(reason) => {
                let causes = shown(&*reason);
                say(format!("error: {causes}\n\nFor more information, try '--help'.\n"));
                USAGE
            }
            Self::Failed(reason) => {
                say(format!("{}\n", shown(&*reason)));
                FAILED
            }
            Self::StdoutClosed => 0,
        };
        u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

/// What the parser of arguments says, without the words around it that every error has.
pub(crate) fn unadorned(error: &clap::Error) -> String {
    let said = error.to_string();
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let end = ["\n\nUsage:", "\n\nFor more"].iter().filter_map(|hint| said.find(hint)).min();
    said[..end.unwrap_or(said.len())].trim_end().to_owned()
}

/// A reason may have text of a server in it.
fn shown(reason: &dyn Error) -> String {
    escaped(&Causes(reason).to_string(), Place::Lines)
}

/// Writes `text` to standard error, on a thread of its own: if nobody reads there, the process ends all
/// the same.
fn say(text: String) {
    let (written, is_written) = channel();
    let write = move || written.send(io::stderr().write_all(text.as_bytes()));
    if thread::Builder::new().spawn(write).is_ok() {
        let _unread = is_written.recv_timeout(PATIENCE);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
struct StdoutError(#[source] io::Error);

/// An error and what it was caused by, on one line.
#[derive(Debug)]
pub(crate) struct Causes<'a>(pub(crate) &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let next = error.to_string();
            // Some errors repeat the message of their cause in their own.
            if !said.ends_with(&next) {
                said = format!("{said}: {next}");
            }
            cause = error.source();
        }
        f.write_str(&said)
    }
}

const FAILED: i32 = 1;
const USAGE: i32 = 2;

/// How long the end of the process waits for a reader of standard error.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once_each() {
        let inner = io::Error::other("inner");
        let outer = StdoutError(io::Error::other(inner));

        assert_eq!(Causes(&outer).to_string(), "cannot write to standard output: inner");
    }
}
