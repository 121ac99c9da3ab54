use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::{devtools::DevTools, driver::Driver, session::Session, source::Source};
use crate::patience::within;

/// A headless Chromium in which nothing of another test is left.
///
/// No more than two are in use at a time in a process; others wait for their turn. Dropping one leaves it to the
/// next test with an empty tab, no cookies, no cache and no storage.
///
/// ```no_run
/// # async fn example() {
/// use serde_json::json;
/// use sse_testkit::Browser;
///
/// let browser = Browser::at("http://localhost:9000/").await;
/// assert_eq!(browser.run("return document.title", vec![]).await, json!("eventsource-server"));
/// # }
/// ```
#[derive(Debug)]
pub struct Browser {
    client: Client,
    session: Session,
}

impl Browser {
    /// Starts one that takes any certificate, unless one runs that nobody uses.
    ///
    /// # Panics
    ///
    /// If `chromium` and `chromedriver` are not installed, which `cargo xtask setup` does.
    pub async fn start() -> Self {
        let turn = Session::turn().await;
        let url = format!("http://127.0.0.1:{}", Driver::shared().port());
        let client = match Session::take_idle() {
            Some(id) => Client::with_existing_session(&url, &id, HttpConnector::new()).await,
            None => {
                let mut builder = ClientBuilder::new(HttpConnector::new());
                builder.capabilities(capabilities());
                within("the start of Chromium", builder.connect(&url)).await
            }
        };
        let client = client.unwrap_or_else(|error| {
            panic!("Chromium does not start; `cargo xtask setup` installs it: {error}")
        });
        let id = client.session_id().await.expect("the driver answers");
        let session = Session::new(id.expect("a session has an id"), turn);
        // The session outlives its client.
        client.persist().await.expect("the driver answers");
        Self { client, session }
    }

    /// Ends it, as its user would.
    pub(crate) fn end(self) {
        self.session.end();
    }

    /// Starts one that shows the page at `url`.
    ///
    /// # Panics
    ///
    /// As [`Self::start`] and [`Self::visit`] do.
    pub async fn at(url: &str) -> Self {
        let browser = Self::start().await;
        browser.visit(url).await;
        browser
    }

    /// Shows the page at `url`, in the place of what was shown.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn visit(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        self.run(PAGE, vec![]).await;
    }

    /// Opens an `EventSource` on `url` that listens to `message` and to `names`.
    pub(crate) async fn open(&self, url: &str, names: &[&str]) -> Source<'_> {
        self.open_as(url, names, false).await
    }

    /// Opens an `EventSource` on `url` that sends what the browser knows of who asks.
    pub(crate) async fn open_with_credentials(&self, url: &str, names: &[&str]) -> Source<'_> {
        self.open_as(url, names, true).await
    }

    async fn open_as(&self, url: &str, names: &[&str], with_credentials: bool) -> Source<'_> {
        let args = vec![json!(url), json!(names), json!(with_credentials)];
        let place = self.run("return testkit.open(...arguments)", args).await;
        Source::new(self, place)
    }

    /// The status of what the page's server answers to `body`, posted to `path`.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Value {
        let script = "testkit.post(arguments[0], arguments[1]).then(arguments[2])";
        self.wait(script, vec![json!(path), json!(body)]).await
    }

    /// What the page is told that calls `testkit[name](...args)`.
    pub(crate) async fn call(&self, name: &str, args: Vec<Value>) -> Value {
        let script = "testkit[arguments[0]](...arguments[1]).then(\
            arguments[2], (error) => arguments[2](`${error}`))";
        self.wait(script, vec![json!(name), Value::Array(args)]).await
    }

    /// Where a frame of the page is that was to show `url`.
    pub(crate) async fn place_of_frame(&self, url: &str) -> String {
        self.call("frame", vec![json!(url)]).await;
        self.client.clone().enter_frame(0).await.expect("the page has a frame");
        let place = self.run("return location.href", vec![]).await;
        self.client.clone().enter_parent_frame().await.expect("a frame is in a page");
        place.as_str().expect("a place is text").to_owned()
    }

    /// Opens a tab that shows the page at `url`, and closes the one that was shown before.
    pub(crate) async fn move_to_new_tab(&self, url: &str) {
        let new = self.client.new_window(true).await.expect("there is room for a tab");
        self.client.close_window().await.expect("a tab can be closed");
        self.client.switch_to_window(new.handle).await.expect("the new tab is there");
        self.visit(url).await;
    }

    /// What `script`, the body of a function that has `args` as its `arguments`, returns. The policy of the
    /// page does not apply to it.
    ///
    /// # Panics
    ///
    /// If the script throws.
    pub async fn run(&self, script: &str, args: Vec<Value>) -> Value {
        let outcome = within(script, self.client.execute(script, args)).await;
        outcome.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Types `keys` where the focus is.
    ///
    /// # Panics
    ///
    /// If there is no page.
    pub async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.expect("keys can be typed there");
    }

    /// Runs a command of the DevTools protocol, and returns what it answers.
    ///
    /// # Panics
    ///
    /// If there is no such command, or it fails.
    pub async fn devtools(&self, method: &'static str, params: Value) -> Value {
        let outcome = within(method, self.client.issue_cmd(DevTools { method, params })).await;
        outcome.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What is seen now, as a PNG.
    ///
    /// # Panics
    ///
    /// If there is no page.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("the page is shown")
    }

    /// What `script` hands to its last argument. The driver waits for 30 s.
    pub(super) async fn wait(&self, script: &str, args: Vec<Value>) -> Value {
        let outcome = self.client.execute_async(script, args).await;
        outcome.unwrap_or_else(|error| panic!("{script}: {error}"))
    }
}

fn capabilities() -> Capabilities {
    let capabilities = json!({
        "acceptInsecureCerts": true,
        "goog:chromeOptions": {"args": [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            // A site of another name than the servers', which resolves to this machine all the same.
            "--host-resolver-rules=MAP evil.test 127.0.0.1",
        ]},
    });
    let Value::Object(capabilities) = capabilities else { unreachable!("it is an object") };
    capabilities
}

const PAGE: &str = include_str!("page.js");
