use std::{error::Error, iter, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Version};
use reqwest::{Body, Client};
use sse_hyper::{AnsweredFrom, Transport, TransportBody, TransportError, TransportFuture};

/// Sends requests by a client of reqwest.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestTransport {
    pub(crate) client: Client,
    pub(crate) timeout: Option<Duration>,
    pub(crate) version: Version,
}

impl Transport for ReqwestTransport {
    fn send(&mut self, request: Request<Bytes>) -> TransportFuture {
        let Self { client, timeout, version } = self.clone();
        Box::pin(async move {
            let mut request =
                reqwest::Request::try_from(request).map_err(TransportError::unsent)?;
            *request.timeout_mut() = timeout;
            *request.version_mut() = version;
            let asked = request.url().clone();
            let is_idempotent = request.method().is_idempotent();
            let is_plain = asked.scheme() == "http";
            let response = client.execute(request).await;
            let response = response.map_err(|error| match is_plain && is_no_http(&error) {
                true => TransportError::unanswered(NoHttp),
                false => told(error, is_idempotent),
            })?;
            let url = response.url().clone();
            let mut response = Response::<Body>::from(response).map(TransportBody::new);
            if url != asked
                && let Ok(uri) = url.as_str().parse()
            {
                response.extensions_mut().insert(AnsweredFrom(uri));
            }
            Ok(response)
        })
    }
}

/// The client shows nobody the bytes, so it is not known whether they are of TLS.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer is no HTTP: if the server speaks TLS on this port, use https://")]
struct NoHttp;

fn is_no_http(error: &reqwest::Error) -> bool {
    let mut causes = iter::successors(error.source(), |&error| error.source());
    // hyper has no name for it but this.
    causes.any(|cause| cause.to_string() == "invalid HTTP version parsed")
}

fn told(error: reqwest::Error, is_idempotent: bool) -> TransportError {
    // The client does not tell whether it was redirected before, which is to say that a server has
    // seen the request.
    let is_unsent = error.is_builder() || (error.is_connect() && is_idempotent);
    match is_unsent {
        true => TransportError::unsent(error),
        false => TransportError::unanswered(error),
    }
}
