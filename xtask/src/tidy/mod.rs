mod layout;
mod manifests;
mod purity;
mod readmes;
mod rust_version;
mod shared;
mod size;
mod words;

use std::{fmt, fs};

use crate::{
    process::{self, Outcome},
    vectors,
    workspace::Workspace,
};

/// Runs every rule over every file, prints all that it found, and fails if there was anything.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let paths = workspace.files()?;
    let mut found = layout::check(&paths);
    let mut texts = Vec::new();
    for path in &paths {
        // What is not text has no words and no lines.
        let Ok(text) = String::from_utf8(fs::read(workspace.path(path))?) else { continue };
        texts.push((path, text));
    }
    let files: Vec<_> = texts.iter().map(|(path, text)| File { path, text }).collect();
    for &file in &files {
        found.extend(size::check(file));
        found.extend(words::check(file, workspace.root()));
        found.extend(purity::check(file));
        found.extend(readmes::check(file, &files));
        found.extend(shared::check(file, &files));
    }

    let manifest = workspace.manifest()?;
    found.extend(manifests::check_workspace(&manifest));
    for member in workspace.members()? {
        found.extend(manifests::check_member(&member));
    }
    let metadata = ["--format-version", "1", "--locked"];
    let metadata = process::read(workspace.cargo("metadata").args(metadata))?;
    found.extend(rust_version::check(&manifest, &metadata));

    for finding in &found {
        eprintln!("{finding}");
    }
    if !found.is_empty() {
        return Err(format!("tidy: {} findings", found.len()).into());
    }
    println!("tidy: {} files are in order", paths.len());
    vectors::run(workspace, &vectors::Args { check: true })
}

/// A file of the project, its path relative to the root.
#[derive(Clone, Copy)]
struct File<'a> {
    path: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn is_rust(self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Where a rule is broken, and how.
#[derive(PartialEq, Debug)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_file_and_line() {
        assert_eq!(Finding::new("a.rs", 7, "no").to_string(), "a.rs:7: no");
    }
}
