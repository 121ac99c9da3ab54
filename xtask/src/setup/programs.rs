use super::apt;
use crate::process::Outcome;

/// Chromium and its driver, for the tests of what a browser sees.
pub(super) fn run() -> Outcome {
    if missing(&PROGRAMS).is_none() {
        println!("setup: {} run; nothing to install", PROGRAMS.join(" and "));
        return Ok(());
    }
    let installed = apt::install(&["chromium", "chromium-driver"]);
    match (missing(&PROGRAMS), installed) {
        (None, _) => Ok(()),
        (Some(message), Ok(())) => Err(message.into()),
        (Some(message), Err(error)) => Err(format!("{message}: {error}").into()),
    }
}

/// What to say of the first program that does not run.
fn missing(programs: &[&str]) -> Option<String> {
    let program = programs.iter().find(|program| !apt::runs(program))?;
    Some(format!(
        "`{program}` does not run, which the tests need; on Debian install it with \
         `apt-get install chromium chromium-driver`"
    ))
}

const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_what_installs_it() {
        let message = missing(&["cargo", "no-such-browser"]).unwrap();
        assert!(message.starts_with("`no-such-browser` does not run"), "{message}");
        assert!(message.ends_with("`apt-get install chromium chromium-driver`"), "{message}");
    }

    #[test]
    fn nothing_is_said_of_what_runs() {
        assert_eq!(missing(&["cargo"]), None);
    }
}
