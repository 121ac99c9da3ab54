use crate::{Head, Response};

/// Sees that `response` is an error page with exactly `text`, for a status like `404: Not Found`.
pub(crate) fn refusal(response: &Response, status: &str, text: &str) {
    assert_eq!(reason(response, status), text);
}

/// The text of an error page of the form
/// `<html><title>404: Not Found</title><body>404: {text}</body></html>\n`.
pub(crate) fn reason(response: &Response, status: &str) -> String {
    let (code, phrase) = status.split_once(": ").expect("a status has a code and a phrase");
    assert_eq!(
        (response.status().to_string(), response.head.reason.as_str()),
        (code.into(), phrase)
    );
    for (name, value) in ERROR_FIELDS {
        assert_eq!(response.head.field(name), Some(value), "{name}");
    }
    let start = format!("<html><title>{status}</title><body>{code}: ");
    let text = response.text().strip_prefix(&start).unwrap_or_else(|| panic!("{response:?}"));
    let text = text.strip_suffix("</body></html>\n").unwrap_or_else(|| panic!("{response:?}"));
    text.to_owned()
}

/// Sees that `response` is a 400 for data that does not fit, with a reason that is escaped.
pub(crate) fn bad_format(response: &Response) {
    let text = reason(response, "400: Bad Request");
    let reason = text.strip_prefix("Data is not properly formatted: <br />");
    escaped(reason.unwrap_or_else(|| panic!("{text:?}")));
}

/// Sees that `text` is not empty and has nothing in it that HTML would take for its own.
pub(crate) fn escaped(text: &str) {
    assert!(!text.is_empty(), "a reason is given");
    assert!(!text.contains(['<', '>', '"']), "{text:?}");
    for (at, _) in text.match_indices('&') {
        let entity = text[at..].split_once(';').map(|(entity, _)| entity);
        let is_one = entity.is_some_and(|name| {
            let name = name.trim_start_matches(['&', '#']);
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        assert!(is_one, "{text:?}");
    }
}

/// Sees that `response` is that to an accepted publication.
pub(crate) fn published(response: &Response, content_type: &str) {
    assert_eq!((response.status(), response.text()), (200, ""));
    let fields = response.head.fields();
    let accept = format!("accept: {content_type}");
    assert_eq!(fields, [&*accept, "content-length: 0", "x-content-type-options: nosniff"]);
}

/// What every error says beside its page: no cache keeps it, no browser takes it for anything but HTML,
/// nor shows it in a frame.
pub(crate) const ERROR_FIELDS: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("content-security-policy", CONTENT_SECURITY),
    ("content-type", "text/html; charset=utf-8"),
    ("x-content-type-options", "nosniff"),
];

/// What a page of the server may do: it runs nothing, and has nothing but its own style.
const CONTENT_SECURITY: &str = "default-src 'none'; connect-src *; style-src 'unsafe-inline'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The fields of `head` without those that say where the body ends.
pub(crate) fn unframed(head: &Head) -> Vec<String> {
    let is_framing = |line: &String| {
        line.starts_with("content-length:") || line.starts_with("transfer-encoding:")
    };
    head.fields().into_iter().filter(|line| !is_framing(line)).collect()
}
