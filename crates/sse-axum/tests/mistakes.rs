//! What the compiler says of a stream that does not yield events.

use sse_testkit::compiler_message;

#[test]
fn a_stream_of_texts_is_told_how_to_become_one_of_events() {
    let source =
        "pub fn answer(words: sse_axum::Received<String>) { let _ = sse_axum::Sse::new(words); }";

    let message = compiler_message("sse_axum", source);

    assert!(message.contains("a stream of `String` is not a stream of events"), "{message}");
    assert!(message.contains("`.map(Event::data)`"), "{message}");
    for private in ["response::emit", "event::Event", "response::frame"] {
        assert!(!message.contains(private), "{message}");
    }
}
