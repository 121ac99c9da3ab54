use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Writes the copyright file of the package, with the notices of all crates that the commands are linked with, and
/// says where it is: their licences want them to go along with a binary.
pub(crate) fn write(workspace: &Workspace) -> Outcome<PathBuf> {
    let mut text = fs::read_to_string(workspace.path("packaging/debian/copyright"))?;
    for (Notice { license, text: terms }, crates) in notices(workspace)? {
        text.push_str(&paragraph(&license, &terms, &crates));
    }
    // Not the folder of what is built, which may be elsewhere: the manifest of the package names this one.
    let file = workspace.path("target/copyright");
    fs::create_dir_all(workspace.path("target"))?;
    fs::write(&file, text)?;
    Ok(file)
}

/// What is said once for all crates that say the same.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Notice {
    /// As their manifests name it.
    license: String,
    /// What the files in them say.
    text: String,
}

fn notices(workspace: &Workspace) -> Outcome<BTreeMap<Notice, Vec<String>>> {
    let sources = sources()?;
    let mut notices: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, license) in linked(workspace)? {
        let folder = sources.iter().map(|source| source.join(&name)).find(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| format!("the sources of {name} are not there"))?;
        let mut texts = BTreeSet::new();
        collect(&folder, 0, &mut texts)?;
        if texts.is_empty() {
            texts.insert(without_file(&fs::read_to_string(folder.join("Cargo.toml"))?));
        }
        let text = texts.into_iter().collect::<Vec<_>>().join("\n\n");
        notices.entry(Notice { license, text }).or_default().push(name);
    }
    Ok(notices)
}

/// What becomes part of a command, without what only builds it: names with versions, and licences.
fn linked(workspace: &Workspace) -> Outcome<BTreeSet<(String, String)>> {
    let edges = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe"];
    let mut tree = workspace.cargo("tree");
    tree.args(["--locked", "--package", "sse-cli", "--format", "{p}\t{l}"]).args(edges);
    Ok(process::read(&mut tree)?.lines().filter_map(of_registry).collect())
}

/// The crate in a line of `cargo tree`; none for one of the workspace, behind which its path stands.
fn of_registry(line: &str) -> Option<(String, String)> {
    let (package, license) = line.split_once('\t')?;
    let (name, version) = package.split_once(" v")?;
    (!version.contains(' ')).then(|| (format!("{name}-{version}"), license.trim().to_owned()))
}

/// Where cargo lays what it has fetched.
fn sources() -> Outcome<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let folder = home.ok_or("there is neither CARGO_HOME nor HOME")?.join("registry/src");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?)
}

/// Adds what the licence files in `folder` say, and those of the sources of others that it holds.
fn collect(folder: &Path, depth: usize, texts: &mut BTreeSet<String>) -> Outcome {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            if depth < DEPTH && !NOT_LINKED.contains(&&*name) {
                collect(&path, depth + 1, texts)?;
            }
        } else if NAMES.iter().any(|beginning| name.starts_with(beginning)) {
            found.push(fs::read_to_string(&path)?);
        }
    }
    let is_choice = |text: &String| text.contains("GNU GENERAL PUBLIC LICENSE");
    if !found.iter().all(is_choice) {
        found.retain(|text| !is_choice(text));
    }
    texts.extend(found.iter().map(|text| shortened(text)));
    Ok(())
}

/// What is said of a crate that has no file with its licence, of which this is the manifest.
fn without_file(manifest: &str) -> String {
    let list = manifest.split_once("\nauthors = [").and_then(|(_, list)| list.split_once(']'));
    let authors: Vec<_> = list.map_or("", |(list, _)| list).split('"').skip(1).step_by(2).collect();
    format!("Copyright of {}. {STANDARD}", authors.join(", "))
}

/// The text, or for one that every Debian system has where that is.
fn shortened(text: &str) -> String {
    if text.contains("Apache License") && text.contains("Version 2.0, January 2004") {
        return APACHE.to_owned();
    }
    let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// A paragraph of the file, in the form that Debian has for it.
///
/// # Source
///
/// Debian, [Machine-readable debian/copyright file](https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/).
fn paragraph(license: &str, text: &str, crates: &[String]) -> String {
    let holders: BTreeSet<_> =
        text.lines().map(str::trim).filter(|line| names_holder(line)).collect();
    let holders = if holders.is_empty() {
        "the authors of these crates".to_owned()
    } else {
        holders.into_iter().collect::<Vec<_>>().join("\n ")
    };
    let files: Vec<_> = crates.iter().map(|name| format!("{name}/*")).collect();
    let mut paragraph = format!(
        "\nFiles: {}\nCopyright: {holders}\nLicense: {}\n",
        files.join("\n "),
        spoken(license)
    );
    for line in text.lines() {
        paragraph.push_str(if line.is_empty() { " ." } else { " " });
        paragraph.push_str(line);
        paragraph.push('\n');
    }
    paragraph
}

fn names_holder(line: &str) -> bool {
    let rest = line.strip_prefix("Copyright ").or_else(|| line.strip_prefix("COPYRIGHT "));
    rest.is_some_and(|rest| {
        rest.starts_with(['(', '©']) || rest.starts_with(|it: char| it.is_ascii_digit())
    })
}

/// An expression of licences as Debian writes it.
fn spoken(license: &str) -> String {
    let spoken =
        license.replace(" OR ", " or ").replace(" AND ", " and ").replace(" WITH ", " with ");
    spoken.replace(" / ", " or ").replace('/', " or ")
}

/// How the names of files with notices begin.
const NAMES: [&str; 6] = ["licen", "copying", "copyright", "notice", "unlicense", "authors"];

/// Folders of a crate of which nothing gets into a binary.
const NOT_LINKED: [&str; 6] = ["tests", "test", "examples", "benches", "fuzz", "target"];

/// How deep the sources of others lie in a crate.
const DEPTH: usize = 3;

const APACHE: &str = "On Debian systems, the full text of the Apache License, version 2.0, is in\n\
                      /usr/share/common-licenses/Apache-2.0.";

const STANDARD: &str = "The licence is not in a file of its own; on Debian systems\n\
                        its standard text is in /usr/share/common-licenses.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_commands_is_there_with_terms() {
        let workspace = Workspace::find().unwrap();
        let linked = linked(&workspace).unwrap();
        assert!(100 < linked.len(), "{}", linked.len());

        let text = fs::read_to_string(write(&workspace).unwrap()).unwrap();

        for (name, _) in linked {
            assert!(text.contains(&format!(" {name}/*\n")), "{name}");
        }
        for part in
            ["Copyright 2015-2025 Brian Smith", "Meta Platforms", "Format: https://www.debian.org/"]
        {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("GNU GENERAL PUBLIC LICENSE"));
    }

    #[test]
    fn a_paragraph_has_the_form_that_debian_reads() {
        let text = "Copyright (c) 2020 Alice\nCopyright notice\n\nAs is.";
        let crates = ["a-1.0.0".to_owned(), "b-2.0.0".to_owned()];

        let paragraph = paragraph("MIT/Apache-2.0 OR ISC", text, &crates);

        let expected = "\nFiles: a-1.0.0/*\n b-2.0.0/*\nCopyright: Copyright (c) 2020 Alice\n\
                        License: MIT or Apache-2.0 or ISC\n Copyright (c) 2020 Alice\n Copyright notice\n .\n As is.\n";
        assert_eq!(paragraph, expected);
    }

    #[test]
    fn a_crate_without_a_file_has_the_names_of_its_authors() {
        for manifest in [
            "name = \"a\"\nauthors = [\"Alice\", \"Bob <b@b>\"]\nedition = \"2024\"\n",
            "name = \"a\"\nauthors = [\n    \"Alice\",\n    \"Bob <b@b>\",\n]\ndescription = \"what\"\n",
        ] {
            let text = without_file(manifest);
            assert!(text.starts_with("Copyright of Alice, Bob <b@b>. The licence"), "{text}");
        }
    }

    #[test]
    fn the_crates_of_the_workspace_are_none_of_others() {
        let line = "bytes v1.11.0\tMIT";
        assert_eq!(of_registry(line), Some(("bytes-1.11.0".to_owned(), "MIT".to_owned())));
        assert_eq!(of_registry("sse-core v0.1.0 (/some/where)\tMIT OR Apache-2.0"), None);
    }
}
