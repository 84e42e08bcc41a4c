//! What the library does to the process as a whole, once: SIGPIPE and fork.

use super::entry::lifecycle;
use super::handle;
use crate::thread_storage::Lasting;
use crate::{client, persistence, process_lock, trace};
use std::sync::MutexGuard;
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

/// No other thread is inside what all clients share while the process is copied. Taken in the order of use.
struct ForkGuard {
    _lifecycle: MutexGuard<'static, ()>,
    _handles: handle::ForkGuard,
    client: client::ForkGuard,
    stores: persistence::ForkGuard,
    trace: trace::ForkGuard,
}

thread_local! {
    static HELD_OVER_FORK: Lasting<Option<ForkGuard>> = const { Lasting::new(None) };
}

extern "C" fn before_fork() {
    let guard = ForkGuard {
        _lifecycle: lifecycle::lock_for_fork(),
        _handles: handle::lock_for_fork(),
        client: client::prepare_fork(),
        stores: persistence::lock_for_fork(),
        trace: trace::lock_for_fork(),
    };
    HELD_OVER_FORK.with(|held| held.borrow_mut(|held| *held = Some(guard)));
}

extern "C" fn after_fork_in_parent() {
    drop(HELD_OVER_FORK.with(Lasting::take));
}

extern "C" fn after_fork_in_child() {
    process_lock::begin_generation();
    if let Some(guard) = HELD_OVER_FORK.with(Lasting::take) {
        guard.client.reset_in_child();
        guard.stores.reset_in_child();
        guard.trace.reset_in_child();
    }
}
