//! Who is let in by the limiter, when it is asked, and how long a seat is kept.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{
        Access, AccessRequest, Grant, Limited, Limiter, Operation, Permissions, Revocation, Seat,
    },
    channel::CloseReason,
    gateway::Handled,
};

use crate::{
    book::Book,
    support::{SECOND, ask, epoch, everything, handle, parts, quiet, read, status, token},
};

#[test]
fn it_is_asked_once_after_access_is_granted_and_before_a_channel_is_looked_at() {
    let (gateway, door, _) = gateway();
    for (method, path, credential, expected, asked) in [
        ("GET", "/poll/t", "", 401, None),
        ("GET", "/poll/t", "Bearer wrong", 401, None),
        ("POST", "/ping/t", "Bearer nothing", 403, None),
        ("PUT", "/ping/t", "Bearer alice", 405, None),
        ("GET", "/ping/t", "Bearer alice", 301, None),
        ("GET", "/poll/t", "Bearer alice", 200, Some("listen t alice")),
        ("HEAD", "/poll/t", "Bearer alice", 200, Some("listen t alice")),
        ("POST", "/ping/t", "Bearer alice", 404, Some("ping t alice")),
        ("POST", "/none/t", "Bearer all", 404, Some("none t -")),
        ("POST", "/ticket/t", "Bearer alice", 200, Some("ticket t alice")),
        ("GET", "/poll/open", "", 200, Some("listen open -")),
    ] {
        let fields = [("authorization", credential)];
        let fields = if credential.is_empty() { &[][..] } else { &fields };
        assert_eq!(status(&gateway, method, path, fields, epoch()), expected, "{method} {path}");
        let expected: Vec<_> = asked.into_iter().collect();
        assert_eq!(door.take_asked(), expected, "{method} {path} {credential}");
    }
}

#[test]
fn a_refusal_says_what_there_is_too_much_of_whether_or_not_the_channel_exists() {
    let (gateway, door, _) = gateway();
    let limit = "listeners of one <address>";
    let full = Limited::Full { limit: limit.into(), max: 1_000 };
    let fast = |retry_after| Limited::TooFast { limit: limit.into(), max: 7, retry_after };
    let full_text = "503: Server is full: there may be no more than 1000 listeners of one \
                     &lt;address&gt;<";
    let fast_text = "429: Too many requests: there may be no more than 7 listeners of one \
                     &lt;address&gt;<";
    let alice = ("authorization", "Bearer alice");
    for (limited, expected, text, retry) in [
        (full, 503, full_text, "5"),
        (fast(3 * SECOND), 429, fast_text, "3"),
        (fast(Duration::from_millis(1)), 429, fast_text, "1"),
    ] {
        *door.limited.lock().unwrap() = Some(limited);
        for is_there in [false, true] {
            let listener = is_there.then(|| gateway.hub().subscribe(&token("t"), epoch()).unwrap());
            for (method, path) in [
                ("GET", "/poll/t"),
                ("HEAD", "/poll/t"),
                ("POST", "/ping/t"),
                ("POST", "/none/t"),
                ("POST", "/ticket/t"),
            ] {
                let fields =
                    if path == "/none/t" { ("authorization", "Bearer all") } else { alice };
                let refused = ask(&gateway, method, path, &[fields], epoch());
                assert_eq!(refused.status, expected, "{method} {path}");
                assert!(refused.body.contains(text), "{}", refused.body);
                assert_eq!(refused.headers["retry-after"], retry);
            }
            let browser = [alice, ("accept", "text/event-stream"), ("user-agent", "Mozilla/5.0")];
            let soft = ask(&gateway, "GET", "/poll/t", &browser, epoch());
            assert_eq!(soft.status, 200);
            assert_eq!(soft.headers["sse-refused"], expected.to_string());
            drop(listener);
        }
    }
}

#[test]
fn the_seat_of_a_listener_is_kept_until_its_connection_is_over() {
    let (gateway, door, _) = gateway();
    let now = epoch();
    let alice = [("authorization", "Bearer alice")];
    let taken = || door.taken.load(Ordering::SeqCst);

    let mut listener = ask(&gateway, "GET", "/poll/t", &alice, now).listener.unwrap();
    assert_eq!(taken(), 1);
    gateway.hub().close(&token("t"), now).unwrap().wake();
    assert_eq!(read(&mut listener, now).1, Some(CloseReason::Finished));
    assert_eq!(taken(), 1, "its connection is there");
    drop(listener);
    assert_eq!(taken(), 0);

    let mut listener = ask(&gateway, "GET", "/poll/t", &alice, now).listener.unwrap();
    gateway.revoke(&Revocation::subject("alice").with_end(now), now).unwrap().wake();
    assert_eq!(read(&mut listener, now).1, Some(CloseReason::Revoked));
    assert_eq!(taken(), 1, "its connection is there");
    drop(listener);
    assert_eq!(taken(), 0);
}

#[test]
fn all_other_seats_are_given_back_with_the_answer() {
    let (gateway, door, _) = gateway();
    let now = epoch();
    let alice = [("authorization", "Bearer alice")];
    let _holder = gateway.hub().subscribe(&token("taken"), now).unwrap();
    let taken = || door.taken.load(Ordering::SeqCst);
    for (method, path) in [
        ("GET", "/poll/taken"),
        ("HEAD", "/poll/t"),
        ("HEAD", "/poll/taken"),
        ("POST", "/ping/t"),
        ("POST", "/ping/taken"),
        ("POST", "/ticket/t"),
    ] {
        ask(&gateway, method, path, &alice, now);
        assert_eq!(taken(), 0, "{method} {path}");
    }
    let permit = handle(&gateway, &parts("POST", "/ping/taken", &alice), now);
    assert!(matches!(permit, Handled::Publish(_)), "{permit:?}");
    assert_eq!(taken(), 0, "a body that arrives takes none");

    let waiting = handle(&gateway, &parts("GET", "/poll/taken", &alice), now);
    assert_eq!(taken(), 1, "one that is looked at again has its own");
    drop(waiting);
    assert_eq!(taken(), 0);
}

#[test]
fn a_route_of_ones_own_and_an_open_gateway_are_limited_too() {
    let door = Door::default();
    let config = GatewayConfig::default().with_limiter(door.clone());
    let gateway = Gateway::new(Hub::new(quiet()), config);
    let now = epoch();

    let own = gateway.listen(&token("t"), &parts("GET", "/mine", &[]), now);
    assert_eq!(door.take_asked(), ["listen t -"]);
    drop(own);
    assert_eq!(status(&gateway, "POST", "/ping/t", &[], now), 404);
    assert_eq!(door.take_asked(), ["ping t -"]);
}

/// A limiter that remembers what it was asked, and counts the seats that are taken.
#[derive(Clone, Debug, Default)]
struct Door {
    asked: Arc<Mutex<Vec<String>>>,
    limited: Arc<Mutex<Option<Limited>>>,
    taken: Arc<AtomicUsize>,
}

impl Door {
    fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Limiter for Door {
    fn admit(
        &self,
        request: &AccessRequest<'_>,
        grant: Option<&Grant>,
        _: Instant,
    ) -> Result<Seat, Limited> {
        assert_eq!(request.credential(), None, "it is no longer of interest");
        let operation = match request.operation() {
            Operation::Listen => "listen",
            Operation::Publish { name, .. } => name,
            Operation::Ticket => "ticket",
            other => panic!("{other:?}"),
        };
        let subject = grant.and_then(Grant::subject).unwrap_or("-");
        let asked = format!("{operation} {} {subject}", request.token().as_str());
        self.asked.lock().unwrap().push(asked);
        if let Some(limited) = &*self.limited.lock().unwrap() {
            return Err(limited.clone());
        }
        Ok(Seat::new(Taken::new(&self.taken)))
    }
}

struct Taken(Arc<AtomicUsize>);

impl Taken {
    fn new(taken: &Arc<AtomicUsize>) -> Self {
        taken.fetch_add(1, Ordering::SeqCst);
        Self(taken.clone())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn gateway() -> (Gateway, Door, Book) {
    let (door, book) = (Door::default(), Book::with_tickets());
    book.set("alice", Ok(Some(Grant::new(everything()).with_subject("alice"))));
    book.set("all", Ok(Some(Grant::new(Permissions::all()))));
    book.set("nothing", Ok(Some(Grant::new(Permissions::none()))));
    let open = Permissions::none().with_listen("open".parse().unwrap());
    let access = Access::new(book.clone()).with_anonymous(open);
    let config = GatewayConfig::default().with_access(access).with_limiter(door.clone());
    (Gateway::new(Hub::new(quiet()), config), door, book)
}
