use std::{fmt, path::Path};

use super::{file::Document, option::ServerOption, report, setting::Setting};

/// What the text of a configuration file means.
#[derive(Debug)]
#[non_exhaustive]
pub struct __FuzzedConfig {
    /// What the parser of arguments has against all of it.
    pub refusal: Option<String>,
    /// What the check of the configuration prints.
    pub report: String,
}

/// Reads the text of a file named `f`.
///
/// # Errors
///
/// What is wrong with it, with the line.
pub fn __fuzz_config(text: &str) -> Result<__FuzzedConfig, String> {
    let settings = Document::new(Path::new("f"), text).settings();
    let settings = settings.map_err(|error| error.to_string())?;
    let arguments: Vec<_> = settings.iter().flat_map(Setting::arguments).collect();
    let refusal = ServerOption::refusal(arguments.iter().map(|(argument, _)| argument));
    let report = Report(&settings).to_string();
    Ok(__FuzzedConfig { refusal, report })
}

struct Report<'a>(&'a [Setting]);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        report::write(f, self.0)
    }
}
