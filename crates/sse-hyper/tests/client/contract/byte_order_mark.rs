use super::{contract, received};

contract! {
    at_start: "BOM at start of stream is stripped" => {
        assert_eq!(received(["\u{feff}data: Hello\n\n"]).await, ["Hello"]);
    }

    before_type_and_id: "BOM stripped before first event with type and ID" => {
        let events = received(["\u{feff}event: x\nid: 1\ndata: Hello\n\n"]).await;
        assert_eq!(events, ["x|Hello|1"]);
    }

    multiple_messages: "BOM stripped with multiple messages" => {
        assert_eq!(received(["\u{feff}data: 1\n\ndata: 2\n\n"]).await, ["1", "2"]);
    }

    only_at_start: "BOM only stripped at stream start, not from later data" => {
        let events = received(["\u{feff}data: 1\n\n\u{feff}data: no field\ndata: \u{feff}2\n\n"]).await;
        assert_eq!(events, ["1", "\u{feff}2"]);
    }

    split_in_two: "BOM split across first two chunks" => {
        assert_eq!(received([&b"\xef\xbb"[..], b"\xbfdata: Hello\n\n"]).await, ["Hello"]);
    }

    split_byte_by_byte: "BOM split byte by byte across chunks" => {
        let chunks = [&b"\xef"[..], b"\xbb", b"\xbf", b"data: Hello\n\n"];
        assert_eq!(received(chunks).await, ["Hello"]);
    }

    only_first: "only first BOM at start is stripped" => {
        assert_eq!(received(["\u{feff}\u{feff}data: 1\n\ndata: 2\n\n"]).await, ["2"]);
    }

    none: "no BOM - baseline test" => {
        assert_eq!(received(["data: Hello\n\n"]).await, ["Hello"]);
    }

    multi_line: "BOM with multi-line data" => {
        assert_eq!(received(["\u{feff}data: 1\ndata: 2\n\n"]).await, ["1\n2"]);
    }

    comment: "BOM with comment at start" => {
        let events = received(["\u{feff}: hi\ndata: Hello\n\n"]).await;
        assert_eq!(events, ["comment: hi", "Hello"]);
    }

    empty_data: "BOM does not affect empty data field" => {
        assert_eq!(received(["\u{feff}data:\n\n"]).await, [""]);
    }
}
