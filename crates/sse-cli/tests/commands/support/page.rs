use std::{net::SocketAddr, time::Instant};

use serde_json::{Value, json};
use sse_testkit::Browser;

use super::{HANG, Server, block_on, exchange};

/// The page of a server, as a browser shows it.
pub(crate) struct Page {
    pub(crate) server: Server,
    pub(crate) admin: SocketAddr,
    browser: Browser,
}

impl Page {
    pub(crate) fn start(args: &[&str]) -> Self {
        let server = Server::start(&[args, &["--admin", "0"]].concat());
        let admin = server.line().strip_prefix("admin on http://").unwrap().parse().unwrap();
        let page = Self { server, admin, browser: block_on(Browser::start()) };
        page.visit(&format!("http://{admin}/"));
        page
    }

    /// Shows it at another address.
    pub(crate) fn visit(&self, url: &str) {
        block_on(self.browser.visit(url));
        self.run(
            "window.shown = (at) => { const { children } = find('events').children[at] ?? {}; \
            return children && children[0].children[1].textContent + children[1].textContent; }",
        );
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    pub(crate) fn publish(&self, channel: &str, data: &str) {
        let path = format!("/ping/{channel}");
        assert_eq!(exchange(self.addr(), "POST", &path, data).status(), 200, "{channel}");
    }

    /// Shows a channel, once the page has begun to observe it.
    pub(crate) fn open(&self, channel: &str) {
        self.run(&format!("location.hash = linkTo({{ channel: {} }})", json!(channel)));
        self.until("it is observed", "view.channel !== null && 0 < find('facts').children.length");
    }

    pub(crate) fn revoke(&self, kind: &str, holder: &str) {
        let button = "document.querySelector('#revoke button')";
        self.run(&format!("find('kind').value = {kind:?}; find('holder').value = {holder:?}"));
        self.run(&format!("{button}.click()"));
        assert_eq!(self.run(&format!("return {button}.textContent")), "Press again to revoke");
        self.run(&format!("{button}.click()"));
    }

    pub(crate) fn run(&self, script: &str) -> Value {
        block_on(self.browser.run(script, vec![]))
    }

    pub(crate) fn press(&self, keys: &str) {
        block_on(self.browser.press(keys));
    }

    pub(crate) fn until(&self, what: &str, condition: &str) {
        let start = Instant::now();
        while self.run(&format!("return {condition}")) != true {
            let text = || self.run("return document.body.innerText");
            assert!(start.elapsed() < HANG, "not so: {what}: {}", text());
        }
    }

    pub(crate) fn narrow(&self) {
        self.resize(360, 740, 2);
    }

    pub(crate) fn wide(&self) {
        self.resize(1280, 900, 1);
    }

    pub(crate) fn resize(&self, width: u32, height: u32, scale: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600});
        block_on(self.browser.devtools("Emulation.setDeviceMetricsOverride", metrics));
    }

    pub(crate) fn dark(&self) {
        let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        block_on(self.browser.devtools("Emulation.setEmulatedMedia", dark));
    }

    pub(crate) fn devtools(&self, method: &'static str, params: Value) -> Value {
        block_on(self.browser.devtools(method, params))
    }

    /// What is seen of it, as a PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        block_on(self.browser.screenshot())
    }
}
