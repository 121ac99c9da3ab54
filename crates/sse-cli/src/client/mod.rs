mod args;
mod config;
mod events;
mod printer;
mod stdin;
mod stdout;
mod until_over;

use std::{io, process::ExitCode};

use crate::{
    exit::{self, Failure},
    logging,
};
use args::Args;
use config::{Config, Source};
use printer::Printer;
use until_over::until_over;

/// The command `eventsource-client`, on the arguments of this process.
pub fn eventsource_client() -> ExitCode {
    exit::run(|args: Args| {
        logging::init(args.debug);
        let config = Config::new(args)?;
        until_over(move || print(config))
    })
}

fn print(config: Config) -> Result<(), Failure> {
    let mut printer = Printer::new(io::stdout().lock(), config.output, config.all, config.count);
    match config.source {
        Source::Stdin { last_event_id } => {
            stdin::decode(io::stdin().lock(), last_event_id.as_str(), &mut printer)
        }
        Source::Server(source) => events::listen(*source, &mut printer),
    }
}
