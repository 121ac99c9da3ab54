//! The sequence from the original README: the product's first promise.

use crate::support::{CLIENT, Process, REQUEST, Server, run};

#[test]
fn the_sequence_of_the_readme_works() {
    let server = Server::start(&["-i", "-k", "50000"]);
    let port = server.port();
    let token = "42:42:42:42:42:42";
    let client = Process::start(CLIENT, [token, "-d", "-r", "5000", "-P", &port]);
    client.log_line("events: connected");

    let ping = run(REQUEST, [token, "ping", "42", "-P", &port]);
    assert_eq!((ping.code, &*ping.stdout, &*ping.stderr), (Some(0), "", ""));
    assert_eq!(client.line(), "Event<0,ping,42>");

    let close = run(REQUEST, [token, "close", "-P", &port]);
    assert_eq!((close.code, &*close.stdout, &*close.stderr), (Some(0), "", ""));
    client.log_line("ended");
}
