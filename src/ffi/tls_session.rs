//! The call that the `openssl` crate leaves to `unsafe` code: offering the session of an earlier connection.

use openssl::error::ErrorStack;
use openssl::ssl::{SslRef, SslSession};

/// Makes the coming handshake of `ssl` offer the session serialized in `der`.
pub(crate) fn offer(ssl: &mut SslRef, der: &[u8]) -> Result<(), ErrorStack> {
    let session = SslSession::from_der(der)?;
    // SAFETY: a session must be of the context of `ssl`, because contexts link the sessions of their caches. This one was
    // just made, so that it is linked nowhere, and belongs to `ssl` alone from here on.
    unsafe { ssl.set_session(&session) }
}
