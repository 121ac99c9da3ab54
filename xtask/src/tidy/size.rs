use super::{File, Finding};

/// A source file ends before line 601, with its tests.
pub(super) fn check(file: File<'_>) -> Option<Finding> {
    let lines = file.text.lines().count();
    (file.is_rust() && lines > MAX_LINES).then(|| {
        Finding::new(file.path, lines, format!("{lines} lines; split it: {MAX_LINES} are allowed"))
    })
}

const MAX_LINES: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_601_lines_is_refused_and_one_of_600_is_not() {
        let text = "\n".repeat(601);
        let finding = check(File { path: "a.rs", text: &text }).unwrap();
        assert_eq!(finding.to_string(), "a.rs:601: 601 lines; split it: 600 are allowed");
        assert_eq!(check(File { path: "a.rs", text: &text[1..] }), None);
    }

    #[test]
    fn what_is_no_source_may_be_long() {
        assert_eq!(check(File { path: "a.json", text: &"\n".repeat(601) }), None);
    }
}
