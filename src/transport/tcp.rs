//! Plain TCP.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, SocketFlags, SocketType,
    sockopt,
};

use super::resolve::resolve;
use super::{ServerAddress, Transport};

/// How long an address may leave us without an answer before the next one is tried beside it
/// (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Most buffers that one `sendmsg` takes (`IOV_MAX` of Linux).
const MAX_BUFFERS: usize = 1024;

/// A connected TCP socket: non-blocking, close-on-exec, without Nagle's delay. Closed when dropped.
#[derive(Debug)]
pub struct TcpTransport {
    socket: OwnedFd,
}

/// Connects to the host and port of `address`, trying all addresses of the host, until `deadline`.
pub fn connect(address: &ServerAddress, deadline: Instant) -> io::Result<TcpTransport> {
    if deadline <= Instant::now() {
        return Err(timed_out(address));
    }
    let (host, port) = address.host_port();
    let candidates = resolve(host, port, deadline)?;
    connect_any(&candidates, deadline).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => timed_out(address),
        kind => io::Error::new(kind, format!("cannot connect to {address}: {error}")),
    })
}

fn timed_out(address: &ServerAddress) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("no connection to {address} in time"),
    )
}

/// Connects to the first candidate that answers: in their order, the next one as soon as one has
/// failed, or beside the others when they have been silent for [`HEAD_START`].
fn connect_any(candidates: &[SocketAddr], deadline: Instant) -> io::Result<TcpTransport> {
    let mut waiting = candidates.iter();
    let mut pending: Vec<OwnedFd> = Vec::new();
    let mut next_start = Instant::now();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let now = Instant::now();
        if pending.is_empty() || now >= next_start {
            if let Some(candidate) = waiting.next() {
                match start(candidate) {
                    Ok(Attempt::Connected(socket)) => return Ok(TcpTransport { socket }),
                    Ok(Attempt::Pending(socket)) => pending.push(socket),
                    Err(error) => {
                        failure = error.into();
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
                Ok(()) => return Ok(TcpTransport { socket }),
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

fn start(address: &SocketAddr) -> Result<Attempt, Errno> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    match rustix::net::connect(&socket, address) {
        Ok(()) => Ok(Attempt::Connected(socket)),
        // After an interruption the attempt goes on by itself (POSIX, connect).
        Err(Errno::INPROGRESS | Errno::INTR) => Ok(Attempt::Pending(socket)),
        Err(error) => Err(error),
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

impl Transport for TcpTransport {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::net::recv(&self.socket, &mut *buf, RecvFlags::empty()) {
                Ok((count, _)) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = SendFlags::NOSIGNAL;
        let sent = match bufs {
            [single] => retry_on_intr(|| rustix::net::send(&self.socket, single, flags)),
            _ => {
                let bufs = &bufs[..bufs.len().min(MAX_BUFFERS)];
                retry_on_intr(|| {
                    let mut control = SendAncillaryBuffer::default();
                    rustix::net::sendmsg(&self.socket, bufs, &mut control, flags)
                })
            }
        };
        Ok(sent?)
    }

    fn shutdown(&self) {
        // Fails only if the peer has ended the connection already.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Both);
    }

    fn finish(&self) {
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Write);
        // Closing a socket with unread data sends a reset, and the peer may lose what it has not read yet.
        let mut unread = [0; 4096];
        while matches!(self.read(&mut unread), Ok(1..)) {}
        // Wakes a thread that waits for something to read.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Read);
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    fn address(text: impl ToString) -> ServerAddress {
        ServerAddress::parse(text.to_string().as_bytes()).unwrap()
    }

    fn pair() -> (TcpTransport, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let transport = connect(&address(server), soon()).unwrap();
        (transport, listener.accept().unwrap().0)
    }

    fn wait_for(transport: &TcpTransport, events: PollFlags) -> PollFlags {
        let mut fds = [PollFd::from_borrowed_fd(transport.descriptor(), events)];
        let limit = Timespec::try_from(Duration::from_secs(20)).unwrap();
        assert_eq!(retry_on_intr(|| poll(&mut fds, Some(&limit))), Ok(1));
        fds[0].revents()
    }

    /// A listener that takes no more connections: attempts are left without an answer.
    fn silent_listener(ip: &str) -> (SocketAddr, Vec<OwnedFd>) {
        let listener = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let any_port = SocketAddr::new(ip.parse().unwrap(), 0);
        rustix::net::bind(&listener, &any_port).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let server = rustix::net::getsockname(&listener).unwrap();
        let server = SocketAddr::try_from(server).unwrap();
        let mut held = vec![listener];
        loop {
            let Attempt::Pending(socket) = start(&server).unwrap() else {
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
    fn bytes_go_both_ways_in_order() {
        let (transport, mut peer) = pair();
        let parts = [&b"one "[..], b"", b"two"].map(IoSlice::new);
        assert_eq!(transport.write(&parts).unwrap(), 7);
        assert_eq!(transport.write(&[IoSlice::new(b"!")]).unwrap(), 1);
        let mut received = [0; 8];
        peer.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"one two!");

        let mut buf = [0; 10];
        let nothing = transport.read(&mut buf).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        peer.write_all(b"back").unwrap();
        wait_for(&transport, PollFlags::IN);
        assert_eq!(transport.read(&mut buf).unwrap(), 4);
        assert_eq!(&buf[..4], b"back");
    }

    #[test]
    fn the_end_of_the_stream_reads_as_zero() {
        let (transport, peer) = pair();
        drop(peer);
        wait_for(&transport, PollFlags::IN);
        assert_eq!(transport.read(&mut [0; 4]).unwrap(), 0);
    }

    #[test]
    fn shutdown_wakes_a_waiting_thread_and_ends_the_peers_stream() {
        let (transport, mut peer) = pair();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| wait_for(&transport, PollFlags::IN));
            transport.shutdown();
            assert!(waiter.join().unwrap().contains(PollFlags::HUP));
        });
        assert_eq!(peer.read(&mut [0; 4]).unwrap(), 0);
        transport.shutdown();
    }

    #[test]
    fn finishing_delivers_what_was_written_and_wakes_a_waiting_thread() {
        let (transport, mut peer) = pair();
        peer.write_all(b"unread").unwrap();
        wait_for(&transport, PollFlags::IN);
        transport.write(&[IoSlice::new(b"last words")]).unwrap();
        transport.finish();
        wait_for(&transport, PollFlags::IN);
        drop(transport);
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"last words");
    }

    #[test]
    fn a_full_socket_takes_part_and_then_would_block() {
        let (transport, mut peer) = pair();
        let block = vec![7; 1 << 20];
        let mut sent = 0;
        loop {
            match transport.write(&[IoSlice::new(&block), IoSlice::new(&block)]) {
                Ok(count) => sent += count,
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    break;
                }
            }
        }
        let mut received = vec![0; sent];
        peer.read_exact(&mut received).unwrap();
        assert!(received.iter().all(|&byte| byte == 7));
        wait_for(&transport, PollFlags::OUT);
        assert!(transport.write(&[IoSlice::new(&block)]).unwrap() > 0);
    }

    #[test]
    fn more_buffers_than_the_system_takes_are_written_in_part() {
        let (transport, _peer) = pair();
        let many = vec![IoSlice::new(b"x"); MAX_BUFFERS + 1];
        assert_eq!(transport.write(&many).unwrap(), MAX_BUFFERS);
        assert_eq!(transport.write(&[]).unwrap(), 0);
    }

    #[test]
    fn writing_to_a_gone_peer_is_an_error_and_no_signal() {
        // The test runner ignores SIGPIPE, so this sees the error only.
        let (transport, peer) = pair();
        drop(peer);
        transport.shutdown();
        for bufs in [
            &[IoSlice::new(b"a")][..],
            &[IoSlice::new(b"a"), IoSlice::new(b"b")],
        ] {
            let error = transport.write(bufs).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    }

    #[test]
    fn sockets_are_closed_on_exec_and_without_delay() {
        let (transport, _peer) = pair();
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
        connect_any(&[refusing_address(), server], soon()).unwrap();
        assert!(start.elapsed() < HEAD_START);
    }

    #[test]
    fn an_address_after_a_silent_and_a_refusing_one_is_not_held_up_twice() {
        let (silent, _held) = silent_listener("127.0.0.4");
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let server = listener.local_addr().unwrap();
        let start = Instant::now();
        connect_any(&[silent, refusing_address(), server], soon()).unwrap();
        assert!(start.elapsed() < 2 * HEAD_START);
    }

    #[test]
    fn an_address_after_a_silent_one_is_tried_beside_it() {
        let (silent, _held) = silent_listener("127.0.0.3");
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let server = listener.local_addr().unwrap();
        let start = Instant::now();
        let transport = connect_any(&[silent, server], soon()).unwrap();
        assert!(start.elapsed() >= HEAD_START);
        assert!(start.elapsed() < Duration::from_secs(5));
        let peer = rustix::net::getpeername(&transport.socket).unwrap();
        assert_eq!(SocketAddr::try_from(peer.unwrap()).unwrap(), server);
    }

    #[test]
    fn the_last_failure_is_told_and_no_address_is_one_too() {
        let refusing = refusing_address();
        let error = connect_any(&[refusing, refusing], soon()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect_any(&[], soon()).is_err());
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
