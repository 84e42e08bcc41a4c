//! Received bytes on their way to whole packets.

mod large;

use crate::packet::{
    Frame, Malformed, PacketId, PacketType, PlainPublish, ProtocolVersion, ack, claimed_length,
    next_frame,
};
use bytes::{Buf, Bytes, BytesMut};
use large::LargePacket;
use std::collections::TryReserveError;

/// A packet of which more than this is missing gets memory of its own, into which the rest of it is read.
const LARGE: usize = 16 * 1024;
/// Capacity that an emptied buffer keeps for the next acknowledgements.
const KEPT_CAPACITY: usize = 512;

/// Received bytes that have not been handled. Packets share the memory of the read they came with.
#[derive(Debug, Default)]
pub(super) struct ReadBuffer {
    /// The rest of the last read, behind a packet that shares its memory.
    rest: Bytes,
    /// What has come while there was no rest; nothing shares its memory.
    fresh: BytesMut,
    /// The packet that is being received, if much of it is missing; the other two are empty then.
    large: Option<LargePacket>,
    /// The last packet was a large one.
    expects_large: bool,
    /// Whole packets are left for later: they come before anything that is read.
    pub(super) is_left: bool,
}

impl ReadBuffer {
    /// Reads once. `read` fills the room it is given from the front, and says how far. Gives that, and whether there was
    /// room for more. All whole packets have been taken out before. Behind a large packet no more than `first_piece` is
    /// read: the rest of the next one is read to where it stays.
    pub(super) fn fill<E: From<TryReserveError>>(
        &mut self,
        scratch: &mut [u8],
        first_piece: usize,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(usize, bool), E> {
        if let Some(large) = &mut self.large {
            let room = large.room()?;
            let size = room.len();
            let count = read(room)?;
            large.advance(count);
            return Ok((count, count < size));
        }
        let size = match self.expects_large {
            true => scratch.len().min(first_piece),
            false => scratch.len(),
        };
        let count = read(&mut scratch[..size])?;
        self.expects_large = false;
        self.push(&scratch[..count]);
        Ok((count, count < size))
    }

    /// Forgets what has come: nobody is to have it.
    pub(super) fn clear(&mut self) {
        *self = ReadBuffer::default();
    }

    /// Whether much of a packet is missing.
    pub(super) fn is_inside_large(&self) -> bool {
        self.large.is_some()
    }

    /// Appends what a read gave.
    fn push(&mut self, bytes: &[u8]) {
        debug_assert!(self.rest.is_empty());
        self.fresh.extend_from_slice(bytes);
    }

    /// Takes out the next packet if it is whole and an acknowledgement in the form that all versions share.
    #[inline]
    pub(super) fn next_ack(&mut self, maximum: u32) -> Option<(PacketType, PacketId)> {
        if (maximum as usize) < ack::ACK_LENGTH {
            return None;
        }
        let found = ack::peek_ack(self.bytes())?;
        self.skip(ack::ACK_LENGTH);
        Some(found)
    }

    /// What has come of the next packets.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        match self.rest.is_empty() {
            true => &self.fresh,
            false => &self.rest,
        }
    }

    /// Leaves out so many bytes of those, which are whole packets.
    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        match self.rest.is_empty() {
            true => self.fresh.advance(count),
            false => self.rest.advance(count),
        }
    }

    /// The next packet if it is plain, and where to take it from. The first one of a read goes the way of `next_frame`,
    /// which makes the memory one that packets share.
    #[inline(always)]
    pub(super) fn peek_plain(
        &mut self,
        version: ProtocolVersion,
        maximum: u32,
    ) -> Option<(PlainPublish, &mut Bytes)> {
        let publish = PlainPublish::peek(&self.rest, version, maximum)?;
        Some((publish, &mut self.rest))
    }

    /// What the next packet begins with, if there is none that could be taken out.
    pub(super) fn first_byte(&self) -> Option<u8> {
        let large = self.large.as_ref().map(LargePacket::first_byte);
        large.or_else(|| self.fresh.first().copied())
    }

    /// Takes out the next packet, if it is whole; see [`next_frame`].
    #[inline]
    pub(super) fn next_frame(&mut self, maximum: u32) -> Result<Option<Frame>, Malformed> {
        if self.rest.is_empty() {
            // Without bytes it can still hold the memory of a whole read.
            self.rest = Bytes::new();
            return self.next_fresh(maximum);
        }
        let frame = next_frame(&mut self.rest, maximum)?;
        if frame.is_none() {
            // Copied, so that the handled packets' memory can go.
            let rest = std::mem::take(&mut self.rest);
            self.keep_incomplete(&rest);
        }
        Ok(frame)
    }

    fn next_fresh(&mut self, maximum: u32) -> Result<Option<Frame>, Malformed> {
        if self.fresh.is_empty() {
            // What has been skipped at its front is not part of its capacity until it is reclaimed.
            if self.fresh.capacity() > KEPT_CAPACITY || self.fresh.try_reclaim(KEPT_CAPACITY + 1) {
                self.fresh = BytesMut::new();
            }
            return self.next_large(maximum);
        }
        let frame = next_frame(&mut self.fresh, maximum)?;
        if frame.is_some() {
            self.rest = std::mem::take(&mut self.fresh).freeze();
        } else if missing(&self.fresh) > LARGE {
            let fresh = std::mem::take(&mut self.fresh);
            self.keep_incomplete(&fresh);
        }
        Ok(frame)
    }

    fn next_large(&mut self, maximum: u32) -> Result<Option<Frame>, Malformed> {
        let Some(large) = self.large.take_if(|large| large.is_whole()) else {
            return Ok(None);
        };
        self.expects_large = true;
        next_frame(&mut large.into_bytes(), maximum)
    }

    /// Keeps the beginning of a packet in memory of its own.
    fn keep_incomplete(&mut self, bytes: &[u8]) {
        if missing(bytes) > LARGE {
            self.large = claimed_length(bytes).map(|length| LargePacket::new(bytes, length));
        } else {
            self.fresh = BytesMut::from(bytes);
        }
    }
}

/// How much of the packet at the front of `bytes` is missing, as far as is known.
fn missing(bytes: &[u8]) -> usize {
    claimed_length(bytes).map_or(0, |length| length.saturating_sub(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAXIMUM: u32 = u32::MAX;
    const FIRST_PIECE: usize = 4096;

    fn bodies(buffer: &mut ReadBuffer) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| buffer.next_frame(MAXIMUM).unwrap())
            .map(|frame| frame.body.to_vec())
            .collect()
    }

    /// Reads from the front of `stream`, at most `size` bytes.
    fn fill(buffer: &mut ReadBuffer, stream: &mut &[u8], size: usize) -> (usize, bool) {
        buffer
            .fill(&mut [0; 64 * 1024], FIRST_PIECE, |room| {
                let (size, available) = (size.min(room.len()), stream.len());
                stream.copy_to_slice(&mut room[..size.min(available)]);
                Ok::<_, TryReserveError>(size.min(available))
            })
            .unwrap()
    }

    fn packet(body: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x30];
        let mut length = body.len();
        while length > 0x7f {
            packet.push(length as u8 | 0x80);
            length >>= 7;
        }
        packet.push(length as u8);
        packet.extend(body);
        packet
    }

    fn check_stream(lengths: &[usize], sizes: impl IntoIterator<Item = usize>) {
        let sent: Vec<Vec<u8>> = (0u8..)
            .zip(lengths)
            .map(|(n, &length)| vec![n; length])
            .collect();
        let stream: Vec<u8> = sent.iter().flat_map(|body| packet(body)).collect();
        for size in sizes {
            let mut buffer = ReadBuffer::default();
            let mut received = Vec::new();
            let mut left = &stream[..];
            while !left.is_empty() {
                fill(&mut buffer, &mut left, size);
                received.extend(bodies(&mut buffer));
            }
            assert!(received == sent, "{lengths:?} by {size}");
        }
    }

    #[test]
    fn packets_come_out_whole_wherever_reads_cut_them() {
        check_stream(&[0, 60, 120, 180, 240], 1..=620);
    }

    #[test]
    fn large_packets_come_out_whole_wherever_reads_cut_them() {
        let lengths = [
            3,
            LARGE + 1,
            70_000,
            70_000,
            10,
            1_000_000,
            2,
            LARGE,
            300_000,
            0,
        ];
        check_stream(&lengths, [1, 2, 3, 4095, 4096, 4097, 65_536, usize::MAX]);
    }

    #[test]
    fn an_emptied_buffer_keeps_little_memory() {
        const ACK: &[u8] = b"\x40\x02\x00\x01";
        for (acks, kept) in [(10, true), (1000, false)] {
            let mut buffer = ReadBuffer::default();
            fill(&mut buffer, &mut &ACK.repeat(acks)[..], usize::MAX);
            while buffer.next_ack(MAXIMUM).is_some() {}
            assert_eq!(buffer.next_frame(MAXIMUM), Ok(None));
            assert_eq!(buffer.fresh.try_reclaim(1), kept);
            assert!(!buffer.fresh.try_reclaim(KEPT_CAPACITY + 1));
        }
    }

    #[test]
    fn the_rest_of_a_large_packet_is_read_into_its_own_memory_and_no_further() {
        let large = packet(&[1; 300_000]);
        let stream = [&large[..], &large, &packet(&[2; 10]), &packet(&[3; 100])].concat();
        let mut left = &stream[..];
        let mut buffer = ReadBuffer::default();
        let mut reads = Vec::new();
        while !left.is_empty() {
            reads.push(fill(&mut buffer, &mut left, usize::MAX));
            bodies(&mut buffer);
        }
        let expected = [
            (65_536, false),
            (large.len() - 65_536, false),
            (FIRST_PIECE, false),
            (FIRST_PIECE * 15, false),
            (large.len() - FIRST_PIECE * 16, false),
            (12 + 102, true),
        ];
        assert_eq!(reads, expected);
    }

    #[test]
    fn a_packet_that_is_too_large_is_refused_by_its_header() {
        for cut in [1, 2, 3] {
            let mut buffer = ReadBuffer::default();
            let mut left = &[0x30, 0xff, 0x7f][..];
            fill(&mut buffer, &mut left, cut);
            if cut < 3 {
                assert_eq!(buffer.next_frame(100), Ok(None));
                fill(&mut buffer, &mut left, 3);
            }
            assert!(buffer.next_frame(100).is_err());
        }
    }

    #[test]
    fn what_is_cleared_does_not_mix_with_what_comes() {
        let mut buffer = ReadBuffer::default();
        let two = [packet(b"ab"), packet(b"cd")].concat();
        fill(&mut buffer, &mut &two[..], usize::MAX);
        assert!(buffer.next_frame(MAXIMUM).unwrap().is_some());
        buffer.clear();
        fill(&mut buffer, &mut &packet(b"ef")[..], usize::MAX);
        assert_eq!(bodies(&mut buffer), [b"ef"]);
    }

    #[test]
    fn a_claimed_length_reserves_no_memory() {
        let mut buffer = ReadBuffer::default();
        fill(&mut buffer, &mut &[0x30, 0xff, 0xff, 0xff, 0x7f][..], 5);
        assert_eq!(buffer.next_frame(MAXIMUM), Ok(None));
        let room = buffer.large.as_mut().unwrap().room().unwrap();
        assert!(room.len() <= FIRST_PIECE);
    }
}
