//! Sending unfinished messages again: on the next connection, and below MQTT 5 after the retry interval.

use super::{Awaiting, SentPacket, Session, StoreOp};
use crate::packet::{self, FixedHeader, PacketId, ProtocolVersion};
use crate::trace::payload_excerpt;
use bytes::Bytes;
use std::time::{Duration, Instant};

impl Session {
    /// [MQTT-4.4.0-1]: on 3.1 and 3.1.1 everything at once whatever the window; on 5 no more than Receive Maximum, the
    /// rest as acknowledgements come.
    pub(super) fn resend_unfinished(&mut self, now: Instant) {
        let quota = match self.is_v5() {
            true => self.server_limits.receive_maximum,
            false => usize::MAX,
        };
        self.resend_waiting = self.inflight.len() > quota;
        let ids: Vec<PacketId> = self.inflight.iter().map(|message| message.id).collect();
        let mut sent = 0;
        for id in ids {
            if sent >= quota {
                break;
            }
            match self.resend(id, now) {
                true => sent += 1,
                false => self.hold_back(id),
            }
        }
    }

    /// The message stays as it is, for a later connection.
    fn hold_back(&mut self, id: PacketId) {
        crate::trace!(
            crate::trace::Level::Error,
            "{} message {id} is not sent again: this server does not take it",
            self.label
        );
        self.held_back.insert(id);
    }

    /// Resends the first message that still waits for its turn after the reconnect.
    #[inline]
    pub(super) fn resend_next(&mut self, now: Instant) {
        if self.resend_waiting {
            self.resend_first_waiting(now);
        }
    }

    #[cold]
    fn resend_first_waiting(&mut self, now: Instant) {
        while self.resend_waiting {
            let waiting = self
                .inflight
                .iter()
                .find(|message| message.sent_at.is_none() && !self.held_back.contains(&message.id))
                .map(|message| message.id);
            match waiting {
                Some(id) if self.resend(id, now) => return,
                Some(id) => self.hold_back(id),
                None => self.resend_waiting = false,
            }
        }
    }

    /// PUBLISH again, with DUP [MQTT-3.3.1-1], or PUBREL again. `false`: the server's limits forbid it.
    fn resend(&mut self, id: PacketId, now: Instant) -> bool {
        let (v5, keeps_old) = (self.is_v5(), self.keeps_old_records);
        let Some(message) = self.inflight.get_mut(id) else {
            return false;
        };
        let v5_record = message.records.next_is_v5(v5, keeps_old);
        if message.awaiting == Awaiting::PubComp {
            message.records.set_pubrel(v5_record);
            message.sent_at = Some(now);
            self.sent_since.get_or_insert(now);
            self.store(|| StoreOp::PutPubRel { v5: v5_record, id });
            self.trace_resend("PUBREL", id);
            self.send_pubrel(id);
            return true;
        }
        let packet = with_dup(&message.packet, message.packet_v5, v5);
        let Some(packet) = packet.filter(|packet| self.server_limits.allow(packet)) else {
            return false;
        };
        message.sent_at = Some(now);
        self.sent_since.get_or_insert(now);
        message.packet = packet.clone().into();
        message.packet_v5 = v5;
        match v5_record {
            true => message.records.sent_v5 = true,
            false => message.records.sent_v3 = true,
        }
        let (qos, retain) = (message.qos as u8, packet[0] & 1);
        self.trace_resend("PUBLISH", id);
        if crate::trace::enabled(crate::trace::Level::Protocol) {
            let payload = packet::publish::record_parts(&packet, self.version)
                .map_or(&[][..], |parts| parts[4]);
            let (len, excerpt) = (payload.len(), payload_excerpt(payload));
            let result = if self.blocked { -22 } else { 0 };
            crate::trace!(
                crate::trace::Level::Protocol,
                "{} -> PUBLISH msgid: {id} qos: {qos} retained: {retain} rc {result} payload len({len}): {excerpt}",
                self.label
            );
        }
        // The one there is in another form tells the same.
        if v5_record == v5 {
            self.store(|| StoreOp::PutSent {
                v5,
                id,
                packet: packet.clone(),
            });
        }
        self.send.push(&packet);
        true
    }

    fn trace_resend(&self, packet: &str, id: PacketId) {
        let (socket, name) = self.label.split_once(' ').unwrap_or_default();
        crate::trace!(
            crate::trace::Level::Minimum,
            "Trying {packet} again for client {name}, socket {socket}, message identifier {id}"
        );
    }

    /// When a message sent at `sent_at` is to be sent again on the same connection if its acknowledgement does not come.
    #[inline]
    pub fn retry_at(&self, sent_at: Instant) -> Option<Instant> {
        sent_at.checked_add(self.retry_interval()?)
    }

    /// When to look for unacknowledged messages to be resent (3.1 and 3.1.1; forbidden on 5 [MQTT-4.4.0-1]).
    pub(super) fn next_retry(&self) -> Option<Instant> {
        let unfinished = self.inflight.len() > 0;
        self.retry_at(self.sent_since.filter(|_| unfinished)?)
    }

    pub(super) fn retry_overdue(&mut self, now: Instant) {
        let Some(interval) = self.retry_interval() else {
            return;
        };
        if self.next_retry().is_none_or(|at| at > now) {
            return;
        }
        self.send_overdue(now, interval);
        self.sent_since = self.inflight.iter().filter_map(|sent| sent.sent_at).min();
    }

    fn send_overdue(&mut self, now: Instant, interval: Duration) {
        let overdue = |sent_at: Instant| now.saturating_duration_since(sent_at) >= interval;
        if self.blocked {
            // A copy behind the packet that is still on its way would only make the way longer.
            for message in self.inflight.iter_mut() {
                if message.sent_at.is_some_and(overdue) {
                    message.sent_at = Some(now);
                }
            }
            return;
        }
        let ids: Vec<PacketId> = self
            .inflight
            .iter()
            .filter(|message| message.sent_at.is_some_and(overdue))
            .map(|message| message.id)
            .collect();
        for id in ids {
            self.resend(id, now);
        }
    }

    #[inline]
    fn retry_interval(&self) -> Option<Duration> {
        let interval = self.options.as_ref()?.retry_interval;
        (!interval.is_zero() && !self.is_v5()).then(|| interval.max(Duration::from_secs(10)))
    }
}

/// The packet in the form of the connection's version, with DUP set.
fn with_dup(packet: &SentPacket, packet_v5: bool, v5: bool) -> Option<Bytes> {
    const DUP: u8 = 0x08;
    if packet_v5 == v5 {
        if packet[0] & DUP != 0 {
            return Some(packet.to_bytes());
        }
        let mut copy = packet.to_vec();
        copy[0] |= DUP;
        return Some(copy.into());
    }
    // Spliced and not decoded: what an application published is sent as it is, whatever its topic.
    let version = ProtocolVersion::of_format(packet_v5);
    let [header, topic_length, topic, id, payload] =
        packet::publish::record_parts(packet, version)?;
    let id = id.first_chunk::<2>()?;
    let no_properties: &[u8] = if v5 { &[0] } else { &[] };
    let parts = [topic_length, topic, id, no_properties, payload];
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let header = FixedHeader::new(header[0] | DUP, length as u64).ok()?;
    let mut converted = Vec::with_capacity(header.as_slice().len() + length);
    converted.extend_from_slice(header.as_slice());
    for part in parts {
        converted.extend_from_slice(part);
    }
    Some(converted.into())
}
