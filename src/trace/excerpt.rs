//! What a line shows of a payload.

use std::fmt::Write;

/// Longest excerpt, in characters.
const MAXIMUM: usize = 30;

/// The start of `payload` in at most 30 characters: printable ASCII as it is, every other byte as
/// `\xHH`. Ends before the first escape that does not fit.
pub fn payload_excerpt(payload: &[u8]) -> String {
    let mut text = String::with_capacity(MAXIMUM.min(payload.len()));
    for &byte in payload {
        let printable = byte == b' ' || byte.is_ascii_graphic();
        if text.len() + if printable { 1 } else { 4 } > MAXIMUM {
            break;
        }
        if printable {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::payload_excerpt;

    #[test]
    fn excerpts_follow_the_table() {
        let twelve: Vec<u8> = (0..12).collect();
        for (payload, expected) in [
            (&b""[..], ""),
            (
                b"hello world 0123456789 abcdefghij",
                "hello world 0123456789 abcdefg",
            ),
            (b"a\"b\\c", "a\"b\\c"),
            (
                b"01234567890123456789012345\n",
                "01234567890123456789012345\\x0A",
            ),
            (
                b"012345678901234567890123456\nx",
                "012345678901234567890123456",
            ),
            (&twelve, "\\x00\\x01\\x02\\x03\\x04\\x05\\x06"),
            (b"abc\n\x01\xfftext", "abc\\x0A\\x01\\xFFtext"),
            (b"\x7f\x1f\x80", "\\x7F\\x1F\\x80"),
        ] {
            assert_eq!(payload_excerpt(payload), expected);
        }
    }
}
