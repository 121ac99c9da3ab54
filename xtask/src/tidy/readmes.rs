use super::{File, Finding};

/// Finds Rust in a README that no test compiles and runs: a block has to stand in an example, as it is, and
/// the tests of its crate have to name the example.
pub(super) fn check(readme: File<'_>, files: &[File<'_>]) -> Vec<Finding> {
    if !readme.path.ends_with("README.md") {
        return Vec::new();
    }
    let unserved = |block: &Block| !files.iter().any(|file| serves(*file, &block.text, files));
    let unserved = blocks(readme.text).into_iter().filter(unserved);
    let message = "this Rust is no part of an example that a test runs";
    unserved.map(|block| Finding::new(readme.path, block.line, message)).collect()
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

/// All blocks of Rust, however they are marked.
fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None);
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(mark)) => {
                let is_rust = mark.split(',').any(|word| word.trim() == "rust");
                open = Some((is_rust, Block { line: index + 1, text: String::new() }));
            }
            (None, None) => (),
            (Some((_, block)), None) => block.text.extend([line, "\n"]),
            (Some(_), Some(_)) => {
                let closed = open.take().filter(|(is_rust, _)| *is_rust);
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
}
