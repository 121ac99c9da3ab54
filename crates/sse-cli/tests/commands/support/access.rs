use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use sse_access::{Algorithm, SigningKey};
use sse_testkit::Step;
use tempfile::TempDir;

use super::{TOKEN, run, run_with_stdin};

/// Who makes tokens: a key in a directory of its own.
pub(crate) struct Issuer {
    dir: TempDir,
    alg: Algorithm,
    id: Option<&'static str>,
}

impl Issuer {
    pub(crate) fn new(alg: Algorithm) -> Self {
        Self::make(alg, None)
    }

    pub(crate) fn with_id(alg: Algorithm, id: &'static str) -> Self {
        Self::make(alg, Some(id))
    }

    fn make(alg: Algorithm, id: Option<&'static str>) -> Self {
        let issuer = Self { dir: TempDir::new().unwrap(), alg, id };
        let kid = id.map(|id| ["--kid", id]);
        let (alg, key) = (alg.to_string(), issuer.key());
        let args = ["key", "--alg", &alg, "--out", &key];
        let ended = run(TOKEN, args.iter().chain(kid.iter().flatten()));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        fs::write(issuer.jwks(), ended.stdout).unwrap();
        issuer
    }

    /// The file of the private key, or of the secret.
    pub(crate) fn key(&self) -> String {
        self.file("key")
    }

    /// The file of the set with the public key, which is empty for a secret.
    pub(crate) fn jwks(&self) -> String {
        self.file("jwks")
    }

    /// The path of a file in the same directory.
    pub(crate) fn file(&self, name: &str) -> String {
        self.dir.path().join(name).into_os_string().into_string().unwrap()
    }

    /// A token, by `eventsource-token mint` with these options.
    pub(crate) fn mint(&self, options: &[&str]) -> String {
        let kid = self.id.map(|id| ["--kid", id]);
        let key = self.key();
        let args = ["mint", "--key", &key].into_iter().chain(kid.iter().flatten().copied());
        let ended = run(TOKEN, args.chain(options.iter().copied()));
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{options:?}");
        ended.stdout.trim_end().to_owned()
    }

    /// A token with these claims that a server takes for so many seconds: a minute of leeway included.
    pub(crate) fn sign_for(&self, seconds: f64, mut claims: Value) -> String {
        let key = SigningKey::from_contents(self.alg, &fs::read(self.key()).unwrap()).unwrap();
        claims["exp"] = json!(now() + seconds - 60.0);
        let key = match self.id {
            Some(id) => key.with_id(id),
            None => key,
        };
        key.sign(&claims)
    }
}

/// Seconds since the beginning of 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The value of `Authorization` for `token`.
pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A file with the lines that `eventsource-token hash` writes for names and passwords, each with options.
pub(crate) fn passwords(dir: &TempDir, users: &[(&str, &str, &[&str])]) -> String {
    let lines = users.iter().map(|(name, password, options)| {
        let args = ["hash", name].into_iter().chain(options.iter().copied());
        let ended = run_with_stdin(TOKEN, args, format!("{password}\n").as_bytes());
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{name}");
        ended.stdout
    });
    let text: String = lines.collect();
    let path = dir.path().join("passwords");
    fs::write(&path, text).unwrap();
    path.into_os_string().into_string().unwrap()
}

/// The answer of a server that is asked who a credential is: with this status and these fields.
pub(crate) fn verdict(head: &str) -> Vec<Step> {
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
    vec![Step::ExpectHead, Step::send(answer), Step::Close]
}

/// The answer that grants what these claims say.
pub(crate) fn grant(claims: &Value) -> Vec<Step> {
    verdict(&format!("200 OK\r\nSse-Grant: {claims}"))
}

/// The same, for so many seconds.
pub(crate) fn grant_for(seconds: f64, mut claims: Value) -> Vec<Step> {
    claims["exp"] = json!(now() + seconds);
    grant(&claims)
}
