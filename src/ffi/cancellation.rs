//! Threads of the program that are cancelled. glibc unwinds them at the next system call that may wait, which Rust ends with
//! abort(), and locks would stay taken. So a cancellation waits until the call of the library is over.

use std::ffi::c_int;

/// <pthread.h>
const PTHREAD_CANCEL_DISABLE: c_int = 1;

// The `libc` crate does not declare them. The first one is no cancellation point.
unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
}
unsafe extern "C-unwind" {
    fn pthread_testcancel();
}

/// While it lives the thread is not cancelled.
pub(super) struct Deferred {
    before: c_int,
}

impl Deferred {
    #[inline]
    pub(super) fn begin() -> Deferred {
        let mut before = PTHREAD_CANCEL_DISABLE;
        // SAFETY: the state is one of <pthread.h>, and `before` may be written to.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before) };
        Deferred { before }
    }
}

impl Drop for Deferred {
    #[inline]
    fn drop(&mut self) {
        let mut ours = PTHREAD_CANCEL_DISABLE;
        // SAFETY: the state is one that this function told, and `ours` may be written to.
        unsafe { pthread_setcancelstate(self.before, &mut ours) };
    }
}

/// Ends the thread if it has been cancelled.
#[inline]
pub(super) fn test() {
    // SAFETY: if it unwinds, then only through the frames above the program's, which own nothing yet.
    unsafe { pthread_testcancel() }
}
