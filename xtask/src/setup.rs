use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

use crate::process::{self, Outcome};

/// Installs what the tests need beyond Rust: a C compiler, for the cryptography of TLS.
pub(crate) fn run() -> Outcome {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if compiles(&compiler) {
        println!("setup: {compiler} compiles C; nothing to install");
        return Ok(());
    }
    if !is_root() || !runs("apt-get", "--version") {
        return Err(missing(&compiler).into());
    }
    process::run(Command::new("apt-get").arg("update"))?;
    process::run(
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends", "gcc", "libc6-dev"])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
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

fn runs(program: &str, arg: &str) -> bool {
    let status =
        Command::new(program).arg(arg).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
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
