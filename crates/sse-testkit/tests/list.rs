//! The list of contract tests is complete.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_contract_test_is_in_the_list() {
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");

    assert_eq!(listed(&contract), defined(&contract));
}

/// `subject::topic::test` of each test in the macro's list.
fn listed(contract: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(contract.join("list.rs")).unwrap();
    let (_, list) = text.split_once("$crate::__contract_tests! {\n").unwrap();
    let (mut path, mut names) = (Vec::new(), BTreeSet::new());
    let mut words = list.split_whitespace().skip(1).peekable();
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

/// `subject::topic::test` of each public function below `contract`.
fn defined(contract: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files(contract).iter().filter(|path| path.is_dir()).flat_map(|path| files(path)) {
        let topic = file.strip_prefix(contract).unwrap().with_extension("");
        let topic = topic.to_str().unwrap().replace('/', "::");
        let source = fs::read_to_string(&file).unwrap();
        let functions = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        names.extend(functions.map(|line| format!("{topic}::{}", line.split('(').next().unwrap())));
    }
    names
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
