use std::{fs, path::Path};

use crate::process::Outcome;

/// A `Cargo.toml`, read line by line: the house writes one entry a line.
pub(crate) struct Manifest {
    pub(crate) path: String,
    text: String,
}

impl Manifest {
    pub(crate) fn read(root: &Path, path: &str) -> Outcome<Self> {
        let text =
            fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
        Ok(Self::new(path, text))
    }

    pub(crate) fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    /// The name of the package, or nothing if there is none.
    pub(crate) fn package(&self) -> &str {
        self.value("package", "name").unwrap_or_default()
    }

    /// The names of the features but `default`.
    pub(crate) fn features(&self) -> Vec<&str> {
        let features = self.entries().filter(|entry| entry.section == "features");
        features.map(|entry| entry.key).filter(|&key| key != "default").collect()
    }

    /// The string at `key` of `section`.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let entry = self.entries().find(|entry| entry.section == section && entry.key == key)?;
        entry.value.strip_prefix('"')?.split('"').next()
    }

    /// All lines of the form `key = value`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut section = "";
        self.text.lines().enumerate().filter_map(move |(index, line)| {
            let line = line.trim_end();
            if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = header;
                return None;
            }
            if line.starts_with(['#', ' ', '\t']) {
                return None;
            }
            let (key, value) = line.split_once('=')?;
            Some(Entry { line: index + 1, section, key: key.trim(), value: value.trim() })
        })
    }
}

/// A line of a manifest.
pub(crate) struct Entry<'a> {
    pub(crate) line: usize,
    pub(crate) section: &'a str,
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_their_section() {
        let text = "[package]\nname = \"a\" # the name\n[lib]\nname = \"b\"\n";
        let manifest = Manifest::new("Cargo.toml", text);
        assert_eq!(manifest.package(), "a");
        assert_eq!(manifest.value("lib", "name"), Some("b"));
        assert_eq!(manifest.value("lib", "path"), None);
    }

    #[test]
    fn features_are_listed_without_default() {
        let text =
            "[features]\ndefault = [\"a\"]\n## What it does = this.\na = [\"dep:x\"]\nb = []\n";
        assert_eq!(Manifest::new("Cargo.toml", text).features(), ["a", "b"]);
    }
}
