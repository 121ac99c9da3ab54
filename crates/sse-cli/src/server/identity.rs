use std::path::PathBuf;

use sse_hyper::{ServerTls, TlsError};

use super::files::{Files, ReadError};

/// A certificate and its private key, and the files that they were read from.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) files: IdentityFiles,
    pub(super) tls: ServerTls,
}

/// Where a certificate and its private key are, each with the option that says so.
#[derive(Clone, Debug)]
pub(super) struct IdentityFiles {
    pub(super) key: (&'static str, PathBuf),
    pub(super) certificates: (&'static str, PathBuf),
}

impl Identity {
    /// Reads the identity, if both options name a file.
    pub(super) fn new(
        (key_option, key): (&'static str, Option<PathBuf>),
        (certificates_option, certificates): (&'static str, Option<PathBuf>),
        files: &mut Files,
    ) -> Result<Option<Self>, IdentityError> {
        let (Some(key), Some(certificates)) = (key, certificates) else {
            return Ok(None);
        };
        let named = IdentityFiles {
            key: (key_option, key),
            certificates: (certificates_option, certificates),
        };
        let tls = named.read(files)?;
        Ok(Some(Self { files: named, tls }))
    }

    /// Takes over what was read meanwhile, wherever a clone of it is used.
    pub(super) fn replace(&mut self, read: Self) {
        self.tls.replace(read.tls);
        self.files = read.files;
    }
}

impl IdentityFiles {
    pub(super) fn read(&self, files: &mut Files) -> Result<ServerTls, IdentityError> {
        let Self { key, certificates } = self;
        let chain = files.read(certificates.0, &certificates.1)?;
        let secret = files.read(key.0, &key.1)?;
        ServerTls::from_pem(&chain, &secret).map_err(|source| IdentityError::Use {
            key: key.1.clone(),
            certificates: certificates.1.clone(),
            source,
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum IdentityError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot use the key in {} and the certificate in {}", key.display(), certificates.display())]
    Use { key: PathBuf, certificates: PathBuf, source: TlsError },
}
