use super::{contract, received};

contract! {
    split_pair: "CRLF where CR is end of 1 chunk" => {
        assert_eq!(received(["data: Hello\r", "\ndata: World\r", "\n\r\n"]).await, ["Hello\nWorld"]);
    }
}

#[tokio::test(start_paused = true)]
async fn all_kinds_are_read_in_all_cuts() {
    for (end, end_name) in ENDS {
        for (lines, expected, name) in STREAMS {
            for (size, cut) in CUTS {
                let stream = lines.replace('\n', end);
                let chunks = stream.as_bytes().chunks(size.min(stream.len()));

                assert_eq!(received(chunks).await, expected, "{end_name}/{name}/{cut}");
            }
        }
    }
}

pub(super) fn titles() -> impl Iterator<Item = String> {
    ENDS.into_iter().flat_map(|(_, end)| {
        STREAMS.into_iter().flat_map(move |(_, _, stream)| {
            CUTS.into_iter().map(move |(_, cut)| format!("linefeeds/{end}/{stream}/{cut}"))
        })
    })
}

const ENDS: [(&str, &str); 3] =
    [("\n", "LF separator"), ("\r\n", "CRLF separator"), ("\r", "CR separator")];

const CUTS: [(usize, &str); 3] =
    [(usize::MAX, "one chunk"), (1, "1-character chunks"), (2, "2-character chunks")];

const STREAMS: [(&str, &[&str], &str); 6] = [
    ("data: Hello\n\n", &["Hello"], "one-line event"),
    (
        "data: Hello\n\ndata: World\ndata: again\n\n",
        &["Hello", "World\nagain"],
        "one-line event + two-line event",
    ),
    ("data:\ndata: 2\ndata: 3\n\n", &["\n2\n3"], "3-line event with empty line at beginning"),
    ("data: 1\ndata:\ndata: 3\n\n", &["1\n\n3"], "3-line event with empty line in middle"),
    ("data: 1\n\n\ndata: 2\n\n", &["1", "2"], "ignores 1 extra empty line"),
    ("data: 1\n\n\n\ndata: 2\n\n", &["1", "2"], "ignores 2 extra empty lines"),
];
