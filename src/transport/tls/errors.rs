//! What went wrong, in OpenSSL's words, and its error queue.

use std::ffi::c_ulong;
use std::io::{self, ErrorKind};
use std::path::Path;

use openssl::error::{Error, ErrorStack};
use openssl::ssl::{self, ErrorCode};

use crate::ffi::tls_errors;

/// What OpenSSL says when the server closes the connection.
const UNEXPECTED_EOF: &str =
    "error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading::0:";
/// The bit of an error code that tells an error of the system.
const SYSTEM_ERROR: c_ulong = 0x8000_0000;

/// While it lives the thread's queue of OpenSSL errors is empty but for ours. The application's own entries are put back
/// at the end: OpenSSL would take them for errors of this connection.
pub(super) struct OwnErrors {
    foreign: Vec<tls_errors::Entry>,
}

impl OwnErrors {
    pub(super) fn begin() -> OwnErrors {
        OwnErrors {
            foreign: tls_errors::take(),
        }
    }
}

impl Drop for OwnErrors {
    fn drop(&mut self) {
        tls_errors::clear();
        tls_errors::put_back(std::mem::take(&mut self.foreign));
    }
}

/// Why a connection could not be secured.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    what: String,
    /// OpenSSL's error report, for the application.
    pub(super) lines: Vec<String>,
}

impl Failure {
    /// One that OpenSSL has nothing to say about.
    pub(super) fn new(what: impl Into<String>) -> Failure {
        Failure {
            kind: ErrorKind::InvalidInput,
            what: what.into(),
            lines: Vec::new(),
        }
    }

    /// OpenSSL would say so itself, in these words, if it read the file.
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
        let path = path.display();
        let number = error.raw_os_error().unwrap_or_default();
        let mut failure = Failure::new(format!("cannot read {path}: {error}"));
        let text = system_text(number);
        failure.lines.push(format!(
            "error:8{number:07X}:system library:fopen:{text}::0:calling fopen({path}, r)"
        ));
        failure
    }

    pub(super) fn wrong_host() -> Failure {
        Failure::new("the server's certificate is not for its host")
    }

    /// What makes a failure of OpenSSL's errors in a step.
    pub(super) fn in_step(step: &str) -> impl FnOnce(ErrorStack) -> Failure + '_ {
        move |stack| Failure {
            kind: ErrorKind::InvalidInput,
            what: format!("{step}: {stack}"),
            lines: lines(&stack),
        }
    }

    pub(super) fn in_handshake(error: ssl::Error) -> Failure {
        let mut lines = error.ssl_error().map(lines).unwrap_or_default();
        // OpenSSL reports it from its own sockets only.
        if error.code() == ErrorCode::SYSCALL && error.io_error().is_none() && lines.is_empty() {
            lines.push(UNEXPECTED_EOF.to_owned());
        }
        let error = io_error(error);
        Failure {
            kind: error.kind(),
            what: format!("TLS handshake: {error}"),
            lines,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure {
            kind: error.kind(),
            what: format!("TLS handshake: {error}"),
            lines: Vec::new(),
        }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> io::Error {
        io::Error::new(failure.kind, failure.what)
    }
}

fn lines(stack: &ErrorStack) -> Vec<String> {
    stack.errors().iter().map(line).collect()
}

/// As OpenSSL prints it: it has no reasons of its own for the system's errors, and asks the system.
fn line(error: &Error) -> String {
    let text = error.to_string();
    let number = error.code() & (SYSTEM_ERROR - 1);
    match i32::try_from(number) {
        Ok(number) if error.code() & SYSTEM_ERROR != 0 && error.reason().is_none() => text
            .replacen(
                &format!(":reason({number})"),
                &format!(":{}", system_text(number)),
                1,
            ),
        _ => text,
    }
}

/// The system's text for an error number, without the number.
fn system_text(number: i32) -> String {
    let text = io::Error::from_raw_os_error(number).to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Whether OpenSSL goes on once the stream below does.
pub(super) fn is_wish(error: &ssl::Error) -> bool {
    matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE)
}

/// The error of an established connection.
pub(super) fn io_error(error: ssl::Error) -> io::Error {
    if is_wish(&error) {
        return ErrorKind::WouldBlock.into();
    }
    error
        .into_io_error()
        .unwrap_or_else(|error| match error.code() {
            ErrorCode::SYSCALL | ErrorCode::ZERO_RETURN => ErrorKind::UnexpectedEof.into(),
            _ => io::Error::other(error),
        })
}
