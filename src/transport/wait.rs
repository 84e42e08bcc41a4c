//! Waiting for transports to become ready.

use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Transport;

/// How long to wait when readiness cannot be found out.
const BLIND_PAUSE: Duration = Duration::from_millis(10);

/// What to wait for, and what a wait found. A transport that has ended counts as readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// There is something to read.
    pub readable: bool,
    /// Something can be written.
    pub writable: bool,
}

impl Interest {
    /// Reading only.
    pub const READ: Interest = Interest {
        readable: true,
        writable: false,
    };
    /// Writing only.
    pub const WRITE: Interest = Interest {
        readable: false,
        writable: true,
    };
}

/// Waits until the transport is ready, at most until `deadline` (`None`: no limit); a signal may end
/// the wait early.
pub fn wait_ready(
    transport: &dyn Transport,
    interest: Interest,
    deadline: Option<Instant>,
) -> Interest {
    wait_any(&[(transport, interest)], deadline)[0]
}

/// Waits until one of the transports is ready, at most until `deadline`. With none it just lasts
/// that long.
pub fn wait_any(
    transports: &[(&dyn Transport, Interest)],
    deadline: Option<Instant>,
) -> Vec<Interest> {
    let buffered = transports
        .iter()
        .any(|(transport, interest)| interest.readable && transport.has_buffered_input());
    let mut fds: Vec<PollFd<'_>> = transports
        .iter()
        .map(|(transport, interest)| {
            PollFd::from_borrowed_fd(transport.descriptor(), flags(*transport, *interest))
        })
        .collect();
    let known = wait(
        &mut fds,
        if buffered {
            Some(Instant::now())
        } else {
            deadline
        },
    );
    if !known {
        // Trying does no harm: nothing blocks.
        thread::sleep(BLIND_PAUSE);
        return transports.iter().map(|(_, interest)| *interest).collect();
    }
    let both = transports.iter().zip(&fds);
    both.map(|((transport, interest), fd)| found(*transport, *interest, fd.revents()))
        .collect()
}

/// `false`: that cannot be found out. The process may have fewer descriptors now than it waits for, or the kernel no memory.
fn wait(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> bool {
    let timeout = deadline.and_then(|deadline| {
        Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok()
    });
    match poll(fds, timeout.as_ref()) {
        Ok(_) => true,
        Err(Errno::INTR) => {
            // Nothing is ready as far as is known.
            for fd in fds {
                fd.clear_revents();
            }
            true
        }
        Err(_) => false,
    }
}

/// What the descriptor has to show for the transport to go on.
fn flags(transport: &dyn Transport, interest: Interest) -> PollFlags {
    let Interest { readable, writable } = interest;
    let mut flags = PollFlags::empty();
    let write_by_input = writable && transport.write_awaits_input();
    flags.set(PollFlags::IN, readable || write_by_input);
    let read_by_output = readable && transport.read_awaits_output();
    flags.set(
        PollFlags::OUT,
        writable && !write_by_input || read_by_output,
    );
    flags
}

fn found(transport: &dyn Transport, interest: Interest, revents: PollFlags) -> Interest {
    let input = revents.contains(PollFlags::IN);
    let output = revents.contains(PollFlags::OUT);
    let ended = revents.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
    let read_goes_on = transport.has_buffered_input() || output && transport.read_awaits_output();
    Interest {
        readable: input || ended || interest.readable && read_goes_on,
        writable: output || input && interest.writable && transport.write_awaits_input(),
    }
}
