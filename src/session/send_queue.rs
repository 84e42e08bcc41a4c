//! Bytes on their way to the server, in order: small packets share a buffer, large ones keep their own.

use bytes::{Buf, Bytes};
use std::collections::{TryReserveError, VecDeque};
use std::io::IoSlice;

/// From this size on a packet is queued as it is instead of being copied behind its neighbours.
const OWN_CHUNK: usize = 4096;
/// Capacity kept in an emptied buffer; more goes back to the allocator after a burst.
const KEPT_CAPACITY: usize = 512;

/// An ordered queue of bytes with cheap appends and vectored reads.
#[derive(Debug, Default)]
pub struct SendQueue {
    /// What comes before the tail.
    chunks: VecDeque<Bytes>,
    chunk_bytes: usize,
    tail: Vec<u8>,
    /// Bytes at the front of the tail that are sent already.
    sent: usize,
}

impl SendQueue {
    /// Number of bytes queued.
    #[inline]
    pub fn len(&self) -> usize {
        self.chunk_bytes + self.tail.len() - self.sent
    }

    /// Whether nothing is queued.
    #[inline]
    pub fn is_empty(&self) -> bool {
        // An emptied tail is cleared.
        self.chunks.is_empty() && self.tail.is_empty()
    }

    /// The buffer to encode a small packet into; only append to it.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.tail
    }

    /// Queues an encoded packet.
    pub fn push(&mut self, packet: &Bytes) {
        if packet.len() < OWN_CHUNK {
            self.tail.extend_from_slice(packet);
        } else {
            self.push_chunk(packet.clone());
        }
    }

    /// Queues a packet that stands in two pieces, if there is memory for a large payload.
    pub fn push_parts(&mut self, head: &[u8], payload: &[u8]) -> Result<(), TryReserveError> {
        if payload.len() < OWN_CHUNK {
            self.tail.extend_from_slice(head);
            self.tail.extend_from_slice(payload);
            return Ok(());
        }
        let mut chunk = Vec::new();
        chunk.try_reserve_exact(payload.len())?;
        chunk.extend_from_slice(payload);
        self.tail.extend_from_slice(head);
        self.push_chunk(chunk.into());
        Ok(())
    }

    /// Queues what `later` holds behind what is here, leaving `later` empty.
    pub fn append(&mut self, later: &mut SendQueue) {
        if later.is_empty() {
            return;
        }
        if self.is_empty() {
            std::mem::swap(self, later);
        } else if later.chunks.is_empty() && later.len() < OWN_CHUNK {
            self.tail.extend_from_slice(&later.tail[later.sent..]);
            later.forget_tail();
        } else {
            self.seal_tail();
            self.chunk_bytes += std::mem::take(&mut later.chunk_bytes);
            self.chunks.append(&mut later.chunks);
            std::mem::swap(&mut self.tail, &mut later.tail);
            std::mem::swap(&mut self.sent, &mut later.sent);
        }
    }

    /// Cuts the queue back to its first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        while self.len() > len {
            let excess = self.len() - len;
            let in_tail = self.tail.len() - self.sent;
            if in_tail > 0 {
                self.tail.truncate(self.tail.len() - excess.min(in_tail));
                if self.tail.len() == self.sent {
                    self.forget_tail();
                }
            } else if let Some(last) = self.chunks.back_mut() {
                let keep = last.len().saturating_sub(excess);
                self.chunk_bytes -= last.len() - keep;
                last.truncate(keep);
                if last.is_empty() {
                    self.chunks.pop_back();
                }
            }
        }
    }

    /// Fills `slices` with what comes next and returns how many were filled.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let parts = self.chunks.iter().map(|chunk| &chunk[..]);
        let tail = &self.tail[self.sent..];
        let parts = parts.chain((!tail.is_empty()).then_some(tail));
        let mut filled = 0;
        for (slot, part) in slices.iter_mut().zip(parts) {
            *slot = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    /// All that is queued, if it stands in one piece.
    #[inline]
    pub fn as_single_slice(&self) -> Option<&[u8]> {
        self.chunks.is_empty().then(|| &self.tail[self.sent..])
    }

    /// Drops the first `count` bytes: they are sent.
    pub fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let Some(first) = self.chunks.front_mut() else {
                self.sent += count.min(self.tail.len() - self.sent);
                break;
            };
            let sent = count.min(first.len());
            first.advance(sent);
            self.chunk_bytes -= sent;
            count -= sent;
            if first.is_empty() {
                self.chunks.pop_front();
            }
        }
        if self.sent == self.tail.len() {
            self.forget_tail();
        }
    }

    /// Forgets everything queued.
    pub fn clear(&mut self) {
        *self = SendQueue::default();
    }

    /// The emptied buffer is used again, unless a burst made it large.
    fn forget_tail(&mut self) {
        self.sent = 0;
        match self.tail.capacity() > KEPT_CAPACITY {
            true => self.tail = Vec::new(),
            false => self.tail.clear(),
        }
    }

    fn push_chunk(&mut self, chunk: Bytes) {
        self.seal_tail();
        self.chunk_bytes += chunk.len();
        self.chunks.push_back(chunk);
    }

    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            let mut sealed = Bytes::from(std::mem::take(&mut self.tail));
            sealed.advance(std::mem::take(&mut self.sent));
            self.chunk_bytes += sealed.len();
            self.chunks.push_back(sealed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(queue: &SendQueue) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = queue.slices(&mut slices);
        slices[..filled].concat_bytes()
    }

    trait Concat {
        fn concat_bytes(&self) -> Vec<u8>;
    }

    impl Concat for [IoSlice<'_>] {
        fn concat_bytes(&self) -> Vec<u8> {
            self.iter()
                .flat_map(|slice| slice.iter().copied())
                .collect()
        }
    }

    #[test]
    fn bytes_keep_their_order_across_small_and_large_packets() {
        let mut queue = SendQueue::default();
        let large = Bytes::from(vec![7u8; OWN_CHUNK]);
        queue.push(&Bytes::from_static(b"ab"));
        queue.push(&large);
        queue.buffer().extend_from_slice(b"cd");
        let mut expected = b"ab".to_vec();
        expected.extend_from_slice(&large);
        expected.extend_from_slice(b"cd");
        assert_eq!(contents(&queue), expected);
        assert_eq!(queue.len(), expected.len());
        while !queue.is_empty() {
            assert_eq!(contents(&queue), expected);
            let step = 1000.min(queue.len());
            queue.advance(step);
            expected.drain(..step);
        }
        assert!(expected.is_empty());
    }

    #[test]
    fn truncate_cuts_from_the_end_through_chunks() {
        let mut queue = SendQueue::default();
        queue.push(&Bytes::from_static(b"keep"));
        queue.push(&Bytes::from(vec![1u8; OWN_CHUNK]));
        queue.buffer().extend_from_slice(b"tail");
        queue.truncate(6);
        assert_eq!(contents(&queue), b"keep\x01\x01");
        queue.truncate(2);
        assert_eq!(contents(&queue), b"ke");
        queue.truncate(0);
        assert!(queue.is_empty());
    }

    #[test]
    fn append_puts_later_bytes_behind() {
        let mut first = SendQueue::default();
        let mut later = SendQueue::default();
        first.buffer().extend_from_slice(b"one");
        later.buffer().extend_from_slice(b"two");
        later.push(&Bytes::from(vec![9u8; OWN_CHUNK]));
        later.buffer().extend_from_slice(b"three");
        first.append(&mut later);
        assert!(later.is_empty());
        let all = contents(&first);
        assert!(all.starts_with(b"onetwo"));
        assert!(all.ends_with(b"three"));
        assert_eq!(all.len(), 3 + 3 + OWN_CHUNK + 5);
    }
}
