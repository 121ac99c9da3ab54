use std::{
    env,
    ffi::OsString,
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::SystemTime,
};

/// What the compiler says of `source`, a library that uses the crate `library` and nothing else.
///
/// ```no_run
/// let source = "fn f() -> impl sse_core::response::Emit { 42 }";
/// assert!(sse_testkit::compiler_message("sse_core", source).contains("not an event"));
/// ```
///
/// # Panics
///
/// If the library was not built for the test that asks, or the compiler does not run, or finds no error.
pub fn compiler_message(library: &str, source: &str) -> String {
    let (folder, rlib) = newest(library);
    let out = tempfile::tempdir().expect("there is room");
    let mut compiler = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--color=never", "-"])
        .arg("-L")
        .arg(prefixed("dependency=", folder))
        .arg("--extern")
        .arg(prefixed(&format!("{library}="), rlib))
        .arg("--out-dir")
        .arg(out.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a compiler");
    let mut stdin = compiler.stdin.take().expect("it is piped");
    stdin.write_all(source.as_bytes()).expect("it reads");
    drop(stdin);
    let output = compiler.wait_with_output().expect("it ends");
    assert!(!output.status.success(), "it compiles: {source}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The folder of what was built, and the newest build of `library` there.
fn newest(library: &str) -> (PathBuf, PathBuf) {
    let test = env::current_exe().expect("a test is a file");
    let folder = test.parent().expect("it lies in a folder").to_owned();
    let prefix = format!("lib{library}-");
    let built = fs::read_dir(&folder).expect("it is a folder").filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let is_build = name.starts_with(&prefix) && name.ends_with(".rlib");
        is_build.then_some((entry.metadata().ok()?.modified().ok()?, entry.path()))
    });
    let newest: Option<(SystemTime, PathBuf)> = built.max();
    let (_, rlib) = newest.unwrap_or_else(|| panic!("no {library} in {}", folder.display()));
    (folder, rlib)
}

fn prefixed(prefix: &str, path: PathBuf) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}
