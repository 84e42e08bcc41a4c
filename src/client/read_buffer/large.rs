//! A large packet while it is being received.

use bytes::Bytes;
use std::collections::TryReserveError;

/// How many times what has come of a packet is believed to come.
const TRUSTED: usize = 16;
/// As much as this is believed of any packet.
const ALWAYS_TRUSTED: usize = 4096;
/// Most room given at a time: to clear hundreds of megabytes takes as many milliseconds, and a call has its deadline.
const MOST_ROOM: usize = 4 * 1024 * 1024;

/// A packet, of which a part is still missing, in memory of its own.
#[derive(Debug)]
pub(super) struct LargePacket {
    /// What has come, and room for more.
    bytes: Vec<u8>,
    received: usize,
    /// As the fixed header claims.
    length: usize,
}

impl LargePacket {
    /// `begin`: what has come of a packet of `length` bytes, its fixed header at least.
    pub(super) fn new(begin: &[u8], length: usize) -> LargePacket {
        let mut bytes = Vec::new();
        // Without the memory room() fails, where it can be told.
        let _ = bytes.try_reserve_exact(trusted_length(begin.len(), length));
        bytes.extend_from_slice(begin);
        LargePacket {
            bytes,
            received: begin.len(),
            length,
        }
    }

    /// Room for what comes next; not empty before the packet is whole. Not all that is claimed is made room for at once,
    /// yet what has come is not copied each time it has doubled. Fails when there is no memory: that is for the server to
    /// feel, not for the program.
    pub(super) fn room(&mut self) -> Result<&mut [u8], TryReserveError> {
        if self.bytes.len() == self.received {
            if self.bytes.capacity() == self.received {
                let wanted = trusted_length(self.received, self.length);
                self.bytes.try_reserve_exact(wanted - self.received)?;
            }
            let end = self.length.min(self.bytes.capacity());
            self.bytes.resize(end.min(self.received + MOST_ROOM), 0);
        }
        Ok(&mut self.bytes[self.received..])
    }

    /// So many bytes were read into the room.
    pub(super) fn advance(&mut self, count: usize) {
        self.received += count;
        debug_assert!(self.received <= self.bytes.len());
    }

    /// Whether nothing is missing any more.
    pub(super) fn is_whole(&self) -> bool {
        self.received >= self.length
    }

    /// The packet's type and flags.
    pub(super) fn first_byte(&self) -> u8 {
        self.bytes[0]
    }

    /// The packet.
    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }
}

/// How much is believed of a packet's claimed length when so much of it has come.
fn trusted_length(received: usize, length: usize) -> usize {
    length.min(received.saturating_mul(TRUSTED).max(ALWAYS_TRUSTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_by_what_has_come_and_never_for_more_than_the_packet() {
        let begin = [7; 1000];
        let length = 20_000;
        let mut large = LargePacket::new(&begin, length);
        assert_eq!(large.room().unwrap().len(), TRUSTED * 1000 - 1000);
        let first = large.room().unwrap().as_ptr();
        large.room().unwrap()[..5000].fill(8);
        large.advance(5000);
        assert_eq!(
            large.room().unwrap().as_ptr(),
            first.wrapping_add(5000),
            "copied"
        );
        let room = large.room().unwrap();
        room.fill(9);
        let count = room.len();
        large.advance(count);
        assert!(!large.is_whole());
        assert_eq!(large.room().unwrap().len(), length - TRUSTED * 1000);
        large.room().unwrap().fill(10);
        large.advance(length - TRUSTED * 1000);
        assert!(large.is_whole());
        let bytes = large.into_bytes();
        let expected = [
            vec![7; 1000],
            vec![8; 5000],
            vec![9; TRUSTED * 1000 - 6000],
            vec![10; length - TRUSTED * 1000],
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn room_is_given_by_pieces_without_copying_what_has_come() {
        let begin = vec![7; MOST_ROOM / TRUSTED];
        let length = begin.len() + MOST_ROOM * 2 + 10;
        let mut large = LargePacket::new(&begin, length);
        let mut received = begin.len();
        let mut rooms = Vec::new();
        let mut copies = 0;
        let mut before = large.bytes.as_ptr();
        while !large.is_whole() {
            let room = large.room().unwrap().len();
            copies += usize::from(large.bytes.as_ptr() != before);
            before = large.bytes.as_ptr();
            large.advance(room);
            received += room;
            rooms.push(room);
        }
        assert_eq!(received, length);
        assert!(rooms.iter().all(|room| *room <= MOST_ROOM), "{rooms:?}");
        assert!(copies <= 1);
    }
}
