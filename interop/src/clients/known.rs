use crate::table::Known;

/// Deviations that lie with the client: the standard, or what the client promises, has it otherwise.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        row: "@microsoft/fetch-event-source",
        columns: &["keepalive", "server drains"],
        text: "empty `message`",
        why: "The client's. It hands on an empty message for every blank line, also behind a comment or a `retry:`; the standard \
              drops a block without data. A page passes over messages without data.",
    },
    Known {
        row: "httpx-sse",
        columns: &["keepalive", "server drains"],
        text: "empty `message`",
        why: "The client's. Once it has seen an id or a `retry:`, it hands on an empty event for every blank line; the standard \
              drops a block without data. A program passes over events without data.",
    },
];
