use super::{File, Finding};

/// Finds lines of doc examples in `sse-tokio` that import what the adapters hand out: who reads them on the
/// page of an adapter has no `sse_tokio`. The import is hidden there.
pub(super) fn check(file: File<'_>, files: &[File<'_>]) -> Vec<Finding> {
    if !file.path.starts_with("crates/sse-tokio/src/") {
        return Vec::new();
    }
    let shared: Vec<_> = files.iter().flat_map(|file| handed_out(*file)).collect();
    let mut is_code = false;
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let Some(doc) = line.trim_start().strip_prefix("///") else {
            is_code = false;
            continue;
        };
        let doc = doc.trim_start();
        if doc.starts_with("```") {
            is_code = !is_code;
        }
        let is_hidden = doc.starts_with("# ");
        let names = |name: &&str| words(doc).any(|word| word == *name);
        if is_code
            && !is_hidden
            && doc.contains("sse_tokio")
            && let Some(name) = shared.iter().find(|name| names(name))
        {
            let message =
                format!("users of an adapter have `{name}` without sse_tokio: hide the import");
            found.push(Finding::new(file.path, index + 1, message));
        }
    }
    found
}

/// What the library `file` re-exports from `sse-tokio`.
fn handed_out(file: File<'_>) -> Vec<&str> {
    let is_adapter = file.path.starts_with("crates/") && file.path.ends_with("/src/lib.rs");
    let list = file.text.split("pub use sse_tokio::").skip(1).filter(|_| is_adapter);
    list.filter_map(|rest| rest.split(';').next()).flat_map(words).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        let library = "pub use sse_tokio::{\n    Channels, Sse,\n};\npub use sse_tokio::Receipt;\n";
        let adapter = File { path: "crates/sse-x/src/lib.rs", text: library };
        check(File { path: "crates/sse-tokio/src/x.rs", text }, &[adapter]).len()
    }

    #[test]
    fn an_import_of_what_an_adapter_hands_out_is_hidden() {
        for (line, expected) in [
            ("use sse_tokio::Channels;", 1),
            ("use sse_tokio::{Protocol, Sse};", 1),
            ("fn f(receipt: &sse_tokio::Receipt) {}", 1),
            ("# use sse_tokio::Channels;", 0),
            ("use sse_tokio::Protocol;", 0),
            ("use sse_tokio::SseBodies;", 0),
        ] {
            assert_eq!(findings(&format!("/// ```\n/// {line}\n/// ```\n")), expected, "{line}");
        }
        assert_eq!(findings("/// `sse_tokio::Sse` in prose\n"), 0);
    }
}
