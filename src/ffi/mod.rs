//! The C face: types and functions of the public headers, and the translation between them and plain Rust values.
//!
//! This is the only room where `unsafe` lives. It adapts the interface that C programs know to the simple one of
//! the rooms below and decides nothing about MQTT.
//!
//! # Safety
//!
//! The functions take what C gives them. What they rely on, beyond what each says of itself:
//!
//! - a pointer is NULL, or points to an object of its type that stays valid, and is not changed by another thread,
//!   until the call returns; a `const char *` ends in a NUL; an array has as many entries as its count says;
//! - a structure whose `struct_id` and `struct_version` are right has the members of that version;
//! - what the library frees came from `malloc`, and is not used afterwards;
//! - a callback is a function of the declared type and does not unwind.
//!
//! Everything else is checked: NULL, wrong structures, text that is not UTF-8, numbers out of range. A client handle may
//! have any value, since handles are looked up and never dereferenced.
#![allow(non_snake_case, non_camel_case_types)]

/// The `# Safety` section of the exported functions.
///
/// The header generator skips documentation that comes from a macro: C programmers find the rules in the headers' overview.
macro_rules! safety {
    () => {
        "\n# Safety\n\nThe caller keeps the pointer rules of [`ffi`](crate::ffi)."
    };
}

mod boundary;
pub mod c_spelling;
mod cancellation;
pub mod client;
mod entry;
mod handle;
pub mod helpers;
pub(crate) mod local_time;
mod memory;
pub mod persistence;
mod process;
pub mod properties;
mod property_list;
pub mod reason_codes;
pub(crate) mod standard_output;
pub mod subscribe_opts;
#[cfg(feature = "tls")]
pub(crate) mod tls_errors;
#[cfg(feature = "tls")]
pub(crate) mod tls_session;
mod user_store;

#[cfg(test)]
mod tests;
