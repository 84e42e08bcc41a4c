//! Giving memory back.

use super::types::MQTTClient_message;
use crate::ffi::boundary::memory_boundary;
use crate::ffi::entry;
use std::ffi::c_void;

/// Frees a received message with its payload and properties, and sets the pointer to NULL.
///
/// `msg` may be NULL or point to NULL: then nothing happens.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_freeMessage(msg: *mut *mut MQTTClient_message) {
    // SAFETY: the caller keeps the pointer rules of this module.
    memory_boundary("MQTTClient_freeMessage", || unsafe {
        entry::memory::free_message(msg)
    })
}

/// Frees memory that the library handed out, for instance a topic name. The same as free(); `ptr` may be NULL.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_free(ptr: *mut c_void) {
    // SAFETY: the caller keeps the pointer rules of this module.
    memory_boundary("MQTTClient_free", || unsafe { entry::memory::free(ptr) })
}

/// Allocates memory that the library may free, for the functions of a store. The same as malloc().
///
/// Returns NULL if there is no memory.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTClient_malloc(size: usize) -> *mut c_void {
    memory_boundary("MQTTClient_malloc", || entry::memory::allocate(size))
}
