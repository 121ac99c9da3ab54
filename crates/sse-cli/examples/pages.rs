//! Writes the manual pages of the commands, and their completions for bash, zsh and fish, to where a system
//! has them below the folder that is named: `cargo run -p sse-cli --example pages -- FOLDER`.

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("name the folder that the pages go to")?;
    let share = Path::new(&folder).join("usr/share");
    let pages = share.join("man/man1");
    fs::create_dir_all(&pages)?;
    for command in sse_cli::commands() {
        write_completions(&command, &share)?;
        let mut command = command.disable_help_subcommand(true);
        // Gives the parts of a command their whole names.
        command.build();
        write_pages(&command, &pages)?;
    }
    Ok(())
}

fn write_completions(command: &Command, share: &Path) -> io::Result<()> {
    let name = command.get_name();
    for (shell, path) in [
        (Shell::Bash, format!("bash-completion/completions/{name}")),
        (Shell::Fish, format!("fish/vendor_completions.d/{name}.fish")),
        (Shell::Zsh, format!("zsh/vendor-completions/_{name}")),
    ] {
        let path = share.join(path);
        fs::create_dir_all(path.parent().expect("it lies in a folder"))?;
        generate(shell, &mut command.clone(), name, &mut File::create(path)?);
    }
    Ok(())
}

/// Writes a page for the command, and one for each of its parts.
fn write_pages(command: &Command, pages: &Path) -> io::Result<()> {
    for part in command.get_subcommands().filter(|part| !part.is_hide_set()) {
        write_pages(part, pages)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut page = File::create(pages.join(format!("{name}.1")))?;
    let behind = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    // What stands behind the help is laid out in lines, which the page would join.
    let man = Man::new(command.clone().after_help(""));
    // The date is left out, so that the same source makes the same page; the crate then drops the field.
    writeln!(page, ".TH {name} 1 \"\" \"eventsource {VERSION}\" \"User Commands\"")?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    page.write_all(sections(&behind).as_bytes())
}

/// The text behind the help, in sections, with its lines as they are.
fn sections(text: &str) -> String {
    let mut page = String::new();
    for line in text.lines() {
        match line.strip_suffix(':').filter(|title| !title.starts_with(' ')) {
            Some(title) => {
                let end = if page.is_empty() { "" } else { ".fi\n" };
                page += &format!("{end}.SH {}\n.nf\n", title.to_uppercase());
            }
            None => {
                page += &escaped(line.strip_prefix("  ").unwrap_or(line));
                page.push('\n');
            }
        }
    }
    if page.is_empty() { page } else { page + ".fi\n" }
}

/// A line of text in which roff finds nothing to do.
fn escaped(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let text = text.replace('`', "\\(ga").replace('^', "\\(ha").replace('~', "\\(ti");
    // One that began with a dot would be a request.
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
