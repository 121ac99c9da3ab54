//! `eventsource-token key`: where the private half goes, and the public one.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{TOKEN, run};

#[test]
fn the_private_key_is_for_its_owner_alone_and_the_public_one_is_printed() {
    let dir = TempDir::new().unwrap();
    for (alg, kty, crv) in
        [("ES256", "EC", "P-256"), ("ES384", "EC", "P-384"), ("EdDSA", "OKP", "Ed25519")]
    {
        let file = dir.path().join(alg);
        let script =
            format!("umask 0; '{TOKEN}' key --alg {alg} --kid 2026 --out '{}'", file.display());

        let ended = run("sh", ["-c", &script]);

        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{alg}");
        let private = fs::read_to_string(&file).unwrap();
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{alg}");
        assert_eq!(mode(&file), 0o600, "{alg}");
        let set: Value = serde_json::from_str(&ended.stdout).unwrap();
        let keys = set["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "{alg}: {set}");
        for (member, expected) in
            [("kty", kty), ("crv", crv), ("alg", alg), ("kid", "2026"), ("use", "sig")]
        {
            assert_eq!(keys[0][member], expected, "{alg}: {set}");
        }
        assert_eq!(keys[0].get("d"), None, "{alg}: {set}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing else is left");
}

#[test]
fn a_secret_is_not_printed() {
    let dir = TempDir::new().unwrap();
    let mut secrets = Vec::new();
    for (alg, len) in [("HS256", 43), ("HS256", 43), ("HS384", 64), ("HS512", 86)] {
        let file = dir.path().join(secrets.len().to_string());

        let ended = run(TOKEN, ["key", "--alg", alg, "-o", file.to_str().unwrap()]);

        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""), "{alg}");
        let secret = fs::read_to_string(&file).unwrap();
        assert_eq!((secret.len(), mode(&file)), (len, 0o600), "{alg}");
        assert!(!secrets.contains(&secret), "{alg}");
        secrets.push(secret);
    }
}

#[test]
fn what_is_there_stays_unless_it_is_to_be_overwritten() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("key");
    let name = file.to_str().unwrap();
    fs::write(&file, "precious").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();

    let ended = run(TOKEN, ["key", "--out", name]);

    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
    let reason = format!("{name} exists already, and is overwritten only with --force");
    assert!(ended.stderr.contains(&reason), "{ended:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");

    // What a run left that was killed is no obstacle.
    fs::write(dir.path().join("key.new"), "half").unwrap();
    let ended = run(TOKEN, ["key", "--force", "--out", name]);

    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    assert!(fs::read_to_string(&file).unwrap().contains("PRIVATE KEY"));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn what_is_no_file_is_never_overwritten() {
    let dir = TempDir::new().unwrap();
    let (target, link) = (dir.path().join("target"), dir.path().join("link"));
    fs::write(&target, "precious").unwrap();
    symlink(&target, &link).unwrap();
    let dangling = dir.path().join("dangling");
    symlink(dir.path().join("nothing"), &dangling).unwrap();
    for path in
        [Path::new("/dev/null"), dir.path(), &link, &dangling, Path::new("/"), Path::new("..")]
    {
        let path = path.to_str().unwrap();

        let ended = run(TOKEN, ["key", "--force", "--out", path]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{path}");
        assert!(ended.stderr.contains(&format!("--out: {path} is no regular file")), "{ended:?}");
        let ended = run(TOKEN, ["key", "--out", path]);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{path}");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    assert!(!dir.path().join("nothing").exists());
}

#[test]
fn what_cannot_be_made_or_written_is_refused_with_the_reason() {
    for (args, reason) in [
        (&[][..], "--out <FILE>"),
        (&["--out", "-"], "--out: a key is written to a file"),
        (&["--out", "nofolder/key"], "--out: cannot write nofolder/key"),
        (&["--out", "nofolder/key", "--force"], "--out: cannot write nofolder/key"),
        (&["--out", "never", "--alg", "RS256"], "`openssl genpkey"),
        (&["--out", "never", "--alg", "PS512"], "`openssl genpkey"),
        (&["--out", "never", "--alg", "none"], "there is no algorithm \"none\""),
        (&["--out", "never", "--alg", "es256"], "there is no algorithm \"es256\""),
        (&["--out", "never", "--kid", ""], "expected 1 to 512 bytes"),
        (&["--out", "never", "--kid", "a\nb"], "without control characters"),
        (&["--out", "never", "extra"], "unexpected argument 'extra'"),
    ] {
        let ended = run(TOKEN, ["key"].iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
        assert!(!Path::new("never").exists(), "{args:?}");
    }
}

#[test]
fn a_key_is_kept_even_if_nobody_reads_its_public_half() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("key");
    let mut child = Command::new(TOKEN)
        .args(["key", "--out", file.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());

    let output = child.wait_with_output().unwrap();

    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    assert!(file.exists());
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}
