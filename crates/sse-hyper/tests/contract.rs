//! The contract of the protocol, over the server of this crate.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use sse_core::{
    Action, ActionSet, Counter, Gateway, GatewayConfig, Hub, HubConfig, JsonFormat, LogConfig,
    Mode, StringFormat,
};
use sse_hyper::{EventService, Server};
use sse_testkit::{EventFormat, Setup, Target, contract_tests};
use tokio::task::JoinSet;

contract_tests!(start);

async fn start(setup: Setup) -> Target {
    let service = EventService::new(Gateway::new(Hub::new(hub(&setup)), gateway(&setup)));
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(service).await.unwrap() });
    Target::new(addr, setup, serving)
}

fn hub(setup: &Setup) -> HubConfig {
    let hub = match setup.format {
        EventFormat::String => HubConfig::new(StringFormat),
        EventFormat::Json => HubConfig::new(JsonFormat),
    };
    let hub = hub
        .with_actions(actions(setup))
        .with_mode(if setup.shared { Mode::Shared } else { Mode::Exclusive })
        .with_keepalive(setup.keepalive)
        .with_log(LogConfig::default().with_max_bytes(setup.max_channel_bytes))
        .with_max_total_bytes(setup.max_total_bytes);
    if setup.ids { hub.with_ids(Counter::default()) } else { hub }
}

fn actions(setup: &Setup) -> ActionSet {
    let mut actions = ActionSet::default().with_listen(&setup.listen).unwrap();
    if setup.retry {
        actions = actions.with_action("retry", Action::Retry).unwrap();
    }
    for name in &setup.actions {
        actions = actions.with_action(name, Action::Event).unwrap();
    }
    actions
}

fn gateway(setup: &Setup) -> GatewayConfig {
    GatewayConfig::default()
        .with_prefix(&setup.prefix)
        .unwrap()
        .with_max_body(setup.max_body)
        .with_body_timeout(setup.body_timeout)
}
