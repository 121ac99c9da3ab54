use std::time::{Duration, Instant};

use crate::{
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long, in minutes; what has begun by then comes to its end
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// How often each fault comes in one round
    #[arg(long, default_value_t = 20)]
    times: u64,
}

/// Lets Redis, the nodes and the ways between them fail again and again, for longer than the tests do.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    setup::run(workspace)?;
    let end = Instant::now() + Duration::from_secs(60 * args.minutes);
    for round in 1.. {
        println!("faults: round {round}");
        for (package, test, subject) in TESTS {
            let mut test_run = workspace.cargo("test");
            test_run.args(["--package", package, "--test", test, "--", "--nocapture", subject]);
            let times = args.times.to_string();
            let test_run =
                test_run.env("FAULTS", &times).env("KILLS", &times).env("PARTITION", "5");
            process::run(test_run.env("CLIENTS", "3000").env("BACK", "10"))?;
        }
        if end <= Instant::now() {
            break;
        }
    }
    Ok(())
}

/// Which tests, in which of which package.
const TESTS: [(&str, &str, &str); 5] = [
    ("sse-redis", "nodes", "faults"),
    ("sse-redis", "nodes", "claims"),
    ("sse-cli", "commands", "redis_faults"),
    ("sse-cli", "commands", "redis_load"),
    ("sse-cli", "commands", "redis_paused"),
];
