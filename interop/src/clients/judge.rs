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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(events: &[(&str, &str)]) -> Vec<Report> {
        let report = |&(name, data): &(&str, &str)| Report {
            kind: "event".to_owned(),
            name: name.to_owned(),
            data: data.to_owned(),
        };
        events.iter().map(report).collect()
    }

    #[test]
    fn each_event_once_and_in_order_is_right() {
        let seen = seen(&[("sse.open", "{}"), ("ping", "one"), ("ping", "two")]);
        assert_eq!(judge(&seen, &["one", "two"], "resumes"), Cell::right("resumes"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let long = "x".repeat(100);
        let check = |events: &[(&str, &str)], expected: &[&str], text: &str| {
            assert_eq!(judge(&seen(events), expected, "resumes"), Cell::wrong(text));
        };

        check(&[], &["one"], "“one” lost in silence");
        check(&[("sse.gap", "{}")], &["one"], "“one” lost, gap told");
        check(&[("ping", "one"), ("ping", "one")], &["one"], "“one” 2 times");
        check(&[("ping", "two"), ("ping", "one")], &["one", "two"], "out of order");
        check(&[("ping", "one"), ("ping", "two")], &["one"], "“two” too");
        check(&[("ping", "xxx")], &[&long], "the long event lost in silence; 3 bytes of an event");
        check(&[("message", ""), ("ping", "one")], &["one"], "empty `message`");
        check(&[("message", "ab"), ("ping", "one")], &["one"], "a `message` of 2 bytes");
    }
}
