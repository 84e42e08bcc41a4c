//! Memory that goes back to the library.

pub(in crate::ffi) use crate::ffi::memory::{allocate, free_response};

use crate::ffi::client::MQTTClient_message;
use crate::ffi::memory;
use std::ffi::c_void;
use std::ptr;

/// # Safety
///
/// `memory` is NULL or from `malloc`, and is not used afterwards.
pub(in crate::ffi) unsafe fn free(memory: *mut c_void) {
    // SAFETY: as promised by the caller.
    unsafe { memory::release(memory) }
}

/// # Safety
///
/// `message` is NULL or points to NULL or a message of the library, which is not used afterwards.
pub(in crate::ffi) unsafe fn free_message(message: *mut *mut MQTTClient_message) {
    if message.is_null() {
        return;
    }
    // SAFETY: not NULL; the rest is promised by the caller.
    unsafe { memory::free_message(message.replace(ptr::null_mut())) }
}
