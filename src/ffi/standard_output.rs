//! C's standard output, which has a buffer that Rust's standard library does not know.

unsafe extern "C" {
    /// <stdio.h>; the `libc` crate does not declare it.
    static stdout: *mut libc::FILE;
}

/// Writes behind what the program has printed, and has all of it written out. Nobody is told if that fails.
pub(crate) fn write(bytes: &[u8]) {
    // SAFETY: the C library's stream lasts until the process ends, and has a lock of its own; the bytes are as long as said.
    unsafe {
        libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), stdout);
        libc::fflush(stdout);
    }
}
