mod address;
pub(crate) use address::AddressParser;

mod args;
pub(crate) use args::EndpointArgs;

mod credentials;
pub(crate) use credentials::Credentials;
#[cfg(feature = "client")]
pub(crate) use credentials::VARIABLE as PASSWORD_VARIABLE;

mod host;
use host::Host;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use http::{Uri, uri::Scheme};
use sse_hyper::{ClientTls, ClientTlsError};

use crate::exit::Failure;

/// A server, and how to reach it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Scheme, host, port and prefix.
    pub(crate) base: Uri,
    pub(crate) tls: ClientTls,
    pub(crate) credentials: Option<Credentials>,
    /// Instead of those in the environment.
    pub(crate) proxy: Option<Uri>,
}

impl Endpoint {
    /// What the arguments mean for `url`, or for the server that they name themselves.
    pub(crate) fn new(args: EndpointArgs, url: Option<&Uri>) -> Result<Self, Failure> {
        check_tls(&args, url).map_err(Failure::usage)?;
        let scheme = if args.ssl { "https" } else { "http" };
        let (host, port, prefix) = (args.host, args.port, args.prefix.path());
        let base = format!("{scheme}://{host}:{port}{prefix}").parse().map_err(Failure::usage)?;
        let tls = tls(args.cacert.as_deref(), args.insecure).map_err(Failure::usage)?;
        let credentials = args
            .user
            .map(|user| Credentials::new(user, args.password, args.password_file))
            .transpose()
            .map_err(Failure::usage)?;
        Ok(Self { base, tls, credentials, proxy: args.proxy })
    }
}

/// Refuses options of TLS where it is not spoken: the user takes the connection for a secure one, and a
/// password would go in clear.
fn check_tls(args: &EndpointArgs, url: Option<&Uri>) -> Result<(), WithoutTls> {
    let is_https = |uri: &Uri| uri.scheme() == Some(&Scheme::HTTPS);
    let option = match (&args.cacert, args.insecure) {
        (Some(_), _) => "--cacert",
        (None, true) => "--insecure",
        (None, false) => return Ok(()),
    };
    let way_out = match url {
        _ if args.proxy.as_ref().is_some_and(is_https) => return Ok(()),
        Some(url) if is_https(url) => return Ok(()),
        None if args.ssl => return Ok(()),
        Some(_) => "begin the URL with https://",
        None => "add --ssl (-S)",
    };
    Err(WithoutTls { option, way_out })
}

/// An option of TLS where it is not spoken.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{option} is for TLS, which is not spoken here: {way_out}, or leave out {option}")]
struct WithoutTls {
    option: &'static str,
    way_out: &'static str,
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
