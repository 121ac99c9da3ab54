/// The head of a response.
///
/// ```
/// use sse_testkit::Head;
///
/// let head = Head::parse("HTTP/1.1 200 OK\r\nAccept: text/plain\r\ndate: now\r\n\r\n");
/// assert_eq!((head.status, head.field("accept")), (200, Some("text/plain")));
/// assert_eq!(head.fields(), ["accept: text/plain"]);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Head {
    /// As in `HTTP/1.1`.
    pub version: String,
    /// As in 200.
    pub status: u16,
    /// As in `OK`.
    pub reason: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// The head that `text` is.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Self {
        let lines = text.strip_suffix("\r\n\r\n").expect("a head ends with a blank line");
        let mut lines = lines.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let mut parts = status_line.splitn(3, ' ');
        let (version, status) = (parts.next().unwrap_or_default(), parts.next());
        let status = status.and_then(|status| status.parse().ok());
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(':').expect("a field has a colon");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self {
            version: version.to_owned(),
            status: status.unwrap_or_else(|| panic!("no status line: {status_line:?}")),
            reason: parts.next().unwrap_or_default().to_owned(),
            fields: fields.collect(),
        }
    }

    /// The value of the field `name`, in lower case; `None` if there is none.
    ///
    /// # Panics
    ///
    /// If there are several.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "the field {name} stands there twice: {self:?}");
        value
    }

    /// The fields as sorted lines, names in lower case, without those that every HTTP server is
    /// free to add: `connection`, `date`, `server`.
    pub fn fields(&self) -> Vec<String> {
        let own = self.fields.iter().filter(|(name, _)| !FREE.contains(&name.as_str()));
        let mut lines: Vec<_> = own.map(|(name, value)| format!("{name}: {value}")).collect();
        lines.sort();
        lines
    }

    pub(crate) fn framing(&self) -> Framing {
        if self.status < 200 || matches!(self.status, 204 | 304) {
            return Framing::Length(0);
        }
        match (self.field("transfer-encoding"), self.field("content-length")) {
            (Some("chunked"), None) => Framing::Chunked,
            (None, Some(len)) => Framing::Length(len.parse().expect("a length is a number")),
            (None, None) => Framing::UntilClose,
            _ => panic!("no framing: {self:?}"),
        }
    }
}

const FREE: [&str; 3] = ["connection", "date", "server"];

/// How a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// A whole response.
///
/// ```
/// use sse_testkit::{Head, Response};
///
/// let head = Head::parse("HTTP/1.1 200 OK\r\n\r\n");
/// assert_eq!(Response::new(head, b"hi".to_vec()).text(), "hi");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// Its head.
    pub head: Head,
    /// Its body, freed of chunks.
    pub body: Vec<u8>,
}

impl Response {
    /// A response of `head` and `body`.
    pub fn new(head: Head, body: Vec<u8>) -> Self {
        Self { head, body }
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Its body as text.
    ///
    /// # Panics
    ///
    /// If that is not UTF-8.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("a body is UTF-8")
    }
}
