mod args;
mod config;
mod date;
mod key_file;
mod prompt;
mod secret_file;
mod text;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Instant,
};

use clap::CommandFactory;
use serde::Serialize;
use serde_json::json;
use sse_access::{JwtError, SigningKey, password_line};

use crate::{
    escape::{Place, escaped},
    exit::{self, Failure},
    logging,
    signed::Signed,
};
use args::{Args, Command};
use config::{HashConfig, KeyConfig, MintConfig, ShowConfig, now};
use date::date;

/// The command `eventsource-token`, on the arguments of this process.
pub fn eventsource_token() -> ExitCode {
    exit::run(|args: Args| {
        let _flush = logging::init(false);
        match args.command {
            Command::Key(args) => make_key(KeyConfig::new(args)?),
            Command::Mint(args) => mint(&MintConfig::new(args)?),
            Command::Show(args) => show(&ShowConfig::new(args)?),
            Command::Hash(args) => hash(&HashConfig::new(args)),
        }
    })
}

/// The options and the help of `eventsource-token`.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

fn make_key(config: KeyConfig) -> Result<(), Failure> {
    let key = SigningKey::generate(config.algorithm).map_err(Failure::usage)?;
    let key = match &config.kid {
        Some(kid) => key.with_id(kid),
        None => key,
    };
    config.file.write(key.contents()).map_err(Failure::usage)?;
    match key.public_jwk() {
        Some(jwk) => print(&format!("{:#}", json!({ "keys": [jwk] }))),
        None => Ok(()),
    }
}

fn mint(config: &MintConfig) -> Result<(), Failure> {
    let token = config.key.sign(&config.claims);
    if JwtError::MAX_LEN < token.len() {
        return Err(Failure::failed(JwtError::TooLong { len: token.len() }));
    }
    print(&token)
}

fn show(config: &ShowConfig) -> Result<(), Failure> {
    let outcome = config.jwt.as_ref().map(|jwt| jwt.verify(&config.token, Instant::now()));
    let verdict = match &outcome {
        None => "not verified: no key was given".to_owned(),
        Some(Ok(_)) => "valid".to_owned(),
        Some(Err(error)) => format!("not valid: {error}"),
    };
    let end = config.signed.end();
    let shown = Shown {
        signed: &config.signed,
        ends: end.and_then(date),
        has_ended: end.map(|end| end <= now()),
        verdict,
    };
    let json = serde_json::to_string_pretty(&shown).map_err(Failure::failed)?;
    // In a text of JSON there is no line break, and each line is valid by itself.
    let lines = Vec::from_iter(json.lines().map(|line| escaped(line, Place::Json)));
    print(&lines.join("\n"))?;
    match outcome {
        Some(Err(error)) => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

/// What is printed of a token.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    signed: &'a Signed,
    /// `null` where that is not said, or cannot be.
    ends: Option<String>,
    has_ended: Option<bool>,
    verdict: String,
}

fn hash(config: &HashConfig) -> Result<(), Failure> {
    let password = prompt::password().map_err(Failure::failed)?;
    let line = password_line(&config.name, &password, config.permissions.as_ref());
    print(&line.map_err(Failure::failed)?)
}

/// Writes `text` and the end of a line to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Failure::stdout)
}
