use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use super::GatewayConfig;
use crate::{Hub, access::Access, action::Action};

/// The page at the root: what this server is and how to use it. Where not everybody may do everything, it says no more
/// than a refusal would: which credentials are taken.
pub(super) fn response(hub: &Hub, config: &GatewayConfig) -> Response<Bytes> {
    let content = match &config.access {
        None => usage(hub, config),
        Some(access) => RESTRICTED.replace("{credentials}", credentials(access)),
    };
    let mut response = html(PAGE.replace("{content}", &content));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// An answer out of HTML, which loads and runs nothing and can be framed by nobody.
pub(super) fn html(html: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(html));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY));
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

fn credentials(access: &Access) -> &'static str {
    if access.authenticator.takes_passwords() {
        "a token in the field <code>Authorization: Bearer</code>, or for a name and a password by HTTP Basic \
         authentication"
    } else {
        "a token in the field <code>Authorization: Bearer</code>"
    }
}

fn usage(hub: &Hub, config: &GatewayConfig) -> String {
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
    USAGE
        .replace("{rows}", &rows)
        .replace("{prefix}", &prefix)
        .replace("{listen}", &listen)
        .replace("{accepted}", &accepted)
}

const PAGE: &str = include_str!("page.html");
const USAGE: &str = include_str!("usage.html");
const RESTRICTED: &str = include_str!("restricted.html");

/// The example can be tried in the console of the page, so connections are allowed.
const CONTENT_SECURITY: &str = "default-src 'none'; connect-src *; style-src 'unsafe-inline'; \
                                base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
