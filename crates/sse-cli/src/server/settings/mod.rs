//! The options of the command, from the command line, variables and a file.
//!
//! The parser of arguments is the one place that knows the options and judges their values: what variables and
//! the file say becomes arguments in front of those that were typed. So a new option needs no line here.

mod change;
pub(super) use change::Change;

mod command_line;
mod environment;
mod file;
#[cfg(feature = "__fuzz")]
pub(super) mod fuzz;
mod option;
mod report;
mod setting;

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

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
        self.parse(&self.lower).map_err(|failure| self.located(failure))
    }

    /// A failure with the lines and variables that it comes from: those without which nothing would be wrong, or
    /// otherwise those without which something else would be.
    pub(super) fn located(&self, failure: Failure) -> Failure {
        let Some(said) = failure.wrong_use() else {
            return failure;
        };
        let (mut cures, mut changes) = (Vec::new(), Vec::new());
        for at in 0..self.lower.len() {
            let mut others = self.lower.clone();
            others.remove(at);
            match self.judged(&others) {
                None => cures.push(self.place(at, &said)),
                Some(other) if other != said => changes.push(self.place(at, &said)),
                Some(_) => {}
            }
        }
        let origins = if cures.is_empty() { changes } else { cures };
        if origins.is_empty() {
            return failure;
        }
        Failure::usage(format!("{}: {said}", origins.join(", ")))
    }

    /// Where the setting at an index says what is wrong: a value of its list, or the whole.
    fn place(&self, at: usize, said: &str) -> String {
        let setting = &self.lower[at];
        let count = match &setting.value {
            Value::Texts(texts) if setting.option.is_list => texts.len(),
            Value::Texts(_) | Value::Flag(_) => 0,
        };
        let is_wrong = |index: &usize| {
            let mut others = self.lower.clone();
            others[at].remove(*index);
            self.judged(&others).as_deref() != Some(said)
        };
        let searched = if count <= MAX_SEARCHED { 0..count } else { 0..0 };
        let wrong = searched.into_iter().find(is_wrong);
        let origin = wrong.map_or(&setting.origin, |index| setting.origin_of(index));
        match origin {
            Origin::File(place) => format!("{place}: {}", setting.option.name),
            _ => origin.to_string(),
        }
    }

    /// What would be wrong with these instead of what variables and the file say.
    fn judged(&self, lower: &[Setting]) -> Option<String> {
        // What the true run logs is said once.
        let outcome = with_default(NoSubscriber::default(), || {
            self.parse(lower).and_then(|args| Config::new(args).map(drop))
        });
        outcome.err().and_then(|failure| failure.wrong_use())
    }

    fn parse(&self, lower: &[Setting]) -> Result<Args, Failure> {
        let lower = lower.iter().flat_map(Setting::arguments).map(|(argument, _)| argument);
        let typed = self.arguments.iter().cloned();
        let all = [self.program.clone()].into_iter().chain(lower).chain(typed);
        Args::try_parse_from(all).map_err(Failure::Typed)
    }

    /// The files that options name, with the options.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let settings = self.typed.iter().chain(&self.lower);
        settings.flat_map(|setting| setting.files().map(|file| (&*setting.option.name, file)))
    }

    /// The file that has options.
    pub(super) fn config_file(&self) -> Option<&Path> {
        self.files().find(|(option, _)| *option == CONFIG).map(|(_, file)| file)
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

/// The table that an option belongs to, which is given with or without hyphens in front.
pub(super) fn table_of(option: &str) -> Option<&'static str> {
    ServerOption::named(option.trim_start_matches('-'))?.table.as_deref()
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
        let all = self.arguments();
        if ServerOption::refusal(all.iter().map(|(argument, _)| argument)).is_none() {
            return Ok(());
        }
        for (argument, origin) in &all {
            if let Some(reason) = ServerOption::refusal([argument]) {
                let (origin, key) = (origin.clone(), Some(self.option.name.clone()));
                return Err(SettingError { origin, key, reason });
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

/// In a list that is longer, the search for the value that is wrong would take too long.
const MAX_SEARCHED: usize = 256;
