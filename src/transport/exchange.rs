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
/// come, also before it is complete. Returns what came behind it.
pub(super) fn receive_reply(
    transport: &dyn Transport,
    at_a_time: usize,
    deadline: Instant,
    mut judge: impl FnMut(&httparse::Response<'_, '_>, bool) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut received = Vec::new();
    let mut buf = [0; 4096];
    let at_a_time = at_a_time.min(buf.len());
    loop {
        let count = receive(transport, &mut buf[..at_a_time], deadline)?;
        received.extend_from_slice(&buf[..count]);
        if received.len() > REPLY_LIMIT {
            return Err(invalid("the reply of HTTP is too long".to_owned()));
        }
        if !buf[..count].contains(&b'\n') {
            continue;
        }
        let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
        let mut reply = httparse::Response::new(&mut headers);
        let parsed = httparse::ParserConfig::default()
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .parse_response(&mut reply, &received)
            .map_err(|error| invalid(format!("not a reply of HTTP: {error}")))?;
        judge(&reply, parsed.is_complete())?;
        if let httparse::Status::Complete(length) = parsed {
            return Ok(received.split_off(length));
        }
    }
}

/// The peer said something that cannot be accepted.
pub(super) fn invalid(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}
