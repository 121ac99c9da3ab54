//! What the manual pages and completions are made of.

use crate::support::{BENCH, CLIENT, REQUEST, SERVER, TOKEN, run};

#[test]
fn every_binary_is_among_the_commands_with_the_options_that_it_has() {
    let commands = sse_cli::commands();
    let names: Vec<_> = commands.iter().map(|command| command.get_name()).collect();
    let programs = [BENCH, CLIENT, REQUEST, SERVER, TOKEN];
    let of_programs = programs.map(|program| program.rsplit('/').next().unwrap());
    assert_eq!(names, of_programs);

    for (mut command, program) in commands.into_iter().zip(programs) {
        let help = run(program, ["--help"]).stdout;
        command.build();
        for option in command.get_arguments().filter_map(|arg| arg.get_long()) {
            assert!(help.contains(&format!("--{option}")), "{program} --{option}: {help}");
        }
    }
}
