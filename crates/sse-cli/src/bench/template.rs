use std::fmt::Write;

/// A text with places to fill in.
#[derive(Clone, Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Channel,
    Listener,
    Stamp,
    Pad,
}

/// What is filled in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) channel: usize,
    pub(super) listener: usize,
    pub(super) stamp: &'a str,
    /// The length that padding fills the text up to.
    pub(super) size: usize,
}

impl Template {
    pub(super) fn new(text: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((at, name, part)) = next_place(rest) {
            parts.push(Part::Text(rest[..at].to_owned()));
            parts.push(part);
            rest = &rest[at + name.len()..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Self { parts }
    }

    /// Whether the stamp has exactly one place.
    pub(super) fn has_one_stamp(&self) -> bool {
        self.parts.iter().filter(|part| **part == Part::Stamp).count() == 1
    }

    /// Appends the text with its places filled in.
    pub(super) fn write(&self, values: Values<'_>, out: &mut String) {
        let missing = values.size.saturating_sub(self.len_without_pad(values));
        let begin = out.len();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Channel => write!(out, "{}", values.channel).expect("memory takes all"),
                Part::Listener => write!(out, "{}", values.listener).expect("memory takes all"),
                Part::Stamp => out.push_str(values.stamp),
                Part::Pad => out.extend(std::iter::repeat_n('x', missing)),
            }
        }
        debug_assert!(begin <= out.len());
    }

    fn len_without_pad(&self, values: Values<'_>) -> usize {
        let len = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Channel => values.channel.checked_ilog10().unwrap_or(0) as usize + 1,
            Part::Listener => values.listener.checked_ilog10().unwrap_or(0) as usize + 1,
            Part::Stamp => values.stamp.len(),
            Part::Pad => 0,
        };
        self.parts.iter().map(len).sum()
    }
}

fn next_place(text: &str) -> Option<(usize, &'static str, Part)> {
    let places = [
        ("{channel}", Part::Channel),
        ("{listener}", Part::Listener),
        ("{stamp}", Part::Stamp),
        ("{pad}", Part::Pad),
    ];
    let found = places.into_iter().filter_map(|(name, part)| Some((text.find(name)?, name, part)));
    found.min_by_key(|&(at, ..)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, size: usize) -> String {
        let mut out = String::new();
        let values = Values { channel: 42, listener: 7, stamp: "~1~", size };
        Template::new(template).write(values, &mut out);
        out
    }

    #[test]
    fn places_are_filled_in_and_other_braces_stay() {
        let text = r#"{"c":{channel},"l":{listener},"s":"{stamp}","p":"{pad}"}"#;
        assert_eq!(filled(text, 0), r#"{"c":42,"l":7,"s":"~1~","p":""}"#);
        assert_eq!(filled("{other} {", 100), "{other} {");
    }

    #[test]
    fn padding_fills_up_to_the_size() {
        assert_eq!(filled("{stamp} {pad}", 10), "~1~ xxxxxx");
        assert_eq!(filled("{stamp} {pad}", 2), "~1~ ");
    }

    #[test]
    fn the_stamp_has_one_place() {
        for (template, expected) in [("{stamp}", true), ("{pad}", false), ("{stamp}{stamp}", false)]
        {
            assert_eq!(Template::new(template).has_one_stamp(), expected, "{template}");
        }
    }
}
