//! Headers that are made before each attempt.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::{HeaderMap, header};
use sse_testkit::MemoryServer;

use crate::support::{all, builder, no_content, stream};

#[tokio::test(start_paused = true)]
async fn each_attempt_gets_new_headers() {
    let server = MemoryServer::new([stream("data: a\n\n"), stream("data: b\n\n"), no_content()]);
    let count = Arc::new(AtomicUsize::new(0));
    let source = builder(&server)
        .with_header(header::AUTHORIZATION, "Bearer old".parse().unwrap())
        .with_header_hook(move || {
            let count = Arc::clone(&count);
            async move {
                tokio::task::yield_now().await;
                let number = count.fetch_add(1, Ordering::Relaxed);
                let value = format!("Bearer {number}").parse()?;
                Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
            }
        })
        .build()
        .unwrap();

    all(source).await;

    let tokens: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.field("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer 0", "Bearer 1", "Bearer 2"]);
}

#[tokio::test(start_paused = true)]
async fn hook_that_fails_is_asked_again_after_a_wait() {
    let server = MemoryServer::new([no_content()]);
    let count = AtomicUsize::new(0);
    let source =
        builder(&server)
            .with_header_hook(move || {
                let failed = count.fetch_add(1, Ordering::Relaxed) == 0;
                async move {
                    if failed { Err("there is no token".into()) } else { Ok(HeaderMap::new()) }
                }
            })
            .build()
            .unwrap();

    let notices = all(source).await;

    assert_eq!(notices, ["again: the connection failed: there is no token"]);
    assert_eq!(server.connections(), 1);
}
