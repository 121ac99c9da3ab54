//! The example of a configuration file.

use std::fs;

use tempfile::TempDir;

use crate::support::{SERVER, run, server_options};

const EXAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/eventsource-server.toml");

#[test]
fn the_example_changes_nothing() {
    let ended = run(SERVER, ["--config", EXAMPLE, "--check-config"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 2, "{ended:?}");
    assert!(ended.stdout.ends_with("# every option has its default\n"), "{ended:?}");
}

#[test]
fn the_example_has_every_option_of_the_help_with_its_default_and_its_help() {
    let example = fs::read_to_string(EXAMPLE).unwrap();
    let lines: Vec<_> = example.lines().collect();
    let mut table = None;
    let mut found = Vec::new();

    for pair in lines.windows(2) {
        if let Some(name) = pair[1].strip_prefix('[') {
            table = Some(name.trim_end_matches(']').to_owned());
        }
        let Some((name, value)) = pair[1].strip_prefix('#').and_then(|line| line.split_once(" = "))
        else {
            continue;
        };
        if name.starts_with(' ') {
            continue;
        }
        found.push((table.clone(), name.to_owned(), value.trim_matches('"'), pair[0]));
    }

    let options = server_options();
    assert_eq!(found.len(), options.len());
    for (option, (table, name, value, comment)) in options.iter().zip(found) {
        assert_eq!((&option.table, &option.name), (&table, &name));
        let help = comment.strip_prefix("# ").unwrap();
        let (help, has_default) = match help.strip_suffix(" (no default)") {
            Some(help) => (help, false),
            None => (help, true),
        };
        assert!(!help.is_empty() && option.text.starts_with(help), "{name}: {help}");
        let default = match &option.value {
            None => Some("false"),
            Some(_) if option.is_list() => Some("[]"),
            // An empty one is not shown in the help.
            Some(_) if name == "prefix" => Some(""),
            Some(_) => option.default().filter(|_| has_default),
        };
        assert_eq!(default, has_default.then_some(value), "{name}");
    }
}

#[test]
fn the_defaults_of_the_example_are_the_defaults() {
    let example = fs::read_to_string(EXAMPLE).unwrap();
    let mut text = String::new();
    let mut is_without = false;
    for line in example.lines() {
        // Histories on disk have another limit, and are not in Redis.
        let is_option = line.starts_with('#')
            && !line.starts_with("# ")
            && !line.starts_with("#max-history-bytes")
            && !line.starts_with("#redis-prefix");
        text += if is_option && !is_without { line.trim_start_matches('#') } else { line };
        text.push('\n');
        is_without = line.ends_with(" (no default)");
    }
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("conf.toml");
    fs::write(&file, text).unwrap();
    // Some options need these.
    let needed = [
        "--history=1",
        "--auth-url=http://127.0.0.1:1/",
        "--trusted-proxy=::1",
        "--data-dir=data",
        "--check-config",
    ];

    let ended = run(SERVER, ["--config", file.to_str().unwrap()].iter().chain(&needed));

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let options = server_options();
    for line in ended.stdout.lines().filter(|line| line.contains("conf.toml:")) {
        // Those of these are worked out at the start.
        let (name, value) = line.split("  # ").next().unwrap().split_once(" = ").unwrap();
        let option = options.iter().find(|option| option.name == name).unwrap();
        assert_eq!(option.default(), Some(value.trim_matches('"')), "{line}");
    }
}
