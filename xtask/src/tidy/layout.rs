use super::Finding;

/// A module with children is `x/mod.rs`, never `x.rs` beside `x/`.
pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    let beside = |path: &&String| {
        path.strip_suffix(".rs").is_some_and(|stem| {
            let folder = format!("{stem}/");
            paths.iter().any(|other| other.starts_with(&folder))
        })
    };
    let message = "lies beside a folder of its name; move it there as mod.rs";
    paths.iter().filter(beside).map(|path| Finding::new(path, 1, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(paths: &[&str]) -> usize {
        check(&paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>()).len()
    }

    #[test]
    fn a_module_beside_its_folder_is_refused() {
        assert_eq!(findings(&["src/wire.rs", "src/wire/line.rs"]), 1);
    }

    #[test]
    fn a_module_in_its_folder_is_not() {
        assert_eq!(findings(&["src/wire/mod.rs", "src/wire/line.rs", "src/wired.rs"]), 0);
    }
}
