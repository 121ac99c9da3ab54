use std::{
    collections::HashMap,
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use crate::{
    messages::{Command, CreateStream, STATUS},
    stream::Stream,
};

/// The streams that the harness has asked for.
#[derive(Default)]
pub(crate) struct ContractService {
    streams: Mutex<HashMap<String, Stream>>,
    last: AtomicU64,
}

type Answer = Response<Full<Bytes>>;

impl ContractService {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
        let (path, body) = (head.uri.path(), body.to_bytes());
        match (&head.method, path) {
            (&Method::GET, "/") => {
                let status = serde_json::to_vec(&STATUS).expect("it has a JSON form");
                Response::new(Full::new(status.into()))
            }
            (&Method::POST, "/") => self.create(&body),
            (&Method::DELETE, "/") => process::exit(0),
            (&Method::POST, path) => self.command(path, &body),
            (&Method::DELETE, path) => {
                let stream = self.streams().remove(path);
                let is_known = stream.is_some();
                status(if is_known { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
            }
            _ => status(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn create(&self, body: &[u8]) -> Answer {
        let Ok(create) = serde_json::from_slice::<CreateStream>(body) else {
            return status(StatusCode::BAD_REQUEST);
        };
        let callback = create.callback_url.clone();
        let Ok(source) = create.source() else { return status(StatusCode::BAD_REQUEST) };
        let path = format!("/streams/{}", self.last.fetch_add(1, Ordering::Relaxed));
        let location = HeaderValue::try_from(&path).expect("it is ASCII");
        self.streams().insert(path, Stream::start(source, callback));
        let mut answer = status(StatusCode::CREATED);
        answer.headers_mut().insert(header::LOCATION, location);
        answer
    }

    fn command(&self, path: &str, body: &[u8]) -> Answer {
        let Ok(Command::Restart) = serde_json::from_slice(body) else {
            return status(StatusCode::BAD_REQUEST);
        };
        let is_known = self.streams().get(path).map(Stream::restart).is_some();
        status(if is_known { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND })
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, HashMap<String, Stream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}
