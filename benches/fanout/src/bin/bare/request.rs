/// What a client asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Request<'a> {
    Listen { channel: &'a [u8] },
    Publish { channel: &'a [u8], data: &'a [u8] },
    Other,
}

impl<'a> Request<'a> {
    /// Takes the request that `input` begins with, if all of it is there.
    pub fn take(input: &mut &'a [u8]) -> Option<Self> {
        let end = memchr::memmem::find(input, b"\r\n\r\n")?;
        let (head, rest) = (&input[..end], &input[end + 4..]);
        let mut lines = head.split(|&byte| byte == b'\n');
        let mut words = lines.next()?.split(|&byte| byte == b' ');
        let (method, path) = (words.next()?, words.next()?);
        let len = lines.find_map(content_length).unwrap_or(0);
        let data = rest.get(..len)?;
        *input = &rest[len..];
        Some(match (method, path.get(..6)) {
            (b"GET", Some(b"/poll/")) => Self::Listen { channel: &path[6..] },
            (b"POST", Some(b"/ping/")) => Self::Publish { channel: &path[6..], data },
            _ => Self::Other,
        })
    }
}

fn content_length(line: &[u8]) -> Option<usize> {
    let (name, value) = line.split_at_checked(CONTENT_LENGTH.len())?;
    let value = name.eq_ignore_ascii_case(CONTENT_LENGTH).then(|| value.trim_ascii())?;
    str::from_utf8(value).ok()?.parse().ok()
}

const CONTENT_LENGTH: &[u8] = b"content-length:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_one_after_another_once_they_are_whole() {
        let sent = b"GET /poll/a HTTP/1.1\r\nhost: x\r\n\r\n\
                     POST /ping/b HTTP/1.1\r\nContent-Length: 2\r\nhost: x\r\n\r\nhi\
                     PUT / HTTP/1.1\r\n\r\n";
        for cut in 0..=sent.len() {
            let (mut input, mut taken) = (&sent[..cut], Vec::new());
            while let Some(request) = Request::take(&mut input) {
                taken.push(request);
            }
            let expected = [
                Request::Listen { channel: b"a" },
                Request::Publish { channel: b"b", data: b"hi" },
                Request::Other,
            ];
            assert_eq!(taken, expected[..taken.len()], "cut at {cut}");
            assert_eq!(taken.len() == 3, cut == sent.len(), "cut at {cut}");
        }
    }
}
