//! Data representations (3.1.1 and 5: section 1.5): integers, binary data, UTF-8 strings.

use bytes::Bytes;

use super::{Malformed, PacketId, TooLarge};

/// The largest Variable Byte Integer, and so the largest Remaining Length (5: 1.5.5, 3.1.1: 2.2.3).
pub const MAX_VARIABLE_BYTE_INTEGER: u32 = 268_435_455;

/// Whether an application's string may go into a packet: well-formed UTF-8 without surrogates and overlong forms
/// (`[MQTT-1.5.4-1]`; 3.1.1: `[MQTT-1.5.3-1]`). Control characters and U+FFFF pass.
#[inline]
pub fn valid_utf8(bytes: &[u8]) -> bool {
    is_ascii(bytes) || std::str::from_utf8(bytes).is_ok()
}

#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    !any_word(bytes, has_high_bit)
}

/// Whether one of a word's bytes is no ASCII character.
#[inline]
pub(super) fn has_high_bit(word: u64) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    word & HIGH_BITS != 0
}

/// Whether the test holds for one of the words, of eight bytes each, that `bytes` is made of; a single short one is filled up
/// with zeros. Topics are short and looked through for each message.
#[inline]
pub(super) fn any_word(bytes: &[u8], test: impl Fn(u64) -> bool) -> bool {
    let Some(tail) = bytes.last_chunk() else {
        return test(short_word(bytes));
    };
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        if test(u64::from_ne_bytes(*word)) {
            return true;
        }
        rest = after;
    }
    test(u64::from_ne_bytes(*tail))
}

/// All of fewer than eight bytes in one word, in some order, some of them twice.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(head), Some(tail)) => {
            u64::from(u32::from_ne_bytes(*head)) << 32 | u64::from(u32::from_ne_bytes(*tail))
        }
        _ => bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Reads fields off the front of `source`; what it returns borrows from there.
pub(super) struct Reader<'a> {
    source: &'a Bytes,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Bytes) -> Reader<'a> {
        Reader {
            source,
            rest: source,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Number of bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.source.len() - self.rest.len()
    }

    /// A reference-counted slice of the source for something read from it.
    pub(super) fn share(&self, part: &'a [u8]) -> Bytes {
        self.source.slice_ref(part)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (part, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Malformed::packet("the packet ends inside a field"))?;
        self.rest = rest;
        Ok(part)
    }

    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(Malformed::packet("the packet ends inside a field"))?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn two_byte_integer(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn four_byte_integer(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn variable_byte_integer(&mut self) -> Result<u32, Malformed> {
        let (value, length) = peek_variable_byte_integer(self.rest)?
            .ok_or(Malformed::packet("the packet ends inside a field"))?;
        if length != variable_byte_integer_length(value) {
            // [MQTT-1.5.5-1]
            return Err(Malformed::packet(
                "a variable byte integer is longer than needed",
            ));
        }
        self.take(length)?;
        Ok(value)
    }

    /// A Packet Identifier, never 0 ([MQTT-2.2.1-3], [MQTT-2.2.1-4]; 3.1.1: [MQTT-2.3.1-1]).
    pub(super) fn packet_id(&mut self) -> Result<PacketId, Malformed> {
        PacketId::new(self.two_byte_integer()?)
            .ok_or(Malformed::protocol("the packet identifier is 0"))
    }

    pub(super) fn binary(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.two_byte_integer()?;
        self.take(length.into())
    }

    /// A UTF-8 Encoded String without U+0000 ([MQTT-1.5.4-1], [MQTT-1.5.4-2]; 3.1.1: [MQTT-1.5.3-1], [MQTT-1.5.3-2]).
    pub(super) fn utf8(&mut self) -> Result<&'a [u8], Malformed> {
        let string = self.binary()?;
        check_utf8(string)?;
        Ok(string)
    }

    /// Ends the reading of a packet.
    pub(super) fn finish(self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed::packet("bytes follow the end of the packet"))
        }
    }
}

/// The rules of [`Reader::utf8`] for a string that is already cut out.
pub(super) fn check_utf8(string: &[u8]) -> Result<(), Malformed> {
    if !valid_utf8(string) {
        return Err(Malformed::packet("a string is not UTF-8"));
    }
    if string.contains(&0) {
        return Err(Malformed::packet("a string contains U+0000"));
    }
    Ok(())
}

/// The integer at the front and its length in bytes; `None` if it is not there completely.
/// Over four bytes it is malformed (5: 1.5.5, 3.1.1: 2.2.3).
#[inline]
pub(crate) fn peek_variable_byte_integer(bytes: &[u8]) -> Result<Option<(u32, usize)>, Malformed> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok(Some((value, index + 1)));
        }
    }
    if bytes.len() < 4 {
        Ok(None)
    } else {
        Err(Malformed::packet(
            "a variable byte integer is over four bytes",
        ))
    }
}

/// Bytes that `value` takes on the wire, 1 to 4. The caller has checked that it is no larger than the maximum.
#[inline]
pub(super) fn variable_byte_integer_length(value: u32) -> usize {
    match value {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        _ => 4,
    }
}

/// Writes `value` to the front of `out` and returns its length in bytes. The caller has checked the maximum.
#[inline]
pub(super) fn fill_variable_byte_integer(mut value: u32, out: &mut [u8]) -> usize {
    let mut length = 0;
    for slot in out {
        length += 1;
        *slot = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            break;
        }
        *slot |= 0x80;
    }
    length
}

#[inline]
pub(super) fn put_variable_byte_integer(mut value: u32, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that binary data or a string takes on the wire, its length field included.
#[inline]
pub(super) fn binary_length(bytes: &[u8]) -> Result<u64, TooLarge> {
    if bytes.len() > usize::from(u16::MAX) {
        return Err(TooLarge);
    }
    Ok(2 + bytes.len() as u64)
}

/// Appends binary data or a string. The caller has asked [`binary_length`] whether it fits.
#[inline]
pub(super) fn put_binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_told_from_the_rest_at_every_place() {
        for length in 0..40 {
            assert!(is_ascii(&vec![0x7f; length]));
            for at in 0..length {
                let mut text = vec![b'a'; length];
                text[at] = 0x80;
                assert!(!is_ascii(&text), "{at} of {length}");
            }
        }
    }

    #[test]
    fn variable_byte_integers_at_the_limits_of_section_1_5_5() {
        for (value, wire) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xff, 0x7f]),
            (16_384, &[0x80, 0x80, 0x01]),
            (2_097_151, &[0xff, 0xff, 0x7f]),
            (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
            (MAX_VARIABLE_BYTE_INTEGER, &[0xff, 0xff, 0xff, 0x7f]),
        ] {
            let mut out = Vec::new();
            put_variable_byte_integer(value, &mut out);
            assert_eq!(out, wire);
            assert_eq!(variable_byte_integer_length(value), wire.len());
            assert_eq!(
                peek_variable_byte_integer(wire),
                Ok(Some((value, wire.len())))
            );
            assert_eq!(
                peek_variable_byte_integer(&wire[..wire.len() - 1]),
                Ok(None)
            );
        }
        assert!(peek_variable_byte_integer(&[0xff, 0xff, 0xff, 0x80]).is_err());
    }

    #[test]
    fn a_variable_byte_integer_longer_than_needed_is_malformed() {
        let bytes = Bytes::from_static(&[0x80, 0x00]);
        assert!(Reader::new(&bytes).variable_byte_integer().is_err());
    }

    #[test]
    fn utf8_rejects_what_the_standard_forbids_and_passes_the_rest() {
        for good in [&b""[..], b"t/\x01", "\u{ffff}\u{10ffff}".as_bytes(), b"\0"] {
            assert!(valid_utf8(good), "{good:x?}");
        }
        for bad in [
            &b"\xc0\x80"[..],
            b"\xe0\x80\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xff",
            b"\xe2\x82",
        ] {
            assert!(!valid_utf8(bad), "{bad:x?}");
        }
        assert!(check_utf8(b"a\0b").is_err());
    }
}
