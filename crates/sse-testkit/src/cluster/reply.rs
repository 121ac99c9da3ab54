use std::fmt;

use super::resp::{self, Scan};

/// What Redis answers to a command.
///
/// ```
/// use sse_testkit::cluster::Reply;
///
/// let reply = Reply::Array(vec![Reply::Bulk(b"news".to_vec()), Reply::Integer(2)]);
/// assert_eq!(reply.elements()[1], Reply::Integer(2));
/// assert_eq!(reply.to_string(), "news\n2");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// A line, like `OK`.
    Simple(String),
    /// An error, with its code.
    Error(String),
    /// A number.
    Integer(i64),
    /// A string of any bytes.
    Bulk(Vec<u8>),
    /// Others, one after the other.
    Array(Vec<Self>),
    /// That there is nothing.
    Nil,
}

impl Reply {
    /// The number that was answered.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn integer(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    /// What was answered in an array.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::Array(elements) => elements,
            other => panic!("{other:?} is no array"),
        }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// The reply at the start of `bytes`, and its length.
    pub(super) fn parse(bytes: &[u8]) -> Scan<Self> {
        match resp::value(bytes) {
            Scan::Whole(..) => {
                let mut rest = bytes;
                let reply = Self::build(&mut rest);
                Scan::Whole(reply, bytes.len() - rest.len())
            }
            Scan::Partial => Scan::Partial,
            Scan::Foreign => Scan::Foreign,
        }
    }

    /// Takes one from `bytes`, where a whole one stands.
    fn build(bytes: &mut &[u8]) -> Self {
        let Scan::Whole(item, len) = resp::item(bytes) else { panic!("it was whole") };
        *bytes = &bytes[len..];
        let text = || String::from_utf8_lossy(item.text).into_owned();
        match item.kind {
            _ if item.is_null => Self::Nil,
            b'*' | b'~' | b'>' | b'%' | b'|' => {
                Self::Array((0..item.children).map(|_child| Self::build(bytes)).collect())
            }
            b'-' | b'!' => Self::Error(text()),
            b':' => Self::Integer(text().parse().expect("Redis sends numbers as such")),
            b'$' | b'=' => Self::Bulk(item.text.to_vec()),
            _ => Self::Simple(text()),
        }
    }
}

/// The text of it, of an array a line an element.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(text) | Self::Error(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Bulk(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    let line_end = if index == 0 { "" } else { "\n" };
                    write!(f, "{line_end}{element}")?;
                }
                Ok(())
            }
            Self::Nil => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_as_they_are() {
        let bulk = |text: &str| Reply::Bulk(text.into());
        let table = [
            ("+OK\r\n", Reply::Simple("OK".into())),
            ("-ERR no\r\n", Reply::Error("ERR no".into())),
            (":-7\r\n", Reply::Integer(-7)),
            ("$4\r\n\r\n\r\n\r\n", bulk("\r\n\r\n")),
            ("$-1\r\n", Reply::Nil),
            ("*2\r\n*0\r\n$1\r\na\r\n", Reply::Array(vec![Reply::Array(vec![]), bulk("a")])),
            ("%1\r\n+a\r\n_\r\n", Reply::Array(vec![Reply::Simple("a".into()), Reply::Nil])),
        ];
        for (bytes, expected) in table {
            assert_eq!(Reply::parse(bytes.as_bytes()), Scan::Whole(expected, bytes.len()));
        }
    }
}
