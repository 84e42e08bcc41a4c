//! Frames from the server to the byte stream they carry.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// Longest payload of a control frame (RFC 6455, section 5.5).
const CONTROL_LIMIT: u64 = 125;

/// What the received bytes hold next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// So many bytes of the stream were copied; at least one.
    Payload(usize),
    Ping(Vec<u8>),
    /// The server's close frame; nothing behind it is looked at.
    Close(Vec<u8>),
    /// There was a close frame or a violation before.
    Ended,
    /// More must be received first.
    Incomplete,
}

/// The server broke a rule of RFC 6455 or MQTT; the connection must be closed.
#[derive(Debug)]
pub(super) struct Violation {
    /// The reason to tell the server.
    pub(super) code: CloseCode,
    pub(super) what: &'static str,
}

fn violation(what: &'static str) -> Violation {
    Violation {
        code: CloseCode::Protocol,
        what,
    }
}

/// Takes frames apart. It keeps no bytes: a length is counted down, never allocated.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Bytes of the current data frame that are still to come.
    frame_left: u64,
    /// The last data frame was not the final one of its message.
    in_message: bool,
    ended: bool,
}

impl Decoder {
    /// The next item of `source`, which is moved behind it; payload goes to `buf`, which must not be empty. A violation
    /// is found again and again until [`end`](Self::end).
    pub(super) fn next(&mut self, source: &mut &[u8], buf: &mut [u8]) -> Result<Item, Violation> {
        loop {
            if self.ended {
                return Ok(Item::Ended);
            }
            if self.frame_left > 0 {
                return Ok(self.take_payload(source, buf));
            }
            // What most frames are, without the general parser's pains: a whole binary message of up to 125 bytes.
            if let ([0x82, length @ ..=125, rest @ ..], false) = (*source, self.in_message) {
                self.frame_left = u64::from(*length);
                *source = rest;
                continue;
            }
            let mut cursor = Cursor::new(*source);
            let parsed = FrameHeader::parse(&mut cursor);
            let header_len = cursor.position() as usize;
            let (header, length) = match parsed {
                Ok(Some(parsed)) => parsed,
                Ok(None) => return Ok(Item::Incomplete),
                Err(_) => return Err(violation("a reserved WebSocket opcode")),
            };
            check(&header, length)?;
            match header.opcode {
                OpCode::Data(kind) => {
                    if (kind == Data::Continue) != self.in_message {
                        return Err(violation("WebSocket fragments out of order"));
                    }
                    *source = &source[header_len..];
                    self.in_message = !header.is_final;
                    self.frame_left = length;
                }
                OpCode::Control(kind) => {
                    // At most 125, as was checked.
                    let length = length as usize;
                    let Some(payload) = source[header_len..].get(..length) else {
                        return Ok(Item::Incomplete);
                    };
                    if kind == Control::Close {
                        check_close(payload)?;
                    }
                    let payload = payload.to_vec();
                    *source = &source[header_len + length..];
                    match kind {
                        Control::Ping => return Ok(Item::Ping(payload)),
                        Control::Close => {
                            self.ended = true;
                            return Ok(Item::Close(payload));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Whether nothing more is looked at.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Nothing more is looked at.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    fn take_payload(&mut self, source: &mut &[u8], buf: &mut [u8]) -> Item {
        let left = usize::try_from(self.frame_left).unwrap_or(usize::MAX);
        let count = buf.len().min(source.len()).min(left);
        if count == 0 {
            return Item::Incomplete;
        }
        buf[..count].copy_from_slice(&source[..count]);
        *source = &source[count..];
        self.frame_left -= count as u64;
        Item::Payload(count)
    }
}

/// What each frame on its own must keep to.
fn check(header: &FrameHeader, length: u64) -> Result<(), Violation> {
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(violation("a reserved WebSocket bit is set"));
    }
    // RFC 6455, section 5.1.
    if header.mask.is_some() {
        return Err(violation("a masked WebSocket frame from the server"));
    }
    // RFC 6455, section 5.2.
    if length > i64::MAX as u64 {
        return Err(violation("a WebSocket frame length above 63 bits"));
    }
    match header.opcode {
        // [MQTT-6.0.0-1]
        OpCode::Data(Data::Text) => Err(Violation {
            code: CloseCode::Unsupported,
            what: "a WebSocket text frame",
        }),
        OpCode::Control(_) if !header.is_final || length > CONTROL_LIMIT => {
            Err(violation("a fragmented or too long control frame"))
        }
        _ => Ok(()),
    }
}

/// A close frame says nothing, or a code and why (RFC 6455, sections 5.5.1 and 7.4). It is answered with the same.
fn check_close(payload: &[u8]) -> Result<(), Violation> {
    let is_legal = match payload.split_first_chunk() {
        None => payload.is_empty(),
        Some((code, reason)) => {
            CloseCode::from(u16::from_be_bytes(*code)).is_allowed()
                && std::str::from_utf8(reason).is_ok()
        }
    };
    match is_legal {
        true => Ok(()),
        false => Err(violation("a close frame without a code that may be sent")),
    }
}
