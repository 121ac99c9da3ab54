use super::{contract, received};

contract! {
    single: "single comment" => {
        assert_eq!(received([":Hello\n"]).await, ["comment:Hello"]);
    }

    two_in_a_row: "two comments in a row" => {
        assert_eq!(received([":Hello\n:World\n"]).await, ["comment:Hello", "comment:World"]);
    }

    before_event: "comment before event" => {
        assert_eq!(received([":Hello\ndata: World\n\n"]).await, ["comment:Hello", "World"]);
    }

    after_event: "comment after event" => {
        assert_eq!(received(["data: Hello\n\n:World\n"]).await, ["Hello", "comment:World"]);
    }
}
