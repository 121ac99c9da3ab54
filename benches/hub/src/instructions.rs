use std::{env, process::Command};

use crate::{
    case::{CASES, Case},
    figure::Figure,
};

/// What each case takes.
///
/// # Errors
///
/// If valgrind fails.
pub fn count() -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    for case in &CASES {
        let name = case.name;
        eprintln!("{name}");
        let (publish, read) = (counted(case, "publish_counted")?, counted(case, "read_counted")?);
        figures.extend([
            Figure::new(format!("{name}: publish, wake"), publish),
            Figure::new(format!("{name}: read, wait"), read),
            Figure::new(format!("{name}: in all"), publish + read),
        ]);
    }
    Ok(figures)
}

/// Those within `function`, for each event and listener.
fn counted(case: &Case, function: &str) -> Result<f64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect=*{function}*"))
        .arg(program)
        .args(["--cycles-of", case.name])
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let count = log.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse::<f64>().ok());
    let count = count.filter(|&count| output.status.success() && 0.0 < count);
    let count = count.ok_or_else(|| format!("callgrind counted nothing: {log}"))?;
    Ok(count / (case.cycles() * case.events * case.listeners) as f64)
}
