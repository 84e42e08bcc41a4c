//! TLS by OpenSSL, over whatever carries its records.
//!
//! OpenSSL gets a Rust stream, never the descriptor: so it cannot raise SIGPIPE.

mod context;
mod errors;
mod records;
mod resumption;

use std::io::{self, ErrorKind, IoSlice};
use std::iter;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use openssl::ssl::{self, ErrorCode, SslStream};
use parking_lot::Mutex;

use super::exchange::wait;
use super::{Interest, ServerAddress, Transport};
use crate::ffi::tls_session;
use crate::thread_storage::{self, Buffer};
use context::Handshake;
use errors::{Failure, OwnErrors};
use records::Records;
pub(super) use resumption::Sessions;

/// Most bytes that one record takes (RFC 8446, section 5.1).
const RECORD_SIZE: usize = 16 * 1024;
/// Records that are sent together at most.
const RECORDS_AT_ONCE: usize = 4;
/// After this many records in a row without data the owner gets its turn.
const RECORDS_PER_TURN: usize = 64;

thread_local! {
    /// Where the parts of a record are put together.
    static RECORD: Buffer = const { Buffer::new(Vec::new()) };
}

/// Told each line of OpenSSL's error report; `false` to hear no more.
pub type ErrorReport = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Supplies a pre-shared key for the server's hint: fills the identity, a C string, and the key; the key's length, or
/// `None` to fail.
pub type PskLookup =
    Arc<dyn Fn(Option<&[u8]>, &mut [u8], &mut [u8]) -> Option<usize> + Send + Sync>;

/// How to secure connections, and whom to trust. The default trusts whom the system trusts, for any host.
#[derive(Clone)]
pub struct TlsOptions {
    /// PEM file of trusted authorities.
    pub trust_store: Option<PathBuf>,
    /// Directory of trusted authorities, named by their hashes.
    pub trust_directory: Option<PathBuf>,
    /// Without store and directory, trust the system's authorities.
    pub default_trust: bool,
    /// PEM file with the client's certificate and those that vouch for it.
    pub certificate_chain: Option<PathBuf>,
    /// PEM file with the client's key; `None`: it is in the certificate's file.
    pub private_key: Option<PathBuf>,
    /// Password of an encrypted key.
    pub key_password: Option<Vec<u8>>,
    /// OpenSSL's cipher list for TLS up to 1.2.
    pub cipher_list: Option<Vec<u8>>,
    /// The server's certificate must be vouched for by a trusted authority.
    pub verify_chain: bool,
    /// The server's certificate must be for the host of the address.
    pub verify_host: bool,
    /// Protocols for ALPN, each behind its length.
    pub alpn: Option<Vec<u8>>,
    /// Hears why a connection could not be secured, if OpenSSL says so.
    pub report_error: Option<ErrorReport>,
    /// Supplies a pre-shared key.
    pub look_up_psk: Option<PskLookup>,
}

impl Default for TlsOptions {
    fn default() -> TlsOptions {
        TlsOptions {
            trust_store: None,
            trust_directory: None,
            default_trust: true,
            certificate_chain: None,
            private_key: None,
            key_password: None,
            cipher_list: None,
            verify_chain: true,
            verify_host: false,
            alpn: None,
            report_error: None,
            look_up_psk: None,
        }
    }
}

/// A secured connection.
pub(super) struct Tls {
    inner: Arc<dyn Transport>,
    state: Mutex<State>,
    /// Nothing is here, and nothing was there at the last read: the descriptor shows when to read again.
    is_drained: AtomicBool,
    read_awaits_output: AtomicBool,
    write_awaits_input: AtomicBool,
}

struct State {
    stream: SslStream<Records>,
    /// Bytes in records that wait to be sent: they count as written when these are.
    in_records: usize,
}

/// Secures `inner` as a connection to the host of `address`, by resuming one of `sessions` if there is one for it.
///
/// `None`: it did not work with that session, which is forgotten now. A server may refuse all connections that offer one,
/// so another stream is worth a try.
pub(super) fn connect(
    inner: Arc<dyn Transport>,
    address: &ServerAddress,
    options: &TlsOptions,
    sessions: &Sessions,
    deadline: Instant,
) -> io::Result<Option<Tls>> {
    let shaken = {
        let _own = OwnErrors::begin();
        shake_hands(Arc::clone(&inner), address, options, sessions, deadline)
    };
    match shaken {
        Ok(None) => Ok(None),
        Ok(Some(stream)) => Ok(Some(Tls {
            inner,
            state: Mutex::new(State {
                stream,
                in_records: 0,
            }),
            is_drained: AtomicBool::new(false),
            read_awaits_output: AtomicBool::new(false),
            write_awaits_input: AtomicBool::new(false),
        })),
        Err(failure) => {
            if let Some(report) = &options.report_error {
                let _ = failure.lines.iter().all(|line| report(line));
            }
            Err(failure.into())
        }
    }
}

fn shake_hands(
    inner: Arc<dyn Transport>,
    address: &ServerAddress,
    options: &TlsOptions,
    sessions: &Sessions,
    deadline: Instant,
) -> Result<Option<SslStream<Records>>, Failure> {
    let server = ServerName::of(address)?;
    let Handshake {
        ssl,
        mismatch,
        offered,
    } = context::prepare(address, &server, options, sessions)?;
    let records = Records::new(Arc::clone(&inner));
    let mut stream = SslStream::new(ssl, records).map_err(Failure::in_step("TLS setup"))?;
    let result = complete(&mut stream, &*inner, &mismatch, deadline);
    match (result, &offered) {
        (Ok(()), None) => {}
        (Ok(()), Some(offered)) => sessions.put_back(stream.ssl(), offered),
        (Err(failure), Some(_)) if failure.kind != ErrorKind::TimedOut => return Ok(None),
        (Err(failure), _) => return Err(failure),
    }
    if options.verify_host && stream.ssl().peer_certificate().is_none() {
        return Err(Failure::wrong_host());
    }
    Ok(Some(stream))
}

fn complete(
    stream: &mut SslStream<Records>,
    inner: &dyn Transport,
    mismatch: &AtomicBool,
    deadline: Instant,
) -> Result<(), Failure> {
    loop {
        let result = stream.connect();
        // An alert for the server is worth a try only.
        let fails = matches!(&result, Err(error) if !errors::is_wish(error));
        loop {
            match stream.get_mut().send() {
                Err(error) if error.kind() == ErrorKind::WouldBlock && !fails => {
                    wait(inner, Interest::WRITE, deadline)?;
                }
                Err(error) if !fails => return Err(error.into()),
                _ => break,
            }
        }
        match result {
            Ok(()) => return Ok(()),
            Err(error) if error.code() == ErrorCode::WANT_READ => {
                wait(inner, Interest::READ, deadline)?;
            }
            Err(error) if errors::is_wish(&error) => {}
            Err(_) if mismatch.load(Ordering::Relaxed) => return Err(Failure::wrong_host()),
            Err(error) => return Err(Failure::in_handshake(error)),
        }
    }
}

/// The host of an address, as certificates name it.
struct ServerName {
    text: String,
    ip: Option<IpAddr>,
}

impl ServerName {
    fn of(address: &ServerAddress) -> Result<ServerName, Failure> {
        let host = std::str::from_utf8(address.host_port().0);
        let host = host.map_err(|_| Failure::new("the host is not UTF-8"))?;
        Ok(ServerName {
            text: host.strip_suffix('.').unwrap_or(host).to_owned(),
            ip: host.parse().ok(),
        })
    }

    /// The name to ask for by SNI: never an address (RFC 6066, section 3), nor one with a zone.
    fn indication(&self) -> Option<&str> {
        let is_name = self.ip.is_none() && !self.text.is_empty() && !self.text.contains(':');
        is_name.then_some(&*self.text)
    }
}

impl State {
    /// Fills `buf` as far as the records go that are here, reading more only if they give nothing.
    fn read(&mut self, buf: &mut [u8]) -> (usize, Option<ssl::Error>) {
        let mut filled = 0;
        let mut without_data = 0;
        let error = loop {
            if filled == buf.len() {
                break None;
            }
            match self.stream.ssl_read(&mut buf[filled..]) {
                Ok(count) => {
                    filled += count;
                    self.stream.get_mut().close();
                }
                Err(error) => {
                    let is_record =
                        error.code() == ErrorCode::WANT_READ && error.io_error().is_none();
                    without_data += usize::from(is_record);
                    if !is_record || without_data > RECORDS_PER_TURN {
                        break Some(error);
                    }
                }
            }
        };
        self.stream.get_mut().end_reading();
        (filled, error)
    }

    /// Makes records of `bufs` behind their first `skip` bytes, as many as are worth sending together.
    fn fill_records(&mut self, bufs: &[IoSlice<'_>], skip: usize) -> Result<(), ssl::Error> {
        let total: usize = bufs.iter().map(|buf| buf.len()).sum();
        let end = total.min(skip + RECORDS_AT_ONCE * RECORD_SIZE);
        self.stream.get_mut().collect(end - skip > RECORD_SIZE);
        let mut result = Ok(());
        while result.is_ok() && skip + self.in_records < end {
            let written = with_record(bufs, skip + self.in_records, |record| {
                self.stream.ssl_write(record)
            });
            result = written.map(|count| self.in_records += count);
        }
        self.stream.get_mut().collect(false);
        result
    }
}

impl Transport for Tls {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let _own = OwnErrors::begin();
        let mut state = self.state.lock();
        let (filled, error) = state.read(buf);
        let code = error.as_ref().map(ssl::Error::code);
        // What OpenSSL had to answer. A failure shows again, at the next read or write.
        let _ = state.stream.get_mut().send();
        if state.stream.ssl().is_init_finished() {
            self.write_awaits_input.store(false, Ordering::Relaxed);
        }
        let awaits_output = state.in_records == 0 && state.stream.get_ref().is_waiting();
        self.read_awaits_output
            .store(awaits_output, Ordering::Relaxed);
        let is_short_of_bytes = error
            .as_ref()
            .is_some_and(|error| error.io_error().is_some());
        let drained = is_short_of_bytes && state.stream.get_ref().is_drained();
        let is_stuck = code == Some(ErrorCode::WANT_WRITE);
        self.is_drained
            .store(drained || is_stuck, Ordering::Relaxed);
        match error {
            // Any failure shows again at the next read.
            _ if filled > 0 => Ok(filled),
            None => Ok(0),
            Some(_) if code == Some(ErrorCode::ZERO_RETURN) => Ok(0),
            Some(error) => Err(errors::io_error(error)),
        }
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let _own = OwnErrors::begin();
        let state = &mut *self.state.lock();
        let total: usize = bufs.iter().map(|buf| buf.len()).sum();
        let mut written = 0;
        let mut awaits_input = false;
        let result = loop {
            if let Err(error) = state.stream.get_mut().send() {
                break Err(error);
            }
            written += std::mem::take(&mut state.in_records);
            if written >= total {
                break Ok(());
            }
            if !state.stream.ssl().is_init_finished() {
                // The server wants new keys. Only a read can take what it sends meanwhile.
                awaits_input = true;
                break Err(ErrorKind::WouldBlock.into());
            }
            if let Err(error) = state.fill_records(bufs, written) {
                awaits_input = error.code() == ErrorCode::WANT_READ;
                // What is in records already is sent all the same.
                let _ = state.stream.get_mut().send();
                break Err(errors::io_error(error));
            }
        };
        self.write_awaits_input
            .store(awaits_input, Ordering::Relaxed);
        match result {
            Err(error) if written == 0 || error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(written),
        }
    }

    fn set_corked(&self, corked: bool) -> io::Result<()> {
        self.inner.set_corked(corked)?;
        // To make and free a buffer for each record takes a tenth of the time of a stream.
        tls_session::set_release_buffers(&mut self.state.lock().stream, !corked);
        Ok(())
    }

    fn acknowledge(&self) {
        self.inner.acknowledge();
    }

    fn shutdown(&self) {
        self.inner.shutdown();
    }

    fn finish(&self) {
        let _own = OwnErrors::begin();
        // The connection ends now, whether close_notify is taken or not.
        let mut state = self.state.lock();
        let _ = state.stream.shutdown();
        let _ = state.stream.get_mut().send();
        drop(state);
        self.inner.finish();
    }

    fn discard(&self, last: Option<Instant>, until: Instant) {
        self.inner.discard(last, until);
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.inner.descriptor()
    }

    fn short_read_drains(&self) -> bool {
        self.is_drained.load(Ordering::Relaxed)
    }

    fn has_buffered_input(&self) -> bool {
        !self.is_drained.load(Ordering::Relaxed)
    }

    fn read_awaits_output(&self) -> bool {
        self.read_awaits_output.load(Ordering::Relaxed)
    }

    fn write_awaits_input(&self) -> bool {
        self.write_awaits_input.load(Ordering::Relaxed)
    }
}

/// Gives `write` as much of `bufs` behind their first `skip` bytes as one record takes, in one piece.
fn with_record<T>(bufs: &[IoSlice<'_>], mut skip: usize, write: impl FnOnce(&[u8]) -> T) -> T {
    let mut parts = bufs.iter().map(|buf| {
        let skipped = skip.min(buf.len());
        skip -= skipped;
        &buf[skipped..]
    });
    let first = parts.find(|part| !part.is_empty()).unwrap_or_default();
    if first.len() >= RECORD_SIZE {
        return write(&first[..RECORD_SIZE]);
    }
    thread_storage::lend(&RECORD, |record| {
        record.clear();
        for part in iter::once(first).chain(parts) {
            let room = RECORD_SIZE - record.len();
            record.extend_from_slice(&part[..part.len().min(room)]);
        }
        write(record)
    })
}

#[cfg(test)]
pub(super) mod tests;
