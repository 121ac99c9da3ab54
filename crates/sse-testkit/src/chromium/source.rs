use serde::Deserialize;
use serde_json::Value;

use super::Browser;

/// An `EventSource` of the page that a browser shows.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    browser: &'a Browser,
    place: Value,
}

impl<'a> Source<'a> {
    /// The one at `place` in the page's list.
    pub(super) fn new(browser: &'a Browser, place: Value) -> Self {
        Self { browser, place }
    }

    /// What it sees next, after what was asked for before.
    pub(crate) async fn next(&self) -> Seen {
        let script = "testkit.next(arguments[0]).then(arguments[1])";
        let seen = self.browser.wait(script, vec![self.place.clone()]).await;
        serde_json::from_value(seen).expect("the page tells what it saw")
    }

    /// Sees that what comes next is an event.
    pub(crate) async fn expect(&self, name: &str, data: &str, id: &str) {
        assert_eq!(self.next().await, Seen::event(name, data, id));
    }

    /// Sees that it opens next.
    pub(crate) async fn expect_open(&self) {
        assert_eq!(self.next().await, Seen::Open);
    }

    /// Its `readyState`: 0 for connecting, 1 for open, 2 for closed.
    pub(crate) async fn ready_state(&self) -> Value {
        self.browser.run("return testkit.readyState(arguments[0])", vec![self.place.clone()]).await
    }

    /// Closes it.
    pub(crate) async fn close(&self) {
        self.browser.run("testkit.close(arguments[0])", vec![self.place.clone()]).await;
    }

    /// Makes the page close it when another page takes its place.
    pub(crate) async fn close_when_left(&self) {
        self.browser.run("testkit.closeWhenLeft(arguments[0])", vec![self.place.clone()]).await;
    }
}

/// What an `EventSource` tells its page.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub(crate) enum Seen {
    /// The stream was opened.
    Open,
    /// The stream has ended, and the browser will open it again.
    Lost,
    /// The stream is given up.
    Closed,
    /// An event, with the last event ID.
    Event { name: String, data: String, id: String },
}

impl Seen {
    fn event(name: &str, data: &str, id: &str) -> Self {
        Self::Event { name: name.to_owned(), data: data.to_owned(), id: id.to_owned() }
    }
}
