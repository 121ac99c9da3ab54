use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header, uri::Authority};
use http_body_util::Full;
use hyper::{body::Incoming, ext::ReasonPhrase, upgrade};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::{
    connector::{BoxConnection, DialError, boxed},
    dialer::default_port,
    handshake::http1,
    tasks::Driver,
};
use crate::client::{
    beginning::{Beginning, PATIENCE},
    limits::TooLong,
    plain::Plain,
};

/// Asks the proxy on `io` for a tunnel to the server of `uri`, with `headers`.
///
/// # Source
///
/// RFC 9110, section 9.3.6, CONNECT.
pub(super) async fn tunnel(
    io: Plain<BoxConnection>,
    uri: &Uri,
    headers: HeaderMap,
) -> Result<BoxConnection, DialError> {
    let port = uri.port_u16().unwrap_or_else(|| default_port(uri));
    let host = format!("{}:{port}", uri.host().unwrap_or_default());
    let target: Authority = host.parse()?;
    let failed = |error: hyper::Error| TunnelError::Failed {
        target: target.clone(),
        source: match TooLong::behind(&error) {
            Some(too_long) => too_long.into(),
            None => error.into(),
        },
    };
    let mut request = Request::new(Full::<Bytes>::default());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::builder().authority(target.clone()).build()?;
    request.headers_mut().insert(header::HOST, HeaderValue::try_from(host)?);
    request.headers_mut().extend(headers);
    let (mut sender, connection) = http1().handshake(io).await.map_err(failed)?;
    let connection = connection.with_upgrades();
    let mut driver = Driver::Reader(Some(Box::pin(async move { drop(connection.await) })));
    let response = driver.run(sender.send_request(request)).await.map_err(failed)?;
    if !response.status().is_success() {
        return Err(refused(target, response, driver).await.into());
    }
    // With what came behind the head.
    let upgraded = driver.run(upgrade::on(response)).await.map_err(failed)?;
    Ok(boxed(TokioIo::new(upgraded)))
}

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
enum TunnelError {
    #[error("the proxy refused a tunnel to {target}: {reason}")]
    Refused { target: Authority, reason: String },
    #[error("the proxy made no tunnel to {target}")]
    Failed { target: Authority, source: DialError },
}

async fn refused(
    target: Authority,
    response: Response<Incoming>,
    mut driver: Driver,
) -> TunnelError {
    let status = response.status();
    let said = response.extensions().get::<ReasonPhrase>();
    let said = said.map(|said| line(&String::from_utf8_lossy(said.as_bytes())));
    let phrase = said.filter(|said| !said.is_empty());
    let phrase = phrase.or_else(|| status.canonical_reason().map(str::to_owned));
    let is_encoded = response.headers().contains_key(header::CONTENT_ENCODING);
    let mut page = Beginning::of_page(Some(response.into_body()));
    if !is_encoded {
        let _late = timeout(PATIENCE, driver.run(page.read())).await;
    }
    let page = page.text();
    // Of a page of HTML, the beginning says nothing.
    let words = Some(line(&page)).filter(|words| !words.is_empty() && !words.starts_with('<'));
    let mut reason = status.as_str().to_owned();
    if let Some(phrase) = phrase {
        reason = format!("{reason} {phrase}");
    }
    if let Some(words) = words {
        reason = format!("{reason}: {words}");
    }
    TunnelError::Refused { target, reason }
}

/// The first words of `text`, on one line and without what a terminal would obey.
fn line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::new();
    for (at, character) in words.chars().enumerate() {
        if at == LONGEST_LINE {
            line.push('…');
            break;
        }
        match character.is_control() {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line
}

/// How many characters of a proxy's own words are told.
const LONGEST_LINE: usize = 200;
