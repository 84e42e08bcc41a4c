//! What the library does to the process as a whole, once: SIGPIPE and fork.

use crate::{client, persistence};
use std::sync::Once;

/// To be called before the first client is made; later calls do nothing.
pub(super) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        ignore_sigpipe();
        // SAFETY: the handlers are functions without arguments that do not unwind.
        unsafe {
            libc::pthread_atfork(
                Some(before_fork),
                Some(after_fork_in_parent),
                Some(after_fork_in_child),
            );
        }
    });
}

/// The original ignores SIGPIPE from the first create on, and programs live on it for their own pipes. A program's own
/// disposition is left alone; nothing of this library depends on it.
fn ignore_sigpipe() {
    // SAFETY: both structures are plain data for which zero is valid, and live during the calls.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_DFL
        {
            action.sa_sigaction = libc::SIG_IGN;
            libc::sigaction(libc::SIGPIPE, &action, std::ptr::null_mut());
        }
    }
}

extern "C" fn before_fork() {
    client::prepare_fork();
    persistence::prepare_fork();
}

extern "C" fn after_fork_in_parent() {
    persistence::handle_fork_in_parent();
    client::handle_fork_in_parent();
}

extern "C" fn after_fork_in_child() {
    persistence::handle_fork_in_child();
    client::handle_fork_in_child();
}
