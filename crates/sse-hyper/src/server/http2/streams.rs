use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{Request, Response};
use http_body::Body;
use hyper::{body::Incoming, rt::Executor, service::Service as HyperService};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    super::{
        handover::is_stream,
        tower::{Call, TowerService},
        watched::Served,
    },
    body::{Look, StreamBody},
    progress::Progress,
};

/// Runs the streams of a connection, each as a task of its own.
///
/// To drop the task of a stream is the only way to reset one whose window is shut: hyper has no other
/// handle to it. hyper hands a task over right after it has called the service for the same request,
/// so the two are told together by their order.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<Option<Answer>>>);

/// The body of the answer to a call, once there is one.
type Answer = Arc<OnceLock<Arc<dyn Look>>>;

impl Streams {
    fn handle_call(&self) -> Answer {
        let answer = Answer::default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
        answer
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        tokio::spawn(StreamTask { stream: Some(stream), answer });
    }
}

pin_project! {
    /// A stream, to its end or until it is to be reset.
    struct StreamTask<F> {
        #[pin]
        stream: Option<F>,
        answer: Option<Answer>,
    }
}

impl<F: Future<Output = ()>> Future for StreamTask<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Some(stream) = this.stream.as_mut().as_pin_mut()
            && stream.poll(cx).is_pending()
        {
            let body = this.answer.as_ref().and_then(|answer| answer.get());
            ready!(body.map_or(Poll::Pending, |body| body.poll_cut(cx)));
        }
        this.stream.set(None);
        Poll::Ready(())
    }
}

/// A service whose answers are known to the tasks that send them.
pub(super) struct StreamService<S, B> {
    service: TowerService<S, B>,
    streams: Streams,
    stall_timeout: Option<Duration>,
    progress: Arc<Progress>,
}

impl<S, B> StreamService<S, B> {
    pub(super) fn new(
        service: TowerService<S, B>,
        streams: Streams,
        stall_timeout: Option<Duration>,
        progress: Arc<Progress>,
    ) -> Self {
        Self { service, streams, stall_timeout, progress }
    }
}

impl<S, B> HyperService<Request<Incoming>> for StreamService<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<StreamBody<Served<B>>>;
    type Error = S::Error;
    type Future = StreamCall<S, B>;

    fn call(&self, request: Request<Incoming>) -> StreamCall<S, B> {
        self.progress.handle_call();
        let (answer, progress) = (self.streams.handle_call(), self.progress.clone());
        let (call, stall_timeout) = (self.service.call(request), self.stall_timeout);
        StreamCall { call, answer, stall_timeout, progress }
    }
}

pin_project! {
    pub(super) struct StreamCall<S: Service<Request<Incoming>>, B> {
        #[pin]
        call: Call<S, B>,
        answer: Answer,
        stall_timeout: Option<Duration>,
        progress: Arc<Progress>,
    }
}

impl<S, B> Future for StreamCall<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<Response<StreamBody<Served<B>>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.call.poll(cx))?;
        let can_be_cut = is_stream(&response);
        let (stall_timeout, progress) = (*this.stall_timeout, this.progress.clone());
        let response =
            response.map(|body| StreamBody::new(body, can_be_cut, stall_timeout, progress));
        let _first = this.answer.set(response.body().look());
        Poll::Ready(Ok(response))
    }
}
