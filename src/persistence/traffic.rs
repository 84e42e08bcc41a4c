//! Whether so many records come that it pays to keep files for them.

use std::time::{Duration, Instant};

/// After as many records without a pause, files are worth keeping.
pub(super) const DENSE: u32 = 100;

/// Records with more time in between do not come without a pause.
const PAUSE: Duration = Duration::from_millis(100);

/// How many records come, and how fast.
#[derive(Debug)]
pub(super) struct Traffic {
    last: Option<Instant>,
    without_pause: u32,
    pause: Duration,
}

impl Traffic {
    pub(super) fn new() -> Traffic {
        Traffic {
            last: None,
            without_pause: 0,
            pause: PAUSE,
        }
    }

    /// A record is about to be written.
    pub(super) fn note(&mut self, now: Instant) {
        let last = self.last.replace(now);
        let goes_on = last.is_some_and(|last| now.duration_since(last) < self.pause);
        self.without_pause = match goes_on {
            true => self.without_pause.saturating_add(1),
            false => 0,
        };
    }

    /// From when on the next record comes after a pause.
    pub(super) fn calm_at(&self) -> Option<Instant> {
        self.last?.checked_add(self.pause)
    }

    pub(super) fn is_dense(&self) -> bool {
        self.without_pause >= DENSE
    }
}

#[cfg(test)]
impl Traffic {
    pub(super) fn dense_for_ever() -> Traffic {
        Traffic {
            last: Some(Instant::now()),
            without_pause: DENSE,
            pause: Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_dense_after_many_records_without_a_pause() {
        let mut traffic = Traffic::new();
        let mut now = Instant::now();
        traffic.note(now);
        for _ in 0..DENSE {
            assert!(!traffic.is_dense());
            now += PAUSE / 2;
            traffic.note(now);
        }
        assert!(traffic.is_dense());
        assert_eq!(traffic.calm_at(), Some(now + PAUSE));
        traffic.note(now + PAUSE);
        assert!(!traffic.is_dense());
    }
}
