use super::reports::Report;
use crate::table::Cell;

/// What is wrong with what a client was handed, where `expected` were published: said if nothing
/// explains it.
pub(crate) fn judge(seen: &[Report], expected: &[&str], right: &str) -> Cell {
    let told = seen.iter().any(|report| report.is_event("sse.gap"));
    let pings: Vec<_> = seen.iter().filter(|report| report.is_event("ping")).collect();
    let mut faults = Vec::new();
    let count = |data: &str| pings.iter().filter(|report| report.data == data).count();
    for data in expected {
        match count(data) {
            0 if told => faults.push(format!("{} lost, gap told", short(data))),
            0 => faults.push(format!("{} lost in silence", short(data))),
            1 => {}
            times => faults.push(format!("{} {times} times", short(data))),
        }
    }
    for report in &pings {
        let data = report.data.as_str();
        if expected.contains(&data) {
            continue;
        }
        let is_part = expected.iter().any(|whole| whole.starts_with(data));
        faults.push(match is_part {
            true => format!("{} bytes of an event", data.len()),
            false => format!("{} too", short(data)),
        });
    }
    let order: Vec<_> = pings.iter().map(|report| report.data.as_str()).collect();
    if faults.is_empty() && order != expected {
        faults.push("out of order".to_owned());
    }
    faults.extend(odd_messages(seen));
    if faults.is_empty() { Cell::right(right) } else { Cell::wrong(faults.join("; ")) }
}

/// Nothing without a name was published.
pub(crate) fn odd_messages(seen: &[Report]) -> Option<String> {
    let messages: Vec<_> =
        seen.iter().filter(|report| report.is_event("message") || report.is_event("")).collect();
    let last = messages.last()?;
    if messages.iter().all(|message| message.data.is_empty()) {
        Some("empty `message`".to_owned())
    } else {
        Some(format!("a `message` of {} bytes", last.data.len()))
    }
}

fn short(data: &str) -> String {
    if data.len() < 20 { format!("“{data}”") } else { "the long event".to_owned() }
}
