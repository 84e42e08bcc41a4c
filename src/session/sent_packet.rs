//! The packet of an unfinished outbound message, kept to be sent again.

use bytes::Bytes;
use std::ops::Deref;

/// From this size on a packet is shared instead of copied.
pub(super) const SHARED_SIZE: usize = 4096;
/// Buffers kept for the messages to come.
const KEPT_BUFFERS: usize = 32;
/// Capacity up to which a buffer is kept.
const KEPT_CAPACITY: usize = 512;

/// A PUBLISH as on the wire.
#[derive(Clone, Debug)]
pub enum SentPacket {
    /// In a buffer of its own, which serves another message afterwards.
    Own(Vec<u8>),
    /// Shared with the bytes to send and with the store.
    Shared(Bytes),
}

impl SentPacket {
    /// Another reference, or a copy.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            SentPacket::Own(packet) => Bytes::copy_from_slice(packet),
            SentPacket::Shared(packet) => packet.clone(),
        }
    }
}

impl From<Bytes> for SentPacket {
    fn from(packet: Bytes) -> SentPacket {
        SentPacket::Shared(packet)
    }
}

impl Deref for SentPacket {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            SentPacket::Own(packet) => packet,
            SentPacket::Shared(packet) => packet,
        }
    }
}

/// Buffers of finished messages: to allocate one for each message, on one thread, and to free it on another is most of
/// what a small message would cost.
#[derive(Debug, Default)]
pub(super) struct PacketBuffers(Vec<Vec<u8>>);

impl PacketBuffers {
    /// The packet that consists of `head` and `payload`.
    #[inline]
    pub(super) fn join(&mut self, head: &[u8], payload: &[u8]) -> SentPacket {
        let size = head.len() + payload.len();
        let mut packet = match size < SHARED_SIZE {
            true => self.0.pop().unwrap_or_default(),
            false => Vec::new(),
        };
        if packet.capacity() < size {
            // Only what is needed: it may be kept for long.
            packet = Vec::with_capacity(size);
        }
        packet.extend_from_slice(head);
        packet.extend_from_slice(payload);
        match size < SHARED_SIZE {
            true => SentPacket::Own(packet),
            false => SentPacket::Shared(packet.into()),
        }
    }

    /// The message is finished.
    #[inline]
    pub(super) fn give_back(&mut self, packet: SentPacket) {
        if let SentPacket::Own(mut buffer) = packet {
            if buffer.capacity() <= KEPT_CAPACITY && self.0.len() < KEPT_BUFFERS {
                buffer.clear();
                self.0.push(buffer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_its_two_parts_whatever_buffer_it_comes_in() {
        let mut buffers = PacketBuffers::default();
        for size in [0, 1, 600, 5000, 2, 100, SHARED_SIZE - 3, SHARED_SIZE - 2] {
            let payload = vec![size as u8; size];
            let packet = buffers.join(b"\x32h", &payload);
            assert_eq!(packet[..2], *b"\x32h");
            assert_eq!(packet[2..], payload);
            assert_eq!(packet.to_bytes(), &packet[..]);
            buffers.give_back(packet);
        }
    }

    #[test]
    fn few_and_small_buffers_are_kept() {
        let mut buffers = PacketBuffers::default();
        for size in (0..2 * KEPT_BUFFERS).map(|n| n * 20) {
            let packet = buffers.join(b"", &vec![0; size]);
            buffers.give_back(packet);
        }
        let many: Vec<_> = (0..2 * KEPT_BUFFERS)
            .map(|_| buffers.join(b"", &[1]))
            .collect();
        for packet in many {
            buffers.give_back(packet);
        }
        assert_eq!(buffers.0.len(), KEPT_BUFFERS);
        assert!(
            buffers
                .0
                .iter()
                .all(|buffer| buffer.capacity() <= KEPT_CAPACITY)
        );
    }
}
