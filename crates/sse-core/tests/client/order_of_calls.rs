use std::time::{Duration, Instant};

use http::{HeaderMap, Method, StatusCode, header};
use proptest::{collection::vec, prelude::*};
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, End, Failure},
};

use crate::support::{answer, epoch, event_stream, request};

proptest! {
    #[test]
    fn no_order_of_calls_panics_spins_loses_the_id_or_waits_too_short(
        config in configs(),
        posts in any::<bool>(),
        calls in vec((0..12_u8, 0..100_u64), 1..100),
    ) {
        let method = if posts { Method::POST } else { Method::GET };
        let mut client = Client::new(request().with_method(method), config);
        let mut seen = Seen::default();
        let mut now = epoch();
        seen.drain(&mut client, now)?;
        for (call, n) in calls {
            make(&mut client, call, n, &mut now);
            seen.drain(&mut client, now)?;
        }
    }
}

/// What the outputs so far say of those to come.
#[derive(Default)]
struct Seen {
    last_event_id: String,
    reconnection_time: Option<Duration>,
    is_stopped: bool,
}

impl Seen {
    fn drain(&mut self, client: &mut Client, now: Instant) -> Result<(), TestCaseError> {
        for _ in 0..1_000 {
            let output = client.poll_output(now);
            prop_assert!(!self.is_stopped || matches!(output, ClientOutput::Stop(_)));
            match output {
                ClientOutput::Event(event) => {
                    self.last_event_id = event.last_event_id().to_owned();
                }
                ClientOutput::Retry(time) => self.reconnection_time = Some(time),
                ClientOutput::Reconnecting { after, .. } => {
                    let least = self.reconnection_time.unwrap_or(Duration::from_secs(3));
                    let least = least.max(FLOOR);
                    prop_assert!(least <= after, "{:?} is shorter than {:?}", after, least);
                }
                ClientOutput::Connect { request, .. } => {
                    let sent = request.headers().get("last-event-id");
                    let sent = sent.map(|id| id.to_str().unwrap()).unwrap_or_default();
                    prop_assert_eq!(sent, &self.last_event_id);
                }
                ClientOutput::Receive { .. }
                | ClientOutput::Refresh
                | ClientOutput::Wait { .. } => return Ok(()),
                ClientOutput::Stop(_) => {
                    self.is_stopped = true;
                    return Ok(());
                }
                ClientOutput::LastEventId(id) => self.last_event_id = id,
                ClientOutput::Open | ClientOutput::Comment(_) | ClientOutput::Discarded(_) => (),
            }
        }
        Err(TestCaseError::fail("it does not come to rest"))
    }
}

fn make(client: &mut Client, call: u8, n: u64, now: &mut Instant) {
    match call {
        0 | 1 => answer(client, StatusCode::OK, &event_stream(), *now),
        2 => answer(client, StatusCode::SERVICE_UNAVAILABLE, &retry_after(n), *now),
        3 => client.handle_input(format!("id: {n}\ndata: 1\n\nretry: {}\n", n * n).into(), *now),
        4 if n < 50 => client.handle_input("data: half".into(), *now),
        4 => client.handle_input(format!("id: {n}\n\n").into(), *now),
        5 => client.handle_end(if n < 50 { End::Clean } else { End::Cut }, *now),
        6 => {
            let failures = [Failure::Unsent, Failure::Unanswered, Failure::Unreadable];
            client.handle_failure(failures[n as usize % failures.len()], *now);
        }
        7 => *now += Duration::from_secs(n),
        8 => client.handle_timeout(*now),
        9 => answer(client, StatusCode::FOUND, &location(n), *now),
        10 => client.handle_headers(HeaderMap::new()),
        _ if n == 0 => client.close(),
        _ if n < 10 => client.restart(),
        _ => (),
    }
}

fn configs() -> impl Strategy<Value = ClientConfig> {
    (any::<[bool; 7]>(), any::<u64>()).prop_map(|(bits, seed)| {
        let [persistence, status, repetition, refresh, idle, retries, time] = bits;
        let config = ClientConfig::default()
            .with_reconnection_floor(FLOOR)
            .with_persistence(persistence)
            .with_status_retry(status)
            .with_repetition(repetition)
            .with_refresh(refresh)
            .with_seed(seed);
        let config = if idle { config.with_idle_timeout(Duration::from_secs(10)) } else { config };
        let config = if retries { config.with_max_retries(3) } else { config };
        if time { config.with_max_time(Duration::from_secs(60)) } else { config }
    })
}

fn retry_after(n: u64) -> HeaderMap {
    let value = if n < 50 { "3600".to_owned() } else { "x".to_owned() };
    HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().unwrap())])
}

fn location(n: u64) -> HeaderMap {
    let target = if n < 50 { "/next" } else { "ftp://a.example/" };
    HeaderMap::from_iter([(header::LOCATION, target.parse().unwrap())])
}

const FLOOR: Duration = Duration::from_millis(50);
