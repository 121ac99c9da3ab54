//! A server that sleeps for longer than others believe that it is there, and whose channel has one listener at most.

use std::{thread::sleep, time::Duration};

use rustix::process::Signal;

use crate::support::{Listener, Nodes, Server, heard, publish, status};

/// Two servers, and a listener of an exclusive channel at the first, which sleeps until nobody believes that it is
/// there.
fn asleep(nodes: &Nodes) -> ([Server; 2], Listener) {
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let mut listener = Listener::open(one.addr(), "/poll/42");
    publish(&other, "42", "before");
    assert_eq!(heard(&mut listener).0, "before");
    assert_eq!(status(other.addr(), "HEAD", "/poll/42", &[]), 423);
    one.signal(Signal::STOP);
    while status(other.addr(), "HEAD", "/poll/42", &[]) == 423 {
        sleep(Duration::from_millis(50));
    }
    ([one, other], listener)
}

#[test]
fn a_listener_is_told_that_it_was_replaced_if_another_server_took_its_channel_meanwhile() {
    let nodes = Nodes::new(&["--mode", "exclusive"]);
    let ([one, other], mut listener) = asleep(&nodes);

    let mut next = Listener::open(other.addr(), "/poll/42");
    publish(&other, "42", "for the next");
    one.signal(Signal::CONT);

    assert_eq!(heard(&mut next).0, "for the next");
    let mut told = Vec::new();
    while let Some(block) = listener.next() {
        told.push(block);
    }
    assert!(told.last().is_some_and(|last| last.starts_with("event: sse.replaced\n")), "{told:?}");
    assert!(!told.iter().any(|block| block.contains("for the next")), "{told:?}");
}

#[test]
fn nothing_happens_to_a_listener_if_nobody_took_its_channel_meanwhile() {
    let nodes = Nodes::new(&["--mode", "exclusive"]);
    let ([one, other], mut listener) = asleep(&nodes);

    publish(&other, "42", "meanwhile");
    one.signal(Signal::CONT);

    assert_eq!(heard(&mut listener).0, "meanwhile");
    while status(other.addr(), "HEAD", "/poll/42", &[]) != 423 {
        sleep(Duration::from_millis(50));
    }
}
