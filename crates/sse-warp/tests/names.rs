//! Every type in a signature of this crate can be named by it.

use std::{error::Error, future::Ready};

use sse_core::{Hub, HubConfig, StringFormat, Token};
use sse_warp::{
    BoxFeed, ChannelEvents, Channels, Emit, Event, EventId, EventName, Fed, Feed, FeedState, Frame,
    LocalBoxFeed, Receipt, Received, SocketOptions, Source, SseBody, StreamCut, Until,
};

/// A service that keeps what the crate gives it has to name it.
#[expect(dead_code, reason = "that it compiles is the test")]
struct Kept<F: Feed, S: Source, E: Emit> {
    body: SseBody<S>,
    until: Until<F, Ready<()>>,
    fed: Fed<BoxFeed>,
    fed_here: Fed<LocalBoxFeed>,
    said: (Received<E>, Event, EventId, EventName, Frame),
    ends: (FeedState, StreamCut),
    sockets: SocketOptions,
}

#[test]
fn what_channels_give_can_be_kept() -> Result<(), Box<dyn Error>> {
    let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
    let token = Token::new("42")?;

    let _events: ChannelEvents = channels.events();
    let _body: SseBody = channels.listen(&token)?;
    let receipt: Receipt = channels.publish(&token, "ping", b"hi")?;

    assert_eq!(receipt.listeners(), 1);
    Ok(())
}
