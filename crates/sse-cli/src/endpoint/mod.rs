mod args;
pub(crate) use args::EndpointArgs;

mod host;
use host::Host;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use http::Uri;
use sse_hyper::{ClientTls, ClientTlsError};

use crate::exit::Failure;

/// A server, and how to reach it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Scheme, host, port and prefix.
    pub(crate) base: Uri,
    pub(crate) tls: ClientTls,
    pub(crate) credentials: Option<Credentials>,
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Endpoint {
    pub(crate) fn new(args: EndpointArgs) -> Result<Self, Failure> {
        let scheme = if args.ssl { "https" } else { "http" };
        let (host, port, prefix) = (args.host, args.port, args.prefix.path());
        let base = format!("{scheme}://{host}:{port}{prefix}").parse().map_err(Failure::usage)?;
        let tls = tls(args.cacert.as_deref(), args.insecure).map_err(Failure::usage)?;
        let credentials =
            args.user.map(|user| Credentials { user, password: args.password.unwrap_or_default() });
        Ok(Self { base, tls, credentials })
    }
}

fn tls(root: Option<&Path>, insecure: bool) -> Result<ClientTls, RootError> {
    let mut tls = ClientTls::new();
    if let Some(file) = root {
        let pem =
            fs::read(file).map_err(|source| RootError::Read { file: file.to_owned(), source })?;
        tls = tls
            .with_root_pem(&pem)
            .map_err(|source| RootError::Use { file: file.to_owned(), source })?;
    }
    Ok(if insecure { ClientTls::insecure() } else { tls })
}

#[derive(Debug, thiserror::Error)]
enum RootError {
    #[error("cannot read {}", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("cannot use {}", file.display())]
    Use { file: PathBuf, source: ClientTlsError },
}
