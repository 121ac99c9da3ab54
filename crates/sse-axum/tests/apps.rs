//! The protocol without a prefix, and with one, merged with applications as axum builds them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::panic::catch_unwind;

use axum::{
    Router,
    extract::{Path, State},
    routing::{any, get, post},
};
use sse_axum::SocketOptions;
use sse_testkit::{Setup, Target, head, run};
use tokio::{net::TcpListener, task::JoinSet};

#[test]
fn the_root_is_the_application_s_where_it_has_one() {
    run(async {
        for (what, app) in [
            ("get", Router::new().route("/", get("mine"))),
            ("get and post", Router::new().route("/", get("mine").post("mine"))),
            ("any", Router::new().route("/", any("mine"))),
            ("a service", Router::new().route_service("/", any::<_, _, ()>("mine"))),
            ("a fallback", Router::new().fallback(async || "mine")),
            ("both", Router::new().route("/", get("mine")).fallback(async || "a fallback")),
        ] {
            for (order, app) in both_orders(app) {
                let target = serve(app).await;

                assert_eq!(target.get("/").await.text(), "mine", "{what}, {order}");
                let posted = target.exchange(head("POST", "/", &[])).await;
                assert!(!posted.text().contains("<html>"), "{what}, {order}: {posted:?}");
                the_rest_is_the_protocol_s(&target).await;
            }
        }
    });
}

#[test]
fn the_root_is_a_page_where_the_application_has_none() {
    run(async {
        let alone = sse_axum::router(Setup::default().gateway());
        let extended = alone.clone().route("/mine", get("mine"));
        let merged = Router::new().route("/mine", get("mine")).merge(alone.clone());
        for app in [alone, extended, merged] {
            let target = serve(app).await;

            assert!(target.get("/").await.text().contains("<html"));
            let posted = target.exchange(head("POST", "/", &[])).await;
            assert_eq!((posted.status(), posted.head.field("allow")), (405, Some("GET, HEAD")));
            the_rest_is_the_protocol_s(&target).await;
        }
    });
}

#[test]
fn a_root_that_is_no_page_comes_from_the_application_that_is_merged_into_it() {
    run(async {
        let app = Router::new().route("/mine", get("mine"));
        let target = serve(sse_axum::router(Setup::default().gateway()).merge(app)).await;

        assert_eq!(target.get("/").await.status(), 404);
        the_rest_is_the_protocol_s(&target).await;
    });
}

#[test]
fn an_application_may_have_state() {
    run(async {
        let app = Router::new().route("/", get(async |State(said): State<&'static str>| said));
        for (order, app) in both_orders(app) {
            let target = serve(app.with_state("mine")).await;

            assert_eq!(target.get("/").await.text(), "mine", "{order}");
            the_rest_is_the_protocol_s(&target).await;
        }
    });
}

#[test]
fn routes_of_the_application_come_first() {
    run(async {
        let inner = Router::new().route("/", get("mine")).route("/deep/down", get("mine"));
        let two = async |Path((first, _)): Path<(String, String)>| first;
        let app = Router::new()
            .nest("/inner", inner)
            .route("/poll/mine", get("mine"))
            .route("/tell/{token}", post("mine"))
            .route("/two/{first}/{second}", get(two));
        for (order, app) in both_orders(app) {
            let target = serve(app).await;

            for path in ["/inner", "/inner/deep/down", "/poll/mine", "/two/mine/and"] {
                assert_eq!(target.get(path).await.text(), "mine", "{path}, {order}");
            }
            assert_eq!(target.post("tell", "42", "").await.text(), "mine", "{order}");
            the_rest_is_the_protocol_s(&target).await;
        }
    });
}

#[test]
fn an_application_that_takes_any_first_segment_is_refused_at_the_start() {
    for path in ["/{*rest}", "/{id}", "/{a}/{b}"] {
        let merged = catch_unwind(|| {
            let app: Router = Router::new().route(path, any("mine"));
            app.merge(sse_axum::router(Setup::default().gateway()))
        });

        let message = merged.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("conflict"), "{path}: {message}");
    }
}

#[test]
fn behind_a_prefix_all_else_is_the_application_s() {
    run(async {
        let prefixed = || {
            let mut setup = Setup::default();
            "/events".clone_into(&mut setup.prefix);
            setup
        };
        for app in [
            Router::new().route("/", get("mine")).route("/{*rest}", any("mine")),
            Router::new().fallback(async || "mine"),
        ] {
            let events = || sse_axum::router(prefixed().gateway());
            for app in [app.clone().merge(events()), events().merge(app)] {
                let target = serve_as(prefixed(), app).await;

                for path in ["/", "/poll/42", "/eventsource"] {
                    assert_eq!(target.get(path).await.text(), "mine", "{path}");
                }
                hears_what_is_published(&target).await;
                assert_eq!(target.get("/events/").await.status(), 200);
                assert_eq!(target.get("/events").await.status(), 200);
                assert_eq!(target.get("/events/poll").await.status(), 400);
            }
        }
    });
}

/// `app` and the protocol without a prefix, the one merged into the other and the other way round.
fn both_orders<S>(app: Router<S>) -> [(&'static str, Router<S>); 2]
where
    S: Clone + Send + Sync + 'static,
{
    let events = || sse_axum::router(Setup::default().gateway());
    [("app.merge", app.clone().merge(events())), ("router.merge", events().merge(app))]
}

async fn the_rest_is_the_protocol_s(target: &Target) {
    hears_what_is_published(target).await;
    assert_eq!(target.get("/segment").await.status(), 400, "one segment");
    let moved = target.get("/nothing/here").await;
    assert_eq!((moved.status(), moved.head.field("location")), (301, Some("/")));
}

async fn hears_what_is_published(target: &Target) {
    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "hi").await;
    while listener.block().await != "event: ping\ndata: hi\n\n" {}
}

async fn serve(app: Router) -> Target {
    serve_as(Setup::default(), app).await
}

async fn serve_as(setup: Setup, app: Router) -> Target {
    let listener = SocketOptions::default().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Target::new(addr, setup, serving)
}
