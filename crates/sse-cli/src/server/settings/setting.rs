use std::{ffi::OsString, fmt, path::Path, sync::Arc};

use super::option::ServerOption;

/// What one level says about an option.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) option: &'static ServerOption,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Flag(bool),
    /// One, or any number of them for an option that may be given more than once.
    Texts(Vec<(OsString, Origin)>),
}

impl Setting {
    /// The arguments that mean the same on a command line.
    pub(super) fn arguments(&self) -> Vec<(OsString, Origin)> {
        match &self.value {
            Value::Flag(false) => Vec::new(),
            Value::Flag(true) => {
                vec![(format!("--{}", self.option.name).into(), self.origin.clone())]
            }
            Value::Texts(texts) => {
                texts.iter().map(|(text, origin)| (self.argument(text), origin.clone())).collect()
            }
        }
    }

    /// The files that it names.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let texts = match &self.value {
            Value::Flag(_) => &[][..],
            Value::Texts(texts) => texts,
        };
        texts.iter().filter_map(|(text, _)| self.option.file(text))
    }

    /// Takes one of its values out.
    pub(super) fn remove(&mut self, index: usize) {
        if let Value::Texts(texts) = &mut self.value {
            texts.remove(index);
        }
    }

    /// Where one of its values was said.
    pub(super) fn origin_of(&self, index: usize) -> &Origin {
        match &self.value {
            Value::Texts(texts) => texts.get(index).map_or(&self.origin, |(_, origin)| origin),
            Value::Flag(_) => &self.origin,
        }
    }

    /// With `=`, behind which a hyphen is nothing special.
    fn argument(&self, text: &OsString) -> OsString {
        let mut argument = OsString::from(format!("--{}=", self.option.name));
        argument.push(text);
        argument
    }
}

/// Where something was said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    Default,
    CommandLine,
    Variable(String),
    File(Place),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::CommandLine => f.write_str("command line"),
            Self::Variable(name) => f.write_str(name),
            Self::File(place) => place.fmt(f),
        }
    }
}

/// A line of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) file: Arc<Path>,
    /// From 1.
    pub(super) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}
