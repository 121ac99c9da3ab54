//! What permissions permit, and what an operation needs.

use sse_core::{
    access::{Operation, Permissions},
    action::{Action, ActionSet},
};

use crate::support::token;

/// The POST actions: what is listed, each under its own name and another one.
const ACTIONS: [(&str, Action); 6] = [
    ("ping", Action::Event),
    ("note", Action::Event),
    ("close", Action::Finish),
    ("end", Action::Finish),
    ("retry", Action::Retry),
    ("pace", Action::Retry),
];

#[test]
fn without_a_list_of_actions_all_are_permitted_that_only_publish_whatever_they_are_called() {
    let permissions = Permissions::none().with_publish("room:*".parse().unwrap());
    for (name, action) in ACTIONS {
        let expected = action == Action::Event;
        assert_eq!(permissions.may_publish(&token("room:1"), name, action), expected, "{name}");
        assert!(!permissions.may_publish(&token("news"), name, action), "{name}");
        assert!(!Permissions::none().may_publish(&token("room:1"), name, action), "{name}");
        let all = Permissions::all().may_publish(&token("news"), name, action);
        assert_eq!(all, expected, "{name}");
    }
}

#[test]
fn a_list_of_actions_is_all_there_is() {
    let base = Permissions::all();
    for (listed, _) in ACTIONS {
        let permissions = base.clone().with_action(listed);
        for (name, action) in ACTIONS {
            let may = permissions.may_publish(&token("t"), name, action);
            assert_eq!(may, name == listed, "{name} where {listed} is listed");
        }
    }
    let two = base.with_action("end").with_action("Ping");
    assert!(two.may_publish(&token("t"), "end", Action::Finish));
    assert!(!two.may_publish(&token("t"), "close", Action::Finish));
    assert!(!two.may_publish(&token("t"), "ping", Action::Event), "case matters");
}

#[test]
fn to_listen_and_to_publish_are_two_things() {
    let listen = Permissions::none().with_listen("a".parse().unwrap());
    let publish = Permissions::none().with_publish("a".parse().unwrap());
    let listening = Operation::Listen;
    let publishing = Operation::Publish { name: "ping".to_owned(), action: Action::Event };
    for (permissions, operation, name, expected) in [
        (&listen, &listening, "a", true),
        (&listen, &Operation::Ticket, "a", true),
        (&listen, &publishing, "a", false),
        (&listen, &listening, "b", false),
        (&listen, &Operation::Ticket, "b", false),
        (&publish, &listening, "a", false),
        (&publish, &Operation::Ticket, "a", false),
        (&publish, &publishing, "a", true),
        (&publish, &publishing, "b", false),
    ] {
        let is_permitted = operation.is_permitted(permissions, &token(name));
        assert_eq!(is_permitted, expected, "{operation:?} on {name} by {permissions:?}");
    }
}

#[test]
fn any_of_several_patterns_will_do() {
    let permissions = Permissions::none()
        .with_listen("news".parse().unwrap())
        .with_listen("room:*".parse().unwrap());
    for (name, expected) in [("news", true), ("room:", true), ("room:*", true), ("rooms", false)] {
        assert_eq!(permissions.may_listen(&token(name)), expected, "{name}");
    }
}

#[test]
fn the_name_of_the_action_that_answers_with_a_ticket_is_taken() {
    let text = "`ticket` is kept for the action that answers with a ticket";
    for refused in [
        ActionSet::new("ticket").map(drop),
        ActionSet::default().with_listen("ticket").map(drop),
        ActionSet::default().with_action("ticket", Action::Event).map(drop),
        ActionSet::default().with_action("ticket", Action::Finish).map(drop),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), text);
    }
    for name in ["Ticket", "tickets", "ticket "] {
        assert!(ActionSet::default().with_action(name, Action::Event).is_ok(), "{name:?}");
    }
}
