//! OpenSSL's queue of errors of a thread, as it is: the `openssl` crate panics at texts that are not UTF-8, and a program
//! may have left such ones.

use std::ffi::{CStr, CString, c_char, c_int, c_ulong};
use std::ptr;

/// An error in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    code: c_ulong,
    file: CString,
    line: c_int,
    function: CString,
    text: Option<CString>,
}

/// Takes all errors out of the queue, the oldest first.
pub(crate) fn take() -> Vec<Entry> {
    if is_empty() {
        return Vec::new();
    }
    std::iter::from_fn(take_one).collect()
}

fn is_empty() -> bool {
    // SAFETY: takes no arguments; OpenSSL initialises itself.
    unsafe { openssl_sys::ERR_peek_last_error() == 0 }
}

fn take_one() -> Option<Entry> {
    let [mut file, mut function, mut text] = [ptr::null::<c_char>(); 3];
    let (mut line, mut flags) = (0, 0);
    // SAFETY: all pointers are to variables of this call.
    let code = unsafe {
        openssl_sys::ERR_get_error_all(&mut file, &mut line, &mut function, &mut text, &mut flags)
    };
    if code == 0 {
        return None;
    }
    let has_text = flags & openssl_sys::ERR_TXT_STRING != 0;
    Some(Entry {
        code,
        // SAFETY: what OpenSSL gives here is a C string or null, and lives until the queue is used again.
        file: unsafe { owned(file) }.unwrap_or_default(),
        line,
        // SAFETY: as before.
        function: unsafe { owned(function) }.unwrap_or_default(),
        // SAFETY: as before: the flag says that it is a C string.
        text: has_text.then(|| unsafe { owned(text) }).flatten(),
    })
}

/// # Safety
///
/// `text` is null or a C string.
unsafe fn owned(text: *const c_char) -> Option<CString> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_owned())
}

/// Puts errors into the queue, behind what is there.
pub(crate) fn put_back(entries: Vec<Entry>) {
    for entry in entries {
        // SAFETY: C strings, which OpenSSL copies; a null format stands for no text.
        unsafe {
            openssl_sys::ERR_new();
            openssl_sys::ERR_set_debug(entry.file.as_ptr(), entry.line, entry.function.as_ptr());
            openssl_sys::ERR_set_error(
                openssl_sys::ERR_GET_LIB(entry.code),
                openssl_sys::ERR_GET_REASON(entry.code),
                ptr::null(),
            );
        }
        if let Some(text) = entry.text {
            put_text(&text);
        }
    }
}

/// Gives the newest error its text.
fn put_text(text: &CStr) {
    let bytes = text.to_bytes_with_nul();
    // SAFETY: the memory is OpenSSL's and as long as the text with its NUL; the queue takes it over.
    unsafe {
        let place = openssl_sys::CRYPTO_malloc(bytes.len(), c"".as_ptr(), 0).cast::<c_char>();
        if !place.is_null() {
            ptr::copy_nonoverlapping(text.as_ptr(), place, bytes.len());
            let flags = openssl_sys::ERR_TXT_MALLOCED | openssl_sys::ERR_TXT_STRING;
            openssl_sys::ERR_set_error_data(place, flags);
        }
    }
}

/// Empties the queue.
pub(crate) fn clear() {
    // OpenSSL goes through all places of the queue, which takes a multiple of a look whether one is taken.
    if is_empty() {
        return;
    }
    // SAFETY: takes no arguments.
    unsafe { openssl_sys::ERR_clear_error() };
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An error such as a program leaves that opens a file of this name.
    pub(crate) fn no_such_file(name: &CStr) -> Entry {
        Entry {
            code: 0x8000_0002,
            file: c"bss_file.c".to_owned(),
            line: 67,
            function: c"BIO_new_file".to_owned(),
            text: Some(name.to_owned()),
        }
    }

    #[test]
    fn errors_are_put_back_as_they_were_taken() {
        assert_eq!(take(), []);
        let mut plain = no_such_file(c"");
        plain.text = None;
        plain.code = 0x0a00_0086;
        let entries = [no_such_file(c"caf\xe9"), plain, no_such_file(c"x")];
        put_back(entries.to_vec());
        assert_eq!(take(), entries);
        put_back(entries.to_vec());
        clear();
        assert_eq!(take(), []);
    }
}
