//! Whatever the text of a configuration file: it is refused with its line, or taken as the same arguments are, and
//! what a check prints of it is a file that means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sse_cli::__fuzz_config;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let config = match __fuzz_config(text) {
        Ok(config) => config,
        Err(error) => {
            let line = error.strip_prefix("f:").and_then(|rest| rest.split_once(": "));
            let line: usize = line.expect("a place").0.parse().expect("a line");
            assert!((1..=1 + text.matches('\n').count()).contains(&line), "{error}");
            return;
        }
    };
    assert_eq!(config.refusal, None);
    let again = __fuzz_config(&config.report).expect("it is a file");
    assert_eq!(without_places(&again.report), without_places(&config.report));
});

/// The lines without the comments at their ends, which say where they come from.
fn without_places(report: &str) -> Vec<&str> {
    report.lines().filter_map(|line| line.rsplit_once("  # f:").map(|(said, _)| said)).collect()
}
