//! What Redis does of its own: each of these is one step, all of it or nothing.

use std::sync::LazyLock;

use redis::{Cmd, Script, cmd};

macro_rules! with_common {
    ($name:literal) => {
        concat!(include_str!("common.lua"), include_str!(concat!($name, ".lua")))
    };
}

/// Something that Redis does in one step.
#[derive(Debug)]
pub(crate) struct Step {
    code: &'static str,
    hash: String,
}

impl Step {
    fn new(code: &'static str) -> Self {
        Self { code, hash: Script::new(code).get_hash().to_owned() }
    }

    /// Has Redis remember it.
    pub(crate) fn load(&self) -> Cmd {
        let mut load = cmd("SCRIPT");
        load.arg("LOAD").arg(self.code);
        load
    }

    /// Has Redis do it with these keys; what it is told beside them is added to the command.
    pub(crate) fn on(&self, keys: &[String]) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(&self.hash).arg(keys.len()).arg(keys);
        call
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Scripts {
    pub(crate) publish: Step,
    pub(crate) open: Step,
    pub(crate) finish: Step,
    pub(crate) read: Step,
    pub(crate) check: Step,
    pub(crate) hold: Step,
    pub(crate) release: Step,
    pub(crate) rights: Step,
}

impl Scripts {
    pub(crate) fn all(&self) -> [&Step; 8] {
        let Self { publish, open, finish, read, check, hold, release, rights } = self;
        [publish, open, finish, read, check, hold, release, rights]
    }
}

pub(crate) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    publish: Step::new(with_common!("publish")),
    open: Step::new(with_common!("open")),
    finish: Step::new(with_common!("finish")),
    read: Step::new(with_common!("read")),
    check: Step::new(with_common!("check")),
    hold: Step::new(include_str!("hold.lua")),
    release: Step::new(include_str!("release.lua")),
    rights: Step::new(include_str!("rights.lua")),
});
