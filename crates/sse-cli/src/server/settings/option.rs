use std::{
    any::TypeId,
    ffi::{OsStr, OsString},
    path::Path,
    sync::LazyLock,
    time::Duration,
};

use clap::{
    Arg, ArgAction, Command, CommandFactory, Id, ValueHint,
    builder::Resettable,
    error::{ContextKind, ContextValue},
};

use crate::{exit::unadorned, server::args::Args};

/// An option of the command, as its parser of arguments knows it.
#[derive(Debug)]
pub(super) struct ServerOption {
    pub(super) id: Id,
    /// Without hyphens in front.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether it may be given more than once.
    pub(super) is_list: bool,
    /// The group of the help under which it stands, as the name of a table.
    pub(super) table: Option<String>,
    pub(super) defaults: Vec<OsString>,
    path: PathIn,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Flag,
    Number,
    Text,
}

/// Where in a value a path is.
#[derive(Clone, Copy, Debug)]
enum PathIn {
    Nothing,
    Whole,
    /// It is a folder, of which nothing is read here.
    Folder,
    BehindEquals,
}

/// Every option that can have a value at every level, in the order of the help.
pub(super) static OPTIONS: LazyLock<Vec<ServerOption>> =
    LazyLock::new(|| Args::command().get_arguments().filter_map(ServerOption::new).collect());

impl ServerOption {
    /// `None` for one that only asks for a text.
    fn new(arg: &Arg) -> Option<Self> {
        let (kind, is_list) = match arg.get_action() {
            ArgAction::SetTrue => (Kind::Flag, false),
            ArgAction::Set => (kind(arg), false),
            ArgAction::Append => (kind(arg), true),
            _ => return None,
        };
        Some(Self {
            id: arg.get_id().clone(),
            name: arg.get_long()?.to_owned(),
            kind,
            is_list,
            table: arg.get_help_heading().map(table),
            defaults: arg
                .get_default_values()
                .iter()
                .map(|value| value.as_os_str().to_owned())
                .collect(),
            path: path(arg),
        })
    }

    pub(super) fn named(name: &str) -> Option<&'static Self> {
        OPTIONS.iter().find(|option| option.name == name)
    }

    /// Whether the configuration file may have it; what says which file that is cannot stand in it.
    pub(super) fn is_for_files(&self) -> bool {
        self.name != CONFIG && !self.is_task()
    }

    /// Whether it says what to do instead of serving.
    pub(super) fn is_task(&self) -> bool {
        TASKS.contains(&&*self.name)
    }

    /// The file that a value names.
    pub(super) fn file<'a>(&self, value: &'a OsStr) -> Option<&'a Path> {
        if matches!(self.path, PathIn::Folder) {
            return None;
        }
        match value.to_str() {
            Some(text) => self.split(text).map(|(_, path)| Path::new(path)),
            None => matches!(self.path, PathIn::Whole).then(|| Path::new(value)),
        }
    }

    /// `text` before the path in it, and that path.
    fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let (front, path) = match self.path {
            PathIn::Nothing => return None,
            PathIn::Whole | PathIn::Folder => ("", text),
            PathIn::BehindEquals => text.split_at(text.find('=').map_or(text.len(), |at| at + 1)),
        };
        (!path.is_empty() && !path.contains("://")).then_some((front, path))
    }

    /// `text` with the path in it, if there is a relative one, taken from `folder`.
    pub(super) fn located(&self, text: &str, folder: &Path) -> OsString {
        let Some((front, path)) = self.split(text) else {
            return text.into();
        };
        let mut located = OsString::from(front);
        located.push(folder.join(path));
        located
    }

    /// What the parser of arguments has against these alone.
    pub(super) fn refusal<'a>(arguments: impl IntoIterator<Item = &'a OsString>) -> Option<String> {
        let parsed = unrelated().no_binary_name(true).try_get_matches_from(arguments);
        parsed.err().map(|error| unadorned(&error))
    }
}

/// The command, whose options need and exclude no others and have no defaults: what one level says, which does not
/// have to be complete.
pub(super) fn unrelated() -> Command {
    Args::command().mut_args(|arg| {
        let arg = arg.requires(Resettable::Reset).conflicts_with(Resettable::Reset);
        arg.default_value(Resettable::Reset)
    })
}

/// The option that is most like `name`, as the parser of arguments says it.
pub(super) fn nearest(name: &str) -> Option<&'static ServerOption> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    if let Some(option) = ServerOption::named(&name) {
        return Some(option);
    }
    let error = unrelated().try_get_matches_from(["", &format!("--{name}")]).err()?;
    match error.get(ContextKind::SuggestedArg)? {
        ContextValue::String(option) => ServerOption::named(option.trim_start_matches('-')),
        _ => None,
    }
}

fn kind(arg: &Arg) -> Kind {
    let value = arg.get_value_parser().type_id();
    let numbers = [
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<Duration>(),
    ];
    if numbers.iter().any(|&number| value == number) { Kind::Number } else { Kind::Text }
}

/// The first word of a heading, as it is written in a file.
fn table(heading: &str) -> String {
    heading.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()
}

fn path(arg: &Arg) -> PathIn {
    let names = arg.get_value_names().unwrap_or_default();
    match arg.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath => {
            let is_behind = names.iter().any(|name| name.ends_with("=FILE"));
            if is_behind { PathIn::BehindEquals } else { PathIn::Whole }
        }
        ValueHint::DirPath => PathIn::Folder,
        _ => PathIn::Nothing,
    }
}

pub(super) const CONFIG: &str = "config";

const TASKS: [&str; 5] = ["check-config", "check", "backup", "compact", "salvage"];
