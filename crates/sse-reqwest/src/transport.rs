use bytes::Bytes;
use http::{Request, Response};
use reqwest::{Body, Client};
use sse_hyper::{Transport, TransportBody, TransportError, TransportFuture};

/// Sends requests by a client of reqwest.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestTransport(pub(crate) Client);

impl Transport for ReqwestTransport {
    fn send(&mut self, request: Request<Bytes>) -> TransportFuture {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(TransportError::unsent)?;
            let response = client.execute(request).await.map_err(told)?;
            Ok(Response::<Body>::from(response).map(TransportBody::new))
        })
    }
}

fn told(error: reqwest::Error) -> TransportError {
    match error.is_connect() || error.is_builder() {
        true => TransportError::unsent(error),
        false => TransportError::unanswered(error),
    }
}
