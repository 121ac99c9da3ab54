use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
};

use super::{
    SettingError,
    option::{Kind, OPTIONS, ServerOption, nearest},
    setting::{Origin, Setting, Value},
};

/// What variables say about options.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) settings: Vec<Setting>,
    pub(super) unknown: Vec<String>,
}

impl Variables {
    /// Reads those of the options that were not `typed`. A variable that is not used cannot be wrong:
    /// orchestrators set some of these names for every process.
    pub(super) fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        typed: &[Setting],
    ) -> Result<Self, SettingError> {
        let mut read = Self::default();
        for (name, value) in variables {
            let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            let variable = format!("{PREFIX}{rest}");
            match OPTIONS.iter().find(|option| rest == suffix(option)) {
                Some(option) if typed.iter().any(|typed| typed.option.name == option.name) => {}
                Some(option) => read.settings.push(setting(option, variable, value)?),
                None if OF_OTHER_COMMANDS.contains(&&*variable) => {}
                None => read.unknown.push(variable),
            }
        }
        Ok(read)
    }
}

/// Warns of a variable that no option has. That is no error: the environment is shared with other programs, and
/// orchestrators add variables of their own for a service of that name.
pub(super) fn warn_of(variable: &str) {
    let rest = variable.strip_prefix(PREFIX).unwrap_or(variable);
    match nearest(rest) {
        Some(option) => {
            let meant = format!("{PREFIX}{}", suffix(option));
            tracing::warn!("{variable} is the variable of no option; {meant} is one");
        }
        None => tracing::warn!("{variable} is the variable of no option"),
    }
}

fn setting(
    option: &'static ServerOption,
    variable: String,
    text: OsString,
) -> Result<Setting, SettingError> {
    let origin = Origin::Variable(variable);
    let value = match option.kind {
        Kind::Flag => match flag(&text) {
            Some(flag) => Value::Flag(flag),
            None => {
                let reason = format!("expected true or false, got {text:?}");
                return Err(SettingError { origin, key: None, reason });
            }
        },
        Kind::Number | Kind::Text if option.is_list => {
            let lines = text.as_bytes().split(|&byte| byte == b'\n');
            let lines = lines.filter(|line| !line.is_empty());
            let lines = lines.map(|line| (OsString::from_vec(line.to_vec()), origin.clone()));
            Value::Texts(lines.collect())
        }
        Kind::Number | Kind::Text => Value::Texts(vec![(text, origin.clone())]),
    };
    let setting = Setting { option, value, origin };
    setting.check()?;
    Ok(setting)
}

fn flag(text: &OsStr) -> Option<bool> {
    match &*text.to_str()?.to_ascii_lowercase() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn suffix(option: &ServerOption) -> String {
    option.name.to_ascii_uppercase().replace('-', "_")
}

const PREFIX: &str = "EVENTSOURCE_";

const OF_OTHER_COMMANDS: [&str; 1] = ["EVENTSOURCE_PASSWORD"];
