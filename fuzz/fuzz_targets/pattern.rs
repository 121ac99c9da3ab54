//! Any text is a pattern or none as the rule says, which is written here once more, and matches what it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sse_core::{Token, access::Pattern};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let (text, name) = text.split_once('\n').unwrap_or((text, text));
    let pattern = Pattern::new(text);
    assert_eq!(pattern.is_ok(), is_pattern(text), "{text:?}");
    let Ok(token) = Token::new(name) else {
        return;
    };
    if let Ok(pattern) = pattern {
        assert_eq!(pattern.to_string(), text);
        assert_eq!(serde_json::from_value(serde_json::json!(text)).ok().as_ref(), Some(&pattern));
        assert_eq!(pattern.matches(&token), matches(text, name), "{text:?} {name:?}");
    }
    let exactly = Pattern::exactly(&token);
    assert!(exactly.matches(&token));
    assert_eq!(serde_json::to_value(&exactly).is_ok(), !name.contains('*'));
});

fn is_pattern(text: &str) -> bool {
    let is_short = text.trim_end_matches('*').len() <= 256;
    let stars = text.matches('*').count();
    let is_right = stars == 0 || stars == 1 && text.ends_with('*');
    !text.is_empty() && is_short && is_right && !text.chars().any(char::is_control)
}

/// Character by character, without the rule that a star is the last one.
fn matches(pattern: &str, name: &str) -> bool {
    let mut name = name.chars();
    pattern.chars().all(|wanted| match wanted {
        '*' => {
            name.by_ref().for_each(drop);
            true
        }
        _ => name.next() == Some(wanted),
    }) && name.next().is_none()
}
