//! The options of the command, from the command line, variables and a file.
//!
//! The parser of arguments is the one place that knows the options and judges their values: what variables and
//! the file say becomes arguments in front of those that were typed. So a new option needs no line here.

mod command_line;
mod environment;
mod file;
mod option;
mod report;
mod setting;

use std::{ffi::OsString, fmt, path::PathBuf};

use clap::Parser;
use tracing::subscriber::{NoSubscriber, with_default};

use super::{args::Args, config::Config};
use crate::exit::Failure;
use environment::Variables;
use option::{CONFIG, ServerOption};
use setting::{Origin, Setting, Value};

/// What each level says, without what a higher one replaces.
#[derive(Debug)]
pub(super) struct Settings {
    program: OsString,
    arguments: Vec<OsString>,
    typed: Vec<Setting>,
    /// Of variables and the file.
    lower: Vec<Setting>,
    unknown: Vec<String>,
}

impl Settings {
    /// Reads the arguments of the process, its variables, and the file that one of them names.
    pub(super) fn new(
        arguments: impl IntoIterator<Item = OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Failure> {
        let mut arguments: Vec<_> = arguments.into_iter().collect();
        let typed = command_line::read(&arguments).map_err(Failure::Typed)?;
        let Variables { mut settings, unknown } =
            Variables::new(variables, &typed).map_err(Failure::usage)?;
        if let Some(file) = config_file(typed.iter().chain(&settings)) {
            let is_said = |name: &str| {
                typed.iter().chain(&settings).any(|setting| setting.option.name == name)
            };
            let mut of_file = file::read(&file).map_err(Failure::usage)?;
            of_file.retain(|setting| !is_said(&setting.option.name));
            settings.extend(of_file);
        }
        let program = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
        Ok(Self { program, arguments, typed, lower: settings, unknown })
    }

    /// All levels together as arguments.
    pub(super) fn args(&self) -> Result<Args, Failure> {
        self.parse(&self.lower_arguments()).map_err(|failure| self.located(failure))
    }

    /// A failure with the lines and variables that it comes from: those without which nothing would be wrong, or
    /// otherwise those without which something else would be.
    pub(super) fn located(&self, failure: Failure) -> Failure {
        let Some(said) = failure.wrong_use() else {
            return failure;
        };
        let all = self.lower_arguments();
        let (mut cures, mut changes) = (Vec::new(), Vec::new());
        for (at, (argument, origin)) in all.iter().enumerate() {
            let others = [&all[..at], &all[at + 1..]].concat();
            match self.judged(&others) {
                None => cures.push(at_key(origin, argument)),
                Some(other) if other != said => changes.push(at_key(origin, argument)),
                Some(_) => {}
            }
        }
        let mut origins = if cures.is_empty() { changes } else { cures };
        origins.dedup();
        if origins.is_empty() {
            return failure;
        }
        Failure::usage(format!("{}: {said}", origins.join(", ")))
    }

    /// What would be wrong with these instead of the arguments of variables and the file.
    fn judged(&self, lower: &[(OsString, Origin)]) -> Option<String> {
        // What the true run logs is said once.
        let outcome = with_default(NoSubscriber::default(), || {
            self.parse(lower).and_then(|args| Config::new(args).map(drop))
        });
        outcome.err().and_then(|failure| failure.wrong_use())
    }

    fn parse(&self, lower: &[(OsString, Origin)]) -> Result<Args, Failure> {
        let lower = lower.iter().map(|(argument, _)| argument);
        let all = [&self.program].into_iter().chain(lower).chain(&self.arguments);
        Args::try_parse_from(all).map_err(Failure::Typed)
    }

    fn lower_arguments(&self) -> Vec<(OsString, Origin)> {
        self.lower.iter().flat_map(Setting::arguments).collect()
    }

    /// Logs the variables that look as if they were meant for an option and are not.
    pub(super) fn warn_of_unknown(&self) {
        for variable in &self.unknown {
            environment::warn_of(variable);
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        report::write(f, &[&self.typed[..], &self.lower].concat())
    }
}

fn config_file<'a>(mut settings: impl Iterator<Item = &'a Setting>) -> Option<PathBuf> {
    let config = settings.find(|setting| setting.option.name == CONFIG)?;
    match &config.value {
        Value::Texts(texts) => texts.first().map(|(file, _)| file.into()),
        Value::Flag(_) => None,
    }
}

impl Setting {
    /// Whether the parser of arguments takes each of its values.
    fn check(&self) -> Result<(), SettingError> {
        for (argument, origin) in self.arguments() {
            if let Some(reason) = ServerOption::refusal(&argument) {
                return Err(SettingError { origin, key: Some(self.option.name.clone()), reason });
            }
        }
        Ok(())
    }
}

/// What a variable or a file says is no setting.
#[derive(Debug)]
struct SettingError {
    origin: Origin,
    key: Option<String>,
    reason: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, key, reason } = self;
        match (origin, key) {
            (Origin::File(_), Some(key)) => write!(f, "{origin}: {key}: {reason}"),
            _ => write!(f, "{origin}: {reason}"),
        }
    }
}

impl std::error::Error for SettingError {}

/// An origin with the key in a file.
fn at_key(origin: &Origin, argument: &OsString) -> String {
    let argument = argument.to_string_lossy();
    let key = argument.trim_start_matches('-').split('=').next().unwrap_or_default();
    match origin {
        Origin::File(place) => format!("{place}: {key}"),
        _ => origin.to_string(),
    }
}
