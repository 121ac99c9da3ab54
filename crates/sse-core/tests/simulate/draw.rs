use sse_core::Since;

use crate::{channel::Channel, random::Random};

/// An id that a client may bring: none, a true one, an old one, one of another life, a forged one.
pub(crate) fn id(random: &mut Random, channel: &Channel) -> Option<String> {
    let kind = random.below(10);
    let seq = match channel.lives.last() {
        Some(life) => random.below(life.events.len() + 1),
        None => 0,
    };
    match (kind, channel.lives.last()) {
        (0..4, _) => None,
        (4..7, Some(life)) => Some(format!("{seq}.{}", life.epoch)),
        (7, Some(life)) => Some(format!("{}.{}", seq + life.events.len() + 1, life.epoch)),
        (8, Some(_)) => {
            let life = &channel.lives[random.below(channel.lives.len())];
            Some(format!("{}.{}", life.events.len(), life.epoch))
        }
        _ => Some(match random.below(4) {
            0 => "garbage".to_owned(),
            1 => "x".repeat(70),
            2 => format!("{seq}.00000000"),
            _ => "007.abcdefgh".to_owned(),
        }),
    }
}

/// Where a listener without an id may begin.
pub(crate) fn since(random: &mut Random) -> Since {
    match random.below(3) {
        0 => Since::Latest,
        1 => Since::Earliest,
        _ => Since::Last(random.below(20) as u64),
    }
}
