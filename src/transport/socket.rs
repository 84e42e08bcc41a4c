//! Connected stream sockets of the system.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, sockopt};

use super::{Interest, Transport, wait_ready};

/// Most buffers that one `sendmsg` takes (`IOV_MAX` of Linux).
const MAX_BUFFERS: usize = 1024;

/// When nothing has come for so long, nothing is on its way.
const QUIET: Duration = Duration::from_millis(100);

/// A connected stream socket: non-blocking, close-on-exec. Closed when dropped.
#[derive(Debug)]
pub struct StreamSocket {
    pub(super) socket: OwnedFd,
}

impl StreamSocket {
    /// Takes over a connected, non-blocking socket.
    pub(super) fn new(socket: OwnedFd) -> StreamSocket {
        StreamSocket { socket }
    }

    /// [`write`](Transport::write) of bytes that stand in one piece.
    #[inline]
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| {
            rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL)
        })?)
    }
}

impl Transport for StreamSocket {
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
        if let [single] = bufs {
            return self.send(single);
        }
        let bufs = &bufs[..bufs.len().min(MAX_BUFFERS)];
        Ok(retry_on_intr(|| {
            let mut control = SendAncillaryBuffer::default();
            rustix::net::sendmsg(&self.socket, bufs, &mut control, SendFlags::NOSIGNAL)
        })?)
    }

    fn shutdown(&self) {
        // Fails only if the peer has ended the connection already.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Both);
    }

    fn finish(&self) {
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Write);
    }

    /// Closing a socket with unread data sends a reset, and so does what comes behind that: a peer that gives up when it
    /// cannot write loses what it has not read yet.
    fn discard(&self, mut last: Option<Instant>, until: Instant) {
        // Not on the stack: programs call from threads that have little of it.
        let mut unread = vec![0; 16 * 1024];
        loop {
            let result = self.read(&mut unread);
            let now = Instant::now();
            match result {
                Ok(1..) => last = Some(now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let Some(last) = last.filter(|last| *last + QUIET > now) else {
                        return;
                    };
                    wait_ready(self, Interest::READ, Some(until.min(last + QUIET)));
                }
                Ok(0) | Err(_) => return,
            }
            if now >= until {
                return;
            }
        }
    }

    fn short_read_drains(&self) -> bool {
        true
    }

    fn reads_ahead(&self) -> bool {
        false
    }

    fn set_corked(&self, corked: bool) -> io::Result<()> {
        Ok(sockopt::set_tcp_cork(&self.socket, corked)?)
    }

    fn acknowledge(&self) {
        let _ = sockopt::set_tcp_quickack(&self.socket, true);
    }

    fn as_socket(self: Arc<Self>) -> Option<Arc<StreamSocket>> {
        Some(self)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::super::testing::pair;
    use super::super::{Interest, wait_ready};
    use super::*;

    fn wait_for(transport: &StreamSocket, interest: Interest) -> Interest {
        let limit = Instant::now() + Duration::from_secs(20);
        wait_ready(transport, interest, Some(limit))
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
        wait_for(&transport, Interest::READ);
        assert_eq!(transport.read(&mut buf).unwrap(), 4);
        assert_eq!(&buf[..4], b"back");
    }

    #[test]
    fn the_end_of_the_stream_reads_as_zero() {
        let (transport, peer) = pair();
        drop(peer);
        wait_for(&transport, Interest::READ);
        assert_eq!(transport.read(&mut [0; 4]).unwrap(), 0);
    }

    #[test]
    fn finishing_delivers_what_was_written() {
        let (transport, mut peer) = pair();
        peer.write_all(b"unread").unwrap();
        wait_for(&transport, Interest::READ);
        transport.write(&[IoSlice::new(b"last words")]).unwrap();
        transport.finish();
        transport.discard(None, Instant::now());
        drop(transport);
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"last words");
    }

    #[test]
    fn what_still_comes_is_thrown_away_until_the_peer_ends_its_side() {
        let (transport, mut peer) = pair();
        transport.finish();
        thread::scope(|scope| {
            let sending = scope.spawn(move || peer.write_all(&vec![7; 16 << 20]));
            let limit = Instant::now() + Duration::from_secs(20);
            transport.discard(Some(Instant::now() + QUIET), limit);
            assert!(Instant::now() < limit);
            sending.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_peer_that_sends_without_end_is_not_listened_to_for_ever() {
        let (transport, mut peer) = pair();
        transport.finish();
        thread::scope(|scope| {
            let sending = scope.spawn(move || while peer.write_all(&[7; 4096]).is_ok() {});
            let begin = Instant::now();
            let limit = begin + Duration::from_millis(50);
            transport.discard(Some(begin), limit);
            assert!(Instant::now() >= limit);
            transport.shutdown();
            sending.join().unwrap();
        });
    }

    #[test]
    fn nothing_is_waited_for_where_nothing_comes() {
        let (transport, _peer) = pair();
        transport.finish();
        let limit = Instant::now() + Duration::from_secs(20);
        let time = |last: Option<Instant>| {
            let begin = Instant::now();
            transport.discard(last, limit);
            begin.elapsed()
        };
        // The machine may be busy with other things now and then.
        assert!((0..20).any(|_| time(None) < QUIET));
        assert!((0..20).any(|_| time(Instant::now().checked_sub(QUIET)) < QUIET));
        let begin = Instant::now();
        time(Some(begin));
        assert!(begin.elapsed() >= QUIET);
        assert!(Instant::now() < limit);
    }

    #[test]
    fn shutdown_wakes_a_waiting_thread_and_ends_the_peers_stream() {
        let (transport, mut peer) = pair();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| wait_for(&transport, Interest::READ));
            transport.shutdown();
            assert!(waiter.join().unwrap().readable);
        });
        assert_eq!(peer.read(&mut [0; 4]).unwrap(), 0);
        transport.shutdown();
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
        wait_for(&transport, Interest::WRITE);
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
}
