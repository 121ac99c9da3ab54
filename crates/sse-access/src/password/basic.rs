use base64::{Engine, engine::general_purpose::STANDARD};

/// The name and the password that the credentials of `Authorization: Basic` hold, if they are well formed.
///
/// # Source
///
/// RFC 7617, [The 'Basic' Authentication Scheme][spec]: the first colon parts them, and there is no control
/// character in either.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc7617.html#section-2
pub(super) fn decode(credentials: &str) -> Option<(String, String)> {
    if MAX_ENCODED < credentials.len() {
        return None;
    }
    let mut text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    if text.contains(char::is_control) {
        return None;
    }
    let colon = text.find(':')?;
    let password = text.split_off(colon + 1);
    text.truncate(colon);
    Some((text, password))
}

/// How long a name may be, in bytes.
pub(super) const MAX_NAME: usize = 256;

/// How long a password may be, in bytes.
pub(super) const MAX_PASSWORD: usize = 1024;

/// How long a name, a colon and a password are in base64.
const MAX_ENCODED: usize = (MAX_NAME + 1 + MAX_PASSWORD).div_ceil(3) * 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_parts_a_name_and_a_password() {
        for (text, name, password) in [
            ("alice:s3cret", "alice", "s3cret"),
            ("alice:a:b:", "alice", "a:b:"),
            ("alice:", "alice", ""),
            (":", "", ""),
            ("älice: pässwört ", "älice", " pässwört "),
        ] {
            let found = decode(&STANDARD.encode(text));

            assert_eq!(found, Some((name.to_owned(), password.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_well_formed_holds_nothing() {
        let encoded = |bytes: &[u8]| STANDARD.encode(bytes);
        let long = "x".repeat(MAX_NAME + 1 + MAX_PASSWORD);
        for credentials in [
            String::new(),
            "YTpi YTpi".to_owned(),
            "YTpiYw".to_owned(),
            "YTpi\n".to_owned(),
            "a:b".to_owned(),
            encoded(b"alice"),
            encoded(b"alice:\xff"),
            encoded(b"alice:a\0"),
            encoded(b"al\tice:a"),
            encoded("alice:a\u{85}".as_bytes()),
            encoded(format!("a:b{long}").as_bytes()),
        ] {
            assert_eq!(decode(&credentials), None, "{credentials:.40}");
        }
    }
}
