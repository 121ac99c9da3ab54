//! "A budget for all bodies under way, counted as received."

use sse_core::GatewayConfig;
use tokio::task::JoinSet;

use crate::{Setup, Target, contract::expect, patience, post_head};

/// "Beyond 503 + `Retry-After`", and nothing is held for those that were refused or have gone.
pub async fn bodies_under_way_have_a_budget(start: impl AsyncFn(Setup) -> Target) {
    const LEN: usize = 100 << 10;
    let target = start(Setup { gateway_config: small, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;
    let mut under_way = JoinSet::new();
    for _ in 0..40 {
        let mut connection = target.connect().await;
        under_way.spawn(async move {
            connection.send(post_head("/ping/42", LEN)).await;
            let _refused_while_it_was_sent = connection.try_send(vec![b'x'; LEN - 1]).await;
            connection.response().await
        });
    }

    // Ten fit, so that thirty are answered though none of them has come whole.
    for _ in 0..30 {
        let refused = under_way.join_next().await.expect("forty were sent").expect("an answer");
        let text = expect::reason(&refused, "503: Service Unavailable");
        assert!(text.contains("1048576"), "{text}");
        assert!(refused.head.field("retry-after").is_some(), "{refused:?}");
    }
    under_way.shutdown().await;

    patience::until("there is room again", async || {
        target.post("ping", "42", "hi").await.status() == 200
    })
    .await;
    listener.expect("event: ping\ndata: hi\n\n").await;
}

fn small(config: GatewayConfig) -> GatewayConfig {
    config.with_max_bodies(1 << 20).with_max_body(128 << 10)
}
