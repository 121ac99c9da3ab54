use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use http::Request;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use sse_hyper::EventSource;
use tokio::{sync::Notify, task::JoinHandle};

use crate::messages::Message;

/// One stream, whose messages are posted back; dropping it closes it.
pub(crate) struct Stream {
    task: JoinHandle<()>,
    restart: Arc<Notify>,
}

impl Stream {
    pub(crate) fn start(source: EventSource, callback: String) -> Self {
        let restart = Arc::new(Notify::new());
        let task = tokio::spawn(forward(source, callback, Arc::clone(&restart)));
        Self { task, restart }
    }

    pub(crate) fn restart(&self) {
        self.restart.notify_one();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(mut source: EventSource, callback: String, restart: Arc<Notify>) {
    let mut callback = Callback {
        client: Client::builder(TokioExecutor::new()).build_http(),
        url: callback,
        posted: 0,
    };
    loop {
        let notice = tokio::select! {
            notice = source.next() => notice,
            () = restart.notified() => {
                source.restart();
                continue;
            }
        };
        match notice {
            Some(Ok(notice)) => match Message::of(notice) {
                Some(message) => callback.post(&message).await,
                None => continue,
            },
            Some(Err(error)) => callback.post(&Message::Error { error: error.to_string() }).await,
            None => return,
        }
    }
}

/// Where the messages go, numbered.
struct Callback {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    posted: u64,
}

impl Callback {
    async fn post(&mut self, message: &Message) {
        self.posted += 1;
        let body = serde_json::to_vec(message).expect("it has a JSON form");
        let request = Request::post(format!("{}/{}", self.url, self.posted))
            .header("content-type", "application/json")
            .body(Full::new(body.into()));
        let Ok(request) = request else { return };
        // A harness that has gone away wants to know nothing more.
        let _gone = self.client.request(request).await;
    }
}
