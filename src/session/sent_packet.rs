//! The packet of an unfinished outbound message, kept to be sent again.

use bytes::Bytes;
use std::collections::TryReserveError;
use std::ops::Deref;

/// From this size on a packet is shared instead of copied.
pub(super) const SHARED_SIZE: usize = 4096;
/// Buffers kept for the messages to come.
const KEPT_BUFFERS: usize = 128;
/// Capacity of all kept buffers together, in bytes.
const KEPT_CAPACITY: usize = 4096;
/// A buffer up to this size is kept for good: it takes little.
const SMALL_BUFFER: usize = 64;
/// Larger buffers are given up when no message is unfinished any more and they are more than this together.
const IDLE_CAPACITY: usize = 1280;

/// A PUBLISH as on the wire.
#[derive(Clone, Debug)]
pub enum SentPacket {
    /// In a buffer of its own, which serves another message afterwards.
    Own(Vec<u8>),
    /// Shared with the bytes to send and with the store.
    Shared(Bytes),
}

impl SentPacket {
    /// The packet, if it is shared.
    pub(super) fn shared(&self) -> Option<&Bytes> {
        match self {
            SentPacket::Own(_) => None,
            SentPacket::Shared(packet) => Some(packet),
        }
    }

    /// Another reference, or a copy.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            SentPacket::Own(packet) => Bytes::copy_from_slice(packet),
            SentPacket::Shared(packet) => packet.clone(),
        }
    }
}

impl Default for SentPacket {
    fn default() -> SentPacket {
        SentPacket::Own(Vec::new())
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
pub(super) struct PacketBuffers {
    kept: Vec<Vec<u8>>,
    capacity: usize,
    /// That of the large ones.
    large: usize,
}

impl PacketBuffers {
    /// The packet that consists of these two parts, if there is memory for it.
    #[inline(always)]
    pub(super) fn join(
        &mut self,
        first: &[u8],
        rest: &[u8],
    ) -> Result<SentPacket, TryReserveError> {
        if !rest.is_empty() || first.len() >= SHARED_SIZE {
            return join_long(first, rest);
        }
        let mut packet = self.kept.pop().unwrap_or_default();
        self.capacity -= packet.capacity();
        self.large -= large_capacity(&packet);
        if packet.capacity() < first.len() {
            packet = buffer_for(first.len())?;
        }
        packet.extend_from_slice(first);
        Ok(SentPacket::Own(packet))
    }

    /// The message is finished.
    #[inline]
    pub(super) fn give_back(&mut self, packet: SentPacket) {
        if let SentPacket::Own(mut buffer) = packet {
            let capacity = self.capacity + buffer.capacity();
            if capacity <= KEPT_CAPACITY && self.kept.len() < KEPT_BUFFERS {
                buffer.clear();
                self.capacity = capacity;
                self.large += large_capacity(&buffer);
                self.kept.push(buffer);
            }
        }
    }

    /// No message is unfinished: another one may not come for long.
    #[inline]
    pub(super) fn shrink(&mut self) {
        if self.large > IDLE_CAPACITY {
            self.give_up_large();
        }
    }

    #[cold]
    fn give_up_large(&mut self) {
        self.kept.retain(|buffer| large_capacity(buffer) == 0);
        self.capacity -= self.large;
        self.large = 0;
    }
}

/// What the buffer counts for, if it is large.
#[inline(always)]
fn large_capacity(buffer: &Vec<u8>) -> usize {
    match buffer.capacity() {
        0..=SMALL_BUFFER => 0,
        large => large,
    }
}

#[cold]
fn join_long(first: &[u8], rest: &[u8]) -> Result<SentPacket, TryReserveError> {
    let size = first.len() + rest.len();
    let mut packet = buffer_for(size)?;
    packet.extend_from_slice(first);
    packet.extend_from_slice(rest);
    Ok(match size < SHARED_SIZE {
        true => SentPacket::Own(packet),
        false => SentPacket::Shared(packet.into()),
    })
}

/// Only what is needed: it may be kept for long.
#[cold]
fn buffer_for(size: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(size)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_its_two_parts_whatever_buffer_it_comes_in() {
        let mut buffers = PacketBuffers::default();
        for size in [0, 1, 600, 5000, 2, 100, SHARED_SIZE - 3, SHARED_SIZE - 2] {
            let payload = vec![size as u8; size];
            let whole = [b"\x32h", &payload[..]].concat();
            for (first, rest) in [(&b"\x32h"[..], &payload[..]), (&whole, b"")] {
                let packet = buffers.join(first, rest).unwrap();
                assert_eq!(packet[..], whole);
                assert_eq!(packet.to_bytes(), whole);
                assert_eq!(packet.shared().is_some(), whole.len() >= SHARED_SIZE);
                buffers.give_back(packet);
            }
        }
    }

    #[test]
    fn few_buffers_are_kept_and_not_for_much_memory() {
        let mut buffers = PacketBuffers::default();
        for size in [1, 1000, 30] {
            let many: Vec<_> = (0..2 * KEPT_BUFFERS)
                .map(|_| buffers.join(&vec![1; size], b"").unwrap())
                .collect();
            for packet in many {
                buffers.give_back(packet);
            }
            assert!(!buffers.kept.is_empty() && buffers.kept.len() <= KEPT_BUFFERS);
            let capacity: usize = buffers.kept.iter().map(Vec::capacity).sum();
            assert_eq!(buffers.capacity, capacity);
            assert!(capacity <= KEPT_CAPACITY);
        }
    }

    #[test]
    fn when_nothing_is_unfinished_large_buffers_go_and_small_ones_stay() {
        for (size, count, stays) in [(1000, 1, 1), (1000, 4, 0), (300, 10, 0), (40, 100, 100)] {
            let mut buffers = PacketBuffers::default();
            let many: Vec<_> = (0..count)
                .map(|_| buffers.join(&vec![1; size], b"").unwrap())
                .collect();
            for packet in many {
                buffers.give_back(packet);
            }
            buffers.shrink();
            assert_eq!(buffers.kept.len(), stays);
            let capacity: usize = buffers.kept.iter().map(Vec::capacity).sum();
            assert_eq!(buffers.capacity, capacity);
        }
    }
}
