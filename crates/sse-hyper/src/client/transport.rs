use std::{
    error::Error,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri, uri::Scheme};
use http_body_util::Full;
use hyper::{body::Incoming, rt::Executor};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use tokio::task::JoinSet;

use super::BuildError;
#[cfg(feature = "tls")]
use super::ClientTls;

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

/// hyper's client, with the tasks of its connections: dropping it ends them.
#[derive(Debug)]
pub(super) struct Transport {
    client: legacy::Client<Connector, Full<Bytes>>,
    _tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Transport {
    /// A client of the server of `uri`, over TLS if that is `https`: only then are roots read.
    #[cfg(feature = "tls")]
    pub(super) fn new(uri: &Uri, tls: &ClientTls, max_idle: usize) -> Result<Self, BuildError> {
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
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
            .build(connector);
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

/// Refuses at once what would fail at every attempt.
fn check(uri: &Uri, is_https: bool) -> Result<(), BuildError> {
    let is_http = uri.scheme() == Some(&Scheme::HTTP);
    if (is_http || is_https) && uri.host().is_some_and(|host| !host.is_empty()) {
        Ok(())
    } else {
        Err(BuildError::Address { uri: uri.clone() })
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    // A server that vanished without a word is found, though nothing is sent to it.
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(3));
    tcp
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

/// `error` with all that is behind it, without what repeats itself.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    // hyper's own first words, "client error", tell nobody anything.
    let is_empty_word = error.is::<legacy::Error>();
    let first = if is_empty_word { error.source().unwrap_or(error) } else { error };
    let mut text = first.to_string();
    let mut source = first.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

/// Less than the 30 s after which servers close what is idle, ours among them: a publication on a
/// connection that is just being closed fails, as it cannot be told whether it was read.
const MAX_IDLE_TIME: Duration = Duration::from_secs(20);
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
