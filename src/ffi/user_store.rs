//! A store of the program's, behind the callbacks of `MQTTClient_persistence`.

use super::memory::{c_entries, c_slice, release};
use super::persistence::MQTTClient_persistence;
use crate::persistence::{Store, StoreError};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

/// The callbacks are called by one thread at a time, though not always the same one.
pub(super) struct UserStore {
    callbacks: Callbacks,
    context: *mut c_void,
    /// What `popen` made.
    handle: *mut c_void,
}

/// The members of `MQTTClient_persistence`, all there.
struct Callbacks {
    open:
        unsafe extern "C" fn(*mut *mut c_void, *const c_char, *const c_char, *mut c_void) -> c_int,
    close: unsafe extern "C" fn(*mut c_void) -> c_int,
    put: unsafe extern "C" fn(
        *mut c_void,
        *mut c_char,
        c_int,
        *mut *mut c_char,
        *mut c_int,
    ) -> c_int,
    get: unsafe extern "C" fn(*mut c_void, *mut c_char, *mut *mut c_char, *mut c_int) -> c_int,
    remove: unsafe extern "C" fn(*mut c_void, *mut c_char) -> c_int,
    keys: unsafe extern "C" fn(*mut c_void, *mut *mut *mut c_char, *mut c_int) -> c_int,
    clear: unsafe extern "C" fn(*mut c_void) -> c_int,
    contains_key: unsafe extern "C" fn(*mut c_void, *mut c_char) -> c_int,
}

// SAFETY: the interface says that the callbacks are called from application and background threads; the pointers are
// only handed back to them.
unsafe impl Send for UserStore {}

impl UserStore {
    /// The store that the program describes; `None` if anything of it is missing.
    ///
    /// # Safety
    ///
    /// `persistence` is NULL or a store; its callbacks may be called, with its context, until this value is gone.
    pub(super) unsafe fn new(persistence: *const MQTTClient_persistence) -> Option<UserStore> {
        // SAFETY: as promised by the caller.
        let persistence = unsafe { persistence.as_ref() }?;
        if persistence.context.is_null() {
            return None;
        }
        Some(UserStore {
            callbacks: Callbacks {
                open: persistence.popen?,
                close: persistence.pclose?,
                put: persistence.pput?,
                get: persistence.pget?,
                remove: persistence.premove?,
                keys: persistence.pkeys?,
                clear: persistence.pclear?,
                contains_key: persistence.pcontainskey?,
            },
            context: persistence.context,
            handle: ptr::null_mut(),
        })
    }

    /// Opens the store; `address` is the server URI without scheme.
    pub(super) fn open(&mut self, client_id: &[u8], address: &[u8]) -> Result<(), StoreError> {
        let client_id = c_string(client_id)?;
        let address = c_string(address)?;
        // SAFETY: `new`'s caller promised that the callbacks may be called; all pointers are valid during the call.
        let code = unsafe {
            (self.callbacks.open)(
                &mut self.handle,
                client_id.as_ptr(),
                address.as_ptr(),
                self.context,
            )
        };
        check("popen", code)
    }

    /// The keys as the program made them, with what has to be freed.
    fn list(&mut self) -> Result<Vec<String>, StoreError> {
        let mut array: *mut *mut c_char = ptr::null_mut();
        let mut count: c_int = 0;
        // SAFETY: `new`'s caller promised that the callbacks may be called; all pointers are valid during the call.
        let code = unsafe { (self.callbacks.keys)(self.handle, &mut array, &mut count) };
        check("pkeys", code)?;
        // SAFETY: the contract of pkeys: an array of `count` C strings, each and itself from malloc, which are the
        // library's now.
        unsafe {
            let entries = c_entries(array.cast_const(), count)
                .map_err(|_| StoreError::new("pkeys: a list that cannot be right".to_owned()))?;
            let mut keys = Vec::with_capacity(entries.len());
            for &entry in entries {
                if !entry.is_null() {
                    keys.push(CStr::from_ptr(entry).to_string_lossy().into_owned());
                    release(entry);
                }
            }
            release(array);
            Ok(keys)
        }
    }
}

impl Store for UserStore {
    fn put(&mut self, key: &str, parts: &[&[u8]]) -> Result<(), StoreError> {
        let key = c_string(key.as_bytes())?;
        let too_large = |_| StoreError::new("pput: the record is too large".to_owned());
        let count = c_int::try_from(parts.len()).map_err(too_large)?;
        let mut lengths = parts
            .iter()
            .map(|part| c_int::try_from(part.len()))
            .collect::<Result<Vec<c_int>, _>>()
            .map_err(too_large)?;
        // A copy: the buffers are not const, so a program may encode in place what it writes, and decode it again.
        let mut record = Vec::new();
        record
            .try_reserve_exact(parts.iter().map(|part| part.len()).sum())
            .map_err(|_| StoreError::new("pput: no memory for the record".to_owned()))?;
        parts.iter().for_each(|part| record.extend_from_slice(part));
        let mut rest = record.as_mut_slice();
        let mut buffers: Vec<*mut c_char> = Vec::with_capacity(parts.len());
        for part in parts {
            let (buffer, behind) = rest.split_at_mut(part.len());
            buffers.push(buffer.as_mut_ptr().cast());
            rest = behind;
        }
        // SAFETY: `new`'s caller promised that the callbacks may be called; the arrays have `count` entries, and each
        // buffer has as many bytes as its length says, which nobody else uses.
        let code = unsafe {
            (self.callbacks.put)(
                self.handle,
                key.as_ptr().cast_mut(),
                count,
                buffers.as_mut_ptr(),
                lengths.as_mut_ptr(),
            )
        };
        check("pput", code)
    }

    fn get(&mut self, key: &str) -> Result<Vec<u8>, StoreError> {
        let key = c_string(key.as_bytes())?;
        let mut buffer: *mut c_char = ptr::null_mut();
        let mut length: c_int = 0;
        // SAFETY: `new`'s caller promised that the callbacks may be called; all pointers are valid during the call.
        let code = unsafe {
            (self.callbacks.get)(
                self.handle,
                key.as_ptr().cast_mut(),
                &mut buffer,
                &mut length,
            )
        };
        check("pget", code)?;
        // SAFETY: the contract of pget: `length` bytes from malloc, which are the library's now.
        unsafe {
            let record = c_slice(buffer.cast_const().cast(), length)
                .map(<[u8]>::to_vec)
                .map_err(|_| StoreError::new("pget: a record that cannot be right".to_owned()));
            release(buffer);
            record
        }
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreError> {
        let key = c_string(key.as_bytes())?;
        // SAFETY: `new`'s caller promised that the callbacks may be called; the key is valid during the call.
        let code = unsafe { (self.callbacks.remove)(self.handle, key.as_ptr().cast_mut()) };
        check("premove", code)
    }

    fn keys(&mut self) -> Result<Vec<String>, StoreError> {
        self.list()
    }

    fn contains_key(&mut self, key: &str) -> bool {
        let Ok(key) = c_string(key.as_bytes()) else {
            return false;
        };
        // SAFETY: `new`'s caller promised that the callbacks may be called; the key is valid during the call.
        unsafe { (self.callbacks.contains_key)(self.handle, key.as_ptr().cast_mut()) == 0 }
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        // SAFETY: `new`'s caller promised that the callbacks may be called.
        check("pclear", unsafe { (self.callbacks.clear)(self.handle) })
    }

    fn close(&mut self) {
        // SAFETY: `new`'s caller promised that the callbacks may be called.
        if let Err(error) = check("pclose", unsafe { (self.callbacks.close)(self.handle) }) {
            crate::trace!(crate::trace::Level::Error, "{}", error.text);
        }
    }

    fn sees_every_removal(&self) -> bool {
        true
    }
}

fn check(callback: &str, code: c_int) -> Result<(), StoreError> {
    match code {
        0 => Ok(()),
        code => Err(StoreError {
            text: format!("{callback} returned {code}"),
            code: Some(code),
        }),
    }
}

fn c_string(text: &[u8]) -> Result<CString, StoreError> {
    CString::new(text).map_err(|_| StoreError::new("a NUL in a key".to_owned()))
}
