use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use super::GatewayConfig;
use crate::{Action, Hub};

/// The page at the root: what this server is and how to use it.
pub(super) fn response(hub: &Hub, config: &GatewayConfig) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(html(hub, config)));
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// `text` as the content of an element.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn html(hub: &Hub, config: &GatewayConfig) -> String {
    let actions = hub.config().actions();
    let prefix = escape(&config.prefix);
    let listen = escape(actions.listen());
    let accepted = hub.config().format().content_type();
    let accepted = escape(accepted.to_str().unwrap_or_default());
    let mut rows = format!(
        "<tr><td><code>GET {prefix}/{listen}/TOKEN</code><td>listen; the stream stays open\n"
    );
    for (name, action) in actions.iter() {
        let name = escape(name);
        let meaning = match action {
            Action::Event => format!("publish the body as the event <code>{name}</code>"),
            Action::Finish => "end every listener's stream and forget the channel".to_owned(),
            Action::Retry => "set the reconnection time to the body, in milliseconds".to_owned(),
        };
        let _infallible =
            writeln!(rows, "<tr><td><code>POST {prefix}/{name}/TOKEN</code><td>{meaning}");
    }
    PAGE.replace("{rows}", &rows)
        .replace("{prefix}", &prefix)
        .replace("{listen}", &listen)
        .replace("{accepted}", &accepted)
}

const PAGE: &str = include_str!("page.html");
