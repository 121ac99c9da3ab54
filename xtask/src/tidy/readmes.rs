use super::{File, Finding};

/// Finds Rust in a README that no test compiles and runs, or that needs a crate which the README does not
/// name. A block has to stand in an example, as it is, and the tests of its crate have to name the example.
pub(super) fn check(readme: File<'_>, files: &[File<'_>]) -> Vec<Finding> {
    if !readme.path.ends_with("README.md") {
        return Vec::new();
    }
    let named: String = blocks(readme.text, "toml").into_iter().map(|block| block.text).collect();
    let mut found = Vec::new();
    for block in blocks(readme.text, "rust") {
        if !files.iter().any(|file| serves(*file, &block.text, files)) {
            let message = "this Rust is no part of an example that a test runs";
            found.push(Finding::new(readme.path, block.line, message));
        }
        for needed in block.text.lines().filter_map(dependency) {
            if !named.lines().any(|line| line.split(' ').next() == Some(&needed)) {
                let message = format!("this Rust needs {needed}, which no dependency here names");
                found.push(Finding::new(readme.path, block.line, message));
            }
        }
    }
    found
}

/// The package that a line imports from, or is compiled by.
fn dependency(line: &str) -> Option<String> {
    let path = line.strip_prefix("use ").or_else(|| line.strip_prefix("#["))?;
    let (root, _) = path.split_once("::")?;
    (root != "std").then(|| root.replace('_', "-"))
}

/// Whether `file` is an example that has the lines `text` and is run by a test.
fn serves(file: File<'_>, text: &str, files: &[File<'_>]) -> bool {
    let Some((package, example)) = example(file.path) else {
        return false;
    };
    let has_text = format!("\n{}", file.text).contains(&format!("\n{text}"));
    let tests = format!("{package}/tests/");
    let name = format!("\"{example}\"");
    has_text
        && files.iter().any(|test| match test.path {
            LIST => test.text.contains(&format!("            {example} {{\n")),
            path => path.starts_with(&tests) && test.text.contains(&name),
        })
}

/// The package and the name of the example that lies at `path`.
fn example(path: &str) -> Option<(&str, &str)> {
    let (package, file) = path.split_once("/examples/")?;
    let name = file.strip_suffix(".rs").or_else(|| file.strip_suffix("/main.rs"))?;
    Some((package, name))
}

/// A block of code and where it begins.
struct Block {
    line: usize,
    text: String,
}

/// All blocks of `language`, however else they are marked.
fn blocks(text: &str, language: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None);
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(mark)) => {
                let is_wanted = mark.split(',').any(|word| word.trim() == language);
                open = Some((is_wanted, Block { line: index + 1, text: String::new() }));
            }
            (None, None) => (),
            (Some((_, block)), None) => block.text.extend([line, "\n"]),
            (Some(_), Some(_)) => {
                let closed = open.take().filter(|(is_wanted, _)| *is_wanted);
                blocks.extend(closed.map(|(_, block)| block));
            }
        }
    }
    blocks
}

/// The examples that every adapter has, and that its tests run.
const LIST: &str = "crates/sse-testkit/src/examples/list.rs";

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str =
        "# Hello\n\n```sh\ncargo run\n```\n\n```rust,no_run\nfn a() {}\n\nfn b() {}\n```\n";

    fn findings(example: &str, test: &str) -> Vec<Finding> {
        let files = [
            File { path: "crates/x/examples/hello.rs", text: example },
            File { path: "crates/x/tests/readme.rs", text: test },
        ];
        check(File { path: "crates/x/README.md", text: README }, &files)
    }

    #[test]
    fn a_block_is_a_part_of_an_example_that_a_test_names() {
        assert_eq!(findings("//! Hello.\n\nfn a() {}\n\nfn b() {}\n", "run(\"hello\");"), []);
    }

    #[test]
    fn any_other_block_is_found() {
        let message = "this Rust is no part of an example that a test runs";
        let found = [Finding::new("crates/x/README.md", 7, message)];
        for (example, test) in [
            ("fn a() {}\n\nfn b() {}\n", "run(\"another\");"),
            ("fn a() {}\nfn b() {}\n", "run(\"hello\");"),
            ("    fn a() {}\n\nfn b() {}\n", "run(\"hello\");"),
            ("fn a() {}\n\nfn b() {} // more\n", "run(\"hello\");"),
        ] {
            assert_eq!(findings(example, test), found, "{example:?} {test:?}");
        }
    }

    #[test]
    fn a_crate_that_is_used_is_a_dependency() {
        let program =
            "use std::env;\n\nuse http_body::Body;\n\n#[tokio::main]\nasync fn main() {}\n";
        for (dependencies, missing) in [
            ("http-body = \"1\"\ntokio = { version = \"1\" }", &[][..]),
            ("http-body-util = \"0.1\"\ntokio = \"1\"", &["http-body"]),
            ("", &["http-body", "tokio"]),
        ] {
            let readme = format!("```toml\n{dependencies}\n```\n\n```rust\n{program}```\n");
            let files = [
                File { path: "crates/x/examples/hello.rs", text: program },
                File { path: "crates/x/tests/readme.rs", text: "run(\"hello\");" },
            ];

            let found = check(File { path: "README.md", text: &readme }, &files);

            let messages: Vec<_> = found.into_iter().map(|finding| finding.message).collect();
            let expected = missing
                .iter()
                .map(|name| format!("this Rust needs {name}, which no dependency here names"));
            assert_eq!(messages, expected.collect::<Vec<_>>(), "{dependencies}");
        }
    }
}
