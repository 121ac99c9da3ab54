use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    SettingError,
    option::{Kind, OPTIONS, ServerOption, nearest},
    setting::{Origin, Place, Setting, Value},
};

/// Reads the options in a file.
pub(super) fn read(file: &Path) -> Result<Vec<Setting>, FileError> {
    let unread = |source| FileError::Read { file: file.into(), source };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unread)?;
    opened.take(MAX_LENGTH + 1).read_to_end(&mut bytes).map_err(unread)?;
    if MAX_LENGTH < bytes.len() as u64 {
        return Err(FileError::Length { file: file.into() });
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Document::new(file, text).settings()?),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            Err(FileError::Utf8(Place { file: file.into(), line }))
        }
    }
}

/// Why a file holds no options.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("cannot read {}", file.display())]
    Read { file: Box<Path>, source: io::Error },
    #[error("{} is longer than {MAX_LENGTH} bytes", file.display())]
    Length { file: Box<Path> },
    #[error("{0}: this line is not UTF-8")]
    Utf8(Place),
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// The text of a file.
pub(super) struct Document<'a> {
    file: Arc<Path>,
    text: &'a str,
    /// Where its lines end.
    ends: Vec<usize>,
}

type Key<'a> = Spanned<DeString<'a>>;
type Item<'a> = Spanned<DeValue<'a>>;

impl<'a> Document<'a> {
    pub(super) fn new(file: &Path, text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { file: file.into(), text, ends }
    }

    /// What it says about options, in its order.
    pub(super) fn settings(&self) -> Result<Vec<Setting>, SettingError> {
        let table = DeTable::parse(self.text).map_err(|error| self.syntax(&error))?;
        let mut found = Vec::new();
        for (key, item) in in_order(table.get_ref()) {
            match item.get_ref() {
                DeValue::Table(table) if is_table(key.get_ref()) => {
                    for (inner, item) in in_order(table) {
                        self.add(&mut found, Some(key.get_ref()), inner, item)?;
                    }
                }
                DeValue::Table(_) if ServerOption::named(key.get_ref()).is_none() => {
                    return Err(self.error(key, no_table()));
                }
                _ => self.add(&mut found, None, key, item)?,
            }
        }
        Ok(found)
    }

    fn add(
        &self,
        found: &mut Vec<Setting>,
        table: Option<&str>,
        key: &Key<'_>,
        item: &Item<'_>,
    ) -> Result<(), SettingError> {
        let option = known(table, key.get_ref()).map_err(|reason| self.error(key, reason))?;
        if let Some(first) = found.iter().find(|setting| setting.option.name == option.name) {
            return Err(self.error(key, format!("it is already at {}", first.origin)));
        }
        let value = self.value(option, item).map_err(|reason| self.error(key, reason))?;
        let setting = Setting { option, value, origin: self.origin(key.span().start) };
        setting.check()?;
        found.push(setting);
        Ok(())
    }

    fn value(&self, option: &ServerOption, item: &Item<'_>) -> Result<Value, String> {
        let texts = match item.get_ref() {
            DeValue::Boolean(flag) if option.kind == Kind::Flag => return Ok(Value::Flag(*flag)),
            DeValue::Array(items) if option.is_list => items.iter().collect(),
            _ => vec![item],
        };
        let texts = texts.into_iter().map(|item| self.text(option, item));
        Ok(Value::Texts(texts.collect::<Result<_, _>>()?))
    }

    fn text(&self, option: &ServerOption, item: &Item<'_>) -> Result<(OsString, Origin), String> {
        let origin = self.origin(item.span().start);
        let folder = self.file.parent().unwrap_or_else(|| Path::new(""));
        let text = match (option.kind, item.get_ref()) {
            (Kind::Text, DeValue::String(text)) if text.contains('\0') => {
                return Err("no option can have a zero byte in its value".to_owned());
            }
            (Kind::Text, DeValue::String(text)) => option.located(text, folder),
            (Kind::Number, DeValue::Integer(number)) => {
                let value = i128::from_str_radix(number.as_str(), number.radix());
                value.map_or_else(|_| number.to_string(), |value| value.to_string()).into()
            }
            // For its message about bounds.
            (Kind::Number, DeValue::Float(number)) => number.as_str().into(),
            (kind, item) => return Err(mismatch(option, kind, item)),
        };
        Ok((text, origin))
    }

    fn syntax(&self, error: &toml::de::Error) -> SettingError {
        let span = error.span().unwrap_or(0..0);
        let line = self.text.lines().nth(self.line(span.start) - 1).unwrap_or_default();
        let key = line.split_once('=').map(|(key, _)| key.trim().to_owned());
        SettingError { origin: self.origin(span.start), key, reason: error.message().to_owned() }
    }

    fn error(&self, key: &Key<'_>, reason: String) -> SettingError {
        let written = self.text.get(key.span()).unwrap_or_default().to_owned();
        SettingError { origin: self.origin(key.span().start), key: Some(written), reason }
    }

    fn origin(&self, at: usize) -> Origin {
        Origin::File(Place { file: self.file.clone(), line: self.line(at) })
    }

    fn line(&self, at: usize) -> usize {
        1 + self.ends.partition_point(|&end| end < at)
    }
}

/// The keys of a table as they stand in the file; it keeps them A-Z.
fn in_order<'a, 'b>(table: &'a DeTable<'b>) -> Vec<(&'a Key<'b>, &'a Item<'b>)> {
    let mut items: Vec<_> = table.iter().collect();
    items.sort_by_key(|(key, _)| key.span().start);
    items
}

/// The option that a key names.
fn known(table: Option<&str>, key: &str) -> Result<&'static ServerOption, String> {
    match ServerOption::named(key) {
        Some(option) if !option.is_for_files() => {
            Err(format!("--{key} is not for a configuration file"))
        }
        Some(option) if table.is_none() || table == option.table.as_deref() => Ok(option),
        Some(ServerOption { table: Some(table), .. }) => {
            Err(format!("it belongs into the table [{table}]"))
        }
        Some(_) => Err("it belongs to the top of the file, before the first table".to_owned()),
        None if is_table(key) => Err("expected a table".to_owned()),
        None => Err(match nearest(key) {
            Some(option) if option.is_for_files() => {
                format!("there is no such option; there is `{}`", option.name)
            }
            _ => "there is no such option".to_owned(),
        }),
    }
}

fn is_table(name: &str) -> bool {
    tables().any(|table| table == name)
}

fn tables() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().filter_map(|option| option.table.as_deref())
}

fn no_table() -> String {
    let mut tables: Vec<_> = tables().map(|table| format!("[{table}]")).collect();
    tables.dedup();
    format!("there is no such table; there are {}", tables.join(", "))
}

fn mismatch(option: &ServerOption, kind: Kind, item: &DeValue<'_>) -> String {
    let expected = match kind {
        Kind::Flag => "true or false",
        Kind::Number if option.is_list => "numbers",
        Kind::Number => "a number",
        Kind::Text if option.is_list => "texts in quotes",
        Kind::Text => "a text in quotes",
    };
    let found = match item {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("expected {expected}, found {found}")
}

/// 1 MiB: a file that is longer is another one, or has no end.
const MAX_LENGTH: u64 = 1 << 20;
