use bytes::Bytes;

/// A stream, cut into chunks, and what every decoder must see in it.
pub struct Input {
    pub name: &'static str,
    pub what: &'static str,
    pub chunks: Vec<Bytes>,
    pub len: usize,
    pub expected: Seen,
}

/// Events, and bytes of their data: who sees less has not done the work.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    pub events: usize,
    pub data: usize,
}

impl Seen {
    pub fn event(&mut self, data: &str) {
        self.events += 1;
        self.data += std::hint::black_box(data).len();
    }
}

impl Input {
    fn new(
        name: &'static str,
        what: &'static str,
        stream: Vec<u8>,
        chunk: usize,
        events: usize,
        data: usize,
    ) -> Self {
        let stream = Bytes::from(stream);
        let starts = (0..stream.len()).step_by(chunk);
        let chunks = starts.map(|at| stream.slice(at..stream.len().min(at + chunk))).collect();
        let expected = Seen { events, data: events * data };
        Self { name, what, chunks, len: stream.len(), expected }
    }
}

/// One line of so many MiB, in packets.
pub fn long_line(mebibytes: usize) -> Input {
    let data = mebibytes << 20;
    let stream = format!("data: {}\n\n", "x".repeat(data)).into_bytes();
    Input::new("long line", "one line in packets", stream, PACKET, 1, data)
}

pub fn all() -> Vec<Input> {
    let (a, a_len) = repeated(&token(), 100_000);
    let (a50, _) = repeated(BARE, 200_000);
    let (b, _) = repeated(B, 100_000);
    let c = format!("data: {}\n\n", "x".repeat(C_DATA));
    let (c, _) = repeated(&c, 160);
    let d = format!("{}\n", D_LINE.repeat(100));
    let (d, _) = repeated(&d, 1_500);
    let (mut k, _) = repeated(KEEP_ALIVE, 400_000);
    k.extend_from_slice(b"data: end\n\n");
    let (v, _) = repeated(": a\n\n:keep-alive, number 1\n: and one more line\n\n:\n\n", 100_000);
    let v = [&v[..], b"data: end\n\n"].concat();
    let (r, _) = repeated(&token().replace('\n', "\r\n"), 100_000);
    let (u, _) = repeated(&format!("data: {JAPANESE}\n\n"), 40_000);
    let d_data = 100 * (D_LINE.len() - "data: ".len()) - 1;
    let b_data = B.len() - B.find("data: ").expect("it has data") - "data: \n\n".len();
    vec![
        Input::new("a16k", "a model's tokens, 175 B", a.clone(), KIB16, 100_000, a_len - 8),
        Input::new("a1ev", "the same, an event a chunk", a, a_len, 100_000, a_len - 8),
        Input::new("a50B", "tokens of 49 B", a50, KIB16, 200_000, BARE.len() - 8),
        Input::new("b16k", "id, event and data, 106 B", b, KIB16, 100_000, b_data),
        Input::new("c16k", "one line of 64 KiB", c.clone(), KIB16, 160, C_DATA),
        Input::new("c1460", "the same in packets", c, PACKET, 160, C_DATA),
        Input::new("d16k", "100 lines of 62 B an event", d, KIB16, 1_500, d_data),
        Input::new("k16k", "comments", k.clone(), KIB16, 1, 3),
        Input::new("k1ev", "the same, a comment a chunk", k, KEEP_ALIVE.len(), 1, 3),
        Input::new("r16k", "a model's tokens, lines end with CRLF", r, KIB16, 100_000, a_len - 8),
        Input::new("u16k", "Japanese text", u, KIB16, 40_000, JAPANESE.len()),
        Input::new("v16k", "comments of many lengths", v, KIB16, 1, 3),
    ]
}

/// One event of input a.
pub fn token() -> String {
    let head = "data: {\"id\":\"chatcmpl-0123456789abcdefghijklmno\",\"object\":\"chat.completion.chunk\",";
    let body = "\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},";
    let event = format!("{head}{body}\"finish_reason\":null}}]}}\n\n");
    assert_eq!(event.len(), 175);
    event
}

fn repeated(event: &str, times: usize) -> (Vec<u8>, usize) {
    (event.repeat(times).into_bytes(), event.len())
}

pub const KIB16: usize = 16 << 10;
const PACKET: usize = 1460;
const C_DATA: usize = 64 << 10;
const BARE: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"tok\"}}]}\n\n";
const B: &str = "id: 00001234\nevent: message_delta\n\
                 data: {\"type\":\"text_delta\",\"index\":0,\"text\":\" token of the modelling\"}\n\n";
const KEEP_ALIVE: &str = ": keep-alive\n\n";
const D_LINE: &str = "data: one line of sixty-two bytes, of which a hundred follow \n";
const JAPANESE: &str =
    "こんにちは、世界。今日はとても良い天気ですね。一緒に公園まで散歩に行きましょう。";

const _: () = assert!(BARE.len() == 49 && B.len() == 106 && D_LINE.len() == 62);
