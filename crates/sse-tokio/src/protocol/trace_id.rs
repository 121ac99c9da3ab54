use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use http::HeaderMap;

/// The ID of a request in the log: that of the trace it belongs to, or a new one.
///
/// # Source
///
/// W3C Trace Context, [traceparent Header][spec].
///
/// [spec]: https://www.w3.org/TR/trace-context/#traceparent-header
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct TraceId(u128);

impl TraceId {
    /// That of `headers` if they have one `traceparent` which is valid.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut fields = headers.get_all("traceparent").iter();
        let (first, second) = (fields.next(), fields.next());
        let given = first.filter(|_| second.is_none()).and_then(|field| parse(field.as_bytes()));
        given.unwrap_or_else(Self::new)
    }

    fn new() -> Self {
        let random = RandomState::new();
        let (high, low) = (random.hash_one(0_u8), random.hash_one(1_u8));
        // A trace is not numbered 0.
        Self((u128::from(high) << 64 | u128::from(low)).max(1))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Of a version that is not known yet, what follows the fields of the first is passed over.
fn parse(field: &[u8]) -> Option<TraceId> {
    let (head, rest) = field.split_at_checked(LEN)?;
    let [version, trace, parent, flags] = [0..2, 3..35, 36..52, 53..55].map(|at| hex(&head[at]));
    let are_apart = [2, 35, 52].iter().all(|&at| head[at] == b'-');
    let version = version.filter(|&version| version != 0xff)?;
    let ends = rest.is_empty() || 0 < version && rest[0] == b'-';
    let is_valid = are_apart && ends && parent? != 0 && flags.is_some();
    trace.filter(|&trace| is_valid && trace != 0).map(TraceId)
}

/// The number that lowercase digits say.
fn hex(digits: &[u8]) -> Option<u128> {
    let are_lowercase = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let digits = str::from_utf8(digits).ok().filter(|_| are_lowercase)?;
    u128::from_str_radix(digits, 16).ok()
}

/// Of the fields of the first version.
const LEN: usize = 55;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(fields: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("traceparent", field.parse().unwrap());
        }
        TraceId::of(&headers).to_string()
    }

    #[test]
    fn a_valid_traceparent_names_the_request() {
        for (version, end) in [("00", "-01"), ("00", "-00"), ("01", "-ff"), ("cc", "-01-what")] {
            let field = format!("{version}-{TRACE}-00f067aa0ba902b7{end}");
            assert_eq!(of(&[&field]), TRACE, "{field}");
        }
        let zeros = format!("00-{:0>32}-00f067aa0ba902b7-01", "1");
        assert_eq!(of(&[&zeros]), format!("{:0>32}", "1"));
    }

    #[test]
    fn any_other_gets_a_new_id_each_time() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let bad = [
            String::new(),
            "00".to_owned(),
            good.replace("00-4", "ff-4"),
            good.to_uppercase(),
            good.replace('-', "_"),
            good.replace(TRACE, &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", "0000000000000000"),
            format!("{good}-more"),
            format!("01{}x", &good[2..]),
            good.replace("-01", "-0g"),
            format!(" {good}"),
        ];
        for field in bad {
            let (first, second) = (of(&[&field]), of(&[&field]));
            assert_eq!(first.len(), 32, "{field}");
            assert_ne!(first, TRACE, "{field}");
            assert_ne!(first, second, "{field}");
        }
        assert_ne!(of(&[]), of(&[]));
        assert_ne!(of(&[&good, &good]), TRACE);
    }
}
