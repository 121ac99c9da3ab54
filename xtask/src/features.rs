use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Runs clippy, which is a check with lints, over each member with no feature, each one, each two, and
/// all of them.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    for manifest in workspace.members()? {
        for set in sets(&manifest.features()) {
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

/// What can be wrong with features is wrong with two of them.
fn sets<'a>(features: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut sets = vec![Vec::new()];
    for (index, &feature) in features.iter().enumerate() {
        sets.push(vec![feature]);
        sets.extend(features[..index].iter().map(|&other| vec![other, feature]));
    }
    if features.len() > 2 {
        sets.push(features.to_vec());
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_features_have_one_set() {
        assert_eq!(sets(&[]), [Vec::<&str>::new()]);
    }

    #[test]
    fn three_features_come_alone_in_pairs_and_together() {
        let mut sets = sets(&["a", "b", "c"]);
        sets.sort();
        sets.dedup();
        assert_eq!(sets.len(), 8);
        assert!(sets.contains(&vec!["a", "c"]) && sets.contains(&vec!["a", "b", "c"]));
    }
}
