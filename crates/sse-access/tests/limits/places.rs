//! How many listeners there may be of one address and of one subject.

use http::Request;
use sse_access::limits::{Limit, Limits};
use sse_core::access::Limited;

use super::support::{head, listen, parts};

const FULL_ADDRESS: &str = "there may be no more than 2 listeners of one address";

#[test]
fn an_address_has_so_many_listeners_and_a_place_is_free_again_when_one_leaves() {
    let limits = Limits::new().with_max_listeners_per_address(2);
    let (one, other) = (parts("192.0.2.1", &[]), parts("192.0.2.2", &[]));
    let first = listen(&limits, &one, None).unwrap();
    let _second = listen(&limits, &one, None).unwrap();

    let refused = listen(&limits, &one, None).unwrap_err();
    let _others = [listen(&limits, &other, None).unwrap(), listen(&limits, &other, None).unwrap()];

    assert_eq!(refused.to_string(), FULL_ADDRESS);
    assert!(matches!(refused, Limited::Full { max: 2, .. }));
    assert_eq!(limits.counts().listeners, 4);
    drop(first);
    let _third = listen(&limits, &one, None).unwrap();
    listen(&limits, &one, None).unwrap_err();
    assert_eq!(limits.counts().refused(Limit::ListenersPerAddress), 2);
}

#[test]
fn all_addresses_of_a_network_of_64_bits_count_as_one() {
    let limits = Limits::new().with_max_listeners_per_address(2);
    let _seats =
        ["2001:db8::1", "2001:db8::2:1"].map(|ip| listen(&limits, &parts(ip, &[]), None).unwrap());

    listen(&limits, &parts("2001:db8::ffff", &[]), None).unwrap_err();
    listen(&limits, &parts("2001:db8:0:1::1", &[]), None).unwrap();
}

#[test]
fn a_subject_has_so_many_listeners_from_wherever_they_come() {
    let limits = Limits::new().with_max_listeners_per_subject(2);
    let from = |ip| parts(ip, &[]);
    let mut seats = vec![
        listen(&limits, &from("192.0.2.1"), Some("alice")).unwrap(),
        listen(&limits, &from("192.0.2.2"), Some("alice")).unwrap(),
    ];

    let refused = listen(&limits, &from("192.0.2.3"), Some("alice")).unwrap_err();

    assert_eq!(refused.to_string(), "there may be no more than 2 listeners of one subject");
    assert_eq!(limits.counts().listeners, 2, "the place of the address is given back");
    for subject in [Some("bob"), None, Some("")] {
        listen(&limits, &from("192.0.2.3"), subject).unwrap();
    }
    seats.pop();
    listen(&limits, &from("192.0.2.3"), Some("alice")).unwrap();
    assert_eq!(limits.counts().refused(Limit::ListenersPerSubject), 1);
}

#[test]
fn a_head_request_is_told_the_same_and_takes_no_place() {
    let limits = Limits::new().with_max_listeners_per_address(2).with_max_listeners_per_subject(1);
    let one = parts("192.0.2.1", &[]);
    let _heads: Vec<_> = (0..9).map(|_| head(&limits, &one, Some("alice")).unwrap()).collect();
    assert_eq!(limits.counts().listeners, 0);

    let _alice = listen(&limits, &one, Some("alice")).unwrap();
    let refused = head(&limits, &one, Some("alice")).unwrap_err();
    assert_eq!(refused.to_string(), "there may be no more than 1 listeners of one subject");
    head(&limits, &one, Some("bob")).unwrap();

    let _bob = listen(&limits, &one, Some("bob")).unwrap();
    assert_eq!(head(&limits, &one, Some("carol")).unwrap_err().to_string(), FULL_ADDRESS);
}

#[test]
fn clients_of_a_trusted_proxy_are_counted_by_their_own_addresses() {
    let limits = Limits::new()
        .with_max_listeners_per_address(1)
        .with_trusted_proxy("127.0.0.1/32".parse().unwrap());
    let of = |ip| parts("127.0.0.1", &[("X-Forwarded-For", ip)]);
    let _seats =
        ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(|ip| listen(&limits, &of(ip), None).unwrap());

    listen(&limits, &of("192.0.2.2"), None).unwrap_err();
    listen(&limits, &of("2001:db8::2"), None).unwrap_err();
    // The proxy itself, which names nobody.
    let _own = listen(&limits, &parts("127.0.0.1", &[]), None).unwrap();
    listen(&limits, &parts("127.0.0.1", &[]), None).unwrap_err();
}

#[test]
fn loopback_addresses_have_any_number() {
    let limits = Limits::new().with_max_listeners_per_address(1).with_max_listeners_per_subject(1);

    for ip in ["127.0.0.1", "127.0.0.1", "::1", "::1"] {
        std::mem::forget(listen(&limits, &parts(ip, &[]), Some("alice")).unwrap());
    }

    assert_eq!(limits.counts().listeners, 0);
}

#[test]
fn without_an_address_only_the_subject_counts() {
    let limits = Limits::new().with_max_listeners_per_address(1).with_max_listeners_per_subject(2);
    let (parts, ()) = Request::get("/poll/42").body(()).unwrap().into_parts();

    let _seats = [(); 2].map(|()| listen(&limits, &parts, Some("alice")).unwrap());

    listen(&limits, &parts, Some("alice")).unwrap_err();
    listen(&limits, &parts, None).unwrap();
}

#[test]
fn zero_is_no_limit() {
    let limits = Limits::new().with_max_listeners_per_address(0).with_max_listeners_per_subject(0);
    let one = parts("192.0.2.1", &[]);

    let seats: Vec<_> = (0..2_000).map(|_| listen(&limits, &one, Some("alice")).unwrap()).collect();

    assert_eq!(limits.counts().listeners, seats.len());
    head(&limits, &one, Some("alice")).unwrap();
}

#[test]
fn the_defaults_are_a_thousand_of_one_address_and_a_hundred_of_one_subject() {
    let limits = Limits::default();
    let one = parts("192.0.2.1", &[]);
    let mut seats: Vec<_> =
        (0..100).map(|_| listen(&limits, &one, Some("alice")).unwrap()).collect();

    listen(&limits, &one, Some("alice")).unwrap_err();
    seats.extend((100..1_000).map(|_| listen(&limits, &one, None).unwrap()));

    listen(&limits, &one, None).unwrap_err();
}
