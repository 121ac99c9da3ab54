use super::apt;
use crate::process::Outcome;

/// What the tests start: Chromium and its driver, strace, which fails the calls of a server, and Redis.
pub(super) fn run() -> Outcome {
    if missing(&PROGRAMS).is_none() {
        println!("setup: {} run; nothing to install", PROGRAMS.join(", "));
        return Ok(());
    }
    let installed = apt::install_without_services(&PACKAGES);
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
         `apt-get install {}`",
        PACKAGES.join(" ")
    ))
}

const PROGRAMS: [&str; 4] = ["chromium", "chromedriver", "strace", "redis-server"];
const PACKAGES: [&str; 4] = ["chromium", "chromium-driver", "strace", "redis-server"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_what_installs_it() {
        let message = missing(&["cargo", "no-such-browser"]).unwrap();
        assert!(message.starts_with("`no-such-browser` does not run"), "{message}");
        assert!(
            message.ends_with("`apt-get install chromium chromium-driver strace redis-server`"),
            "{message}"
        );
    }

    #[test]
    fn nothing_is_said_of_what_runs() {
        assert_eq!(missing(&["cargo"]), None);
    }
}
