use crate::table::Known;

/// Deviations that lie with the proxy, where it does all that may trouble a stream.
pub(crate) const TEMPLATES: &[Known] = &[
    APACHE,
    Known {
        row: "varnish",
        columns: &[SILENT],
        text: "seen late",
        why: "Varnish's. It looks at its client only when it has something to send, or after `between_bytes_timeout`: \
              a keepalive is what tells it.",
    },
    Known {
        row: "caddy 2.6",
        columns: &["resume"],
        text: "exact; 2 KiB: `ping` does not come",
        why: "Caddy's. `encode` compresses an answer whose first piece has 512 bytes or more, here a replay, though it says \
              `no-transform`, and does not flush what it compresses. Leave event streams out of `encode`.",
    },
];

/// What is left of them with the configurations of the guide.
pub(crate) const GUIDE: &[Known] = &[
    APACHE,
    Known {
        row: "apache",
        columns: &["crash"],
        text: "0 of 20 back: 503 is final",
        why: "Apache's. It tries a server that is away once, and answers 503, after which an `EventSource` is closed for \
              good. The others wait for the server, or answer with a stream.",
    },
];

const APACHE: Known = Known {
    row: "apache",
    columns: &[SILENT],
    text: "seen late",
    why: "Apache's. mod_proxy_http looks at its client only when the server sends something, or after `ProxyTimeout`: \
          a keepalive, 15 s by default, is what tells it.",
};

const SILENT: &str = "client leaves, `-k 0`";
