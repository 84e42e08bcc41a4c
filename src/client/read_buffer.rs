//! Received bytes on their way to whole packets.

use crate::packet::{Frame, Malformed, PacketId, PacketType, ack, claimed_length, next_frame};
use bytes::{Buf, Bytes, BytesMut};

/// How many times what has come of a packet is believed to come.
const TRUSTED: usize = 16;
/// Capacity that an emptied buffer keeps for the next acknowledgements.
const KEPT_CAPACITY: usize = 512;

/// Received bytes that have not been handled. Packets share the memory of the read they came with.
#[derive(Debug, Default)]
pub(super) struct ReadBuffer {
    /// The rest of the last read, behind a packet that shares its memory.
    rest: Bytes,
    /// What has come while there was no rest; nothing shares its memory.
    fresh: BytesMut,
}

impl ReadBuffer {
    /// Appends what a read gave. All whole packets have been taken out before.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        debug_assert!(self.rest.is_empty());
        if self.fresh.capacity() - self.fresh.len() < bytes.len() {
            self.make_room(bytes);
        }
        self.fresh.extend_from_slice(bytes);
    }

    /// Makes room for `bytes`, and for more of the packet they belong to: not for all that is claimed at once, yet a large
    /// one is not copied each time it has doubled.
    fn make_room(&mut self, bytes: &[u8]) {
        let begin = if self.fresh.is_empty() {
            bytes
        } else {
            &self.fresh
        };
        let claimed = claimed_length(begin).unwrap_or_default();
        let received = self.fresh.len() + bytes.len();
        // Its last piece will come with the beginning of the next one.
        let claimed = claimed.saturating_add(bytes.len());
        let wanted = claimed.min(received.saturating_mul(TRUSTED)).max(received);
        self.fresh.reserve(wanted - self.fresh.len());
    }

    /// Takes out the next packet if it is whole and an acknowledgement in the form that all versions share.
    #[inline]
    pub(super) fn next_ack(&mut self, maximum: u32) -> Option<(PacketType, PacketId)> {
        if (maximum as usize) < ack::ACK_LENGTH {
            return None;
        }
        let is_fresh = self.rest.is_empty();
        let found = ack::peek_ack(if is_fresh { &self.fresh } else { &self.rest })?;
        match is_fresh {
            true => self.fresh.advance(ack::ACK_LENGTH),
            false => self.rest.advance(ack::ACK_LENGTH),
        }
        Some(found)
    }

    /// Takes out the next packet, if it is whole; see [`next_frame`].
    #[inline]
    pub(super) fn next_frame(&mut self, maximum: u32) -> Result<Option<Frame>, Malformed> {
        if self.rest.is_empty() {
            return self.next_fresh(maximum);
        }
        let frame = next_frame(&mut self.rest, maximum)?;
        if frame.is_none() {
            // Copied, so that the handled packets' memory can go.
            self.fresh = BytesMut::from(&std::mem::take(&mut self.rest)[..]);
        }
        Ok(frame)
    }

    fn next_fresh(&mut self, maximum: u32) -> Result<Option<Frame>, Malformed> {
        if self.fresh.is_empty() {
            if self.fresh.capacity() > KEPT_CAPACITY {
                self.fresh = BytesMut::new();
            }
            return Ok(None);
        }
        let frame = next_frame(&mut self.fresh, maximum)?;
        if frame.is_some() {
            self.rest = std::mem::take(&mut self.fresh).freeze();
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAXIMUM: u32 = u32::MAX;

    fn bodies(buffer: &mut ReadBuffer) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| buffer.next_frame(MAXIMUM).unwrap())
            .map(|frame| frame.body.to_vec())
            .collect()
    }

    #[test]
    fn packets_come_out_whole_wherever_reads_cut_them() {
        let mut stream = Vec::new();
        let sent: Vec<Vec<u8>> = (0u8..5).map(|n| vec![n; usize::from(n) * 60]).collect();
        for body in &sent {
            stream.push(0x30);
            match u8::try_from(body.len()) {
                Ok(short @ ..=127) => stream.push(short),
                _ => stream.extend([body.len() as u8 | 0x80, (body.len() >> 7) as u8]),
            }
            stream.extend(body);
        }
        for size in 1..=stream.len() {
            let mut buffer = ReadBuffer::default();
            let mut received = Vec::new();
            for piece in stream.chunks(size) {
                buffer.push(piece);
                received.extend(bodies(&mut buffer));
            }
            assert_eq!(received, sent, "{size}");
        }
    }

    #[test]
    fn a_packet_that_is_too_large_is_refused_by_its_header() {
        for cut in [1, 2, 3] {
            let mut buffer = ReadBuffer::default();
            let header = [0x30, 0xff, 0x7f];
            buffer.push(&header[..cut]);
            if cut < 3 {
                assert_eq!(buffer.next_frame(100), Ok(None));
                buffer.push(&header[cut..]);
            }
            assert!(buffer.next_frame(100).is_err());
        }
    }

    #[test]
    fn room_is_made_for_a_large_packet_by_what_has_come_of_it() {
        let piece = [0; 1000];
        let mut buffer = ReadBuffer::default();
        // 0x0fff_ffff bytes, as much as can be claimed.
        buffer.push(&[0x30, 0xff, 0xff, 0xff, 0x7f]);
        buffer.push(&piece);
        let capacity = buffer.fresh.capacity();
        assert!(capacity <= TRUSTED * (5 + piece.len()), "{capacity}");
        let first = buffer.fresh.as_ptr();
        for _ in 0..10 {
            buffer.push(&piece);
        }
        assert_eq!(buffer.fresh.as_ptr(), first, "copied again");
    }
}
