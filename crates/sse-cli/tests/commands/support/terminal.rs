use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    process::{Command, Stdio},
    thread,
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use super::Ended;

/// Runs a command whose standard output is a terminal, to its end.
pub(crate) fn run_on_terminal<A: AsRef<OsStr>>(
    program: &str,
    args: impl IntoIterator<Item = A>,
) -> Ended {
    // No child of another test may hold it open.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let screen = openpt(flags).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(terminal)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    let mut stderr = child.stderr.take().unwrap();
    let said = thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said).unwrap()
    });
    let mut shown = Vec::new();
    // The end of a terminal is an error on Linux.
    let _end = File::from(screen).read_to_end(&mut shown);
    let code = child.wait().unwrap().code();
    let stdout = String::from_utf8(shown).unwrap().replace("\r\n", "\n");
    Ended { code, stdout, stderr: said.join().unwrap() }
}
