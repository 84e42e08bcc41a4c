//! Plain TCP.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;
use socket2::{Domain, Socket, Type};

use super::ServerAddress;
use super::resolve::resolve;
use super::socket::StreamSocket;
use crate::trace::Level;

/// How long an address may leave us without an answer before the next one is tried beside it
/// (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the host and port of `address`, trying all addresses of the host, until `deadline`.
/// The socket sends without Nagle's delay.
pub(super) fn connect(address: &ServerAddress, deadline: Instant) -> io::Result<StreamSocket> {
    if deadline <= Instant::now() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let (host, port) = address.host_port();
    let candidates = resolve(host, port, deadline)?;
    connect_any(&candidates, address, deadline)
}

/// Connects to the first candidate that answers: in their order, the next one as soon as one has
/// failed, or beside the others when they have been silent for [`HEAD_START`].
/// `name` is what they all belong to, for the trace.
fn connect_any(
    candidates: &[SocketAddr],
    name: &dyn fmt::Display,
    deadline: Instant,
) -> io::Result<StreamSocket> {
    let mut waiting = candidates.iter();
    let mut pending: Vec<OwnedFd> = Vec::new();
    let mut next_start = Instant::now();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let now = Instant::now();
        if pending.is_empty() || now >= next_start {
            if let Some(candidate) = waiting.next() {
                match start(candidate, name) {
                    Ok(Attempt::Connected(socket)) => return Ok(StreamSocket::new(socket)),
                    Ok(Attempt::Pending(socket)) => {
                        crate::trace!(Level::Minimum, "Connect pending");
                        pending.push(socket);
                    }
                    Err(error) => {
                        failure = error;
                        continue;
                    }
                }
                next_start = now + HEAD_START;
            } else if pending.is_empty() {
                return Err(failure);
            }
        }
        if now >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let wake = if waiting.len() == 0 {
            deadline
        } else {
            deadline.min(next_start)
        };
        let ready = wait_writable(&pending, wake)?;
        for index in ready.into_iter().rev() {
            let socket = pending.swap_remove(index);
            match sockopt::socket_error(&socket)? {
                Ok(()) => return Ok(StreamSocket::new(socket)),
                Err(error) => {
                    failure = error.into();
                    next_start = Instant::now();
                }
            }
        }
    }
}

enum Attempt {
    Connected(OwnedFd),
    Pending(OwnedFd),
}

/// Begins to connect through the C library's functions, which programs like torsocks and proxychains put themselves before.
fn start(address: &SocketAddr, name: &dyn fmt::Display) -> io::Result<Attempt> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(*address), kind, None)?;
    socket.set_tcp_nodelay(true)?;
    crate::trace!(
        Level::Minimum,
        "New socket {} for {name}, port {}",
        socket.as_raw_fd(),
        address.port()
    );
    match socket.connect(&(*address).into()) {
        Ok(()) => Ok(Attempt::Connected(socket.into())),
        Err(error) => match Errno::from_io_error(&error) {
            // After an interruption the attempt goes on by itself (POSIX, connect).
            Some(Errno::INPROGRESS | Errno::INTR) => Ok(Attempt::Pending(socket.into())),
            _ => Err(error),
        },
    }
}

/// The indices of the sockets that have an answer, or none at `until` or after a signal.
fn wait_writable(sockets: &[OwnedFd], until: Instant) -> io::Result<Vec<usize>> {
    let mut fds: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|socket| PollFd::new(socket, PollFlags::OUT))
        .collect();
    let timeout = Timespec::try_from(until.saturating_duration_since(Instant::now())).ok();
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    }
    let ready = fds
        .iter()
        .enumerate()
        .filter(|(_, fd)| !fd.revents().is_empty());
    Ok(ready.map(|(index, _)| index).collect())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    fn address(text: impl ToString) -> ServerAddress {
        ServerAddress::parse(text.to_string().as_bytes()).unwrap()
    }

    /// A listener that takes no more connections: attempts are left without an answer.
    fn silent_listener(ip: &str) -> (SocketAddr, Vec<OwnedFd>) {
        let any_port = SocketAddr::new(ip.parse().unwrap(), 0);
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&any_port.into()).unwrap();
        listener.listen(0).unwrap();
        let server = listener.local_addr().unwrap().as_socket().unwrap();
        let mut held = vec![listener.into()];
        loop {
            let Attempt::Pending(socket) = start(&server, &"name").unwrap() else {
                continue;
            };
            let until = Instant::now() + Duration::from_millis(100);
            let full = wait_writable(std::slice::from_ref(&socket), until)
                .unwrap()
                .is_empty();
            held.push(socket);
            if full {
                return (server, held);
            }
        }
    }

    /// A port that was free a moment ago.
    fn refusing_address() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    #[test]
    fn sockets_are_closed_on_exec_and_without_delay() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let transport = connect(&address(listener.local_addr().unwrap()), soon()).unwrap();
        let flags = rustix::io::fcntl_getfd(&transport.socket).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        assert!(sockopt::tcp_nodelay(&transport.socket).unwrap());
    }

    #[test]
    fn a_refused_connection_fails_at_once() {
        let start = Instant::now();
        let error = connect(&address(refusing_address()), soon()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_silent_address_fails_at_the_deadline() {
        let (server, _held) = silent_listener("127.0.0.1");
        let start = Instant::now();
        let deadline = start + Duration::from_millis(300);
        let error = connect(&address(server), deadline).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_deadline_that_has_passed_fails_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = address(listener.local_addr().unwrap());
        let error = connect(&server, Instant::now()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn an_address_after_a_refusing_one_is_tried_at_once() {
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let server = listener.local_addr().unwrap();
        let start = Instant::now();
        connect_any(&[refusing_address(), server], &"name", soon()).unwrap();
        assert!(start.elapsed() < HEAD_START);
    }

    #[test]
    fn an_address_after_a_silent_and_a_refusing_one_is_not_held_up_twice() {
        let (silent, _held) = silent_listener("127.0.0.4");
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let server = listener.local_addr().unwrap();
        let start = Instant::now();
        connect_any(&[silent, refusing_address(), server], &"name", soon()).unwrap();
        assert!(start.elapsed() < 2 * HEAD_START);
    }

    #[test]
    fn an_address_after_a_silent_one_is_tried_beside_it() {
        let (silent, _held) = silent_listener("127.0.0.3");
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let server = listener.local_addr().unwrap();
        let start = Instant::now();
        let transport = connect_any(&[silent, server], &"name", soon()).unwrap();
        assert!(start.elapsed() >= HEAD_START);
        assert!(start.elapsed() < Duration::from_secs(5));
        let peer = rustix::net::getpeername(&transport.socket).unwrap();
        assert_eq!(SocketAddr::try_from(peer.unwrap()).unwrap(), server);
    }

    #[test]
    fn the_last_failure_is_told_and_no_address_is_one_too() {
        let refusing = refusing_address();
        let error = connect_any(&[refusing, refusing], &"name", soon()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect_any(&[], &"name", soon()).is_err());
    }

    #[test]
    fn localhost_is_found_although_only_one_family_listens() {
        for ip in ["127.0.0.1", "::1"] {
            let Ok(listener) = TcpListener::bind((ip, 0)) else {
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            let found = resolve(b"localhost", port, soon()).unwrap();
            if found.iter().any(|address| address.ip().to_string() == ip) {
                connect(&address(format!("localhost:{port}")), soon()).unwrap();
            }
        }
    }
}
