use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{COMMANDS, Root, expect};
use crate::process::{self, Outcome};

/// Every command runs, and has a page that is formatted without a warning and names every option, and
/// completions that the shells take.
pub(super) fn check(root: &Root) -> Outcome {
    let mut pages = BTreeSet::new();
    for command in COMMANDS {
        let program = root.path("usr/bin").join(command);
        let version = process::read(Command::new(&program).arg("--version"))?;
        expect(version.starts_with(command), format!("{command} --version says {version:?}"))?;

        let help = process::read(Command::new(&program).arg("--help"))?;
        names_all_options(&page(root, command)?, &help, command)?;
        pages.insert(format!("{command}.1.gz"));
        for part in parts(&help) {
            let help = process::read(Command::new(&program).args([part, "--help"]))?;
            let name = format!("{command}-{part}");
            names_all_options(&page(root, &name)?, &help, &name)?;
            pages.insert(format!("{name}.1.gz"));
        }
        completions(root, command)?;
    }
    let files = root.files("usr/share/man")?;
    let found: BTreeSet<_> = files.iter().filter_map(|file| file.rsplit('/').next()).collect();
    let all = pages.iter().map(String::as_str).eq(found.iter().copied());
    expect(all, format!("there are the pages {found:?}, for {pages:?}"))
}

/// The page as a reader sees it, on lines that break no word.
fn page(root: &Root, name: &str) -> Outcome<String> {
    let path = root.path("usr/share/man/man1").join(format!("{name}.1.gz"));
    let output = Command::new("man")
        .args(["--warnings=w", "--local-file", "--no-hyphenation", "--no-justification"])
        .arg(&path)
        .envs([("LC_ALL", "C.UTF-8"), ("MANWIDTH", "1000"), ("MAN_KEEP_FORMATTING", "")])
        .stdin(Stdio::null())
        .output()?;
    let warnings = String::from_utf8_lossy(&output.stderr);
    expect(
        output.status.success() && warnings.is_empty(),
        format!("{}: {} {warnings}", path.display(), output.status),
    )?;
    Ok(String::from_utf8(output.stdout)?)
}

fn names_all_options(page: &str, help: &str, name: &str) -> Outcome {
    let options = options(help);
    expect(options.contains("--help"), format!("{name} --help shows no options"))?;
    let (_, described) = page.split_once("\nOPTIONS\n").unwrap_or_default();
    let described = self::options(described);
    let missing: Vec<_> = options.difference(&described).collect();
    expect(missing.is_empty(), format!("the page of {name} lacks {missing:?}"))
}

/// The long options that stand at the beginning of a line, perhaps behind a short one.
fn options(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let options = lines.filter_map(|line| {
        line.split([' ', ',', '=']).find(|word| word.starts_with("--") && 2 < word.len())
    });
    options.collect()
}

/// The names of the parts that a command has by its help.
fn parts(help: &str) -> Vec<&str> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    // What a part does may go on in further lines, which begin further to the right.
    let names = lines.filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).collect()
}

fn completions(root: &Root, command: &str) -> Outcome {
    for (shell, path) in [
        ("bash", format!("bash-completion/completions/{command}")),
        ("fish", format!("fish/vendor_completions.d/{command}.fish")),
        ("zsh", format!("zsh/vendor-completions/_{command}")),
    ] {
        let path = root.path("usr/share").join(path);
        expect(mentions(&path, command)?, format!("{} is of another command", path.display()))?;
        process::run(Command::new(shell).arg("-n").arg(&path))?;
    }
    Ok(())
}

fn mentions(path: &Path, command: &str) -> Outcome<bool> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.contains(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_at_the_beginning_of_lines() {
        let text =
            "  -h, --help\n      Print --version\n      --max <N> [default: 1]\n--a=b\n - no";
        assert_eq!(options(text), BTreeSet::from(["--help", "--max", "--a"]));
    }

    #[test]
    fn an_option_that_a_page_lacks_is_named() {
        let help = "Options:\n      --own\n  -h, --help\n";
        let error = names_all_options("x\nOPTIONS\n -h, --help\n", help, "x").unwrap_err();
        assert_eq!(error.to_string(), "the page of x lacks [\"--own\"]");
    }

    #[test]
    fn parts_are_those_of_the_list() {
        let help =
            "x\n\nCommands:\n  key   Make\n          a key\n  mint  Mint\n\nOptions:\n  -h\n";
        assert_eq!(parts(help), ["key", "mint"]);
        assert!(parts("Options:\n  -h\n").is_empty());
    }
}
