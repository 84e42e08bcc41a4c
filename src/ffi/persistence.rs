//! `MQTTClientPersistence.h`: the kinds of store, and the functions of a store that the program provides.

use std::ffi::{c_char, c_int, c_void};

/// Keep messages in files. The persistence context of MQTTClient_create() is the directory, a C string, or NULL for
/// the current directory.
pub const MQTTCLIENT_PERSISTENCE_DEFAULT: c_int = 0;
/// Keep messages in memory only.
pub const MQTTCLIENT_PERSISTENCE_NONE: c_int = 1;
/// Keep messages with functions of the program. The persistence context is an MQTTClient_persistence.
pub const MQTTCLIENT_PERSISTENCE_USER: c_int = 2;
/// The store could not be opened, read or written. Also what a function of a store returns when it fails.
pub const MQTTCLIENT_PERSISTENCE_ERROR: c_int = -2;

/// Opens the store, when the client is created.
///
/// Parameters:
/// - `handle`: set this to what all other functions of the store shall get as their `handle`.
/// - `clientID`, `serverURI`: as given to MQTTClient_create(), the URI without its scheme; they name the store.
/// - `context`: the `context` member of the MQTTClient_persistence.
pub type Persistence_open = Option<
    unsafe extern "C" fn(
        handle: *mut *mut c_void,
        clientID: *const c_char,
        serverURI: *const c_char,
        context: *mut c_void,
    ) -> c_int,
>;

/// Closes the store, when the client is destroyed. If the store could not be opened `handle` is NULL.
pub type Persistence_close = Option<unsafe extern "C" fn(handle: *mut c_void) -> c_int>;

/// Stores the bytes of all buffers, one after the other, under `key`; replaces what was stored under it.
///
/// Parameters:
/// - `key`: a C string of at most 10 characters.
/// - `bufcount`: number of buffers; `buffers` and `buflens` have as many entries.
/// - `buffers`, `buflens`: valid only during the call, in which the buffers may be written to. A length may be 0, and its
///   buffer then NULL.
pub type Persistence_put = Option<
    unsafe extern "C" fn(
        handle: *mut c_void,
        key: *mut c_char,
        bufcount: c_int,
        buffers: *mut *mut c_char,
        buflens: *mut c_int,
    ) -> c_int,
>;

/// Reads what is stored under `key`. Set `buffer` to a block from malloc() or MQTTClient_malloc(), and `buflen` to its
/// length; the library frees it.
pub type Persistence_get = Option<
    unsafe extern "C" fn(
        handle: *mut c_void,
        key: *mut c_char,
        buffer: *mut *mut c_char,
        buflen: *mut c_int,
    ) -> c_int,
>;

/// Removes `key` and what is stored under it. Return 0 also when there is no such key: the library removes keys
/// without asking first.
pub type Persistence_remove =
    Option<unsafe extern "C" fn(handle: *mut c_void, key: *mut c_char) -> c_int>;

/// Lists all keys, in any order. Set `keys` to an array of C strings and `nkeys` to their number. The array and each
/// string are from malloc() or MQTTClient_malloc(); the library frees them. With no keys `keys` may be NULL.
pub type Persistence_keys = Option<
    unsafe extern "C" fn(
        handle: *mut c_void,
        keys: *mut *mut *mut c_char,
        nkeys: *mut c_int,
    ) -> c_int,
>;

/// Removes all keys of this store.
pub type Persistence_clear = Option<unsafe extern "C" fn(handle: *mut c_void) -> c_int>;

/// Tells whether `key` is stored: 0 if it is, anything else if not.
pub type Persistence_containskey =
    Option<unsafe extern "C" fn(handle: *mut c_void, key: *mut c_char) -> c_int>;

/// A store of the program, for MQTTCLIENT_PERSISTENCE_USER. Every member must be set, `context` too: a client with an
/// incomplete store cannot be created. The structure is not copied; keep it until the client is destroyed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_persistence {
    /// Handed to `popen`.
    pub context: *mut c_void,
    /// Opens the store.
    pub popen: Persistence_open,
    /// Closes the store.
    pub pclose: Persistence_close,
    /// Stores a record.
    pub pput: Persistence_put,
    /// Reads a record.
    pub pget: Persistence_get,
    /// Removes a record.
    pub premove: Persistence_remove,
    /// Lists the records.
    pub pkeys: Persistence_keys,
    /// Removes all records.
    pub pclear: Persistence_clear,
    /// Tells whether a record exists.
    pub pcontainskey: Persistence_containskey,
}

/// Type of a function that changes a record before it is written, for instance to encrypt it. Declared for programs
/// that share code with the asynchronous client; the synchronous client has no call to set one.
///
/// It may replace entries of `buffers` and `buflens` by blocks from MQTTClient_malloc(). Returns 0 for success.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTPersistence_beforeWrite(
    context: *mut c_void,
    bufcount: c_int,
    buffers: *mut *mut c_char,
    buflens: *mut c_int,
) -> c_int {
}

/// Type of a function that changes a record after it was read, the reverse of MQTTPersistence_beforeWrite.
///
/// It may replace `buffer` and `buflen` by a block from MQTTClient_malloc(). Returns 0 for success.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTPersistence_afterRead(
    context: *mut c_void,
    buffer: *mut *mut c_char,
    buflen: *mut c_int,
) -> c_int {
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<MQTTClient_persistence>() == 72);
    assert!(offset_of!(MQTTClient_persistence, popen) == 8);
    assert!(offset_of!(MQTTClient_persistence, pclose) == 16);
    assert!(offset_of!(MQTTClient_persistence, pput) == 24);
    assert!(offset_of!(MQTTClient_persistence, pget) == 32);
    assert!(offset_of!(MQTTClient_persistence, premove) == 40);
    assert!(offset_of!(MQTTClient_persistence, pkeys) == 48);
    assert!(offset_of!(MQTTClient_persistence, pclear) == 56);
    assert!(offset_of!(MQTTClient_persistence, pcontainskey) == 64);
};
