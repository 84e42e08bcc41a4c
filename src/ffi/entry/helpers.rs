//! The undeclared helpers.

use crate::ffi::helpers::{HeapInfo, ThreadFunction, ThreadId};
use crate::ffi::memory::release;
use libc::{pthread_attr_t, pthread_mutex_t, pthread_t};
use std::ffi::{c_int, c_void};
use std::mem::{MaybeUninit, size_of};
use std::ptr;
use std::sync::atomic::AtomicUsize;

/// [`HeapInfo`] in memory that a program may write to.
#[repr(C)]
struct HeapCounters {
    current: AtomicUsize,
    max: AtomicUsize,
}

static HEAP: HeapCounters = HeapCounters {
    current: AtomicUsize::new(0),
    max: AtomicUsize::new(0),
};

pub(in crate::ffi) fn heap_info() -> *mut HeapInfo {
    debug_assert!(HEAP.current.as_ptr().is_aligned() && HEAP.max.as_ptr().is_aligned());
    ptr::from_ref(&HEAP).cast_mut().cast()
}

/// # Safety
///
/// `function` may be run with `argument` in another thread.
pub(in crate::ffi) unsafe fn start_thread(function: Option<ThreadFunction>, argument: *mut c_void) {
    let Some(function) = function else {
        return;
    };
    // pthread_create wants a plain `extern "C" fn`: the same function, told to be safe to call.
    extern "C" fn run(start: *mut c_void) -> *mut c_void {
        // SAFETY: `start` is the box leaked below, handed to this thread alone.
        let start = unsafe { Box::from_raw(start.cast::<(ThreadFunction, *mut c_void)>()) };
        // SAFETY: the caller of start_thread promises that the function may be run with this argument.
        unsafe { start.0(start.1) }
    }
    let start = Box::into_raw(Box::new((function, argument)));
    let mut attributes = MaybeUninit::<pthread_attr_t>::uninit();
    let mut thread = MaybeUninit::<pthread_t>::uninit();
    // SAFETY: the attributes are initialised before they are used and destroyed after; `start` goes to the new thread,
    // or back to its box if there is none.
    unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
        let rc = libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), run, start.cast());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if rc != 0 {
            drop(Box::from_raw(start));
        }
    }
}

/// # Safety
///
/// `rc` is NULL or may be written to.
pub(in crate::ffi) unsafe fn create_mutex(rc: *mut c_int) -> *mut pthread_mutex_t {
    // SAFETY: calloc may be called with any size; the mutex is initialised in memory of its own size, and freed only if
    // it could not be.
    let (mutex, code) = unsafe {
        let mutex = libc::calloc(1, size_of::<pthread_mutex_t>()).cast::<pthread_mutex_t>();
        if mutex.is_null() {
            (mutex, libc::ENOMEM)
        } else {
            match libc::pthread_mutex_init(mutex, ptr::null()) {
                0 => (mutex, 0),
                code => {
                    release(mutex);
                    (ptr::null_mut(), code)
                }
            }
        }
    };
    if !rc.is_null() {
        // SAFETY: the caller promises that it may be written to.
        unsafe { rc.write(code) };
    }
    mutex
}

/// # Safety
///
/// `mutex` is NULL or a mutex.
pub(in crate::ffi) unsafe fn lock_mutex(mutex: *mut pthread_mutex_t) -> c_int {
    if mutex.is_null() {
        return libc::EINVAL;
    }
    // SAFETY: a mutex, as promised by the caller.
    unsafe { libc::pthread_mutex_lock(mutex) }
}

/// # Safety
///
/// `mutex` is NULL or a mutex that this thread has locked.
pub(in crate::ffi) unsafe fn unlock_mutex(mutex: *mut pthread_mutex_t) -> c_int {
    if mutex.is_null() {
        return libc::EINVAL;
    }
    // SAFETY: a locked mutex, as promised by the caller.
    unsafe { libc::pthread_mutex_unlock(mutex) }
}

pub(in crate::ffi) fn current_thread() -> ThreadId {
    // SAFETY: pthread_self has no conditions.
    unsafe { libc::pthread_self() as ThreadId }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_started_thread_runs_with_its_argument() {
        unsafe extern "C" fn send(argument: *mut c_void) -> *mut c_void {
            // SAFETY: the test hands over a boxed sender.
            let sender = unsafe { Box::from_raw(argument.cast::<mpsc::Sender<ThreadId>>()) };
            sender.send(current_thread()).unwrap();
            ptr::null_mut()
        }
        let (sender, receiver) = mpsc::channel::<ThreadId>();
        // SAFETY: `send` takes what it is given.
        unsafe { start_thread(Some(send), Box::into_raw(Box::new(sender)).cast()) };
        assert_ne!(receiver.recv().unwrap(), current_thread());
    }

    #[test]
    fn a_mutex_locks_and_unlocks() {
        let mut rc = -1;
        // SAFETY: the mutex is locked, unlocked, destroyed and freed by this thread.
        unsafe {
            let mutex = create_mutex(&mut rc);
            assert_eq!(rc, 0);
            assert_eq!(lock_mutex(mutex), 0);
            assert_eq!(libc::pthread_mutex_trylock(mutex), libc::EBUSY);
            assert_eq!(unlock_mutex(mutex), 0);
            libc::pthread_mutex_destroy(mutex);
            release(mutex);
        }
    }

    #[test]
    fn null_is_refused() {
        // SAFETY: NULL is checked for.
        unsafe {
            start_thread(None, ptr::null_mut());
            assert_eq!(lock_mutex(ptr::null_mut()), libc::EINVAL);
            assert_eq!(unlock_mutex(ptr::null_mut()), libc::EINVAL);
            release(create_mutex(ptr::null_mut()));
        }
    }

    #[test]
    fn no_heap_is_in_use() {
        // SAFETY: it points to a static of this layout.
        let info = unsafe { *heap_info() };
        assert_eq!((info.current, info.max), (0, 0));
    }
}
