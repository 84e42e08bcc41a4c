//! Creating and ending clients.

use super::{publication, version};
use crate::client::{self, Client};
use crate::ffi::client::*;
use crate::ffi::handle::{self, Entry};
use crate::ffi::memory::c_str;
use crate::ffi::persistence::{
    MQTTCLIENT_PERSISTENCE_DEFAULT, MQTTCLIENT_PERSISTENCE_ERROR, MQTTCLIENT_PERSISTENCE_NONE,
    MQTTCLIENT_PERSISTENCE_USER, MQTTClient_persistence,
};
use crate::ffi::user_store::UserStore;
use crate::ffi::{boundary, memory, process};
use crate::packet::primitives::valid_utf8;
use crate::persistence::{FileStore, Store};
use crate::process_lock::ProcessMutex;
use crate::trace::{self, Level};
use crate::transport::ServerAddress;
use bytes::Bytes;
use std::ffi::{OsStr, c_char, c_int, c_ulong, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::sync::MutexGuard;

/// The least value of the command timeout, in ms.
const LEAST_COMMAND_TIMEOUT: c_ulong = 5000;

/// Held while the first client comes or the last one goes.
static LIFECYCLE: ProcessMutex<()> = ProcessMutex::new(());

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn create(
    handle: *mut MQTTClient,
    serverURI: *const c_char,
    clientId: *const c_char,
    persistence_type: c_int,
    persistence_context: *mut c_void,
) -> c_int {
    // SAFETY: as promised by the caller.
    unsafe {
        create_with_options(
            handle,
            serverURI,
            clientId,
            persistence_type,
            persistence_context,
            ptr::null_mut(),
        )
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn create_with_options(
    handle: *mut MQTTClient,
    serverURI: *const c_char,
    clientId: *const c_char,
    persistence_type: c_int,
    persistence_context: *mut c_void,
    options: *mut MQTTClient_createOptions,
) -> c_int {
    // SAFETY: both are NULL or C strings, as promised by the caller.
    let (Some(uri), Some(client_id)) = (unsafe { c_str(serverURI) }, unsafe { c_str(clientId) })
    else {
        return MQTTCLIENT_NULL_PARAMETER;
    };
    if handle.is_null() {
        return MQTTCLIENT_NULL_PARAMETER;
    }
    if !valid_utf8(client_id) {
        return MQTTCLIENT_BAD_UTF8_STRING;
    }
    if client_id.is_empty() && persistence_type == MQTTCLIENT_PERSISTENCE_DEFAULT {
        return MQTTCLIENT_PERSISTENCE_ERROR;
    }
    let Some(address) = usable_address(uri) else {
        return MQTTCLIENT_BAD_PROTOCOL;
    };
    // SAFETY: NULL or options, as promised by the caller.
    let version = match unsafe { options.as_ref() } {
        None => MQTTVERSION_DEFAULT,
        Some(options)
            if options.struct_id != memory::eyecatcher(b"MQCO") || options.struct_version != 0 =>
        {
            return MQTTCLIENT_BAD_STRUCTURE;
        }
        Some(options) => options.MQTTVersion,
    };
    start_library();
    let v5 = version >= MQTTVERSION_5;
    // SAFETY: the context belongs to the type, as promised by the caller.
    let store = unsafe { open_store(persistence_type, persistence_context, &address, client_id) };
    let client_id = Bytes::copy_from_slice(client_id);
    let (client, result) = match store {
        Ok(store) => Client::new(address, client_id, store, v5),
        Err((store, code)) => {
            let client = Client::with_unusable_store(address, client_id, store);
            (client, Err(client::Error::Persistence(code)))
        }
    };
    let made = handle::insert(Entry::new(client, version));
    // SAFETY: not NULL, and the caller promises a place for a handle.
    unsafe { handle.write(made) };
    match result {
        Ok(()) => MQTTCLIENT_SUCCESS,
        Err(error) => publication::code(&error),
    }
}

/// The address of a URI, if this library has a transport for it.
pub(super) fn usable_address(uri: &[u8]) -> Option<ServerAddress> {
    ServerAddress::parse(uri)
        .ok()
        .filter(|address| cfg!(feature = "tls") || !address.scheme.is_secure())
}

/// Holds off the first client and the last one's end.
pub(in crate::ffi) fn lock_for_fork() -> MutexGuard<'static, ()> {
    LIFECYCLE.lock()
}

/// What the first client in the process brings about.
fn start_library() {
    let _lifecycle = LIFECYCLE.lock();
    process::prepare();
    if !handle::any() {
        let rows = version::rows();
        let rows: Vec<(&str, &str)> = rows
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        trace::initialise(&rows);
    }
}

/// No persistence asks for no store.
type MaybeStore = Option<Box<dyn Store>>;

/// The store asked for; `Err` if it cannot be used, with what there is of it to be closed with the client, and what the
/// program's own store returned.
///
/// # Safety
///
/// `context` is what `kind` asks for: NULL or a C string, or NULL or a store that outlives the client.
unsafe fn open_store(
    kind: c_int,
    context: *mut c_void,
    address: &ServerAddress,
    client_id: &[u8],
) -> Result<MaybeStore, (MaybeStore, Option<c_int>)> {
    match kind {
        MQTTCLIENT_PERSISTENCE_NONE => Ok(None),
        MQTTCLIENT_PERSISTENCE_DEFAULT => {
            // SAFETY: as promised by the caller.
            let base = unsafe { c_str(context.cast()) };
            let base = base.map(|base| Path::new(OsStr::from_bytes(base)));
            match FileStore::open(base, client_id, &address.text) {
                Ok(store) => Ok(Some(Box::new(store))),
                Err(error) => {
                    crate::trace!(
                        Level::Error,
                        "Cannot open the message store: {}",
                        error.text
                    );
                    Err((None, None))
                }
            }
        }
        MQTTCLIENT_PERSISTENCE_USER => {
            // SAFETY: as promised by the caller.
            let store = unsafe { UserStore::new(context.cast::<MQTTClient_persistence>()) };
            let Some(mut store) = store else {
                crate::trace!(Level::Error, "The program's message store is incomplete");
                return Err((None, None));
            };
            match store.open(client_id, &address.text) {
                Ok(()) => Ok(Some(Box::new(store))),
                Err(error) => {
                    crate::trace!(
                        Level::Error,
                        "Cannot open the message store: {}",
                        error.text
                    );
                    Err((Some(Box::new(store)), error.code))
                }
            }
        }
        _ => {
            crate::trace!(Level::Error, "There is no persistence type {kind}");
            Err((None, None))
        }
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn destroy(handle: *mut MQTTClient) {
    // SAFETY: NULL or a place of a handle, as promised by the caller.
    let Some(value) = (unsafe { handle.as_mut() }) else {
        return;
    };
    if handle::find(*value).is_some_and(|entry| entry.client.is_calling_out()) {
        return;
    }
    let removed = handle::remove(*value);
    *value = ptr::null_mut();
    let Some(entry) = removed else {
        return;
    };
    entry.client.destroy();
    entry.client.flush_trace();
    stop_library_after_last();
}

fn stop_library_after_last() {
    let stopped = {
        let _lifecycle = LIFECYCLE.lock();
        if handle::any() {
            return;
        }
        let stopped = client::shut_down();
        trace::terminate();
        stopped
    };
    stopped.wait();
}

pub(in crate::ffi) fn set_command_timeout(handle: MQTTClient, milliSeconds: c_ulong) -> c_int {
    let Some(entry) = handle::find(handle).filter(|_| milliSeconds >= LEAST_COMMAND_TIMEOUT) else {
        return MQTTCLIENT_FAILURE;
    };
    let timeout = boundary::milliseconds(milliSeconds);
    match entry.call(|client| client.set_command_timeout(timeout)) {
        Ok(()) => MQTTCLIENT_SUCCESS,
        Err(code) => code,
    }
}

/// `MQTTClient_yield`.
pub(in crate::ffi) fn yield_now() {
    client::yield_now();
}

/// The entry of a handle, or the code that functions answer for none.
#[inline]
pub(super) fn entry(handle: MQTTClient) -> Result<Arc<Entry>, c_int> {
    handle::find(handle).ok_or(MQTTCLIENT_FAILURE)
}
