//! One connection to a client, byte by byte: what the scripted brokers are made of. Every wait has a
//! deadline; errors are texts that end with what was received so far.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use mqtt3c::packet::{
    Ack, ConnAck, Packet, PacketId, Properties, ProtocolVersion, QoS, ReasonCode, Sender, SubAck,
    next_frame,
};
use rustix::net::sockopt::set_socket_linger;

/// How long to wait for the client unless told otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Between the pieces of [`Wire::send_slowly`], so that they arrive as pieces.
const PAUSE: Duration = Duration::from_millis(2);

/// How much of what was received an error shows.
const SHOWN: usize = 1024;

/// A byte, or any byte.
pub type Pattern = Vec<Option<u8>>;

/// A connection with all that came over it.
pub struct Wire {
    stream: TcpStream,
    /// How long to wait for the client.
    pub patience: Duration,
    /// The version in the last CONNECT; 3.1.1 before.
    pub version: ProtocolVersion,
    received: Vec<u8>,
    taken: usize,
}

/// What a read came to.
enum Arrival {
    Bytes,
    Closed,
    Nothing,
}

impl Wire {
    /// Takes over an accepted connection.
    pub fn new(stream: TcpStream, patience: Duration) -> Wire {
        Wire {
            stream,
            patience,
            version: ProtocolVersion::V3_1_1,
            received: Vec::new(),
            taken: 0,
        }
    }

    /// All bytes received so far, taken or not.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// Takes the next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + self.patience;
        while self.pending().len() < count {
            self.more(deadline, || format!("{count} bytes"))?;
        }
        Ok(self.take(count))
    }

    /// Takes as many bytes as `pattern` has and compares.
    pub fn pattern(&mut self, pattern: &Pattern) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + self.patience;
        loop {
            let fits = |(wanted, byte): (&Option<u8>, &u8)| wanted.is_none_or(|it| it == *byte);
            // At the first difference, rather than at the deadline.
            if !pattern.iter().zip(self.pending()).all(fits) {
                let wanted = show_pattern(pattern);
                return Err(self.failure(&format!("expected {wanted}, got something else")));
            }
            if self.pending().len() >= pattern.len() {
                return Ok(self.take(pattern.len()));
            }
            self.more(deadline, || show_pattern(pattern))?;
        }
    }

    /// Takes the next packet as its bytes.
    pub fn frame(&mut self) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + self.patience;
        loop {
            match packet_length(self.pending()) {
                Some(length) if length <= self.pending().len() => return Ok(self.take(length)),
                _ => self.more(deadline, || "a packet".into())?,
            }
        }
    }

    /// Takes the next packet, which must be one that a client may send.
    pub fn packet(&mut self) -> Result<Packet, String> {
        let frame = self.frame()?;
        self.decode(&frame)
    }

    /// Reads `frame` as one whole packet from a client, which may set the version.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Packet, String> {
        let mut buffer = BytesMut::from(frame);
        let packet = match next_frame(&mut buffer, u32::MAX) {
            Ok(Some(whole)) if buffer.is_empty() => {
                Packet::decode(whole, self.version, Sender::Client)
            }
            Ok(_) => return Err(self.failure(&format!("not one packet: {}", show(frame)))),
            Err(error) => Err(error),
        };
        let packet = packet.map_err(|error| {
            self.failure(&format!(
                "malformed packet ({}): {}",
                error.detail,
                show(frame)
            ))
        })?;
        if let Packet::Connect(connect) = &packet {
            self.version = connect.version;
        }
        Ok(packet)
    }

    /// Waits for `silence` during which nothing must arrive, nor the connection end.
    pub fn nothing_for(&mut self, silence: Duration) -> Result<(), String> {
        if self.pending().is_empty() {
            match self.read(Instant::now() + silence) {
                Arrival::Nothing => return Ok(()),
                Arrival::Closed => return Err(self.failure("expected nothing, got the end")),
                Arrival::Bytes => {}
            }
        }
        Err(self.failure("expected nothing, got bytes"))
    }

    /// Waits for the client to end the connection, in order or by a reset.
    pub fn eof(&mut self) -> Result<(), String> {
        if self.pending().is_empty() {
            match self.read(Instant::now() + self.patience) {
                Arrival::Closed => return Ok(()),
                Arrival::Nothing => return Err(self.failure("expected the end, got nothing")),
                Arrival::Bytes => {}
            }
        }
        Err(self.failure("expected the end, got bytes"))
    }

    /// Sends `bytes` as they are.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = self
            .stream
            .set_write_timeout(Some(self.patience))
            .and_then(|()| self.stream.write_all(bytes));
        sent.map_err(|error| self.failure(&format!("sending: {error}")))
    }

    /// Sends `bytes` in pieces of `chunk`, with a pause after each.
    pub fn send_slowly(&mut self, bytes: &[u8], chunk: usize) -> Result<(), String> {
        for piece in bytes.chunks(chunk.max(1)) {
            self.send(piece)?;
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Sends `packet`.
    pub fn send_packet(&mut self, packet: &Packet) -> Result<(), String> {
        let mut bytes = Vec::new();
        match packet.encode(self.version, &mut bytes) {
            Ok(()) => self.send(&bytes),
            Err(_) => Err(self.failure("packet too large to send")),
        }
    }

    /// Sends what a broker answers to `packet` when all is well.
    pub fn acknowledge(&mut self, packet: &Packet) -> Result<(), String> {
        match answer(packet, self.version) {
            Some(answer) => self.send_packet(&answer),
            None => Err(self.failure(&format!("{} has no answer", name(packet)))),
        }
    }

    /// Ends the connection in order, also when the client has sent what nobody took: a mere close would
    /// reset it then.
    pub fn close(self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends the connection with a TCP reset.
    pub fn reset(self) -> Result<(), String> {
        set_socket_linger(&self.stream, Some(Duration::ZERO))
            .map_err(|error| self.failure(&format!("reset: {error}")))
    }

    fn pending(&self) -> &[u8] {
        &self.received[self.taken..]
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.pending()[..count].to_vec();
        self.taken += count;
        bytes
    }

    fn more(&mut self, deadline: Instant, wanted: impl Fn() -> String) -> Result<(), String> {
        let got = match self.read(deadline) {
            Arrival::Bytes => return Ok(()),
            Arrival::Closed => "the end",
            Arrival::Nothing => "nothing more",
        };
        Err(self.failure(&format!("expected {}, got {got}", wanted())))
    }

    fn read(&mut self, deadline: Instant) -> Arrival {
        let mut chunk = [0; 8192];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Arrival::Nothing;
            }
            let _ = self.stream.set_read_timeout(Some(left));
            match self.stream.read(&mut chunk) {
                Ok(0) => return Arrival::Closed,
                Ok(length) => {
                    self.received.extend_from_slice(&chunk[..length]);
                    return Arrival::Bytes;
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::Interrupted => {}
                    _ => return Arrival::Closed,
                },
            }
        }
    }

    /// `text` with what was received so far.
    pub fn failure(&self, text: &str) -> String {
        let (taken, pending) = self.received.split_at(self.taken);
        format!(
            "{text}\n  received and taken: {}\n  received since:     {}",
            show(taken),
            show(pending)
        )
    }
}

/// The length of the packet `bytes` begin with, once its fixed header is complete.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (index, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        // A fourth byte that goes on is malformed: handed over as it is, the codec says so.
        if byte & 0x80 == 0 || index == 3 {
            return Some(2 + index + length);
        }
    }
    None
}

/// The answer of a broker that accepts everything; `None` for packets that have none.
fn answer(packet: &Packet, version: ProtocolVersion) -> Option<Packet> {
    let sub_ack = |packet_id: PacketId, codes| SubAck {
        packet_id,
        properties: Properties::default(),
        codes,
    };
    let ack = |packet_id: PacketId| Ack {
        packet_id,
        reason: ReasonCode::SUCCESS,
        properties: Properties::default(),
    };
    Some(match packet {
        Packet::Connect(_) => Packet::ConnAck(ConnAck {
            session_present: false,
            code: ReasonCode::SUCCESS,
            properties: Properties::default(),
        }),
        Packet::Publish(publish) => match (publish.qos, publish.packet_id) {
            (QoS::AtLeastOnce, Some(id)) => Packet::PubAck(ack(id)),
            (QoS::ExactlyOnce, Some(id)) => Packet::PubRec(ack(id)),
            _ => return None,
        },
        Packet::PubRec(received) => Packet::PubRel(ack(received.packet_id)),
        Packet::PubRel(released) => Packet::PubComp(ack(released.packet_id)),
        Packet::Subscribe(subscribe) => {
            let granted = subscribe
                .filters
                .iter()
                .map(|it| ReasonCode(it.options & 3));
            Packet::SubAck(sub_ack(subscribe.packet_id, granted.collect()))
        }
        Packet::Unsubscribe(unsubscribe) => {
            let codes = match version {
                ProtocolVersion::V5 => vec![ReasonCode::SUCCESS; unsubscribe.filters.len()],
                _ => Vec::new(),
            };
            Packet::UnsubAck(sub_ack(unsubscribe.packet_id, codes))
        }
        Packet::PingReq => Packet::PingResp,
        _ => return None,
    })
}

/// The packet's name in the standard.
pub fn name(packet: &Packet) -> &'static str {
    match packet {
        Packet::Connect(_) => "CONNECT",
        Packet::ConnAck(_) => "CONNACK",
        Packet::Publish(_) => "PUBLISH",
        Packet::PubAck(_) => "PUBACK",
        Packet::PubRec(_) => "PUBREC",
        Packet::PubRel(_) => "PUBREL",
        Packet::PubComp(_) => "PUBCOMP",
        Packet::Subscribe(_) => "SUBSCRIBE",
        Packet::SubAck(_) => "SUBACK",
        Packet::Unsubscribe(_) => "UNSUBSCRIBE",
        Packet::UnsubAck(_) => "UNSUBACK",
        Packet::PingReq => "PINGREQ",
        Packet::PingResp => "PINGRESP",
        Packet::Disconnect(_) => "DISCONNECT",
        Packet::Auth(_) => "AUTH",
    }
}

/// Bytes as `30 0a 00`, the front left out if there are many.
pub fn show(bytes: &[u8]) -> String {
    let mut text = String::new();
    let left_out = bytes.len().saturating_sub(SHOWN);
    if left_out > 0 {
        let _ = write!(text, "({left_out} bytes) ..");
    }
    for byte in &bytes[left_out..] {
        let separator = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{separator}{byte:02x}");
    }
    text
}

fn show_pattern(pattern: &Pattern) -> String {
    let byte = |byte: &Option<u8>| byte.map_or("??".into(), |byte| format!("{byte:02x}"));
    pattern.iter().map(byte).collect::<Vec<_>>().join(" ")
}

/// Reads `30 0a ?? 00`; spaces between bytes do not matter.
pub fn parse_pattern(text: &str) -> Result<Pattern, String> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let pairs = digits.chunks(2).map(|pair| match pair {
        b"??" => Ok(None),
        pair => std::str::from_utf8(pair)
            .ok()
            .filter(|_| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .map(Some)
            .ok_or_else(|| format!("not bytes in hex: {text}")),
    });
    pairs.collect()
}

/// Reads `30 0a 00`.
pub fn parse_bytes(text: &str) -> Result<Bytes, String> {
    let pattern = parse_pattern(text)?;
    let bytes: Option<Vec<u8>> = pattern.into_iter().collect();
    bytes
        .map(Bytes::from)
        .ok_or_else(|| format!("?? where bytes are needed: {text}"))
}
