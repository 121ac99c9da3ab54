use std::path::Path;

use sse_hyper::ServerTls;

use crate::{
    exit::Causes,
    server::{
        files::{Files, Stamp, is_pipe},
        identity::{Identity, IdentityError, IdentityFiles},
    },
};

/// A certificate that is replaced when its files change.
#[derive(Debug)]
pub(super) struct Watched {
    tls: ServerTls,
    named: IdentityFiles,
    /// How the files looked when they were read last, whether or not they were of use.
    seen: [Option<Stamp>; 2],
}

impl Watched {
    /// `files` are those that it was read with.
    pub(super) fn new(identity: &Identity, files: &Files) -> Self {
        let (tls, named) = (identity.tls.clone(), identity.files.clone());
        let stamp = |(option, file)| files.stamp(option, file).or_else(|| Stamp::of(file));
        let seen = both(&named).map(stamp);
        Self { tls, named, seen }
    }

    /// Takes over what is in the files, if they have changed since the last look, and logs what comes of it. Returns
    /// whether it was of use.
    pub(super) fn look(&mut self) -> Option<bool> {
        let outcome = self.renew()?;
        let [(_, key), (_, certificates)] = both(&self.named);
        let (key, certificates) = (key.display(), certificates.display());
        match &outcome {
            Ok(()) => tracing::info!("reloaded, since it has changed: {certificates}"),
            Err(error) => tracing::error!(
                "{certificates} or {key} has changed and is not reloaded, what held before still \
                 holds: {}",
                Causes(error)
            ),
        }
        Some(outcome.is_ok())
    }

    /// `None` if nothing has changed. What is of no use is looked at once: it may be half written, and then changes
    /// again.
    fn renew(&mut self) -> Option<Result<(), IdentityError>> {
        let files = both(&self.named);
        let seen = files.map(|(_, file)| Stamp::of(file));
        if seen == self.seen || files.iter().any(|(_, file)| is_pipe(file)) {
            return None;
        }
        self.seen = seen;
        Some(self.named.read(&mut Files::default()).map(|tls| self.tls.replace(tls)))
    }
}

fn both(named: &IdentityFiles) -> [(&'static str, &Path); 2] {
    [&named.key, &named.certificates].map(|(option, file)| (*option, &**file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_is_half_written_is_refused_once_and_looked_at_again_when_it_changes() {
        let dir = TempDir::new().unwrap();
        let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
        let (first, second) = (made(), made());
        write("cert", first.cert.pem());
        write("key", first.signing_key.serialize_pem());
        let mut watched = watch(&dir);
        assert!(watched.renew().is_none());

        write("cert", second.cert.pem());
        assert!(matches!(watched.renew(), Some(Err(IdentityError::Use { .. }))));
        assert!(watched.renew().is_none(), "it is told once");
        write("key", second.signing_key.serialize_pem());
        assert!(matches!(watched.renew(), Some(Ok(()))));

        fs::remove_file(dir.path().join("key")).unwrap();
        assert!(matches!(watched.renew(), Some(Err(IdentityError::Read(_)))));
        assert!(watched.renew().is_none());
        write("key", second.signing_key.serialize_pem());
        assert!(matches!(watched.renew(), Some(Ok(()))));
    }

    #[test]
    fn another_file_behind_the_same_name_is_seen() {
        let dir = TempDir::new().unwrap();
        for (folder, made) in [("1", made()), ("2", made())] {
            fs::create_dir(dir.path().join(folder)).unwrap();
            fs::write(dir.path().join(folder).join("cert"), made.cert.pem()).unwrap();
            fs::write(dir.path().join(folder).join("key"), made.signing_key.serialize_pem())
                .unwrap();
        }
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, dir.path().join(name)).unwrap();
        };
        for (to, name) in [("1", "live"), ("live/cert", "cert"), ("live/key", "key")] {
            link(to, name);
        }
        let mut watched = watch(&dir);

        link("2", "next");
        fs::rename(dir.path().join("next"), dir.path().join("live")).unwrap();

        assert!(matches!(watched.renew(), Some(Ok(()))));
        assert!(watched.renew().is_none());
    }

    fn made() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    fn watch(dir: &TempDir) -> Watched {
        let mut files = Files::default();
        let named = ["--keyfile", "--certfile"].into_iter().zip(["key", "cert"]);
        let mut named = named.map(|(option, name)| (option, Some(dir.path().join(name))));
        let (key, certificates) = (named.next().unwrap(), named.next().unwrap());
        let identity = Identity::new(key, certificates, &mut files).unwrap().unwrap();
        Watched::new(&identity, &files)
    }
}
