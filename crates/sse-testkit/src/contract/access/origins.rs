//! "Browsers": no credential exempts from the rule on other sites, and what a browser adds unasked counts only
//! for the server's own pages, and for those of origins that are listed with credentials.

use super::{
    answer::{Answer, Asked, ask, forbidden, invalid, needed},
    remembering,
};
use crate::{Setup, Target, head};

/// "Cookies and Basic count only on requests of the same origin, `none`, or from an origin listed by name with
/// `--allow-credentials` (never `*`); bearer tokens and tickets count anywhere CORS lets them come from."
pub async fn what_a_browser_adds_unasked_counts_for_own_pages(
    start: impl AsyncFn(Setup) -> Target,
) {
    for (cors, credentials) in
        [("none", false), ("listed", false), ("listed", true), ("any", false)]
    {
        let target = start(allowing(cors, credentials)).await;
        let name = if credentials { "trusted" } else { cors };
        for row in SITES.iter().filter(|row| row.cors == name) {
            for (query, field, verdict) in row.presented() {
                for line in ["GET /poll/news", "POST /ping/news"] {
                    let line = format!("{line}{query}");
                    let fields = [row.fields, &[field, MODE]].concat();
                    let answer = ask(&target, &Asked::new(&line, &fields)).await;
                    row.expect(&answer, verdict, &format!("{cors}: {line} {fields:?}"));
                }
            }
        }
    }
}

/// "OPTIONS preflights need no access", also for what needs some, and for paths that name nothing.
pub async fn a_preflight_needs_no_access(start: impl AsyncFn(Setup) -> Target) {
    let target = start(allowing("listed", true)).await;
    for path in ["/poll/news", "/ping/news", "/close/other", "/ticket/news", "/junk"] {
        let fields = [
            ("Origin", LISTED),
            ("Sec-Fetch-Site", "cross-site"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization"),
        ];
        let answer = target.exchange(head("OPTIONS", path, &fields)).await;

        assert_eq!((answer.status(), answer.text()), (204, ""), "{path}");
        let allowed = answer.head.field("access-control-allow-headers").expect("some are allowed");
        assert!(allowed.split(", ").any(|name| name == "authorization"), "{allowed}");
        assert_eq!(answer.head.field("access-control-allow-origin"), Some(LISTED));
        assert_eq!(answer.head.field("access-control-allow-credentials"), Some("true"));
    }
}

/// Pages of one origin, as a server sees them that allows some.
struct Site {
    /// What the server allows: `none`, `listed`, `trusted` (with credentials) or `any`.
    cors: &'static str,
    /// What the browser says of the page.
    fields: &'static [(&'static str, &'static str)],
    /// What comes of no credential, a bearer's, a ticket, a cookie, a password, and of what is not valid: another
    /// scheme, which a browser may know by itself, and a cookie.
    verdicts: [&'static str; 7],
    /// What the answer says of origins.
    said: &'static [&'static str],
}

impl Site {
    /// Query, field and verdict of each credential.
    fn presented(&self) -> impl Iterator<Item = (&'static str, Field, &'static str)> {
        const PRESENTED: [(&str, Field); 7] = [
            ("", ("Accept", "*/*")),
            ("", ("Authorization", "Bearer both")),
            ("?ticket=news~both", ("Accept", "*/*")),
            ("", ("Cookie", "auth=both")),
            ("", ("Authorization", "Basic both")),
            ("", ("Authorization", "Negotiate both")),
            ("", ("Cookie", "auth=junk")),
        ];
        PRESENTED
            .into_iter()
            .zip(self.verdicts)
            .map(|((query, field), verdict)| (query, field, verdict))
    }

    fn expect(&self, answer: &Answer, verdict: &str, what: &str) {
        let is_refused = answer.status != 200;
        let expected = match verdict {
            "ok" if is_refused && what.contains("POST") && what.contains("ticket") => forbidden(),
            "ok" => {
                let said = answer.fields.iter().filter(|line| line.starts_with("access-control-"));
                let expected = self.said.iter().filter(|line| line.starts_with("access-control-"));
                assert_eq!(answer.status, 200, "{what}: {answer:?}");
                return assert!(said.eq(expected), "{what}: {answer:?}");
            }
            "needed" => without_password(needed()),
            "invalid" => without_password(invalid()),
            "site" => Answer::refusal("403: Forbidden", OTHER_SITE),
            other => panic!("there is no verdict {other}"),
        };
        assert_eq!(*answer, expected.with(self.said), "{what}");
    }
}

type Field = (&'static str, &'static str);

/// A script asks, so no answer makes the browser ask its user for a password.
const MODE: Field = ("Sec-Fetch-Mode", "cors");

fn without_password(mut answer: Answer) -> Answer {
    answer.fields.retain(|line| !line.contains("Basic"));
    answer
}

fn allowing(cors: &str, allow_credentials: bool) -> Setup {
    let allow_origins = match cors {
        "listed" => vec!["https://first.example".to_owned(), LISTED.to_owned()],
        "any" => vec!["*".to_owned()],
        _ => Vec::new(),
    };
    Setup { allow_origins, allow_credentials, ..remembering() }
}

const OTHER_SITE: &str = "Pages of other sites may not do this. Allow an origin with --allow-origin, or in \
                          code with GatewayConfig::with_cors";
const LISTED: &str = "https://app.example";

const OWN: [&str; 7] = ["needed", "ok", "ok", "ok", "ok", "invalid", "invalid"];
const FOREIGN: [&str; 7] = ["needed", "ok", "ok", "needed", "needed", "needed", "needed"];
const REFUSED: [&str; 7] = ["site"; 7];

const VARY: &[&str] = &["vary: Origin"];
const READ: &[&str] =
    &["access-control-allow-origin: https://app.example", EXPOSED, "vary: Origin"];
const TRUSTED: &[&str] = &[
    "access-control-allow-credentials: true",
    "access-control-allow-origin: https://app.example",
    EXPOSED,
    "vary: Origin",
];
const ANY: &[&str] = &["access-control-allow-origin: *", EXPOSED];
const EXPOSED: &str = "access-control-expose-headers: Sse-Resume, Sse-Last-Event-ID, Sse-Id, \
                       Sse-Listeners, Sse-Duplicate, Sse-Refused, Retry-After, \
                       WWW-Authenticate";

const SAME: Field = ("Sec-Fetch-Site", "same-origin");
const NONE: Field = ("Sec-Fetch-Site", "none");
const CROSS: Field = ("Sec-Fetch-Site", "cross-site");
const NEAR: Field = ("Sec-Fetch-Site", "same-site");
const FROM_LISTED: Field = ("Origin", LISTED);
const FROM_OTHER: Field = ("Origin", "https://other.example");
const FROM_HERE: Field = ("Origin", "http://test");

#[rustfmt::skip]
const SITES: &[Site] = &[
    Site { cors: "none", fields: &[], verdicts: OWN, said: &[] },
    Site { cors: "none", fields: &[SAME], verdicts: OWN, said: &[] },
    Site { cors: "none", fields: &[NONE], verdicts: OWN, said: &[] },
    Site { cors: "none", fields: &[FROM_HERE], verdicts: OWN, said: &[] },
    Site { cors: "none", fields: &[SAME, FROM_HERE], verdicts: OWN, said: &[] },
    Site { cors: "none", fields: &[CROSS], verdicts: REFUSED, said: &[] },
    Site { cors: "none", fields: &[NEAR], verdicts: REFUSED, said: &[] },
    Site { cors: "none", fields: &[FROM_OTHER], verdicts: REFUSED, said: &[] },
    Site { cors: "none", fields: &[("Origin", "null")], verdicts: REFUSED, said: &[] },
    Site { cors: "none", fields: &[CROSS, FROM_HERE], verdicts: REFUSED, said: &[] },
    Site { cors: "listed", fields: &[], verdicts: OWN, said: VARY },
    Site { cors: "listed", fields: &[SAME, FROM_HERE], verdicts: OWN, said: VARY },
    Site { cors: "listed", fields: &[CROSS, FROM_LISTED], verdicts: FOREIGN, said: READ },
    Site { cors: "listed", fields: &[FROM_LISTED], verdicts: FOREIGN, said: READ },
    Site { cors: "listed", fields: &[CROSS], verdicts: REFUSED, said: VARY },
    Site { cors: "listed", fields: &[CROSS, FROM_OTHER], verdicts: REFUSED, said: VARY },
    Site { cors: "listed", fields: &[FROM_LISTED, FROM_LISTED], verdicts: REFUSED, said: VARY },
    Site { cors: "trusted", fields: &[SAME], verdicts: OWN, said: VARY },
    Site { cors: "trusted", fields: &[CROSS, FROM_LISTED], verdicts: OWN, said: TRUSTED },
    Site { cors: "trusted", fields: &[NEAR, FROM_LISTED], verdicts: OWN, said: TRUSTED },
    Site { cors: "trusted", fields: &[FROM_LISTED], verdicts: OWN, said: TRUSTED },
    Site { cors: "trusted", fields: &[CROSS, FROM_OTHER], verdicts: REFUSED, said: VARY },
    Site { cors: "trusted", fields: &[CROSS, ("Origin", "null")], verdicts: REFUSED, said: VARY },
    Site { cors: "any", fields: &[], verdicts: OWN, said: ANY },
    Site { cors: "any", fields: &[SAME, FROM_HERE], verdicts: OWN, said: ANY },
    Site { cors: "any", fields: &[CROSS, FROM_LISTED], verdicts: FOREIGN, said: ANY },
    Site { cors: "any", fields: &[NEAR, FROM_OTHER], verdicts: FOREIGN, said: ANY },
    Site { cors: "any", fields: &[CROSS, ("Origin", "null")], verdicts: FOREIGN, said: ANY },
    Site { cors: "any", fields: &[CROSS], verdicts: REFUSED, said: ANY },
];
