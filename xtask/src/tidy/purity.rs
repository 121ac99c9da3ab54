use super::{File, Finding};

/// The core has no I/O, no clock and no threads, and only its hub knows locks and wakers. Comments
/// and tests are not looked at.
pub(super) fn check(file: File<'_>) -> Vec<Finding> {
    let Some(path) = file.path.strip_prefix("crates/sse-core/src/") else { return Vec::new() };
    if !file.is_rust() || path == TESTING {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, statement) in statements(file.text) {
        let paths = imports(&statement);
        for rule in RULES {
            if rule.allowed.iter().any(|folder| path.starts_with(folder)) {
                continue;
            }
            let refused = |word: &&&str| {
                has_path(&statement, word) || paths.iter().any(|path| has_path(path, word))
            };
            if let Some(word) = rule.words.iter().find(refused) {
                found.push(Finding::new(file.path, line, format!("`{word}`: {}", rule.why)));
            }
        }
    }
    found
}

struct Rule {
    words: &'static [&'static str],
    /// Where the words may stand, below `src/`.
    allowed: &'static [&'static str],
    why: &'static str,
}

/// Lines with their numbers, without comments and tests; an import of many lines as one.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut statements = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        if code == "#[cfg(test)]" {
            let indent = &line[..line.len() - code.len()];
            skip_item(&mut lines, indent);
            continue;
        }
        let mut statement = code.to_owned();
        while is_import(code) && !statement.contains(';') {
            let Some((_, line)) = lines.next() else { break };
            statement.push_str(line.trim());
        }
        statements.push((index + 1, statement));
    }
    statements
}

/// Skips the item that an attribute stands before, which ends at the attribute's own indent.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, indent: &str) {
    let end = format!("{indent}}}");
    let mut started = false;
    for (_, line) in lines {
        let one_line = line.ends_with(';') || line.ends_with('}');
        if line.trim_end() == end || !started && one_line {
            return;
        }
        started |= !line.trim_start().starts_with("#[");
    }
}

fn is_import(code: &str) -> bool {
    code.starts_with("use ") || code.starts_with("pub") && code.contains(" use ")
}

/// `use std::{io, task::Waker};` as `std::io` and `std::task::Waker`.
fn imports(statement: &str) -> Vec<String> {
    let mut paths = Vec::new();
    if is_import(statement)
        && let Some((_, tree)) = statement.split_once("use ")
    {
        expand("", tree.trim_end_matches(';'), &mut paths);
    }
    paths
}

fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{}", tree.trim()));
        return;
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut start) = (0_usize, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                expand(&prefix, &inner[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    expand(&prefix, &inner[start..], paths);
}

/// Whether a name starts with `word`, so that `Mutex` finds `MutexGuard` too.
fn has_path(code: &str, word: &str) -> bool {
    let starts = |(at, _)| {
        let before: &str = &code[..at];
        !before.ends_with(|character: char| character.is_alphanumeric() || character == '_')
    };
    code.match_indices(word).any(starts)
}

/// Compiled for tests only.
const TESTING: &str = "testing.rs";

const RULES: &[Rule] = &[
    Rule {
        words: &["Mutex", "RwLock", "Condvar", "OnceLock", "LazyLock", "mpsc"],
        allowed: &["hub/"],
        why: "only the hub knows locks",
    },
    Rule {
        words: &["Atomic"],
        allowed: &["hub/", "id_source/"],
        why: "only the hub and a source of ids count across threads",
    },
    Rule {
        words: &["Waker"],
        // These name `Wakers`, which the hub hands out.
        allowed: &["gateway/revoke.rs", "hub/", "lib.rs"],
        why: "only the hub knows wakers",
    },
    Rule {
        words: &["Instant::now", "SystemTime::now", ".elapsed("],
        allowed: &[],
        why: "time is an input of the core",
    },
    Rule { words: &["thread::", "std::thread"], allowed: &[], why: "the core has no threads" },
    Rule {
        words: &["std::io", "std::net", "std::fs", "std::process", "std::env", "tokio"],
        // Readers poll what they are given; serde_json writes to an `io::Write`.
        allowed: &["reader/", "wire/data_writer.rs"],
        why: "the core has no I/O",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        let path = format!("crates/sse-core/src/{path}");
        check(File { path: &path, text })
    }

    #[test]
    fn what_the_core_must_not_know_is_refused_where_it_stands() {
        for line in [
            "use std::sync::Mutex;",
            "use std::sync::{Arc, RwLock};",
            "    ready: std::sync::Condvar,",
            "    fn poll(&self, waker: &Waker) {}",
            "    let now = Instant::now();",
            "    let now = std::time::SystemTime::now();",
            "    std::thread::spawn(run);",
            "    thread::sleep(TICK);",
            "use std::net::TcpStream;",
            "use std::io;",
            "use std::{fmt, io};",
            "use std::{fmt, io::{self, Read}};",
            "pub use tokio::time;",
            "use std::sync::atomic::AtomicU64;",
        ] {
            let found = findings("wire/line.rs", &format!("//! Lines.\n{line}\n"));
            assert_eq!(found.len(), 1, "{line}");
            assert_eq!(found[0].line, 2, "{line}");
        }
    }

    #[test]
    fn an_import_of_many_lines_is_read_as_one() {
        let found = findings("wire/line.rs", "use std::{\n    fmt,\n    net,\n};\nstruct A;\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("`std::net`"));
    }

    #[test]
    fn the_hub_has_locks_and_wakers_but_no_clock_and_no_io() {
        let allowed = "use std::{sync::Mutex, task::Waker};\n";
        assert_eq!(findings("hub/mod.rs", allowed), []);
        assert_eq!(findings("hub/mod.rs", "let now = Instant::now();").len(), 1);
        assert_eq!(findings("hub/mod.rs", "use std::io;").len(), 1);
    }

    #[test]
    fn the_gateway_has_neither_lock_nor_waker() {
        assert_eq!(findings("gateway/mod.rs", "use std::task::Waker;").len(), 1);
        assert_eq!(findings("gateway/mod.rs", "use std::sync::Mutex;").len(), 1);
    }

    #[test]
    fn comments_tests_and_other_crates_are_not_looked_at() {
        assert_eq!(findings("wire/line.rs", "/// Like `std::io::Read`.\n// tokio\n"), []);
        let tests = "#[cfg(test)]\nmod tests {\n    use std::io;\n}\n";
        assert_eq!(findings("wire/line.rs", tests), []);
        let path = "crates/sse-hyper/src/body.rs";
        assert_eq!(check(File { path, text: "use tokio::time;" }), []);
    }

    #[test]
    fn what_follows_a_test_module_is_looked_at() {
        let one_line = "#[cfg(test)]\nmod testing;\nuse std::io;\n";
        assert_eq!(findings("lib.rs", one_line).len(), 1);
        let block = "#[cfg(test)]\nmod tests {\n    fn a() {}\n}\nuse std::io;\n";
        assert_eq!(findings("lib.rs", block).len(), 1);
    }

    #[test]
    fn a_name_that_only_ends_like_a_word_is_another_name() {
        assert_eq!(findings("wire/line.rs", "let my_thread = 1; struct NoMutex;"), []);
    }
}
