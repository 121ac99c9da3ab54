use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::process::Command;

use crate::{Outcome, process::Process};

/// A client of others, and the program that it is made into.
#[derive(Clone, Copy)]
pub(crate) enum Client {
    Eventsource2,
    Eventsource4,
    FetchEventSource,
    LaunchDarkly,
    EventsourceParser,
    HttpxSse,
    SseclientPy,
    Chromium,
    Firefox,
}

impl Client {
    pub(crate) const ALL: [Self; 9] = [
        Self::Chromium,
        Self::Firefox,
        Self::Eventsource2,
        Self::Eventsource4,
        Self::LaunchDarkly,
        Self::FetchEventSource,
        Self::EventsourceParser,
        Self::HttpxSse,
        Self::SseclientPy,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::Eventsource2 => "eventsource 2",
            Self::Eventsource4 => "eventsource 4",
            Self::LaunchDarkly => "launchdarkly-eventsource",
            Self::FetchEventSource => "@microsoft/fetch-event-source",
            Self::EventsourceParser => "eventsource-parser",
            Self::HttpxSse => "httpx-sse",
            Self::SseclientPy => "sseclient-py",
        }
    }

    /// What tells it from others: a folder of packages, a distribution, or a program.
    fn package(self) -> Package {
        match self {
            Self::Chromium => Package::Browser("chromium"),
            Self::Firefox => Package::Browser("firefox-esr"),
            Self::Eventsource2 => Package::Node("eventsource-2", "eventsource-2.mjs"),
            Self::Eventsource4 => Package::Node("eventsource-4", "eventsource-4.mjs"),
            Self::LaunchDarkly => Package::Node("launchdarkly-eventsource", "launchdarkly.mjs"),
            Self::FetchEventSource => {
                Package::Node("@microsoft/fetch-event-source", "fetch-event-source.mjs")
            }
            Self::EventsourceParser => {
                Package::Node("eventsource-parser", "eventsource-parser.mjs")
            }
            Self::HttpxSse => Package::Python("httpx-sse", "httpx-sse.py"),
            Self::SseclientPy => Package::Python("sseclient-py", "sseclient-py.py"),
        }
    }

    /// Whether it looks at a page, and so reports over HTTP.
    pub(crate) fn is_browser(self) -> bool {
        matches!(self.package(), Package::Browser(_))
    }

    /// Starts it on the stream at `path` of `relay`.
    pub(crate) fn start(
        self,
        programs: &Path,
        relay: SocketAddr,
        path: &str,
        reports: SocketAddr,
        home: &Path,
    ) -> Outcome<Process> {
        let url = format!("http://{relay}{path}");
        let page = format!("http://{relay}/page?stream={path}&report=http://{reports}/");
        let program = |name| programs.join(name).to_string_lossy().into_owned();
        match self.package() {
            Package::Node(_, file) => Process::start("node", [program(file), url], home),
            Package::Python(_, file) => {
                Process::start(python(programs), [program(file), url], home)
            }
            Package::Browser("chromium") => {
                let profile = format!("--user-data-dir={}", home.display());
                let args = CHROMIUM.map(str::to_owned).into_iter().chain([profile, page]);
                Process::start("chromium", args, home)
            }
            Package::Browser(name) => {
                fs::write(home.join("user.js"), FIREFOX)?;
                let profile = home.to_string_lossy().into_owned();
                let args = ["--headless", "--no-remote", "--profile", &profile, &page];
                Process::start(name, args, home)
            }
        }
    }

    /// Its name with the version that is installed.
    pub(crate) async fn version(self, programs: &Path) -> Outcome<String> {
        let version = match self.package() {
            Package::Node(package, _) => {
                let manifest = programs.join(format!("node_modules/{package}/package.json"));
                let manifest: Value = serde_json::from_slice(&fs::read(manifest)?)?;
                manifest["version"].as_str().unwrap_or("?").to_owned()
            }
            Package::Python(package, _) => {
                let code =
                    format!("from importlib.metadata import version; print(version('{package}'))");
                output(Command::new(python(programs)).args(["-c", &code])).await?
            }
            Package::Browser(program) => output(Command::new(program).arg("--version")).await?,
        };
        let number = version.split_whitespace().find(|word| word.starts_with(char::is_numeric));
        let number = number.unwrap_or("?");
        let major = number.split('.').next().unwrap_or_default();
        let name = self.name().strip_suffix(&format!(" {major}")).unwrap_or(self.name());
        Ok(format!("{name} {number}"))
    }
}

enum Package {
    Node(&'static str, &'static str),
    Python(&'static str, &'static str),
    Browser(&'static str),
}

fn python(programs: &Path) -> PathBuf {
    programs.join("venv/bin/python")
}

async fn output(command: &mut Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().await?;
    Ok(String::from_utf8(output.stdout)?)
}

const CHROMIUM: [&str; 6] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
];

/// Nothing but the page that it is asked for.
const FIREFOX: &str = r#"
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.downloads.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "");
user_pref("toolkit.telemetry.enabled", false);
"#;
