use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::{body::Incoming, rt::Executor};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use tokio::task::JoinSet;

#[cfg(feature = "tls")]
use super::ClientTls;
use super::{BuildError, address::check, plain::PlainConnector, tcp::tcp};

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

/// hyper's client that keeps connections, with their tasks: dropping it ends them.
#[derive(Debug)]
pub(super) struct Pool {
    client: legacy::Client<PlainConnector<Connector>, Full<Bytes>>,
    _tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Pool {
    /// A client of the server of `uri`, over TLS if that is `https`: only then are roots read.
    #[cfg(feature = "tls")]
    pub(super) fn new(uri: &Uri, tls: &ClientTls, max_idle: usize) -> Result<Self, BuildError> {
        let is_https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        check(uri, is_https)?;
        let config = if is_https { tls.config()? } else { ClientTls::unused()? };
        let mut tcp = tcp();
        tcp.enforce_http(false);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Ok(Self::over(connector, max_idle))
    }

    /// A client of the server of `uri`.
    #[cfg(not(feature = "tls"))]
    pub(super) fn new(uri: &Uri, max_idle: usize) -> Result<Self, BuildError> {
        check(uri, false)?;
        Ok(Self::over(tcp(), max_idle))
    }

    fn over(connector: Connector, max_idle: usize) -> Self {
        let tasks = Arc::default();
        let client = legacy::Client::builder(Tasks(Arc::downgrade(&tasks)))
            .pool_idle_timeout(MAX_IDLE_TIME)
            .pool_max_idle_per_host(max_idle)
            .build(PlainConnector(connector));
        Self { client, _tasks: tasks }
    }

    /// Sends `request` and waits for the head of its answer.
    pub(super) fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Incoming>, legacy::Error>> + Send + 'static {
        self.client.request(request)
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
