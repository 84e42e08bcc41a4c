//! The program's TLS options, and its callbacks in them as closures.

use crate::ffi::client::MQTTClient_SSLOptions;
use crate::ffi::memory::c_str;
use crate::transport::{ErrorReport, PskLookup, TlsOptions};
use std::ffi::{CString, OsStr, c_char, c_int, c_uchar, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;

type ErrorCallback = unsafe extern "C" fn(*const c_char, usize, *mut c_void) -> c_int;
type PskCallback = unsafe extern "C" fn(
    *const c_char,
    *mut c_char,
    c_uint,
    *mut c_uchar,
    c_uint,
    *mut c_void,
) -> c_uint;

/// What the program wants to get back with each call.
#[derive(Clone, Copy)]
struct Context(*mut c_void);

// SAFETY: the pointer is only handed back to the program.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// A method, so that closures take the whole of it.
    fn get(self) -> *mut c_void {
        self.0
    }
}

/// Takes the members that the structure's version has.
///
/// # Safety
///
/// The pointers in `options` keep the rules of [`ffi`](crate::ffi); the callbacks may be called with their contexts until
/// the connection ends.
pub(super) unsafe fn take(options: &MQTTClient_SSLOptions) -> TlsOptions {
    let since = |version: c_int| options.struct_version >= version;
    // SAFETY: NULL or C strings, as promised by the caller.
    let text = |text: *const c_char| unsafe { c_str(text) }.map(<[u8]>::to_vec);
    let path = |path| text(path).map(|path| PathBuf::from(OsStr::from_bytes(&path)));
    let mut taken = TlsOptions {
        trust_store: path(options.trustStore),
        certificate_chain: path(options.keyStore),
        private_key: path(options.privateKey),
        key_password: text(options.privateKeyPassword),
        cipher_list: text(options.enabledCipherSuites),
        verify_chain: options.enableServerCertAuth != 0,
        ..TlsOptions::default()
    };
    if since(2) {
        taken.verify_host = options.verify != 0;
        taken.trust_directory = path(options.CApath);
    }
    if since(3) {
        let context = Context(options.ssl_error_context);
        taken.report_error = options
            .ssl_error_cb
            .map(|callback| report_by(callback, context));
    }
    if since(4) {
        let context = Context(options.ssl_psk_context);
        taken.look_up_psk = options
            .ssl_psk_cb
            .map(|callback| look_up_by(callback, context));
        taken.default_trust = options.disableDefaultTrustStore == 0;
    }
    if since(5) && !options.protos.is_null() && options.protos_len > 0 {
        let len = options.protos_len as usize;
        // SAFETY: as many bytes as the length says, as promised by the caller.
        let protocols = unsafe { std::slice::from_raw_parts(options.protos, len) };
        taken.alpn = Some(protocols.to_vec());
    }
    taken
}

fn report_by(callback: ErrorCallback, context: Context) -> ErrorReport {
    Arc::new(move |line| {
        let text = format!("{}:{line}\n", thread_id());
        let Ok(text) = CString::new(text) else {
            return true;
        };
        let length = text.count_bytes();
        // SAFETY: the program promises a function that may be called; the text lives until it returns.
        unsafe { callback(text.as_ptr(), length, context.get()) > 0 }
    })
}

/// The calling thread as OpenSSL's error printer shows it: the bytes of its number.
fn thread_id() -> String {
    // SAFETY: pthread_self has no preconditions.
    let id = unsafe { libc::pthread_self() };
    let bytes = id.to_ne_bytes();
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn look_up_by(callback: PskCallback, context: Context) -> PskLookup {
    Arc::new(move |hint, identity, key| {
        let hint = hint.and_then(|hint| CString::new(hint).ok());
        let hint = hint.as_ref().map_or(ptr::null(), |hint| hint.as_ptr());
        let identity_room = c_uint::try_from(identity.len()).ok()?;
        let key_room = c_uint::try_from(key.len()).ok()?;
        // SAFETY: the program promises a function that may be called; both buffers have the lengths given with them.
        let length = unsafe {
            callback(
                hint,
                identity.as_mut_ptr().cast(),
                identity_room,
                key.as_mut_ptr(),
                key_room,
                context.get(),
            )
        };
        Some(length as usize)
    })
}
