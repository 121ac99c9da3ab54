use super::Finding;
use crate::manifest::Manifest;

/// The dependencies of the workspace stand A-Z.
pub(super) fn check_workspace(manifest: &Manifest) -> Vec<Finding> {
    let entries = manifest.entries().filter(|entry| entry.section == "workspace.dependencies");
    let entries: Vec<_> = entries.collect();
    let swapped = entries.windows(2).filter(|pair| pair[0].key > pair[1].key);
    swapped
        .map(|pair| {
            let message = format!("`{}` belongs before `{}`", pair[1].key, pair[0].key);
            Finding::new(&manifest.path, pair[1].line, message)
        })
        .collect()
}

/// A member takes its dependencies and its lints from the workspace.
pub(super) fn check_member(manifest: &Manifest) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut lints = false;
    for entry in manifest.entries() {
        let dependencies = entry.section.ends_with("dependencies");
        // `[dependencies.x]` would pass unseen, so it is refused by its section.
        let table = entry.section.contains("dependencies.");
        let inherited = entry.key.ends_with(".workspace") && entry.value == "true"
            || entry.value.starts_with("{ workspace = true");
        if table || dependencies && !inherited {
            let message = format!("`{}` is not taken by `workspace = true`", entry.key);
            found.push(Finding::new(&manifest.path, entry.line, message));
        }
        lints |= (entry.section, entry.key, entry.value) == ("lints", "workspace", "true");
    }
    if !lints {
        let message = "has no `[lints]` with `workspace = true`";
        found.push(Finding::new(&manifest.path, 1, message));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    fn member(dependencies: &str) -> Vec<Finding> {
        check_member(&Manifest::new("a/Cargo.toml", format!("{dependencies}{LINTS}")))
    }

    #[test]
    fn dependencies_out_of_order_are_refused() {
        let text = "[workspace.dependencies]\na = \"1\"\nc = \"1\"\nb = \"1\"\n";
        let found = check_workspace(&Manifest::new("Cargo.toml", text));
        assert_eq!(found, [Finding::new("Cargo.toml", 4, "`b` belongs before `c`")]);
    }

    #[test]
    fn a_dependency_with_a_version_of_its_own_is_refused() {
        for section in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
            let found = member(&format!("[{section}]\na.workspace = true\nb = \"1\"\n"));
            let message = "`b` is not taken by `workspace = true`";
            assert_eq!(found, [Finding::new("a/Cargo.toml", 3, message)], "{section}");
        }
        assert_eq!(member("[dependencies.b]\nversion = \"1\"\n").len(), 1);
    }

    #[test]
    fn a_dependency_of_the_workspace_is_not() {
        let text =
            "[dependencies]\na.workspace = true\nb = { workspace = true, optional = true }\n";
        assert_eq!(member(text), []);
    }

    #[test]
    fn a_member_without_the_lints_of_the_workspace_is_refused() {
        let found = check_member(&Manifest::new("a/Cargo.toml", "[package]\nname = \"a\"\n"));
        assert_eq!(found.len(), 1);
    }
}
