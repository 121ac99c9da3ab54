use std::{
    error::Error,
    process::{Command, Stdio},
};

/// How a chore ends: an error is printed as it reads.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Says what it runs, runs it, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let line = line(command);
    eprintln!("$ {line}");
    let status = command.status().map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed: {status}").into()) }
}

/// Runs it quietly and returns what it wrote to its standard output.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    let line = line(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    if let Some(name) = line.strip_suffix("/cargo").map(|_| "cargo") {
        line = name.to_owned();
    }
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_an_error_with_its_command_line() {
        let error = run(Command::new("false").arg("really")).unwrap_err();
        assert!(error.to_string().starts_with("`false really` failed"), "{error}");
    }

    #[test]
    fn a_program_that_is_missing_is_an_error_with_its_name() {
        let error = read(&mut Command::new("no-such-program")).unwrap_err();
        assert!(error.to_string().starts_with("cannot run `no-such-program`"), "{error}");
    }
}
