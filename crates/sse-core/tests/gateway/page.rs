//! The page at the root of a server that not everybody may use.

use std::time::Instant;

use http::Response;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token,
    access::{
        Access, AccessRequest, Authenticator, Denied, Grant, Permissions, Revocation, Ticket,
        Verdict,
    },
    action::{Action, ActionSet},
    channel::Mode,
    format::JsonFormat,
    history::History,
};

use crate::support::{ask, epoch, listen};

#[test]
fn it_says_nothing_of_how_the_server_is_configured() {
    let plain = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config(false));
    let actions = ActionSet::default().with_listen("secretly").unwrap();
    let actions = actions.with_action("reading", Action::Event).unwrap();
    let hub = HubConfig::new(JsonFormat)
        .with_actions(actions)
        .with_mode(Mode::Shared)
        .with_history(History::new(1))
        .with_max_listeners(7);
    let other = Gateway::new(Hub::new(hub), config(false).with_max_body(1));

    let [before, page] = [&plain, &other].map(|gateway| ask(gateway, "GET", "/"));
    let _listener = plain.hub().subscribe(&"42".try_into().unwrap(), epoch()).unwrap();
    let with_listener = ask(&plain, "GET", "/");

    for page in [&page, &with_listener] {
        assert_eq!((page.status(), page.body()), (before.status(), before.body()));
        assert_eq!(page.headers(), before.headers());
    }
    let html = str::from_utf8(page.body()).unwrap();
    for part in
        ["TOKEN", "poll", "ping", "close", "secretly", "reading", "json", "text/", "256", "curl"]
    {
        assert!(!html.contains(part), "{part}");
    }
}

#[test]
fn it_names_the_credentials_that_a_refusal_asks_for() {
    for takes_passwords in [false, true] {
        let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config(takes_passwords));

        let page = ask(&gateway, "GET", "/");

        assert_eq!(page.status(), 200);
        let html = str::from_utf8(page.body()).unwrap();
        assert!(html.contains("Event source server") && html.contains("Authorization: Bearer"));
        assert_eq!(html.contains("HTTP Basic"), takes_passwords);
        assert!(!html.contains("{credentials}"), "{html}");
        assert_eq!(challenges(&ask(&gateway, "GET", "/poll/42")), 1 + usize::from(takes_passwords));
    }
}

#[test]
fn without_access_control_it_names_the_routes() {
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();

    let page = ask(&gateway, "GET", "/");

    assert!(str::from_utf8(page.body()).unwrap().contains("POST /ping/TOKEN"));
}

fn challenges<T>(response: &Response<T>) -> usize {
    response.headers().get_all("www-authenticate").iter().count()
}

fn config(takes_passwords: bool) -> GatewayConfig {
    let news = Permissions::none().with_listen("news".parse().unwrap());
    let access = Access::new(Nobody { takes_passwords }).with_anonymous(news);
    GatewayConfig::default().with_access(access)
}

/// Knows nobody.
#[derive(Debug)]
struct Nobody {
    takes_passwords: bool,
}

impl Authenticator for Nobody {
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        Verdict::ready(request.credential().map_or(Ok(None), |_| Err(Denied::Unauthorized)))
    }

    fn issue_ticket(&self, _: &Grant, _: &Token, _: Instant) -> Option<Ticket> {
        None
    }

    fn forget(&self, _: &Revocation) {}

    fn takes_passwords(&self) -> bool {
        self.takes_passwords
    }
}
