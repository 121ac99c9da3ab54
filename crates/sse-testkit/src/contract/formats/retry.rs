//! "`retry` takes ASCII digits (surrounding white space allowed), at most 4294967295; else 400.
//! Listeners get the block `retry: N`, blank line, at once and in order (orig. killed the channel)."

use crate::{Setup, Target, contract::expect};

/// "ASCII digits (surrounding white space allowed), at most 4294967295."
pub async fn digits_are_a_reconnection_time(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;
    let cases = [
        ("0", "0"),
        ("1", "1"),
        ("5000", "5000"),
        ("4294967295", "4294967295"),
        (" 5000", "5000"),
        ("5000 ", "5000"),
        ("\t5000\t", "5000"),
        ("5000\n", "5000"),
        ("\r\n5000\r\n", "5000"),
    ];

    for (body, millis) in cases {
        target.publish("retry", "42", body).await;
        listener.expect(&format!("retry: {millis}\n\n")).await;
    }
}

/// "Else 400."
pub async fn anything_else_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let bodies = [
        "",
        " ",
        "\n",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "0x10",
        "5 000",
        "5\n000",
        "5000ms",
        "abc",
        "NaN",
        "4294967296",
        "18446744073709551616",
        "99999999999999999999999999999999",
        "\u{FF15}",
        "٥",
        "5\0",
        "1,000",
        "\"5000\"",
        "5000\n\ndata: evil",
        "5000\revent: evil",
    ];

    for setup in [Setup::string_with_ids(), Setup::json_with_ids()] {
        let target = start(setup).await;
        let mut listener = target.listen("42").await;
        for body in bodies {
            let refused = target.post("retry", "42", body).await;
            assert_eq!(refused.status(), 400, "{body:?}");
            expect::bad_format(&refused);
        }
        expect::bad_format(&target.post("retry", "42", b"5\xFF").await);
        target.publish("retry", "42", "1").await;
        listener.expect("retry: 1\n\n").await;
    }
}

/// "At once and in order."
pub async fn it_arrives_between_the_events(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;

    for round in 0..20 {
        target.publish("ping", "42", "hi").await;
        target.publish("retry", "42", round.to_string()).await;
    }

    for round in 0..20 {
        listener.expect(&format!("event: ping\ndata: hi\nid: {round}\n\n")).await;
        listener.expect(&format!("retry: {round}\n\n")).await;
    }
}
