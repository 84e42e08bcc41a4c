//! Unix domain sockets.

use std::io;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::socket::StreamSocket;

/// Connects to the socket at `path`. Waits until `deadline` while the server has no room for another connection.
pub(super) fn connect(path: &[u8], deadline: Instant) -> io::Result<StreamSocket> {
    let address = SocketAddrUnix::new(path)?;
    // Connecting is immediate or fails, but for a full queue of the listener, and nothing announces that it has room
    // again: only a blocking connect waits for that, limited by the send timeout.
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let timeout = rustix::net::sockopt::Timeout::Send;
        rustix::net::sockopt::set_socket_timeout(&socket, timeout, Some(left))?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::ISCONN) => break,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(StreamSocket::new(socket))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    use super::super::Transport;
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_listening_path_is_connected_to_without_blocking_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker");
        let _listener = UnixListener::bind(&path).unwrap();
        let transport = connect(path.as_os_str().as_bytes(), soon()).unwrap();
        let nothing = transport.read(&mut [0; 4]).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        let flags = rustix::io::fcntl_getfd(&transport.socket).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn no_listener_and_a_path_that_is_too_long_fail_at_once() {
        let start = Instant::now();
        for path in [&b"/nonexistent/socket"[..], &[b'x'; 200], b"a\0b"] {
            assert!(connect(path, soon()).is_err());
        }
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_full_listener_fails_at_the_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let path = path.as_os_str().as_bytes();
        let mut held = Vec::new();
        let start = Instant::now();
        let error = loop {
            match connect(path, Instant::now() + Duration::from_millis(200)) {
                Ok(transport) => held.push(transport),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(200));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
