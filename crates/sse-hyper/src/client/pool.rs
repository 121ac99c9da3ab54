use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::{body::Incoming, rt::Executor};
use hyper_util::client::legacy;
use tokio::task::JoinSet;
use tower_service::Service;

use super::{
    direct::{BoxConnection, DialError, Dialer},
    limits::{MAX_FIELDS, MAX_HEAD},
    plain::{HeadRead, Plain},
};

/// hyper's client that keeps connections, with their tasks: dropping it ends them.
#[derive(Debug)]
pub(super) struct Pool {
    client: legacy::Client<Dial, Full<Bytes>>,
    /// What each request says to a proxy that sends it on.
    authorization: Option<HeaderValue>,
    _tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Pool {
    /// A client of the server of `uri`, which `dialer` reaches.
    pub(super) fn new(uri: &Uri, dialer: Dialer, max_idle: usize) -> Self {
        let tasks = Arc::default();
        let authorization = dialer.forwarding_authorization(uri);
        let client = legacy::Client::builder(Tasks(Arc::downgrade(&tasks)))
            .pool_idle_timeout(MAX_IDLE_TIME)
            .pool_max_idle_per_host(max_idle)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_max_headers(MAX_FIELDS)
            .http1_max_buf_size(MAX_HEAD)
            .http2_max_header_list_size(MAX_HEAD as u32)
            .build(Dial(Arc::new(dialer)));
        Self { client, authorization, _tasks: tasks }
    }

    /// Sends `request` and waits for the head of its answer.
    pub(super) fn request(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Incoming>, legacy::Error>> + Send + 'static {
        if let Some(value) = &self.authorization {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, value.clone());
        }
        self.client.request(request)
    }
}

/// Makes the connections.
#[derive(Clone, Debug)]
struct Dial(Arc<Dialer>);

impl Service<Uri> for Dial {
    type Response = Plain<BoxConnection>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = Arc::clone(&self.0);
        Box::pin(async move {
            let way = dialer.dial(&uri).await?;
            let io = Plain::new(way.io, way.plain).with_use(way.is_http2, way.is_forwarded);
            // Answers to publications are short: all of each is read as if it were its head.
            Ok(if way.is_http2 { io } else { io.with_head(HeadRead::default()) })
        })
    }
}

/// Where connections run. It holds its tasks weakly, as they hold it.
#[derive(Clone, Debug)]
struct Tasks(Weak<Mutex<JoinSet<()>>>);

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        if let Some(tasks) = self.0.upgrade() {
            let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}

/// Less than the 30 s after which servers close what is idle, ours among them: a publication on a
/// connection that is just being closed fails, as it cannot be told whether it was read.
const MAX_IDLE_TIME: Duration = Duration::from_secs(20);
