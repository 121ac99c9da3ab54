/// Makes a `#[test]` of whether `$adapter` can name every type in its signatures: a test target of the
/// adapter is `sse_testkit::name_tests!(sse_axum);`.
#[macro_export]
macro_rules! name_tests {
    ($adapter:ident) => {
        use std::{error::Error, future::Ready};

        use sse_core::{
            Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode,
            history::Start,
        };
        use $adapter::{
            BoxFeed, ChannelEvents, Channels, Delivered, Emit, Event, EventId, EventName,
            EventService, Feed, FeedSource, FeedState, Frame, LocalBoxFeed, Observation, Position,
            Receipt, Received, SocketOptions, Source, SseBody, StreamCut, Subscription, Until,
        };

        /// A service that keeps what the crate gives it has to name it.
        #[expect(dead_code, reason = "that it compiles is the test")]
        struct Kept<F: Feed, S: Source, E: Emit> {
            body: SseBody<S>,
            until: Until<F, Ready<()>>,
            fed: FeedSource<BoxFeed>,
            fed_here: FeedSource<LocalBoxFeed>,
            said: (Received<E>, Event, EventId, EventName, Frame),
            ends: (FeedState, StreamCut),
            sockets: SocketOptions,
            heard: (Delivered, Position),
        }

        #[test]
        fn what_channels_give_can_be_kept() -> Result<(), Box<dyn Error>> {
            let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
            let gateway = Gateway::new(hub, GatewayConfig::default());
            let service: EventService = EventService::new(gateway);
            let channels: Channels = service.channels();
            let token = Token::new("42")?;

            let _events: ChannelEvents = channels.events();
            let _observed: Observation = channels.observe(&token);
            let _body: SseBody = channels.listen(&token)?;
            let _subscription: Subscription = channels.subscribe(&token, &Start::default())?;
            let receipt: Receipt = channels.publish(&token, "ping", b"hi")?;

            assert_eq!(receipt.listeners(), 2);
            Ok(())
        }
    };
}
