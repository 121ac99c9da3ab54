use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The place of a request in a trace: one that the client began, or a new one.
///
/// # Source
///
/// W3C Trace Context, [traceparent Header][spec].
///
/// [spec]: https://www.w3.org/TR/trace-context/#traceparent-header
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Trace {
    id: u128,
    /// What this server does with the request, which is the parent of whatever follows from it.
    parent: u64,
    flags: u8,
    is_of_client: bool,
}

impl Trace {
    /// That of `headers`, if they have one `traceparent` which is valid.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(&TRACEPARENT).iter();
        let (first, None) = (fields.next()?, fields.next()) else {
            return None;
        };
        let (id, flags) = parse(first.as_bytes())?;
        let parent = RandomState::new().hash_one(0_u8).max(1);
        Some(Self { id, parent, flags, is_of_client: true })
    }

    /// A new one, which nobody records.
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        let [high, low, parent] = [0_u8, 1, 2].map(|of| random.hash_one(of));
        // Neither a trace nor a part of it is numbered 0.
        let id = (u128::from(high) << 64 | u128::from(low)).max(1);
        Self { id, parent: parent.max(1), flags: 0, is_of_client: false }
    }

    pub(super) fn id(self) -> TraceId {
        TraceId(self.id)
    }

    /// Tells an answer, or a request that follows from this one, which trace it belongs to.
    pub(super) fn put(self, headers: &mut HeaderMap) {
        let Self { id, parent, flags, .. } = self;
        let field = format!("00-{id:032x}-{parent:016x}-{flags:02x}");
        let field = HeaderValue::try_from(field).expect("digits and hyphens fit in a header");
        headers.insert(&TRACEPARENT, field);
    }

    /// Has those who are asked on behalf of the request that came with `headers` find `trace` there, and nothing of
    /// one that is not valid.
    pub(super) fn pass_on(trace: Option<Self>, headers: &mut HeaderMap) {
        if !trace.is_some_and(|trace| trace.is_of_client) {
            headers.remove(&TRACEPARENT);
            headers.remove("tracestate");
        }
        if let Some(trace) = trace {
            trace.put(headers);
        }
    }
}

/// What the log calls a trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceId(u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The ID and the flags. Of a version that is not known yet, what follows the fields of the first is passed over.
fn parse(field: &[u8]) -> Option<(u128, u8)> {
    let (head, rest) = field.split_at_checked(LEN)?;
    let [version, trace, parent, flags] = [0..2, 3..35, 36..52, 53..55].map(|at| hex(&head[at]));
    let are_apart = [2, 35, 52].iter().all(|&at| head[at] == b'-');
    let version = version.filter(|&version| version != 0xff)?;
    let ends = rest.is_empty() || 0 < version && rest[0] == b'-';
    let is_valid = are_apart && ends && parent? != 0;
    let flags = u8::try_from(flags?).expect("two digits are a byte");
    trace.filter(|&trace| is_valid && trace != 0).map(|trace| (trace, flags))
}

/// The number that lowercase digits say.
fn hex(digits: &[u8]) -> Option<u128> {
    let are_lowercase = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let digits = str::from_utf8(digits).ok().filter(|_| are_lowercase)?;
    u128::from_str_radix(digits, 16).ok()
}

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Of the fields of the first version.
const LEN: usize = 55;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(fields: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("traceparent", field.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_valid_traceparent_is_gone_on_with_under_a_parent_of_its_own() {
        let put = |field: &str| {
            let mut answer = HeaderMap::new();
            let trace = Trace::of(&headers(&[field])).expect("it is valid");
            trace.put(&mut answer);
            answer["traceparent"].to_str().unwrap().to_owned()
        };
        for (version, end, flags) in [
            ("00", "-01", "01"),
            ("00", "-00", "00"),
            ("00", "-03", "03"),
            ("01", "-ff", "ff"),
            ("cc", "-01-what", "01"),
        ] {
            let field = format!("{version}-{TRACE}-00f067aa0ba902b7{end}");
            let (first, second) = (put(&field), put(&field));
            for put in [&first, &second] {
                let parts: Vec<_> = put.split('-').collect();
                let [version, trace, parent, flag] = parts[..] else { panic!("{put}") };
                assert_eq!((version, trace, flag), ("00", TRACE, flags), "{field}");
                assert_ne!(parent, "00f067aa0ba902b7", "{field}");
                assert!(Trace::of(&headers(&[put])).is_some(), "{put}");
            }
            assert_ne!(first, second);
        }
        let zeros = format!("00-{:0>32}-00f067aa0ba902b7-01", "1");
        assert!(put(&zeros).starts_with(&format!("00-{:0>32}-", "1")));
    }

    #[test]
    fn any_other_is_none() {
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
            assert_eq!(Trace::of(&headers(&[&field])), None, "{field}");
        }
        assert_eq!(Trace::of(&headers(&[])), None);
        assert_eq!(Trace::of(&headers(&[&good, &good])), None);
    }

    #[test]
    fn new_ones_differ_and_are_valid() {
        let (first, second) = (Trace::new(), Trace::new());

        assert_ne!((first.id, first.parent), (second.id, second.parent));
        let mut answer = HeaderMap::new();
        first.put(&mut answer);
        assert_eq!(Trace::of(&answer).map(|trace| trace.id), Some(first.id));
        assert_eq!(first.id().to_string().len(), 32);
    }

    #[test]
    fn who_is_asked_finds_the_trace_and_nothing_of_one_that_is_not_valid() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        for (field, is_kept) in [(&*good, true), ("damaged", false)] {
            let mut passed = headers(&[field]);
            passed.insert("tracestate", "congo=t61".parse().unwrap());

            let trace = Trace::of(&passed);
            Trace::pass_on(trace, &mut passed);
            assert_eq!(passed.contains_key("traceparent"), is_kept);
            assert_eq!(passed.contains_key("tracestate"), is_kept);
            assert_ne!(passed.get("traceparent").map(|it| it.to_str().unwrap()), Some(field));

            Trace::pass_on(Some(trace.unwrap_or_else(Trace::new)), &mut passed);
            assert!(Trace::of(&passed).is_some());
            assert_eq!(passed.contains_key("tracestate"), is_kept);
        }
    }
}
