//! The talk that comes before a connection is one: blocking until a deadline, on non-blocking transports.

use std::io::{self, ErrorKind, IoSlice};
use std::time::Instant;

use super::{Interest, Transport, wait_ready};

/// Longest head of an HTTP reply that is waited for.
const REPLY_LIMIT: usize = 64 * 1024;
/// Most headers of an HTTP reply.
const HEADER_LIMIT: usize = 512;

/// Waits until the transport is ready; `TimedOut` at the deadline.
pub(super) fn wait(
    transport: &dyn Transport,
    interest: Interest,
    deadline: Instant,
) -> io::Result<()> {
    if deadline <= Instant::now() {
        return Err(ErrorKind::TimedOut.into());
    }
    wait_ready(transport, interest, Some(deadline));
    Ok(())
}

/// Writes all of `bytes`.
pub(super) fn send(
    transport: &dyn Transport,
    mut bytes: &[u8],
    deadline: Instant,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match transport.write(&[IoSlice::new(bytes)]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait(transport, Interest::WRITE, deadline)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until something has come; the end of the stream is an error.
fn receive(transport: &dyn Transport, buf: &mut [u8], deadline: Instant) -> io::Result<usize> {
    loop {
        match transport.read(buf) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait(transport, Interest::READ, deadline)?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Reads the head of an HTTP reply, at most `at_a_time` bytes per read, and gives it to `judge` whenever more of it has
/// come, also before it is complete. Replies that announce another one are passed over (RFC 9110, section 15.2). Returns
/// what came behind it.
pub(super) fn receive_reply(
    transport: &dyn Transport,
    at_a_time: usize,
    deadline: Instant,
    mut judge: impl FnMut(&httparse::Response<'_, '_>, bool) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut received = Vec::new();
    let mut total = 0;
    // Not on the stack: programs call from threads that have little of it.
    let mut buf = vec![0; 4096];
    let at_a_time = at_a_time.min(buf.len());
    loop {
        let count = receive(transport, &mut buf[..at_a_time], deadline)?;
        received.extend_from_slice(&buf[..count]);
        total += count;
        if total > REPLY_LIMIT {
            return Err(invalid("the reply of HTTP is too long".to_owned()));
        }
        if !buf[..count].contains(&b'\n') {
            continue;
        }
        while let Some(head) = judge_head(&received, &mut judge)? {
            let behind = received.split_off(head.length);
            if !head.is_interim {
                return Ok(behind);
            }
            received = behind;
        }
    }
}

/// A complete head of a reply.
struct Head {
    length: usize,
    is_interim: bool,
}

/// Lets `judge` see what has come of a reply; `None`: more must come.
fn judge_head(
    received: &[u8],
    judge: &mut impl FnMut(&httparse::Response<'_, '_>, bool) -> io::Result<()>,
) -> io::Result<Option<Head>> {
    let mut headers = vec![httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut reply = httparse::Response::new(&mut headers);
    let parsed = httparse::ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        // A line that is no header is no reason to stay away from a server or proxy that agrees.
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut reply, received)
        .map_err(|error| invalid(format!("not a reply of HTTP: {error}")))?;
    let is_interim = matches!(reply.code, Some(100 | 102..=199));
    if !is_interim {
        judge(&reply, parsed.is_complete())?;
    }
    Ok(match parsed {
        httparse::Status::Complete(length) => Some(Head { length, is_interim }),
        httparse::Status::Partial => None,
    })
}

/// Whether no line of HTTP ends inside of `text`: it could bring lines of its own.
pub(super) fn check_line(text: &[u8]) -> io::Result<()> {
    match text.iter().any(u8::is_ascii_control) {
        true => Err(invalid("the server URI has control characters".to_owned())),
        false => Ok(()),
    }
}

/// The peer said something that cannot be accepted.
pub(super) fn invalid(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}
