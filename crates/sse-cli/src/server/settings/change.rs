use std::ffi::OsString;

use super::{
    Settings,
    option::{CONFIG, Kind, OPTIONS, ServerOption},
    report::shown,
    setting::{Origin, Setting, Value},
};

/// An option that has another value than before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::server) struct Change {
    pub(in crate::server) option: &'static str,
    /// The group of the help under which it stands, as the name of a table.
    pub(in crate::server) table: Option<&'static str>,
    pub(in crate::server) before: String,
    pub(in crate::server) now: String,
}

impl Settings {
    /// The options that have other values here than in `earlier`, in the order of the help.
    pub(in crate::server) fn changes(&self, earlier: &Self) -> Vec<Change> {
        let options = OPTIONS.iter().filter(|option| option.name != CONFIG);
        let changed = options.filter_map(|option| {
            let (before, now) = (earlier.setting(option), self.setting(option));
            (meant(option, before) != meant(option, now)).then(|| Change {
                option: &option.name,
                table: option.table.as_deref(),
                before: said(option, before),
                now: said(option, now),
            })
        });
        changed.collect()
    }

    fn setting(&self, option: &ServerOption) -> Option<&Setting> {
        let mut settings = self.typed.iter().chain(&self.lower);
        settings.find(|setting| setting.option.name == option.name)
    }
}

/// The values that an option has, wherever they come from.
fn meant(option: &ServerOption, setting: Option<&Setting>) -> Vec<OsString> {
    match value(option, setting) {
        Value::Texts(texts) => texts.into_iter().map(|(text, _)| text).collect(),
        Value::Flag(flag) => vec![flag.to_string().into()],
    }
}

fn said(option: &ServerOption, setting: Option<&Setting>) -> String {
    match value(option, setting) {
        // Its default depends on other options, or on the machine.
        Value::Texts(texts) if texts.is_empty() && !option.is_list => "the default".to_owned(),
        value => shown(option, &value),
    }
}

fn value(option: &ServerOption, setting: Option<&Setting>) -> Value {
    let default = |text: &OsString| (text.clone(), Origin::Default);
    match setting {
        Some(setting) => setting.value.clone(),
        None if option.kind == Kind::Flag => Value::Flag(false),
        None => Value::Texts(option.defaults.iter().map(default).collect()),
    }
}
