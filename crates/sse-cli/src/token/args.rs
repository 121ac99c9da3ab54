use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args as Group, Parser, Subcommand};
use sse_access::Algorithm;
use sse_core::access::Pattern;

use super::text;
use crate::channel_name;
use crate::lifetime;

/// Makes keys, tokens and the lines of password files for eventsource-server.
///
/// A token says what its holder may do, and is signed. eventsource-server takes those that are signed with a
/// key of its --jwt-key or --jwks.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-token",
    version,
    disable_version_flag = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key that signs tokens
    ///
    /// Writes the private key or the secret to a file that only its owner can read. Prints the public key
    /// as a JWK set, for --jwks of eventsource-server. A secret has no public key: the server needs the
    /// secret itself, by --jwt-key. RSA keys are made by openssl.
    #[command(after_help = KEY_EXAMPLES)]
    Key(KeyArgs),

    /// Make a token, and print it
    ///
    /// The token permits what --listen, --publish and --action say, until it expires. Anybody who has it
    /// can use it.
    #[command(after_help = MINT_EXAMPLES)]
    Mint(MintArgs),

    /// Print what a token says, and whether it is valid
    ///
    /// Prints its header and its claims as JSON, when it ends, and a verdict. Without --key or --jwks the
    /// signature is not checked, so anybody may have written the token. With them the token has to be signed
    /// with one of the keys and to be valid now; if it is not, the reason is printed to standard error too.
    /// Every user of the machine can see a token in an argument, but not one on standard input.
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),

    /// Print the line of a password file for a name and a password
    ///
    /// The line is for --password-file of eventsource-server. The password is the first line of standard
    /// input; a terminal is asked for it twice and does not show it. Without --listen and --publish the
    /// name may do everything but the actions close and retry.
    #[command(after_help = HASH_EXAMPLES)]
    Hash(HashArgs),
}

#[derive(Debug, Group)]
pub(super) struct KeyArgs {
    /// Write the private key, or the secret, to FILE, which only its owner can read
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: PathBuf,

    /// How the key signs: ES256, ES384 or EdDSA with a private key, HS256, HS384 or HS512 with a secret that
    /// the server has to know too
    #[arg(long, value_name = "ALG", default_value = "ES256")]
    pub(super) alg: Algorithm,

    /// Name of the key in the JWK set, for tokens that name their key
    #[arg(long, value_name = "KID", value_parser = text::claim)]
    pub(super) kid: Option<String>,

    /// Overwrite FILE if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Group)]
pub(super) struct MintArgs {
    /// Sign with the private key or the secret in FILE, as `key` writes it; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub(super) key: PathBuf,

    /// How to sign [default: what the key is made for; RS256 with an RSA key, HS256 with a secret of less
    /// than 48 bytes]
    #[arg(long, value_name = "ALG")]
    pub(super) alg: Option<Algorithm>,

    /// Name of the key, for the header of the token
    #[arg(long, value_name = "KID", value_parser = text::claim)]
    pub(super) kid: Option<String>,

    #[command(flatten)]
    pub(super) permissions: PermissionArgs,

    /// Who the token is for
    #[arg(long, value_name = "TEXT", value_parser = text::claim)]
    pub(super) subject: Option<String>,

    /// Which token it is, so that it can be revoked alone [default: random]
    #[arg(long, value_name = "TEXT", value_parser = text::claim)]
    pub(super) id: Option<String>,

    /// Which server the token is for; may be given more than once
    #[arg(long, value_name = "TEXT", value_parser = text::claim)]
    pub(super) audience: Vec<String>,

    /// Who made the token
    #[arg(long, value_name = "TEXT", value_parser = text::claim)]
    pub(super) issuer: Option<String>,

    /// How long the token is valid, 1s to 3650d: a number with s, m, h or d for seconds, minutes, hours or days
    #[arg(long, value_name = "TIME", default_value = "1h")]
    #[arg(value_parser = lifetime::parse, allow_hyphen_values = true)]
    pub(super) expires_in: Duration,
}

#[derive(Debug, Group)]
pub(super) struct ShowArgs {
    /// The token; `-` reads standard input
    #[arg(default_value = "-", hide_default_value = true)]
    pub(super) token: String,

    /// Verify the token with the key in FILE: a public key, a certificate, a secret, or what `key` writes. The
    /// name that the token gives its key is ignored. May be given more than once
    #[arg(short, long, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,

    /// Accept only this algorithm with --key [default: every algorithm that the key can be used with]
    #[arg(long, value_name = "ALG", requires = "key")]
    pub(super) alg: Option<Algorithm>,

    /// Verify the token with the JWK set in FILE. May be given more than once
    #[arg(long, value_name = "FILE")]
    pub(super) jwks: Vec<PathBuf>,

    /// Accept the token only if its claim `aud` names TEXT. May be given more than once, for any of several
    #[arg(long, value_name = "TEXT", value_parser = text::claim)]
    pub(super) audience: Vec<String>,

    /// Accept the token only if its claim `iss` is TEXT. May be given more than once, for any of several
    #[arg(long, value_name = "TEXT", value_parser = text::claim)]
    pub(super) issuer: Vec<String>,
}

#[derive(Debug, Group)]
pub(super) struct HashArgs {
    /// The name, which has no colon in it
    #[arg(value_name = "NAME", value_parser = text::name)]
    pub(super) name: String,

    #[command(flatten)]
    pub(super) permissions: PermissionArgs,
}

/// What is permitted.
#[derive(Debug, Group)]
pub(super) struct PermissionArgs {
    /// Permit listening on the channel PATTERN, or, if it ends in `*`, on every channel that begins with what
    /// comes before; may be given more than once
    #[arg(long, value_name = "PATTERN")]
    pub(super) listen: Vec<Pattern>,

    /// Permit publishing to the channel PATTERN, or, if it ends in `*`, to every channel that begins with what
    /// comes before; may be given more than once
    #[arg(long, value_name = "PATTERN")]
    pub(super) publish: Vec<Pattern>,

    /// Permit only this action; may be given more than once, for several [default: all but close and retry]
    #[arg(long = "action", value_name = "NAME", requires = "publish")]
    #[arg(value_parser = channel_name::action)]
    pub(super) actions: Vec<String>,
}

const EXAMPLES: &str = "\
Exit status:
  0 on success; 1 after a failure or if a token is not valid, with the reason on standard error; 2 if
  the arguments are wrong.

Examples:
  eventsource-token key --out events.pem > events.jwks
      make a key: the private key stays with the issuer, the public key goes to the server
  eventsource-token mint --key events.pem --subject alice --listen news --expires-in 8h
      mint a token
  eventsource-token show --jwks events.jwks < token
      verify it
  eventsource-token hash deploy --publish 'build:*' >> passwords
      add a line to a password file";

const KEY_EXAMPLES: &str = "\
Examples:
  eventsource-token key --out events.pem --kid 2026 > events.jwks
      a key pair: eventsource-server --jwks events.jwks
  eventsource-token key --alg HS256 --out secret
      a secret: eventsource-server --jwt-key HS256=secret";

const MINT_EXAMPLES: &str = "\
Examples:
  eventsource-token mint --key events.pem --subject alice --listen 'room:*' --publish room:42
      for somebody who listens in all rooms and speaks in one
  eventsource-token mint --key events.pem --publish 'build:*' --action close --action ping --expires-in 30d
      for a program that also ends channels";

const SHOW_EXAMPLES: &str = "\
Examples:
  eventsource-token show --jwks events.jwks < token
      verify a token as the server does
  eventsource-token mint --key events.pem --listen news | eventsource-token show
      only look at one";

const HASH_EXAMPLES: &str = "\
Examples:
  eventsource-token hash alice >> passwords
      ask for the password
  eventsource-token hash deploy --publish 'build:*' < password >> passwords
      read the password from a file, and permit only to publish";
