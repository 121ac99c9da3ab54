mod args;
mod config;
mod events;
mod exec;
mod group;
mod handler;
mod method;
mod printer;
mod state;
mod stdin;
mod stdout;
mod stop;
mod until_over;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::CommandFactory;

use crate::{
    exit::{self, Failure},
    logging,
};
use args::Args;
use config::{Config, Source};
use handler::Handler;
use printer::Printer;
use stop::Stop;
use until_over::until_over;

/// The command `eventsource-client`, on the arguments of this process.
pub fn eventsource_client() -> ExitCode {
    exit::run(|args: Args| {
        let _flush = logging::init(args.debug);
        let config = Config::new(args)?;
        until_over(|stop| handle(config, stop))
    })
}

/// The options and the help of `eventsource-client`.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

fn handle(config: Config, stop: Stop) -> Result<(), Failure> {
    let stdout = io::stdout().lock();
    let is_terminal = stdout.is_terminal();
    let printer = Printer::new(stdout, config.output, config.all).with_terminal(is_terminal);
    let exec = config.exec.map(|exec| exec.with_group(stop.group()));
    let mut handler = Handler::new(printer, config.selection, exec, config.state, stop);
    match config.source {
        Source::Stdin { last_event_id } => {
            stdin::decode(io::stdin().lock(), &last_event_id, &mut handler)
        }
        Source::Server { builder, is_url } => events::listen(*builder, is_url, &mut handler),
    }
}
