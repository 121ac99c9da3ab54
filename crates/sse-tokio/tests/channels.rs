//! `Channels`: code that publishes, listens and watches, in the process that serves.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{thread, time::Duration};

use futures_util::{FutureExt, StreamExt};
use http_body_util::BodyExt;
use sse_core::{
    Event, Hub, HubConfig, StringFormat, Token,
    channel::{CloseReason, Mode, OnOverrun},
    event::{EventId, EventName},
    history::{History, Since, Start, Verdict},
    hub::{Delivered, HubEvent, PublishError, SubscribeError},
    id_source::Counter,
    response::LastEventId,
};
use sse_tokio::{Channels, SseBody, Subscription};
use tokio::time::timeout;

#[tokio::test]
async fn what_code_sends_arrives_as_it_is() {
    let channels = channels(|config| config);
    let mut body = listen(&channels).await;

    let reading = Event::data("21.5\n22").with_name(EventName::from_static("reading"));
    let receipt = channels.send(&token(), reading).unwrap();
    assert_eq!((receipt.listeners(), receipt.id(), receipt.position()), (1, None, None));
    assert_eq!(next(&mut body).await, "event: reading\ndata: 21.5\ndata: 22\n\n");

    channels.send_all(&token(), ["1", "2"].map(Event::data)).unwrap();
    assert_eq!(next(&mut body).await, "data: 1\n\ndata: 2\n\n");

    channels.set_retry(&token(), Duration::from_millis(1500)).unwrap();
    assert_eq!(next(&mut body).await, "retry: 1500\n\n");

    channels.close(&token()).unwrap();
    assert!(body.frame().await.is_none());
    assert_eq!(channels.send(&token(), Event::data("3")), Err(PublishError::NotConnected));
}

#[tokio::test]
async fn code_has_the_limits_of_a_post() {
    let few = |config: HubConfig| config.with_max_log_bytes(1000).with_max_batch(2);
    let channels = channels(move |config| few(config).with_ids(Counter::default()));
    for result in [
        channels.send(&token(), Event::data("1")),
        channels.set_retry(&token(), Duration::ZERO),
        channels.close(&token()),
    ] {
        assert_eq!(result, Err(PublishError::NotConnected));
    }
    let _body = channels.listen(&token()).unwrap();

    let own = EventId::new("7").unwrap();
    let of_own = Event::data("1").with_id(own.clone());
    assert_eq!(channels.send(&token(), of_own), Err(PublishError::OwnId { id: own }));
    let name = EventName::from_static("sse.open");
    let reserved = Event::data("1").with_name(name.clone());
    assert_eq!(channels.send(&token(), reserved), Err(PublishError::Reserved { name }));
    let three = ["1", "2", "3"].map(Event::data);
    assert_eq!(channels.send_all(&token(), three), Err(PublishError::TooManyEvents { max: 2 }));
    let large = channels.send(&token(), Event::data("x".repeat(1000)));
    assert!(matches!(large, Err(PublishError::TooLarge { max: 1000, .. })), "{large:?}");
    assert_eq!(channels.send_all(&token(), []), Err(PublishError::Empty));

    // No id was used for what was refused.
    let receipt = channels.send(&token(), Event::data("1")).unwrap();
    assert_eq!(receipt.id(), Some(EventId::new("0").unwrap()));
    assert_eq!(receipt.position(), None);
}

#[tokio::test]
async fn a_receipt_names_the_last_position() {
    let channels = channels(with_history);

    let receipt = channels.send_all(&token(), ["1", "2"].map(Event::data)).unwrap();

    let position = receipt.position().unwrap();
    assert_eq!((position.seq(), receipt.id()), (2, Some(position.into())));
}

#[tokio::test]
async fn a_subscription_waits_until_something_comes() {
    let channels = channels(|config| config);
    let mut heard = subscribe(&channels, Start::default()).unwrap();
    assert!(heard.next().now_or_never().is_none());

    let elsewhere = channels.clone();
    let sending = thread::spawn(move || elsewhere.send(&token(), Event::data("1")).unwrap());
    assert_eq!(data(timeout(PATIENCE, heard.next()).await.unwrap()), "1");
    assert_eq!(sending.join().unwrap().listeners(), 1);

    channels.publish(&token(), "ping", b"2").unwrap();
    let delivered = heard.next().await.unwrap();
    assert_eq!((delivered.event.name(), delivered.event.data()), ("ping", "2"));
    assert_eq!(delivered.position, None);
}

#[tokio::test]
async fn a_subscription_goes_on_behind_a_position() {
    let channels = channels(with_history);
    channels.send_all(&token(), ["1", "2", "3"].map(Event::data)).unwrap();

    let start = Start::default().with_since(Since::Earliest);
    let mut heard = subscribe(&channels, start).unwrap();
    assert_eq!(heard.resume().unwrap().verdict(), &Verdict::Fresh);
    let first = heard.next().await.unwrap();
    assert_eq!((first.event.data(), first.position.unwrap().seq()), ("1", 1));
    drop(heard);

    let id = EventId::from(first.position.unwrap());
    let start = Start::from(LastEventId::new(Some(id.as_str().as_bytes()), None));
    let mut heard = subscribe(&channels, start).unwrap();
    assert_eq!(heard.resume().unwrap().verdict(), &Verdict::Ok);
    assert_eq!(data(heard.next().await), "2");
    assert_eq!(data(heard.next().await), "3");
    assert!(heard.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_subscription_is_told_of_a_gap() {
    let channels = channels(with_history);
    channels.send_all(&token(), ["1", "2"].map(Event::data)).unwrap();

    let start = Start::from(LastEventId::new(Some(b"9.k3f9x2q1"), None));
    let mut heard = subscribe(&channels, start).unwrap();

    assert_eq!(heard.next().await.unwrap().event.name(), "sse.gap");
    assert_eq!(data(heard.next().await), "1");
}

#[tokio::test]
async fn a_subscription_is_a_listener_like_any_other() {
    let channels = channels(|config| config);
    let heard = subscribe(&channels, Start::default()).unwrap();
    assert_eq!(channels.hub().listeners(&token()), 1);
    let taken = subscribe(&channels, Start::default()).unwrap_err();
    assert_eq!(taken, SubscribeError::Taken);

    drop(heard);

    assert_eq!(channels.hub().listeners(&token()), 0);
    assert!(subscribe(&channels, Start::default()).is_ok());
}

#[tokio::test]
async fn a_subscription_says_why_it_ended() {
    let takeover = |config: HubConfig| config.with_mode(Mode::Takeover);
    let cut = |config: HubConfig| config.with_max_log_bytes(1000).with_on_overrun(OnOverrun::Close);
    type Ending = fn(&Channels);
    let endings: [(Ending, CloseReason); 4] = [
        (|channels| drop(channels.close(&token()).unwrap()), CloseReason::Finished),
        (|channels| channels.shutdown(), CloseReason::Shutdown),
        (
            // The first is told so once the second has begun.
            |channels| drop(channels.listen(&token()).unwrap()),
            CloseReason::Replaced,
        ),
        // Nobody is left once the only listener was cut.
        (
            |channels| while channels.send(&token(), Event::data("1")).is_ok() {},
            CloseReason::Overrun { missed: 2 },
        ),
    ];
    for (end, expected) in endings {
        let channels = channels(|config| takeover(cut(config)));
        let mut heard = subscribe(&channels, Start::default()).unwrap();
        assert_eq!(heard.close_reason(), None);

        end(&channels);
        let rest = timeout(PATIENCE, heard.by_ref().count()).await.unwrap();

        assert_eq!(rest, 0, "{expected:?}");
        assert_eq!(heard.close_reason(), Some(expected));
        assert!(heard.next().await.is_none(), "it stays at its end");
    }
}

#[tokio::test]
async fn a_watch_knows_what_there_was_before() {
    let channels = channels(|config| config.with_mode(Mode::Shared));
    let first = channels.listen(&token()).unwrap();
    let second = channels.listen(&token()).unwrap();

    let mut events = channels.events();

    let [info] = events.channels() else { panic!("{:?}", events.channels()) };
    assert_eq!((&info.token, info.mode, info.listeners), (&token(), Mode::Shared, 2));
    drop((first, second));
    let last = HubEvent::LastListener { token: token(), listeners: 0 };
    assert_eq!(events.next().await, Some(last));
    assert_eq!(events.next().await, Some(HubEvent::Closed { token: token() }));
    let _third = channels.listen(&token()).unwrap();
    assert_eq!(events.next().await, Some(HubEvent::Opened { token: token() }));
    let first = HubEvent::FirstListener { token: token(), listeners: 1 };
    assert_eq!(events.next().await, Some(first));
    assert_eq!(events.channels().len(), 1, "it stays as it was");
}

#[tokio::test]
async fn a_watch_ends_with_its_hub() {
    let channels = channels(|config| config);
    let mut events = channels.events();
    assert!(events.next().now_or_never().is_none());

    thread::spawn(move || drop(channels)).join().unwrap();

    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap(), None);
}

fn channels(configure: impl FnOnce(HubConfig) -> HubConfig) -> Channels {
    Channels::new(Hub::new(configure(HubConfig::new(StringFormat))))
}

fn with_history(config: HubConfig) -> HubConfig {
    config.with_history(History::new(42))
}

fn token() -> Token {
    Token::new("42").unwrap()
}

fn subscribe(channels: &Channels, start: Start) -> Result<Subscription, SubscribeError> {
    channels.subscribe(&token(), &start)
}

fn data(delivered: Option<Delivered>) -> String {
    delivered.unwrap().event.data().to_owned()
}

/// A body that has said that it is open.
async fn listen(channels: &Channels) -> SseBody {
    let mut body = channels.listen(&token()).unwrap();
    assert!(next(&mut body).await.starts_with("event: sse.open\n"));
    body
}

async fn next(body: &mut SseBody) -> String {
    let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
    String::from_utf8(data.to_vec()).unwrap()
}

const PATIENCE: Duration = Duration::from_secs(10);
