//! Texts: versions and errors.

use super::types::MQTTClient_nameValue;
use crate::ffi::boundary::boundary;
use crate::ffi::entry;
use std::ffi::{c_char, c_int};

/// What this library is: an array of names and values, ended by an entry whose name is NULL.
///
/// The names are "Product name", "Version" (of the interface, as 1.3.15), "Build level" (of this implementation), and in
/// the library with TLS "OpenSSL version", "OpenSSL flags", "OpenSSL build timestamp", "OpenSSL platform" and "OpenSSL
/// directory". The array is constant: do not change or free it. May be called at any time.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTClient_getVersionInfo() -> *mut MQTTClient_nameValue {
    boundary("MQTTClient_getVersionInfo", entry::version::info)
}

/// The text of a return code, in English.
///
/// Returns a C string that must not be freed, never NULL. The text for a code that has none of its own is overwritten by
/// the next such call in the same thread, and valid until the thread ends.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTClient_strerror(code: c_int) -> *const c_char {
    boundary("MQTTClient_strerror", || entry::text::error(code))
}
