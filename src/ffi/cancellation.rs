//! Threads of the program that are cancelled. glibc unwinds them at the next system call that may wait, which Rust ends with
//! abort(), and locks would stay taken. So a cancellation waits until the call of the library is over.

use std::ffi::c_int;
use std::ptr;

/// <pthread.h>
const PTHREAD_CANCEL_DISABLE: c_int = 1;

// The `libc` crate does not declare them.
unsafe extern "C-unwind" {
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    fn pthread_testcancel();
}

/// Whether a thread may be cancelled.
#[derive(Clone, Copy)]
pub(super) struct State(c_int);

/// The thread is not cancelled until [`restore`]; what was before.
#[inline]
pub(super) fn defer() -> State {
    let mut before = PTHREAD_CANCEL_DISABLE;
    // SAFETY: the state is one of <pthread.h>, and `before` may be written to.
    unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before) };
    State(before)
}

/// Undoes [`defer`]. A thread that is to be cancelled asynchronously ends here if it has been cancelled meanwhile.
#[inline]
pub(super) fn restore(before: State) {
    // SAFETY: the state is one that `defer` told; Linux lets the place of the old one be NULL (pthread_setcancelstate(3)).
    // If it unwinds, then only through the frames above the program's, which own nothing any more.
    unsafe { pthread_setcancelstate(before.0, ptr::null_mut()) };
}

/// Ends the thread if it has been cancelled.
#[inline]
pub(super) fn test() {
    // SAFETY: if it unwinds, then only through the frames above the program's, which own nothing yet.
    unsafe { pthread_testcancel() }
}
