use super::{File, Finding};

/// Words that stand for work not done, and words that mean nothing to who clones the project.
pub(super) fn check(file: File<'_>) -> Vec<Finding> {
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
        for word in FOREIGN.iter().filter(|word| line.contains(**word)) {
            refuse(word, "means nothing to who clones the project");
        }
    }
    found
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

const FOREIGN: [&str; 3] = ["/work/", "/root/", "issue #"];

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(File { path, text }).iter().map(Finding::to_string).collect()
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
        for line in ["see /work/main", "/root/.cargo", "issue #7"] {
            assert_eq!(findings("a.sh", line).len(), 1, "{line}");
        }
    }
}
