use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use ring::digest::{SHA256, digest};

use super::super::answer::{Body, boxed};

/// The page that shows what goes on: one file, which loads nothing and runs only its own script.
#[derive(Debug)]
pub(super) struct Page {
    html: Bytes,
    security: HeaderValue,
}

impl Page {
    pub(super) fn new() -> Self {
        let html = HTML.replace("{style}", STYLE).replace("{script}", SCRIPT);
        let security = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(SCRIPT),
        );
        let security = HeaderValue::try_from(security).expect("Base64 can stand in a header");
        Self { html: html.into(), security }
    }

    pub(super) fn response(&self) -> Response<Body> {
        let mut response = Response::new(boxed(Full::from(self.html.clone())));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.security.clone());
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// What permits an element with this content.
///
/// # Source
///
/// Content Security Policy Level 3, *hash-source*: of the content of the element, as it stands in the page.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, content.as_bytes())))
}

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
