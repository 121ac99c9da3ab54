use std::{env, process::Command};

use bytes::Bytes;

use crate::{
    contestants::{LINES, all},
    inputs::{KIB16, Seen, token},
};

/// Runs one contestant over so many events of input a; nobody, if it has no such name.
pub fn run(name: &str, events: usize) {
    let contestant = all().into_iter().find(|contestant| contestant.name == name);
    let stream = Bytes::from(token().repeat(events));
    let starts = (0..stream.len()).step_by(KIB16);
    let chunks = starts.map(|at| stream.slice(at..stream.len().min(at + KIB16))).collect();
    let Some(contestant) = contestant else { return };
    let seen = (contestant.run)(chunks, Seen { events, data: 0 });
    assert!(name == LINES || seen.is_some_and(|seen| seen.events == events));
}

/// Instructions an event by callgrind, without those that make the stream.
pub fn count(name: &str) -> Result<f64, String> {
    let all = counted(name, EVENTS)?;
    let stream = counted("nobody", EVENTS)?;
    Ok((all - stream) / EVENTS as f64)
}

fn counted(name: &str, events: usize) -> Result<f64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--instructions-of", name, "--events", &events.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let count = log.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| format!("callgrind counted nothing: {log}"))
}

const EVENTS: usize = 20_000;
