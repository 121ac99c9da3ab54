use std::ffi::OsString;

use clap::{ArgMatches, Parser, parser::ValueSource};

use super::{
    option::{Kind, OPTIONS, ServerOption, unrelated},
    setting::{Origin, Setting, Value},
};
use crate::server::args::Args;

/// What was typed; the first of `arguments` is the name of the program.
pub(super) fn read(arguments: &[OsString]) -> Result<Vec<Setting>, clap::Error> {
    let matches = unrelated().try_get_matches_from(arguments).map_err(|error| {
        // Whose help has the defaults.
        Args::try_parse_from(arguments).err().unwrap_or(error)
    })?;
    Ok(OPTIONS.iter().filter_map(|option| setting(option, &matches)).collect())
}

fn setting(option: &'static ServerOption, matches: &ArgMatches) -> Option<Setting> {
    let id = option.id.as_str();
    if matches.value_source(id) != Some(ValueSource::CommandLine) {
        return None;
    }
    let value = match option.kind {
        Kind::Flag => Value::Flag(matches.get_flag(id)),
        Kind::Number | Kind::Text => {
            let texts = matches.get_raw(id).into_iter().flatten();
            Value::Texts(texts.map(|text| (text.to_owned(), Origin::CommandLine)).collect())
        }
    };
    Some(Setting { option, value, origin: Origin::CommandLine })
}
