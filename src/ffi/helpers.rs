//! Functions that the original exports although no header declares them: a heap statistic, and thread helpers under the
//! names of 1.3.12 (`Thread_`) and of 1.3.13 and later (`Paho_thread_`). Programs built inside its source tree use them.

use super::boundary::boundary;
use super::entry;
use libc::pthread_mutex_t;
use std::ffi::{c_int, c_void};

/// What [`Heap_get_info`] points to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HeapInfo {
    /// Bytes in use.
    pub current: usize,
    /// Most bytes ever in use.
    pub max: usize,
}

/// A `pthread_t`, which is a word whatever the C library makes of it.
pub type ThreadId = usize;

/// The body of a thread.
pub type ThreadFunction = unsafe extern "C" fn(*mut c_void) -> *mut c_void;

/// Memory in use by the library. It keeps no account and says 0, which is what programs check for at their end.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn Heap_get_info() -> *mut HeapInfo {
    boundary("Heap_get_info", entry::helpers::heap_info)
}

/// Starts a detached thread.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Thread_start(
    function: Option<ThreadFunction>,
    argument: *mut c_void,
) {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Thread_start", || unsafe {
        entry::helpers::start_thread(function, argument)
    })
}

/// Makes a mutex; `rc` (may be NULL) is set to 0 or the error number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Thread_create_mutex(rc: *mut c_int) -> *mut pthread_mutex_t {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Thread_create_mutex", || unsafe {
        entry::helpers::create_mutex(rc)
    })
}

/// Locks a mutex; 0 or the error number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Thread_lock_mutex(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Thread_lock_mutex", || unsafe {
        entry::helpers::lock_mutex(mutex)
    })
}

/// Unlocks a mutex; 0 or the error number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Thread_unlock_mutex(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Thread_unlock_mutex", || unsafe {
        entry::helpers::unlock_mutex(mutex)
    })
}

/// The calling thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn Thread_getid() -> ThreadId {
    boundary("Thread_getid", entry::helpers::current_thread)
}

/// Starts a detached thread.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Paho_thread_start(
    function: Option<ThreadFunction>,
    argument: *mut c_void,
) {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Paho_thread_start", || unsafe {
        entry::helpers::start_thread(function, argument)
    })
}

/// Makes a mutex; `rc` (may be NULL) is set to 0 or the error number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Paho_thread_create_mutex(rc: *mut c_int) -> *mut pthread_mutex_t {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Paho_thread_create_mutex", || unsafe {
        entry::helpers::create_mutex(rc)
    })
}

/// Locks a mutex; 0 or the error number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Paho_thread_lock_mutex(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Paho_thread_lock_mutex", || unsafe {
        entry::helpers::lock_mutex(mutex)
    })
}

/// Unlocks a mutex; 0 or the error number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn Paho_thread_unlock_mutex(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("Paho_thread_unlock_mutex", || unsafe {
        entry::helpers::unlock_mutex(mutex)
    })
}

/// The calling thread.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn Paho_thread_getid() -> ThreadId {
    boundary("Paho_thread_getid", entry::helpers::current_thread)
}
