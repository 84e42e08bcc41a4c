//! Packet identifiers for PUBLISH with QoS > 0, SUBSCRIBE and UNSUBSCRIBE ([MQTT-2.2.1-3]; 3.1.1: [MQTT-2.3.1-1]).

use crate::packet::PacketId;

/// Hands out identifiers in order, 65535 is followed by 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PacketIds {
    last: u16,
}

impl PacketIds {
    /// The next identifier for which `in_use` says no; `None` when all 65535 are in use ([MQTT-2.2.1-3]; 3.1.1: [MQTT-2.3.1-2]).
    #[inline]
    pub(super) fn next(&mut self, in_use: impl Fn(PacketId) -> bool) -> Option<PacketId> {
        let id = PacketId::new(id_after(self.last))?;
        if in_use(id) {
            return self.next_free(in_use);
        }
        self.last = id.get();
        Some(id)
    }

    #[cold]
    fn next_free(&mut self, in_use: impl Fn(PacketId) -> bool) -> Option<PacketId> {
        let mut candidate = self.last;
        for _ in 0..u16::MAX {
            candidate = id_after(candidate);
            let id = PacketId::new(candidate)?;
            if !in_use(id) {
                self.last = candidate;
                return Some(id);
            }
        }
        None
    }

    /// Goes on after an identifier handed out earlier.
    pub(super) fn continue_after(&mut self, last: PacketId) {
        self.last = last.get();
    }

    /// Starts again at 1, as a clean session does.
    pub(super) fn reset(&mut self) {
        self.last = 0;
    }
}

/// The next one in the circle of 1 to 65535.
#[inline]
pub(super) fn id_after(id: u16) -> u16 {
    id.checked_add(1).unwrap_or(1)
}

/// Steps from one identifier to another in that circle.
#[inline]
pub(super) fn distance(from: u16, to: u16) -> usize {
    let (from, to) = (usize::from(from), usize::from(to));
    if to >= from {
        to - from
    } else {
        to + 65535 - from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_one_and_65535_is_followed_by_one() {
        let mut ids = PacketIds::default();
        assert_eq!(ids.next(|_| false).unwrap().get(), 1);
        ids.last = 65534;
        assert_eq!(ids.next(|_| false).unwrap().get(), 65535);
        assert_eq!(ids.next(|_| false).unwrap().get(), 1);
    }

    #[test]
    fn identifiers_in_use_are_skipped() {
        let mut ids = PacketIds::default();
        assert_eq!(ids.next(|id| id.get() < 5).unwrap().get(), 5);
    }

    #[test]
    fn none_is_left_when_all_are_in_use() {
        let mut ids = PacketIds::default();
        assert_eq!(ids.next(|_| true), None);
        assert_eq!(ids.next(|_| false).unwrap().get(), 1);
    }
}
