use crate::{Listener, Target, contract::expect, head};

/// An answer, without what every HTTP server is free to add and without what says where it ends. Of a stream
/// the first block is the body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<String>,
    pub(super) body: String,
}

impl Answer {
    /// The error page with `text`, for a status like `404: Not Found`.
    pub(super) fn refusal(status: &str, text: &str) -> Self {
        let fields = expect::ERROR_FIELDS.map(|(name, value)| format!("{name}: {value}"));
        let code = &status[..3];
        let title = format!("<title>{status}</title>");
        let body = format!("<html>{title}<body>{code}: {text}</body></html>\n");
        Self { status: code.parse().expect("a status is a number"), fields: fields.into(), body }
    }

    /// The same with more fields.
    pub(super) fn with<T: ToString>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.fields.extend(fields.into_iter().map(|field| field.to_string()));
        self.fields.sort();
        self
    }

    /// The same as HEAD sees it.
    pub(super) fn without_body(mut self) -> Self {
        self.body.clear();
        self
    }

    /// The value of the field `name`, of which there are not several.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter_map(|line| line.strip_prefix(name));
        let value = values.next()?.strip_prefix(": ");
        assert!(values.next().is_none(), "{name} stands there twice: {self:?}");
        value
    }
}

/// "Credentials are needed", of a server that takes passwords too.
pub(super) fn needed() -> Answer {
    Answer::refusal("401: Unauthorized", "Credentials are needed").with([BEARER, BASIC])
}

/// "Credentials are not valid", of a server that takes passwords too.
pub(super) fn invalid() -> Answer {
    Answer::refusal("401: Unauthorized", "Credentials are not valid").with([INVALID_BEARER, BASIC])
}

/// "This is not permitted".
pub(super) fn forbidden() -> Answer {
    Answer::refusal("403: Forbidden", "This is not permitted")
}

/// What is answered on a connection of its own.
pub(super) async fn ask(target: &Target, asked: &Asked<'_>) -> Answer {
    let mut connection = target.connect().await;
    connection.send(asked.bytes()).await;
    let mut head = connection.head().await;
    while head.status < 200 {
        head = connection.head().await;
    }
    let (status, fields) = (head.status, expect::unframed(&head));
    let is_stream = head.field("content-type") == Some("text/event-stream");
    let body = match asked.method {
        "HEAD" => String::new(),
        _ if is_stream => Listener::new(connection, head).block().await,
        _ => connection.body(head).await.text().to_owned(),
    };
    Answer { status, fields, body }
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) fields: &'a [(&'a str, &'a str)],
    pub(super) body: &'a str,
}

impl<'a> Asked<'a> {
    /// That `line`, like `GET /poll/42`, begins, with `fields`; a POST has the body `1`.
    pub(super) fn new(line: &'a str, fields: &'a [(&'a str, &'a str)]) -> Self {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let body = if method == "POST" { "1" } else { "" };
        Self { method, path, fields, body }
    }

    fn bytes(&self) -> String {
        let length = self.body.len().to_string();
        let mut fields = self.fields.to_vec();
        if !self.body.is_empty() && !fields.iter().any(|(name, _)| *name == "Content-Length") {
            fields.push(("Content-Length", &length));
        }
        head(self.method, self.path, &fields) + self.body
    }
}

/// The authorization of `name`.
pub(super) fn bearer(name: &str) -> String {
    format!("Bearer {name}")
}

pub(super) const BEARER: &str = r#"www-authenticate: Bearer realm="events""#;
pub(super) const INVALID_BEARER: &str =
    r#"www-authenticate: Bearer realm="events", error="invalid_token""#;
pub(super) const BASIC: &str = r#"www-authenticate: Basic realm="events", charset="UTF-8""#;
