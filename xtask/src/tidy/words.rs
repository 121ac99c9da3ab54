use std::path::Path;

use super::{File, Finding};

/// Words that stand for work not done, and words that mean nothing outside of one machine.
///
/// `root` is where the project lies on this one.
pub(super) fn check(file: File<'_>, root: &Path) -> Vec<Finding> {
    if file.path.starts_with(OWN) {
        return Vec::new();
    }
    let unfinished = [".rs", ".md", ".toml"].iter().any(|end| file.path.ends_with(end));
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut refuse = |word: &str, why: &str| {
            found.push(Finding::new(file.path, index + 1, format!("`{word}` {why}")));
        };
        for word in UNFINISHED.iter().filter(|word| unfinished && has_word(line, word)) {
            refuse(word, "stands for work that is not done: do it");
        }
        if line.contains(ISSUE) {
            refuse(ISSUE, "means nothing without the place where issues are kept");
        }
        if let Some(path) = path_of_a_machine(line, root) {
            refuse(path, "is a path on one machine: name it from the root of the project");
        }
    }
    found
}

/// The beginning of an absolute path in `line` that leads into somebody's home, or to where a project is
/// checked out.
fn path_of_a_machine<'a>(line: &'a str, root: &Path) -> Option<&'a str> {
    let within = |folder: &str| {
        line.match_indices(folder).find_map(|(at, folder)| {
            let after = line[at + folder.len()..].chars().next();
            let is_path = is_absolute(&line[..at]) && after.is_some_and(is_of_name);
            is_path.then_some(folder)
        })
    };
    // A path of one part may as well be one of a URL.
    let root = root.to_str().filter(|root| 1 < root.matches('/').count());
    let is_root = |&(at, root): &(usize, &str)| {
        is_absolute(&line[..at]) && !line[at + root.len()..].starts_with(is_of_name)
    };
    UNIX.iter()
        .find_map(|folder| within(folder))
        .or_else(|| WINDOWS.iter().find_map(|folder| line.matches(folder).next()))
        .or_else(|| line.match_indices(root?).find(is_root).map(|(_, root)| root))
}

/// Whether a path that follows `before` begins there: otherwise its first folder lies in another one or
/// on a server.
fn is_absolute(before: &str) -> bool {
    before.ends_with("file://")
        || !before.ends_with(|last| is_of_name(last) || "/~})]*".contains(last))
}

fn is_of_name(character: char) -> bool {
    is_of_word(character) || matches!(character, '-' | '.')
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(is_of_word) && !after.starts_with(is_of_word)
    })
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// These rules must name what they refuse.
const OWN: &str = "xtask/src/tidy/";

const UNFINISHED: [&str; 5] = ["TODO", "FIXME", "XXX", "todo!", "unimplemented!"];

const ISSUE: &str = "issue #";

/// Homes, and where containers and machines that build usually have the project.
const UNIX: [&str; 8] = [
    "/home/",
    "/Users/",
    "/root/",
    "/work/",
    "/workspace/",
    "/workspaces/",
    "/builds/",
    "/github/",
];

/// As it is, and as a string has it.
const WINDOWS: [&str; 2] = [r":\Users\", r":\\Users\\"];

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(File { path, text }, Path::new("/srv/sse")).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn unfinished_work_is_refused_where_it_stands() {
        for line in ["// TODO: this", "//FIXME", "/* XXX */", "todo!()", "unimplemented!(\"x\")"] {
            let found = findings("a.rs", &format!("fn a() {{\n{line}\n}}\n"));
            assert_eq!(found.len(), 1, "{line}");
            assert!(found[0].starts_with("a.rs:2: "), "{found:?}");
        }
        assert_eq!(findings("a.md", "TODO").len(), 1);
        assert_eq!(findings("a.toml", "# FIXME").len(), 1);
    }

    #[test]
    fn a_word_within_a_word_is_none() {
        assert!(findings("a.rs", "TODOS XXXL my_todo!").is_empty());
    }

    #[test]
    fn paths_of_a_machine_and_numbers_of_issues_are_refused_in_any_file() {
        for line in [
            "see /home/ann/sse/README.md",
            "\"/home/ann\"",
            "PATH=/usr/bin:/root/.cargo/bin",
            "<file:///Users/ann/sse>",
            "cd /Users/ann",
            r"C:\Users\ann\sse",
            r#""d:\\Users\\ann""#,
            "C:/Users/ann",
            "(/workspaces/sse)",
            "at /builds/ann/sse/src/lib.rs:7",
            "/srv/sse",
            "'/srv/sse/target'",
            "issue #7",
        ] {
            assert_eq!(findings("a.sh", line).len(), 1, "{line}");
        }
    }

    #[test]
    fn paths_from_the_root_of_the_project_and_of_urls_are_not() {
        for line in [
            "https://a.example/home/ann",
            "https://home/ann",
            "$HOME/work/sse",
            "{root}/work/a",
            "crates/work/src/lib.rs",
            "../home/ann",
            "/home/",
            "~/work/a",
            "/srv/sse2",
            "/usr/srv/sse",
            r"\Users",
        ] {
            assert!(findings("a.sh", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_root_of_one_folder_is_no_path_of_a_machine() {
        let file = File { path: "a.sh", text: "GET /sse" };
        assert!(check(file, Path::new("/sse")).is_empty());
    }
}
