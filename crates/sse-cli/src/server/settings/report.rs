use std::{
    ffi::{OsStr, OsString},
    fmt::{self, Write},
};

use super::{
    option::{Kind, OPTIONS, ServerOption},
    setting::{Setting, Value},
};

/// Writes each option that does not have its default, as a line of a configuration file, with where it comes from.
pub(super) fn write(f: &mut fmt::Formatter<'_>, settings: &[Setting]) -> fmt::Result {
    let mut is_default = true;
    for option in OPTIONS.iter().filter(|option| !option.is_task()) {
        let said = settings.iter().find(|setting| setting.option.name == option.name);
        let Some(setting) = said.filter(|setting| !is_default_of(option, &setting.value)) else {
            continue;
        };
        is_default &= !option.is_for_files();
        // An option that a file cannot have is written as a comment, so that the output is a valid file.
        let mark = if option.is_for_files() { "" } else { "# " };
        let value = shown(option, &setting.value);
        writeln!(f, "{mark}{} = {value}  # {}", option.name, setting.origin)?;
    }
    if is_default {
        writeln!(f, "# every option has its default")?;
    }
    Ok(())
}

fn is_default_of(option: &ServerOption, value: &Value) -> bool {
    match value {
        Value::Flag(flag) => !flag,
        Value::Texts(texts) => texts.iter().map(|(text, _)| text).eq(&option.defaults),
    }
}

/// The value of an option as a configuration file has it.
pub(super) fn shown(option: &ServerOption, value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Texts(texts) => {
            let one = |(text, _): &(OsString, _)| shown_text(option.kind, text);
            let all = texts.iter().map(one).collect::<Vec<_>>().join(", ");
            if option.is_list { format!("[{all}]") } else { all }
        }
    }
}

fn shown_text(kind: Kind, text: &OsStr) -> String {
    let text = text.to_string_lossy();
    if kind == Kind::Number {
        return text.into_owned();
    }
    let mut shown = String::from('"');
    for char in without_secrets(&text).chars() {
        match char {
            '"' | '\\' => shown.extend(['\\', char]),
            _ if char.is_control() => {
                let _infallible = write!(shown, "\\u{:04X}", u32::from(char));
            }
            _ => shown.push(char),
        }
    }
    shown.push('"');
    shown
}

/// The query of an address may be a secret, and so may be what stands before its host.
fn without_secrets(text: &str) -> String {
    let (address, query) = match text.split_once('?') {
        Some((address, _)) if text.contains("://") => (address, "?..."),
        _ => (text, ""),
    };
    let Some((scheme, rest)) = address.split_once("://") else {
        return format!("{address}{query}");
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://...@{host}{path}{query}"),
        None => format!("{scheme}://{rest}{query}"),
    }
}
