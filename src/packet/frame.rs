//! Cutting the byte stream into packets.

use bytes::{Buf, Bytes};

use super::primitives::peek_variable_byte_integer;
use super::{Malformed, PacketType, ReasonCode};

/// A whole packet off the stream, not yet interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Packet type and flags.
    pub first_byte: u8,
    /// What follows the fixed header; shares memory with the buffer it came from.
    pub body: Bytes,
}

impl Frame {
    /// The packet's type; `None` for type 0, which is reserved.
    #[inline]
    pub fn packet_type(&self) -> Option<PacketType> {
        PacketType::from_first_byte(self.first_byte)
    }
}

/// The length in bytes of the packet at the front of `bytes`, as its fixed header claims it; `None` if that is not there
/// or wrong.
pub fn claimed_length(bytes: &[u8]) -> Option<usize> {
    let (remaining_length, length_size) = peek_variable_byte_integer(bytes.get(1..)?).ok()??;
    Some(1 + length_size + remaining_length as usize)
}

/// Takes the next whole packet off the front of `buf`, which lies in one piece; `None` if more bytes are needed.
/// Nothing is copied from [`Bytes`] and [`BytesMut`](bytes::BytesMut).
///
/// Fails as soon as the fixed header shows that the Remaining Length is over four bytes (`MALFORMED_PACKET`) or that
/// the packet, its fixed header included, would exceed `maximum` bytes (`PACKET_TOO_LARGE`). No memory is reserved
/// for a claimed length. A Remaining Length longer than needed is accepted: 3.1 and 3.1.1 do not forbid it.
#[inline]
pub fn next_frame<B: Buf>(buf: &mut B, maximum: u32) -> Result<Option<Frame>, Malformed> {
    let bytes = buf.chunk();
    debug_assert_eq!(bytes.len(), buf.remaining());
    let Some((&first_byte, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let Some((remaining_length, length_size)) = peek_variable_byte_integer(rest)? else {
        return Ok(None);
    };
    let header_length = 1 + length_size;
    // At most 5 + 268,435,455: no overflow.
    if header_length as u32 + remaining_length > maximum {
        return Err(Malformed {
            reason: ReasonCode::PACKET_TOO_LARGE,
            detail: "the packet is larger than allowed",
        });
    }
    let body_length = remaining_length as usize;
    if bytes.len() < header_length + body_length {
        return Ok(None);
    }
    buf.advance(header_length);
    let body = if body_length == 0 {
        Bytes::new()
    } else {
        buf.copy_to_bytes(body_length)
    };
    Ok(Some(Frame { first_byte, body }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;

    const MAXIMUM: u32 = u32::MAX;

    #[test]
    fn packets_come_out_one_by_one_and_the_rest_stays() {
        let mut buf = BytesMut::from(&[0xd0, 0x00, 0x40, 0x02, 0x00, 0x07, 0x40][..]);
        let frame = next_frame(&mut buf, MAXIMUM).unwrap().unwrap();
        assert_eq!((frame.first_byte, &frame.body[..]), (0xd0, &[][..]));
        let frame = next_frame(&mut buf, MAXIMUM).unwrap().unwrap();
        assert_eq!(
            (frame.first_byte, &frame.body[..]),
            (0x40, &[0x00, 0x07][..])
        );
        assert_eq!(next_frame(&mut buf, MAXIMUM), Ok(None));
        assert_eq!(buf, &[0x40][..]);
    }

    #[test]
    fn an_incomplete_packet_leaves_the_buffer_alone() {
        let whole = [0x30, 0x80, 0x01];
        for length in 0..whole.len() {
            let mut buf = BytesMut::from(&whole[..length]);
            assert_eq!(next_frame(&mut buf, MAXIMUM), Ok(None));
            assert_eq!(buf, &whole[..length]);
        }
    }

    #[test]
    fn a_remaining_length_over_four_bytes_is_malformed() {
        let mut buf = BytesMut::from(&[0x30, 0xff, 0xff, 0xff, 0xff][..]);
        let error = next_frame(&mut buf, MAXIMUM).unwrap_err();
        assert_eq!(error.reason, ReasonCode::MALFORMED_PACKET);
    }

    #[test]
    fn a_packet_over_the_maximum_is_refused_at_its_header() {
        let mut buf = BytesMut::from(&[0x30, 0x09][..]);
        let error = next_frame(&mut buf, 10).unwrap_err();
        assert_eq!(error.reason, ReasonCode::PACKET_TOO_LARGE);
        assert_eq!(next_frame(&mut buf, 11), Ok(None));
    }

    #[test]
    fn a_claimed_length_reserves_no_memory() {
        let mut buf = BytesMut::from(&[0x30, 0xff, 0xff, 0xff, 0x7f][..]);
        assert_eq!(next_frame(&mut buf, MAXIMUM), Ok(None));
        assert!(buf.capacity() < 1024);
    }

    #[test]
    fn the_body_shares_the_buffer() {
        let mut buf = BytesMut::from(&[0x30, 0x03, 1, 2, 3][..]);
        let start = buf.as_ptr();
        let frame = next_frame(&mut buf, MAXIMUM).unwrap().unwrap();
        assert_eq!(frame.body.as_ptr(), start.wrapping_add(2));
    }
}
