use sse_core::history::Since;

use crate::{model::Life, random::Random};

/// One event to be published.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payload {
    pub(crate) name: Option<&'static str>,
    pub(crate) retry: Option<u64>,
    pub(crate) data: String,
    pub(crate) own_id: Option<String>,
}

impl Payload {
    /// With so much more data that the length of the frame leaves the rest `rest` when it is divided by `by`.
    pub(crate) fn with_len_of(mut self, rest: usize, by: usize) -> Self {
        let more = (by + rest - self.frame_len(None) % by) % by;
        self.data.push_str(&X[..more]);
        self
    }

    /// How long the frame is.
    pub(crate) fn frame_len(&self, id: Option<&str>) -> usize {
        let line = |name: &str, value: usize| name.len() + ": \n".len() + value;
        let name = self.name.map_or(0, |name| line("event", name.len()));
        let retry = self.retry.map_or(0, |retry| line("retry", retry.to_string().len()));
        let data = self.data.split('\n').map(|data| line("data", data.len())).sum::<usize>();
        name + retry + data + id.map_or(0, |id| line("id", id.len())) + 1
    }

    /// The frame, with the ID that it is given.
    pub(crate) fn frame(&self, id: Option<&str>) -> String {
        let mut frame = String::with_capacity(self.data.len() + 64);
        if let Some(name) = self.name {
            frame.extend(["event: ", name, "\n"]);
        }
        if let Some(retry) = self.retry {
            frame.push_str(&format!("retry: {retry}\n"));
        }
        for line in self.data.split('\n') {
            frame.extend(["data: ", line, "\n"]);
        }
        if let Some(id) = id {
            frame.extend(["id: ", id, "\n"]);
        }
        frame.push('\n');
        frame
    }
}

/// Data that begins with `number`: short mostly, once in so many times long, and once in so many longer than a
/// write. Without that it is one of many, and short.
pub(crate) fn data(random: &mut Random, number: u64, often: Option<(usize, usize)>) -> String {
    let len = match often {
        Some((_, longer)) if random.once_in(longer) => 16_000 + random.below(30_000),
        Some((long, _)) if random.once_in(long) => 2_000,
        _ => random.below(200),
    };
    let mut data = number.to_string();
    if often.is_some() && random.once_in(10) {
        data.push('\n');
    }
    data.push_str(&X[..len]);
    data
}

/// How many events a batch has.
pub(crate) fn batch_len(random: &mut Random, max: usize) -> usize {
    match random.below(16) {
        0..3 if max < 100 => max + random.below(3),
        3 => 1 + random.below(40),
        _ => 1 + random.below(5),
    }
}

/// An ID that a client may bring: none, a true one, an old one, one of another life, a forged one.
pub(crate) fn id(random: &mut Random, lives: &[Life]) -> Option<String> {
    let kind = random.below(10);
    let last = lives.last();
    let seq = last.map_or(0, |life| random.below(life.top() as usize + 1)) as u64;
    match (kind, last) {
        (0..4, _) => None,
        (4..7, Some(life)) => Some(life.position(seq)),
        (7, Some(life)) => Some(life.position(seq + life.top() + 1)),
        (8, Some(_)) => {
            let life = &lives[random.below(lives.len())];
            Some(life.position(life.top()))
        }
        _ => Some(match random.below(4) {
            0 => "garbage".to_owned(),
            1 => "x".repeat(70),
            2 => format!("{seq}.00000000"),
            _ => "007.abcdefgh".to_owned(),
        }),
    }
}

/// Where a listener without an ID may begin.
pub(crate) fn since(random: &mut Random) -> Since {
    match random.below(3) {
        0 => Since::Latest,
        1 => Since::Earliest,
        _ => Since::Last(random.below(20) as u64),
    }
}

/// What data is made of.
static X: &str = const {
    const LEN: usize = 46_000;
    match str::from_utf8(&[b'x'; LEN]) {
        Ok(text) => text,
        Err(_) => panic!("it is text"),
    }
};
