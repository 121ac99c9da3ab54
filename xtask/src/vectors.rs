use std::{collections::HashSet, fs};

use crate::{process::Outcome, workspace::Workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Lists nothing and fails if a vector is missing or there twice
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    let text =
        fs::read_to_string(workspace.path(PATH)).map_err(|error| format!("{PATH}: {error}"))?;
    let names = names(&text);
    if !args.check {
        for name in names {
            println!("{name}");
        }
        return Ok(());
    }
    check(&names)?;
    println!("vectors: all {COUNT} are there");
    Ok(())
}

/// The file is written with one key a line, and only a vector itself has a `name` at this depth.
fn names(text: &str) -> Vec<&str> {
    let names = text.lines().filter_map(|line| line.strip_prefix(r#"   "name": ""#));
    names.filter_map(|line| line.strip_suffix(r#"","#)).collect()
}

fn check(names: &[&str]) -> Result<(), String> {
    let mut seen = HashSet::new();
    if let Some(name) = names.iter().find(|&&name| !seen.insert(name)) {
        return Err(format!("{PATH}: `{name}` is there twice"));
    }
    if names.len() != COUNT {
        return Err(format!("{PATH}: {} vectors, not {COUNT}", names.len()));
    }
    Ok(())
}

const PATH: &str = "crates/sse-core/tests/data/vectors.json";

/// A vector that is added or removed changes this with it, so that none is lost unnoticed.
const COUNT: usize = 204;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_project_are_whole() {
        let text = fs::read_to_string(Workspace::find().unwrap().path(PATH)).unwrap();
        check(&names(&text)).unwrap();
    }

    #[test]
    fn a_vector_that_is_there_twice_is_refused() {
        let text = "  {\n   \"name\": \"a\",\n  },\n  {\n   \"name\": \"a\",\n  }\n";
        assert!(check(&names(text)).unwrap_err().ends_with("`a` is there twice"));
    }

    #[test]
    fn a_vector_that_is_missing_is_refused() {
        assert!(check(&["a"]).unwrap_err().ends_with("1 vectors, not 204"));
    }
}
