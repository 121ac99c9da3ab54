use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::Instant,
};

use crate::{
    process::{self, Outcome},
    schedules, setup, tidy,
    workspace::Workspace,
};

/// All tests run though one fails: the programs of tests, and the examples of the documentation.
///
/// Cargo would run one program after the other. Many wait for something most of the time, so as many of them run at
/// once as there are processors, and twice as many tests in each.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    setup::run(workspace)?;
    let at_once = thread::available_parallelism()?.get();
    let programs = build(workspace)?;
    let mut failed = run_all(&programs, at_once);
    let mut examples = workspace.cargo("test");
    examples.args(["--workspace", "--all-features", "--no-fail-fast", "--doc"]);
    if let Err(error) = process::run(&mut examples) {
        failed.push(error.to_string());
    }
    if !failed.is_empty() {
        return Err(format!("these failed:\n{}", failed.join("\n")).into());
    }
    schedules::run(workspace)?;
    tidy::run(workspace)
}

/// A program that cargo has built of tests.
#[derive(Debug, Eq, PartialEq)]
struct Program {
    file: PathBuf,
    /// The folder of its package, in which it runs.
    package: PathBuf,
}

/// Compiles all tests, and returns their programs in the order in which they were built.
fn build(workspace: &Workspace) -> Outcome<Vec<Program>> {
    let mut build = workspace.cargo("test");
    build.args(["--workspace", "--all-features", "--no-run"]);
    build.args(["--message-format", "json-render-diagnostics"]);
    let mut programs: Vec<_> = process::read(&mut build)?.lines().filter_map(program).collect();
    programs.sort_by(|a, b| (&a.package, &a.file).cmp(&(&b.package, &b.file)));
    Ok(programs)
}

/// The program of which `message`, a line of JSON from cargo, tells that it was built for tests.
fn program(message: &str) -> Option<Program> {
    let is_test = message.contains(r#""test":true},"#);
    let file = value(message, r#""executable":""#).filter(|_| is_test)?;
    let package = Path::new(value(message, r#""manifest_path":""#)?).parent()?;
    Some(Program { file: file.into(), package: package.to_owned() })
}

/// The text behind `key`. Cargo escapes nothing in a path but quotes and what is rarer.
fn value<'a>(message: &'a str, key: &str) -> Option<&'a str> {
    message.split_once(key)?.1.split_once('"').map(|(value, _)| value)
}

/// Runs so many programs at once, and shows what each has said when it has ended; returns what failed.
fn run_all(programs: &[Program], at_once: usize) -> Vec<String> {
    let (left, failed) = (Mutex::new(programs.iter()), Mutex::new(Vec::new()));
    let next = || left.lock().expect("nothing panics under this lock").next();
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(program) = next() {
                    let outcome = run_one(program, at_once * 2);
                    failed.lock().expect("nothing panics under this lock").extend(outcome.err());
                }
            });
        }
    });
    failed.into_inner().expect("nothing panics under this lock")
}

fn run_one(program: &Program, threads: usize) -> Result<(), String> {
    let Program { file, package } = program;
    let begun = Instant::now();
    let mut command = Command::new(file);
    command.current_dir(package).env("CARGO_MANIFEST_DIR", package);
    let output = command
        .env("RUST_TEST_THREADS", threads.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", file.display()))?;
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    let seconds = begun.elapsed().as_secs_f64();
    eprint!("$ {} ({seconds:.1} s)\n{}{}", file.display(), said[0], said[1]);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{} in {}: {}", file.display(), package.display(), output.status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_built_for_tests_is_a_program() {
        let message = r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/a/Cargo.toml","profile":{"opt_level":"0","test":true},"features":[],"executable":"/w/target/debug/deps/a-1","fresh":true}"#;

        let expected =
            Program { file: "/w/target/debug/deps/a-1".into(), package: "/w/crates/a".into() };
        assert_eq!(program(message), Some(expected));

        assert_eq!(program(&message.replace("true}", "false}")), None, "it is for users");
        let library = message.replace(r#""/w/target/debug/deps/a-1""#, "null");
        assert_eq!(program(&library), None);
    }

    #[test]
    fn all_programs_run_though_one_fails() {
        let program = |file: &str| Program { file: file.into(), package: "/".into() };
        let programs = ["true", "false", "no-such-program", "true", "false"].map(program);

        let failed = run_all(&programs, 2);

        assert_eq!(failed.len(), 3, "{failed:?}");
    }
}
