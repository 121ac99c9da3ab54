use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use sse_core::{
    Token,
    access::{
        AccessRequest, Authenticator, Credential, Denied, Grant, Outcome, Revocation, Ticket,
        Verdict,
    },
};

/// An authenticator that knows secrets by heart, and remembers what it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    outcomes: Mutex<HashMap<String, Outcome>>,
    asked: Mutex<Vec<String>>,
    forgotten: Mutex<Vec<Revocation>>,
    issued: Mutex<Vec<(Grant, String)>>,
    has_tickets: bool,
    takes_passwords: bool,
}

impl Book {
    pub(crate) fn with_tickets() -> Self {
        Self(Arc::new(Inner { has_tickets: true, ..Inner::default() }))
    }

    pub(crate) fn with_passwords() -> Self {
        Self(Arc::new(Inner { takes_passwords: true, ..Inner::default() }))
    }

    /// Whoever presents `secret`, in any way, gets `outcome`.
    pub(crate) fn set(&self, secret: &str, outcome: Outcome) {
        self.0.outcomes.lock().unwrap().insert(secret.to_owned(), outcome);
    }

    /// Each way and secret that it was asked for since this was last taken.
    pub(crate) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.asked.lock().unwrap())
    }

    pub(crate) fn take_forgotten(&self) -> Vec<Revocation> {
        std::mem::take(&mut *self.0.forgotten.lock().unwrap())
    }

    pub(crate) fn take_issued(&self) -> Vec<(Grant, String)> {
        std::mem::take(&mut *self.0.issued.lock().unwrap())
    }
}

impl Authenticator for Book {
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        let (way, secret) = match request.credential() {
            None => ("nothing", String::new()),
            Some(Credential::Bearer(token)) => ("bearer", (*token).to_owned()),
            Some(Credential::Basic(pair)) => ("basic", (*pair).to_owned()),
            Some(Credential::Cookie(value)) => ("cookie", (*value).to_owned()),
            Some(Credential::Ticket(ticket)) => ("ticket", ticket.clone().into_owned()),
            Some(Credential::Other(value)) => {
                ("other", String::from_utf8_lossy(value.as_bytes()).into_owned())
            }
            Some(other) => panic!("{other:?}"),
        };
        self.0.asked.lock().unwrap().push(format!("{way} {secret}").trim_end().to_owned());
        if way == "nothing" {
            return Verdict::ready(Ok(None));
        }
        let known = self.0.outcomes.lock().unwrap().get(&secret).cloned();
        Verdict::ready(known.unwrap_or(Err(Denied::Unauthorized)))
    }

    fn issue_ticket(&self, grant: &Grant, token: &Token, _: Instant) -> Option<Ticket> {
        if !self.0.has_tickets {
            return None;
        }
        self.0.issued.lock().unwrap().push((grant.clone(), token.as_str().to_owned()));
        Some(Ticket::new("dGlja2V0", 1_790_000_000))
    }

    fn forget(&self, revocation: &Revocation) {
        self.0.forgotten.lock().unwrap().push(revocation.clone());
    }

    fn takes_passwords(&self) -> bool {
        self.0.takes_passwords
    }
}
