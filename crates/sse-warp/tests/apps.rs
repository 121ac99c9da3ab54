//! The protocol without a prefix, and with one, beside filters of an application.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use sse_hyper::Server;
use sse_testkit::{Setup, Target, run};
use sse_warp::SocketOptions;
use tokio::task::JoinSet;
use warp::{Filter, Reply};

#[test]
fn the_root_is_the_application_s_where_it_comes_first() {
    run(async {
        let page = warp::path::end().and(warp::get()).map(|| "mine");
        let other = warp::path!("poll" / "mine").map(|| "mine");
        let events = sse_warp::routes(Setup::default().gateway());
        let target = serve(Setup::default(), page.or(other).or(events));

        assert_eq!(target.get("/").await.text(), "mine");
        assert_eq!(target.get("/poll/mine").await.text(), "mine");
        hears_what_is_published(&target).await;
        let moved = target.get("/nothing/here").await;
        assert_eq!((moved.status(), moved.head.field("location")), (301, Some("/")));
    });
}

#[test]
fn without_a_prefix_no_filter_behind_the_protocol_is_asked() {
    run(async {
        let events = sse_warp::routes(Setup::default().gateway());
        let target = serve(Setup::default(), events.or(warp::get().map(|| "mine")));

        let page = target.get("/").await;
        assert_eq!((page.status(), page.text() == "mine"), (200, false));
        assert_eq!(target.get("/segment").await.status(), 400);
        hears_what_is_published(&target).await;
    });
}

#[test]
fn behind_a_prefix_all_else_is_the_application_s() {
    run(async {
        let mut setup = Setup::default();
        "/events".clone_into(&mut setup.prefix);
        let events = sse_warp::routes(setup.gateway());
        let target = serve(setup, events.or(warp::get().map(|| "mine")));

        for path in ["/", "/poll/42", "/eventsource"] {
            assert_eq!(target.get(path).await.text(), "mine", "{path}");
        }
        assert_eq!(target.get("/events").await.status(), 200);
        assert_eq!(target.get("/events/poll").await.status(), 400);
        hears_what_is_published(&target).await;
    });
}

async fn hears_what_is_published(target: &Target) {
    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "hi").await;
    while listener.block().await != "event: ping\ndata: hi\n\n" {}
}

fn serve<F>(setup: Setup, filter: F) -> Target
where
    F: Filter<Error = warp::Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let listener = SocketOptions::default().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Server::from_std(listener).unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(warp::service(filter)).await.unwrap() });
    Target::new(addr, setup, serving)
}
