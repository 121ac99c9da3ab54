use std::io;

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// Returns once nobody can read standard output any more: at once for a pipe whose reader ends,
/// never for a file.
pub(super) fn wait_until_closed() -> io::Result<()> {
    let stdout = io::stdout();
    loop {
        // Errors and hang-ups are told without being asked for.
        match poll(&mut [PollFd::new(&stdout, PollFlags::empty())], None) {
            Err(Errno::INTR) => (),
            ended => return Ok(ended.map(drop)?),
        }
    }
}
