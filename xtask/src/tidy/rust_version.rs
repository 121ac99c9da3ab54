use super::Finding;
use crate::manifest::Manifest;

/// The project declares the highest `rust-version` that a dependency declares, no higher, no lower.
pub(super) fn check(manifest: &Manifest, metadata: &str) -> Option<Finding> {
    let entry = manifest
        .entries()
        .find(|entry| entry.section == "workspace.package" && entry.key == "rust-version")
        .map(|entry| (entry.line, entry.value.trim_matches('"')));
    let Some((line, ours)) = entry else {
        return Some(Finding::new(&manifest.path, 1, "declares no `rust-version`"));
    };
    let (package, theirs) = declared(metadata).max_by_key(|&(_, version)| parse(version))?;
    (parse(ours) != parse(theirs)).then(|| {
        let message = format!("rust-version is {ours}, but {package} asks for {theirs}");
        Finding::new(&manifest.path, line, message)
    })
}

/// The dependencies from a registry that declare a version, with it. A `"` within a string of JSON
/// has a `\` before it, so that no description passes for a key.
fn declared(metadata: &str) -> impl Iterator<Item = (&str, &str)> {
    metadata.match_indices(KEY).filter_map(|(at, _)| {
        let version = metadata[at + KEY.len()..].split('"').next()?;
        let (_, id) = metadata[..at].rsplit_once(r#""id":""#)?;
        // A path would not tell, once the dependencies are vendored.
        let (source, package) = id.split_once('"')?.0.split_once('#')?;
        source.starts_with("registry+").then_some((package, version))
    })
}

/// Cargo compares `1.88` and `1.88.0` as equal.
fn parse(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

const KEY: &str = r#""rust_version":""#;

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = concat!(
        r#"{"packages":["#,
        r#"{"id":"registry+https://example.org/i#a@1.0.0","rust_version":"1.9"},"#,
        r#"{"id":"registry+https://example.org/i#b@2.0.0","rust_version":"1.70.0"},"#,
        r#"{"id":"registry+https://example.org/i#c@2.0.0","rust_version":null},"#,
        r#"{"id":"path+file:///h/crates/d#0.1.0","rust_version":"1.99"}]}"#,
    );

    fn finding(version: &str) -> Option<String> {
        let text = format!("[workspace.package]\nrust-version = \"{version}\"\n");
        check(&Manifest::new("Cargo.toml", text), METADATA).map(|finding| finding.to_string())
    }

    #[test]
    fn the_highest_version_of_a_dependency_is_right() {
        assert_eq!(finding("1.70"), None);
    }

    #[test]
    fn a_lower_one_is_refused_with_the_package_that_asks_for_more() {
        let message = "Cargo.toml:2: rust-version is 1.69, but b@2.0.0 asks for 1.70.0";
        assert_eq!(finding("1.69").as_deref(), Some(message));
    }

    #[test]
    fn a_higher_one_is_refused() {
        assert!(finding("1.71").is_some());
    }

    #[test]
    fn no_version_is_refused() {
        assert!(check(&Manifest::new("Cargo.toml", ""), METADATA).is_some());
    }
}
