use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

use super::apt;
use crate::process::Outcome;

/// A C compiler, for the cryptography of TLS.
pub(super) fn run() -> Outcome {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if compiles(&compiler) {
        println!("setup: {compiler} compiles C; nothing to install");
        return Ok(());
    }
    apt::install(&["gcc", "libc6-dev"])
        .map_err(|error| format!("{}: {error}", missing(&compiler)))?;
    if compiles(&compiler) { Ok(()) } else { Err(missing(&compiler).into()) }
}

/// Compiles a file that needs the headers of libc, which gcc alone does not bring.
fn compiles(compiler: &str) -> bool {
    let child = Command::new(compiler)
        .args(["-x", "c", "-fsyntax-only", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let written = child.stdin.take().is_some_and(|mut stdin| {
        stdin.write_all(b"#include <stdlib.h>\nint main(void) { return 0; }\n").is_ok()
    });
    child.wait().is_ok_and(|status| status.success()) && written
}

fn missing(compiler: &str) -> String {
    format!(
        "`{compiler}` does not compile C, which the tests need; on Debian install it with \
         `apt-get install gcc libc6-dev`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_is_missing_does_not_compile() {
        assert!(!compiles("no-such-compiler"));
    }

    #[test]
    fn a_program_that_is_no_compiler_does_not_compile() {
        assert!(!compiles("false"));
    }

    #[test]
    fn what_is_missing_is_said_with_what_installs_it() {
        let message = missing("cc");
        assert!(message.contains("`cc`") && message.contains("apt-get install gcc"), "{message}");
    }
}
