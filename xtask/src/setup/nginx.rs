use std::path::Path;

use super::apt;
use crate::process::Outcome;

/// nginx with nchan, which the benchmark of fan-out runs beside the server.
pub(super) fn run() -> Outcome {
    if Path::new(MODULE).exists() {
        println!("setup: {MODULE} is there; nothing to install");
        return Ok(());
    }
    apt::install(&["nginx", "libnginx-mod-nchan"])
}

const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
