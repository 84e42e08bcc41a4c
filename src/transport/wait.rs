//! Waiting for transports to become ready.

use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Transport;

/// What to wait for, and what a wait found. A transport that has ended counts as readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// There is something to read.
    pub readable: bool,
    /// Something can be written.
    pub writable: bool,
}

/// Waits until the transport is ready, at most until `deadline` (`None`: no limit); a signal may end
/// the wait early.
pub fn wait_ready(
    transport: &dyn Transport,
    interest: Interest,
    deadline: Option<Instant>,
) -> Interest {
    let mut fds = [PollFd::from_borrowed_fd(
        transport.descriptor(),
        flags(interest),
    )];
    wait(&mut fds, deadline);
    found(&fds[0])
}

/// Waits until one of the transports is ready, at most until `deadline`. With none it just lasts
/// that long.
pub fn wait_any(
    transports: &[(&dyn Transport, Interest)],
    deadline: Option<Instant>,
) -> Vec<Interest> {
    let mut fds: Vec<PollFd<'_>> = transports
        .iter()
        .map(|(transport, interest)| {
            PollFd::from_borrowed_fd(transport.descriptor(), flags(*interest))
        })
        .collect();
    wait(&mut fds, deadline);
    fds.iter().map(found).collect()
}

fn wait(fds: &mut [PollFd<'_>], deadline: Option<Instant>) {
    let timeout = deadline.and_then(|deadline| {
        Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok()
    });
    if poll(fds, timeout.as_ref()).is_err() {
        // Interrupted: nothing is ready as far as is known.
        for fd in fds {
            fd.clear_revents();
        }
    }
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, interest.readable);
    flags.set(PollFlags::OUT, interest.writable);
    flags
}

fn found(fd: &PollFd<'_>) -> Interest {
    let revents = fd.revents();
    let ended = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    Interest {
        readable: revents.intersects(PollFlags::IN | ended),
        writable: revents.contains(PollFlags::OUT),
    }
}
