//! Tickets: who gets one, for what, and how it is said.

use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    access::{Access, Grant, Permissions},
    action::{Action, ActionSet},
    gateway::Cors,
};

use crate::{
    book::Book,
    support::{SECOND, ask, epoch, quiet, status, token},
};

const ALICE: [(&str, &str); 1] = [("authorization", "Bearer alice")];

#[test]
fn who_may_listen_gets_a_ticket_for_that_channel() {
    let (gateway, book) = gateway(Book::with_tickets());

    let answer = ask(&gateway, "POST", "/ticket/room:1", &ALICE, epoch());

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, r#"{"ticket":"dGlja2V0","expires":1790000000}"#);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let issued = book.take_issued();
    assert_eq!(issued, [(alice(), "room:1".to_owned())]);
}

#[test]
fn who_may_not_listen_gets_none_whatever_else_it_may() {
    let (gateway, book) = gateway(Book::with_tickets());
    let publisher = Permissions::none().with_publish("*".parse().unwrap()).with_action("ticket");
    book.set("bob", Ok(Some(Grant::new(publisher))));
    for (credential, expected) in
        [("Bearer alice", 403), ("Bearer bob", 403), ("Bearer wrong", 401), ("", 401)]
    {
        let fields = [("authorization", credential)];
        let fields = if credential.is_empty() { &[][..] } else { &fields };
        assert_eq!(status(&gateway, "POST", "/ticket/news", fields, epoch()), expected);
    }
    assert_eq!(book.take_issued(), []);
}

#[test]
fn a_ticket_for_what_everybody_may_hear_is_of_nobody() {
    let (gateway, book) = gateway(Book::with_tickets());

    assert_eq!(status(&gateway, "POST", "/ticket/open", &[], epoch()), 200);

    let (grant, name) = book.take_issued().remove(0);
    assert_eq!((grant.subject(), grant.id(), grant.end()), (None, None, None));
    assert!(grant.permissions().may_listen(&token("open")) && name == "open");
    assert!(!grant.permissions().may_listen(&token("room:1")));
}

#[test]
fn where_there_are_no_tickets_the_action_is_unknown() {
    let actions = ActionSet::default().with_action("ping2", Action::Event).unwrap();
    let open = Gateway::new(Hub::new(quiet().with_actions(actions)), GatewayConfig::default());
    let (without, _) = gateway(Book::default());
    for (gateway, fields) in [(&open, &[][..]), (&without, &ALICE)] {
        for is_listened in [false, true] {
            let _listener =
                is_listened.then(|| gateway.hub().subscribe(&token("room:1"), epoch()).unwrap());

            let refused = ask(gateway, "POST", "/ticket/room:1", fields, epoch());

            assert_eq!(refused.status, 404);
            assert!(refused.body.contains("404: Unknown action requested"), "{}", refused.body);
        }
    }
    let (with, _) = gateway(Book::with_tickets());
    for path in ["/Ticket/room:1", "/tickets/room:1"] {
        assert_eq!(status(&with, "POST", path, &ALICE, epoch()), 403, "it is another action");
        let carol = [("authorization", "Bearer carol")];
        assert_eq!(status(&with, "POST", path, &carol, epoch()), 404, "that there is not");
    }
    // The name may be encoded as any may.
    assert_eq!(status(&with, "POST", "/t%69cket/room:1", &ALICE, epoch()), 200);
    assert_eq!(status(&with, "GET", "/ticket/room:1", &ALICE, epoch()), 301);
}

#[test]
fn whether_the_channel_exists_makes_no_difference() {
    let (gateway, _) = gateway(Book::with_tickets());
    let ask = |fields| {
        let answer = ask(&gateway, "POST", "/ticket/room:1", fields, epoch());
        (answer.status, answer.headers, answer.body)
    };
    for fields in [&[][..], &ALICE] {
        let absent = ask(fields);
        let _listener = gateway.hub().subscribe(&token("room:1"), epoch()).unwrap();
        assert_eq!(ask(fields), absent, "{fields:?}");
    }
    gateway.hub().drain(SECOND, epoch()).wake();
    assert_eq!(ask(&ALICE).0, 200, "it may be used at the next server");
}

#[test]
fn a_page_of_an_allowed_origin_can_read_its_ticket() {
    let book = Book::with_tickets();
    book.set("alice", Ok(Some(alice())));
    let cors = Cors::new(["https://app.example"]).unwrap();
    let config = GatewayConfig::default().with_cors(cors).with_access(Access::new(book));
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let origin = ("origin", "https://app.example");

    let asked = ("access-control-request-headers", "authorization");
    let told = ask(&gateway, "OPTIONS", "/ticket/room:1", &[origin, asked], epoch());
    let answer = ask(&gateway, "POST", "/ticket/room:1", &[origin, ALICE[0]], epoch());

    assert_eq!(told.status, 204, "a preflight needs no access");
    assert_eq!(told.headers["access-control-allow-methods"], "GET, POST");
    let names = told.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(names.contains("authorization"), "{names}");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
}

fn alice() -> Grant {
    let permissions = Permissions::none().with_listen("room:*".parse().unwrap());
    Grant::new(permissions).with_subject("alice").with_id("7")
}

fn gateway(book: Book) -> (Gateway, Book) {
    book.set("alice", Ok(Some(alice())));
    book.set("carol", Ok(Some(Grant::new(Permissions::all()))));
    let open = Permissions::none().with_listen("open".parse().unwrap());
    let access = Access::new(book.clone()).with_anonymous(open);
    (Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access)), book)
}
