use super::{contract, received};

contract! {
    one_chunk: "one-line message in one chunk" => {
        assert_eq!(received(["data: Hello\n\n"]).await, ["Hello"]);
    }

    shared_chunk: "two messages spanning 3 chunks with shared chunk" => {
        let chunks = ["data: Hel", "lo\n\ndata: Wor", "ld\n\n"];
        assert_eq!(received(chunks).await, ["Hello", "World"]);
    }

    large_chunk: "large message in one chunk" => {
        let data = "x".repeat(6_700_000);
        assert!(received([format!("data: {data}\n\n")]).await == [data]);
    }

    large_chunks: "large message in two chunks" => {
        let half = "x".repeat(6_650_000);
        let chunks = [format!("data: {half}"), format!("{half}\n\n")];
        assert!(received(chunks).await == [half.repeat(2)]);
    }

    two_chunks: "one-line message in two chunks" => {
        assert_eq!(received(["data: Hel", "lo\n\n"]).await, ["Hello"]);
    }

    two_in_one: "two one-line messages in one chunk" => {
        assert_eq!(received(["data: Hello\n\ndata: World\n\n"]).await, ["Hello", "World"]);
    }

    two_lines: "one two-line message in one chunk" => {
        assert_eq!(received(["data: Hello\ndata: World\n\n"]).await, ["Hello\nWorld"]);
    }

    empty_data: "empty data" => {
        assert_eq!(received(["data: \n\n"]).await, [""]);
    }

    specific_type: "event with specific type" => {
        assert_eq!(received(["event: greeting\ndata: Hello\n\n"]).await, ["greeting|Hello|"]);
    }

    default_type: "default event type" => {
        assert_eq!(received(["event: \ndata: Hello\n\n"]).await, ["Hello"]);
    }

    id: "event with ID" => {
        assert_eq!(received(["id: abc\ndata: Hello\n\n"]).await, ["message|Hello|abc"]);
    }

    type_and_id: "event with type and ID" => {
        let events = received(["event: greeting\nid: abc\ndata: Hello\n\n"]).await;
        assert_eq!(events, ["greeting|Hello|abc"]);
    }

    id_with_nul: "ID field is ignored if it contains a null" => {
        let events = received(["id: abc\ndata: 1\n\nid: x\0y\ndata: 2\n\n"]).await;
        assert_eq!(events, ["message|1|abc", "message|2|abc"]);
    }

    id_persists: "last ID persists if not overridden by later event" => {
        let events = received(["id: abc\ndata: 1\n\ndata: 2\n\n"]).await;
        assert_eq!(events, ["message|1|abc", "message|2|abc"]);
    }

    id_is_emptied: "last ID can be overridden by an empty value" => {
        assert_eq!(received(["id: abc\ndata: 1\n\nid:\ndata: 2\n\n"]).await, ["message|1|abc", "2"]);
    }

    reverse_order: "fields in reverse order" => {
        let events = received(["data: Hello\nid: abc\nevent: greeting\n\n"]).await;
        assert_eq!(events, ["greeting|Hello|abc"]);
    }

    unknown_field: "unknown field is ignored" => {
        assert_eq!(received(["data: Hello\nunknown: x\ndata: World\n\n"]).await, ["Hello\nWorld"]);
    }

    no_leading_space: "fields without leading space" => {
        assert_eq!(received(["data:Hello\nid:abc\nevent:x\n\n"]).await, ["x|Hello|abc"]);
    }

    more_leading_space: "fields with extra leading space" => {
        assert_eq!(received(["data:  Hello\nid:  abc\nevent:  x\n\n"]).await, [" x| Hello| abc"]);
    }

    no_colon: "field with no colon" => {
        assert_eq!(received(["data\n\nevent: x\ndata\ndata\n\n"]).await, ["", "x|\n|"]);
    }

    multi_byte: "multi-byte characters" => {
        assert_eq!(received(["data: €豆腐👩‍🚀\n\n"]).await, ["€豆腐👩‍🚀"]);
    }

    rapid_succession: "many messages in rapid succession" => {
        let text: String = (0..100).map(|n| format!("data: {n}\n\n")).collect();
        let expected: Vec<_> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(received([text]).await, expected);
    }

    multi_byte_pieces: "multi-byte characters sent in single-byte pieces" => {
        let text = "data: €豆腐👩‍🚀\n\n";
        assert_eq!(received(text.as_bytes().chunks(1)).await, ["€豆腐👩‍🚀"]);
    }
}
