use super::{SERVER, run};

/// An option as `--help` shows it.
#[derive(Clone, Debug)]
pub(crate) struct HelpOption {
    /// Without hyphens in front.
    pub(crate) name: String,
    /// What stands for its value; `None` for a flag.
    pub(crate) value: Option<String>,
    /// The rest, on one line.
    pub(crate) text: String,
    /// The heading above it, as the name of a table; `None` at the top.
    pub(crate) table: Option<String>,
}

impl HelpOption {
    pub(crate) fn is_list(&self) -> bool {
        self.text.contains("ay be given more than once")
    }

    /// The default in the help, without the explanation that follows it.
    pub(crate) fn default(&self) -> Option<&str> {
        let (_, default) = self.text.split_once("[default: ")?;
        default.split([',', ']']).next()
    }
}

/// Every option of `eventsource-server --help` that can stand in a configuration file.
pub(crate) fn server_options() -> Vec<HelpOption> {
    let help = run(SERVER, ["--help"]).stdout;
    let (mut table, mut options) = (None, Vec::<HelpOption>::new());
    let lines = help.lines().skip_while(|&line| line != "Options:");
    for line in lines.skip(1).take_while(|&line| line != "Environment:") {
        let text = line.trim();
        if !line.starts_with(' ') && !line.is_empty() {
            table = line.split([' ', ':']).next().map(str::to_lowercase);
        } else if line.len() - text.len() <= 6 && text.starts_with('-') {
            let (_, long) = text.split_once("--").unwrap();
            let (name, value) = match long.split_once(" <") {
                Some((name, value)) => (name, Some(value.trim_end_matches('>').to_owned())),
                None => (long, None),
            };
            let name = name.to_owned();
            options.push(HelpOption { name, value, text: String::new(), table: table.clone() });
        } else if let Some(option) = options.last_mut() {
            option.text += text;
            option.text.push(' ');
        }
    }
    options.retain(|option| !NOT_FOR_FILES.contains(&&*option.name));
    options
}

const NOT_FOR_FILES: [&str; 8] =
    ["config", "check-config", "check", "backup", "compact", "salvage", "help", "version"];
