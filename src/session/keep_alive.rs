//! Keep alive ([MQTT-3.1.2-20]; 3.1.1: [MQTT-3.1.2-23]): when to ping and when to give up, as arithmetic on given instants.

use std::time::{Duration, Instant};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// Send PINGREQ; it is counted as sent.
    Ping,
    /// The server has not answered for one and a half intervals: the connection is lost.
    Lost,
}

/// The keep alive state of one connection. An interval of zero turns it off.
#[derive(Debug)]
pub(super) struct KeepAlive {
    interval: Duration,
    last_sent: Instant,
    last_received: Instant,
    ping_sent: Option<Instant>,
    reading_paused: bool,
}

impl KeepAlive {
    /// A connection that starts at `now`.
    pub(super) fn new(interval: Duration, now: Instant) -> KeepAlive {
        KeepAlive {
            interval,
            last_sent: now,
            last_received: now,
            ping_sent: None,
            reading_paused: false,
        }
    }

    /// The server asked for another interval (MQTT 5 Server Keep Alive [MQTT-3.2.2-21]).
    pub(super) fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Bytes went out.
    pub(super) fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    /// Bytes came in.
    pub(super) fn received(&mut self, now: Instant) {
        self.last_received = now;
    }

    /// When bytes went out last.
    pub(super) fn last_sent(&self) -> Instant {
        self.last_sent
    }

    /// When bytes came in last.
    pub(super) fn last_received(&self) -> Instant {
        self.last_received
    }

    /// PINGRESP came in.
    pub(super) fn handle_pingresp(&mut self) {
        self.ping_sent = None;
    }

    /// While nothing is read (back-pressure) silence says nothing about the server; pings go on.
    pub(super) fn set_reading_paused(&mut self, paused: bool, now: Instant) {
        if self.reading_paused && !paused {
            self.last_received = now;
            self.ping_sent = None;
        }
        self.reading_paused = paused;
    }

    /// When [`due`](Self::due) should be asked next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        if self.interval.is_zero() {
            return None;
        }
        Some(match self.ping_sent {
            Some(sent) if self.reading_paused => sent + self.interval,
            Some(sent) => sent.max(self.last_received) + self.silence_limit(),
            None => self.last_sent.min(self.last_received) + self.interval,
        })
    }

    /// What is due at `now`.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        match self.next_deadline() {
            Some(deadline) if deadline <= now => {
                if self.ping_sent.is_some() && !self.reading_paused {
                    return Due::Lost;
                }
                self.ping_sent = Some(now);
                Due::Ping
            }
            _ => Due::Nothing,
        }
    }

    fn silence_limit(&self) -> Duration {
        self.interval * 3 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn an_idle_connection_pings_once_per_interval() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(2 * S, start);
        assert_eq!(keep_alive.due(start + S), Due::Nothing);
        assert_eq!(keep_alive.due(start + 2 * S), Due::Ping);
        keep_alive.sent(start + 2 * S);
        keep_alive.received(start + 2 * S);
        keep_alive.handle_pingresp();
        assert_eq!(keep_alive.due(start + 3 * S), Due::Nothing);
        assert_eq!(keep_alive.due(start + 4 * S), Due::Ping);
    }

    #[test]
    fn a_connection_that_only_sends_or_only_receives_still_pings() {
        let start = Instant::now();
        let mut sender = KeepAlive::new(2 * S, start);
        sender.sent(start + S);
        assert_eq!(sender.due(start + 2 * S), Due::Ping);
        let mut receiver = KeepAlive::new(2 * S, start);
        receiver.received(start + S);
        assert_eq!(receiver.due(start + 2 * S), Due::Ping);
    }

    #[test]
    fn silence_after_an_unanswered_ping_loses_the_connection_after_one_and_a_half_intervals() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(2 * S, start);
        assert_eq!(keep_alive.due(start + 2 * S), Due::Ping);
        keep_alive.sent(start + 2 * S);
        assert_eq!(keep_alive.next_deadline(), Some(start + 5 * S));
        assert_eq!(keep_alive.due(start + 4 * S), Due::Nothing);
        assert_eq!(keep_alive.due(start + 5 * S), Due::Lost);
    }

    #[test]
    fn other_packets_put_the_loss_off_without_another_ping() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(2 * S, start);
        assert_eq!(keep_alive.due(start + 2 * S), Due::Ping);
        for second in 3..12 {
            keep_alive.received(start + second * S);
            assert_eq!(keep_alive.due(start + second * S), Due::Nothing);
        }
        assert_eq!(keep_alive.due(start + 14 * S), Due::Lost);
    }

    #[test]
    fn zero_turns_it_off() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(Duration::ZERO, start);
        assert_eq!(keep_alive.next_deadline(), None);
        assert_eq!(keep_alive.due(start + 1000 * S), Due::Nothing);
    }

    #[test]
    fn paused_reading_never_loses_the_connection_and_keeps_pinging() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(2 * S, start);
        keep_alive.set_reading_paused(true, start);
        for second in [2, 4, 6, 8] {
            assert_eq!(keep_alive.due(start + second * S), Due::Ping);
            keep_alive.sent(start + second * S);
        }
        keep_alive.set_reading_paused(false, start + 9 * S);
        assert_eq!(keep_alive.due(start + 9 * S), Due::Nothing);
        // What was not read may have been the answer: the server is asked again before it is given up.
        assert_eq!(keep_alive.due(start + 10 * S), Due::Ping);
        assert_eq!(keep_alive.due(start + 12 * S), Due::Nothing);
        assert_eq!(keep_alive.due(start + 13 * S), Due::Lost);
    }
}
