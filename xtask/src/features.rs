use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Runs clippy, which is a check with lints, over each member with each set of its features.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    for manifest in workspace.members()? {
        for set in powerset(&manifest.features()) {
            let mut cargo = workspace.cargo("clippy");
            cargo.args(["--package", manifest.package(), "--no-default-features"]);
            if !set.is_empty() {
                cargo.args(["--features", &set.join(",")]);
            }
            process::run(cargo.args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

fn powerset<'a>(features: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut sets = vec![Vec::new()];
    for &feature in features {
        for index in 0..sets.len() {
            let mut set = sets[index].clone();
            set.push(feature);
            sets.push(set);
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_features_have_one_set() {
        assert_eq!(powerset(&[]), [Vec::<&str>::new()]);
    }

    #[test]
    fn three_features_have_eight_different_sets() {
        let mut sets = powerset(&["a", "b", "c"]);
        sets.sort();
        sets.dedup();
        assert_eq!(sets.len(), 8);
        assert!(sets.contains(&vec!["a", "c"]));
    }
}
