/// Lets this process have as many sockets open as the system allows.
pub(super) fn allow() {
    // Where it does not allow them, the test fails that needs them.
    let _limit = rlimit::increase_nofile_limit(u64::MAX);
}
