//! Streams of small QoS 0 messages: the system puts what belongs together into one segment. Each would otherwise be sent on
//! its own, which costs it, and the server that is woken for it, several times what the library does.

use super::Client;
use super::state::State;
use std::time::{Duration, Instant};

/// So many messages one behind the other, with nothing received between them, ...
const STREAM: u32 = 16;
/// ... in no more than this time are a stream: answers to each could not have come.
const STREAM_TIME: Duration = Duration::from_micros(400);
/// So long the system may keep what does not fill a segment.
const LONGEST_HOLD: Duration = Duration::from_millis(2);
/// A publisher that goes on sends it itself when no more than this is left: a worker would have to wait for the lock, which a
/// publisher hardly ever leaves alone.
const RELEASE_BEFORE: Duration = Duration::from_micros(500);
/// Larger messages fill segments themselves.
const SMALL: usize = 4096;

/// How closely the messages of a connection follow each other.
pub(super) struct Stream {
    /// When the last [`STREAM`] messages began.
    since: Instant,
    length: u32,
    /// When what the system holds back is to be sent at the latest.
    pub(super) release_at: Option<Instant>,
    /// It does not hold anything back for this kind of connection.
    unsupported: bool,
}

impl Stream {
    pub(super) fn new() -> Stream {
        Stream {
            since: Instant::now(),
            length: 0,
            release_at: None,
            unsupported: false,
        }
    }

    /// Another message goes out. Whether it is time to look whether that is a stream.
    #[inline(always)]
    fn advance(&mut self, size: usize) -> bool {
        self.length = match size <= SMALL {
            true => self.length + 1,
            false => 0,
        };
        self.length >= STREAM
    }

    /// Whether the messages since the last look are a stream whose bytes go out one by one.
    fn is_flowing(&mut self, now: Instant) -> bool {
        let close = now.saturating_duration_since(self.since) <= STREAM_TIME;
        self.since = now;
        self.length = 0;
        close && self.release_at.is_none() && !self.unsupported
    }
}

impl Client {
    /// A QoS 0 message is about to be written.
    #[inline(always)]
    pub(super) fn note_streamed(&self, state: &mut State, now: Instant, size: usize) {
        if let Some(link) = &mut state.link {
            if link.stream.advance(size) {
                self.look_at_stream(state, now);
            }
        }
    }

    /// Has the system collect what comes until a worker, or a later message, releases it: so only where workers look after the
    /// connection.
    #[cold]
    fn look_at_stream(&self, state: &mut State, now: Instant) {
        let released_by = now + RELEASE_BEFORE;
        let link = state.link.as_ref();
        if link.is_some_and(|link| link.stream.release_at.is_some_and(|at| at <= released_by)) {
            release(state);
        }
        let Some(link) = &mut state.link else { return };
        if !link.stream.is_flowing(now) || !link.registered || link.is_inherited() {
            return;
        }
        match link.transport.set_corked(true) {
            Ok(()) => {
                link.stream.release_at = Some(now + LONGEST_HOLD);
                self.move_timer(state);
            }
            Err(_) => link.stream.unsupported = true,
        }
    }

    /// What the system holds back is sent: something that should not wait follows it, or an answer has come.
    #[inline]
    pub(super) fn end_stream(&self, state: &mut State) {
        if let Some(link) = &mut state.link {
            link.stream.length = 0;
            if link.stream.release_at.is_some() {
                release(state);
            }
        }
    }

    /// Sends what has been held back long enough.
    pub(super) fn handle_stream_timer(&self, state: &mut State) {
        let link = state.link.as_ref();
        let due = link.and_then(|link| link.stream.release_at);
        if due.is_some_and(|at| at <= Instant::now()) {
            release(state);
        }
    }
}

#[cold]
fn release(state: &mut State) {
    if let Some(link) = &mut state.link {
        link.stream.release_at = None;
        // A connection on which this fails has failed, which the next write tells.
        let _ = link.transport.set_corked(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many messages of this size, so far apart, it is a stream.
    fn begins_after(step: Duration, size: usize) -> Option<u32> {
        let mut stream = Stream::new();
        let mut now = stream.since;
        (1..1000).find(|_| {
            now += step;
            stream.advance(size) && stream.is_flowing(now)
        })
    }

    #[test]
    fn small_messages_close_to_each_other_are_a_stream() {
        let longest = STREAM_TIME / STREAM;
        assert_eq!(begins_after(longest, 16), Some(STREAM));
        assert_eq!(begins_after(longest, SMALL), Some(STREAM));
        assert_eq!(begins_after(longest, SMALL + 1), None);
        assert_eq!(begins_after(longest * 2, 16), None);
    }

    #[test]
    fn what_is_held_back_is_not_held_back_again() {
        let mut stream = Stream::new();
        let now = stream.since;
        stream.release_at = Some(now);
        assert!(!stream.is_flowing(now));
        stream.release_at = None;
        assert!(stream.is_flowing(now));
        stream.unsupported = true;
        assert!(!stream.is_flowing(now));
    }
}
