//! What the `openssl` crate leaves to `unsafe` code of a TLS session: offering that of an earlier connection, and giving its
//! buffers back.

use std::ffi::{c_int, c_long};
use std::ptr;

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::ssl::{SslMode, SslRef, SslSession, SslStream};
use openssl_sys::SSL_CTRL_MODE;

// Of OpenSSL's ssl.h; `openssl-sys` has neither.
const SSL_CTRL_CLEAR_MODE: c_int = 78;
unsafe extern "C" {
    fn SSL_free_buffers(ssl: *mut openssl_sys::SSL) -> c_int;
}

/// Makes the coming handshake of `ssl` offer the session serialized in `der`.
pub(crate) fn offer(ssl: &mut SslRef, der: &[u8]) -> Result<(), ErrorStack> {
    let session = SslSession::from_der(der)?;
    // SAFETY: a session must be of the context of `ssl`, because contexts link the sessions of their caches. This one was
    // just made, so that it is linked nowhere, and belongs to `ssl` alone from here on.
    unsafe { ssl.set_session(&session) }
}

/// Whether `stream` gives its buffers back as soon as they are empty (SSL_MODE_RELEASE_BUFFERS): at once, if they are.
pub(crate) fn set_release_buffers<S>(stream: &mut SslStream<S>, release: bool) {
    let ssl = stream.ssl().as_ptr();
    let mode = SslMode::RELEASE_BUFFERS.bits() as c_long;
    let command = match release {
        true => SSL_CTRL_MODE,
        false => SSL_CTRL_CLEAR_MODE,
    };
    // SAFETY: `ssl` is alive, and nobody else uses it as long as `stream` is borrowed. These commands take no pointer.
    unsafe { openssl_sys::SSL_ctrl(ssl, command, mode, ptr::null_mut()) };
    if release {
        // SAFETY: as before. Buffers that are not empty stay, and go when they are.
        unsafe { SSL_free_buffers(ssl) };
    }
}

/// Whether `stream` gives its buffers back as soon as they are empty.
#[cfg(test)]
pub(crate) fn releases_buffers<S>(stream: &mut SslStream<S>) -> bool {
    // SAFETY: as above; this sets no mode, and tells those that are set.
    let mode =
        unsafe { openssl_sys::SSL_ctrl(stream.ssl().as_ptr(), SSL_CTRL_MODE, 0, ptr::null_mut()) };
    SslMode::from_bits_retain(mode as _).contains(SslMode::RELEASE_BUFFERS)
}
