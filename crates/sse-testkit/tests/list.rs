//! The lists of tests are complete.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_contract_test_is_in_the_list() {
    let contract = source("contract");

    assert_eq!(listed(&contract, "contract_tests"), defined(&contract));
}

#[test]
fn every_browser_test_is_in_the_list() {
    let browser = source("browser");

    assert_eq!(listed(&browser, "browser_tests"), defined(&browser));
}

#[test]
fn every_example_test_is_in_the_list() {
    let examples = source("examples");

    assert_eq!(listed(&examples, "example_tests"), defined(&examples));
}

fn source(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module)
}

/// `subject::test`, with what is between, of each test in the list of `module`'s `list_macro`.
fn listed(module: &Path, list_macro: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(module.join("list.rs")).unwrap();
    let (_, list) = text.split_once(&format!("$crate::__{list_macro}! {{\n")).unwrap();
    let (mut path, mut names) = (Vec::new(), BTreeSet::new());
    let mut words = list.split_whitespace().filter(|word| !word.contains('$')).peekable();
    while let Some(word) = words.next() {
        if word == "}" {
            if path.pop().is_none() {
                break;
            }
        } else if words.next_if_eq(&"{").is_some() {
            path.push(word);
        } else {
            names.insert([&path[..], &[word]].concat().join("::"));
        }
    }
    names
}

/// `subject::test`, with what is between, of each public function below `module`.
fn defined(module: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files(module) {
        let place = file.strip_prefix(module).unwrap().with_extension("");
        let place = place.to_str().unwrap().replace('/', "::");
        let source = fs::read_to_string(&file).unwrap();
        let functions = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        names.extend(functions.map(|line| format!("{place}::{}", line.split('(').next().unwrap())));
    }
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
