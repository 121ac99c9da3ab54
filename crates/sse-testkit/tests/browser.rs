//! A browser that a test gets holds nothing of another test.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::json;
use sse_testkit::{Browser, run};

/// The second is the browser of the first.
#[test]
fn what_a_page_leaves_is_gone_in_the_next_browser() {
    let url = serve_a_page();
    run(async move {
        for _ in 0..2 {
            let browser = Browser::at(&url).await;
            let left =
                browser.run("return [document.cookie, localStorage.left || '']", vec![]).await;
            assert_eq!(left, json!(["", ""]));

            let leave =
                "document.cookie = 'left=1'; localStorage.left = '1'; return document.cookie";
            assert_eq!(browser.run(leave, vec![]).await, json!("left=1"));
        }
    });
}

/// An empty page at every path, for as long as the process runs.
fn serve_a_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            // A browser opens connections before it needs them.
            thread::spawn(move || {
                let _a_request_is_one_read = stream.read(&mut [0; 4096]);
                let _may_have_left = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\
                    Connection: close\r\n\r\n<!doctype html>",
                );
            });
        }
    });
    url
}
