//! The reading side of one connection: handshake, packets in order, keep alive, and the end.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use mqtt3c::packet::{
    ConnAck, Connect, Malformed, Packet, Properties, ProtocolVersion, Publish, ReasonCode, Sender,
    next_frame,
};

use super::Shared;
use super::hub::{Ending, TOPIC_ALIAS_MAXIMUM};
use super::link::Link;
use super::message::numeric;

/// How long a client may take to send CONNECT.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest packet there can be.
const MAXIMUM_PACKET_SIZE: u32 = 5 + 268_435_455;
const TOPIC_ALIAS: u8 = 35;
const AUTHENTICATION_METHOD: u8 = 21;

/// Why there is no next packet.
enum End {
    /// The client is gone, or the link was closed.
    Closed,
    /// Nothing arrived for as long as the client may be silent.
    Silent,
    Malformed(Malformed),
}

/// Serves one connection from CONNECT to its end.
pub fn serve(stream: &Arc<TcpStream>, shared: &Shared) {
    let mut reader = Reader::new(stream);
    let connect = match reader.next(ProtocolVersion::V3_1_1, Some(CONNECT_TIMEOUT)) {
        Ok(Packet::Connect(connect)) => connect,
        Err(End::Malformed(error)) if error.reason == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION => {
            // The form all versions before 5 understand [MQTT-3.1.2-2].
            return refuse(stream, ProtocolVersion::V3_1_1, ReasonCode(1));
        }
        _ => return hang_up(stream),
    };
    if let Some(code) = refusal(&connect) {
        return refuse(stream, connect.version, code);
    }
    let link = Arc::new(Link::new(Arc::clone(stream), &connect));
    thread::scope(|scope| {
        let writer = thread::Builder::new().name("writer".into());
        if writer.spawn_scoped(scope, || link.write_all()).is_err() {
            return hang_up(stream);
        }
        let keep_alive = Duration::from_secs(connect.keep_alive.into());
        let silence = (!keep_alive.is_zero()).then(|| keep_alive.mul_f32(1.5));
        let id = shared.connect(*connect, &link);
        let mut client = Client {
            id,
            link: Arc::clone(&link),
            aliases: HashMap::new(),
            shared,
        };
        let how = client.serve(&mut reader, silence);
        shared.end_connection(&client.id, &link, how);
        link.close();
    });
}

/// Why a well-formed CONNECT is not accepted, as the code for its version.
fn refusal(connect: &Connect) -> Option<ReasonCode> {
    let needs_id = match connect.version {
        ProtocolVersion::V3_1 => true,
        // [MQTT-3.1.3-8]
        ProtocolVersion::V3_1_1 => !connect.clean_start,
        ProtocolVersion::V5 => false,
    };
    if needs_id && connect.client_id.is_empty() {
        return Some(ReasonCode(2));
    }
    let mut ids = connect.properties.0.iter().map(|property| property.id);
    ids.any(|id| id == AUTHENTICATION_METHOD)
        .then_some(ReasonCode::BAD_AUTHENTICATION_METHOD)
}

fn refuse(mut stream: &TcpStream, version: ProtocolVersion, code: ReasonCode) {
    let mut bytes = Vec::new();
    let refusal = Packet::ConnAck(ConnAck {
        session_present: false,
        code,
        properties: Properties::default(),
    });
    if refusal.encode(version, &mut bytes).is_ok() {
        let _ = stream.write_all(&bytes);
    }
    hang_up(stream);
}

fn hang_up(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both);
}

/// A client that is connected.
struct Client<'a> {
    id: Bytes,
    link: Arc<Link>,
    aliases: HashMap<u32, Bytes>,
    shared: &'a Shared,
}

impl Client<'_> {
    /// Handles the client's packets until one of the two sides ends the connection.
    fn serve(&mut self, reader: &mut Reader, silence: Option<Duration>) -> Ending {
        let reason = loop {
            match reader.next(self.link.version, silence) {
                Ok(Packet::Disconnect(disconnect)) => {
                    let reason = disconnect.reason;
                    match self.tell(Packet::Disconnect(disconnect)) {
                        Err(reason) => break reason,
                        Ok(()) if reason == ReasonCode::SUCCESS => return Ending::Clean,
                        // The client asks for its will, or reports an error.
                        Ok(()) => return Ending::Lost,
                    }
                }
                Ok(packet) => {
                    if let Err(reason) = self.handle(packet) {
                        break reason;
                    }
                }
                Err(End::Closed) => return Ending::Lost,
                // [MQTT-3.1.2-22]
                Err(End::Silent) => break ReasonCode::KEEP_ALIVE_TIMEOUT,
                Err(End::Malformed(error)) => break error.reason,
            }
        };
        self.link.disconnect(reason);
        Ending::Lost
    }

    fn handle(&mut self, packet: Packet) -> Result<(), ReasonCode> {
        match packet {
            Packet::PingReq => {
                self.link.send(&Packet::PingResp);
                Ok(())
            }
            Packet::Publish(publish) => {
                let publish = self.resolve_alias(publish)?;
                self.tell(Packet::Publish(publish))
            }
            packet => self.tell(packet),
        }
    }

    fn tell(&self, packet: Packet) -> Result<(), ReasonCode> {
        self.shared.handle(&self.id, &self.link, packet)
    }

    /// Puts the topic an alias stands for into the message [MQTT-3.3.2-8] [MQTT-3.3.2-9].
    fn resolve_alias(&mut self, mut publish: Publish) -> Result<Publish, ReasonCode> {
        if let Some(alias) = numeric(&publish.properties, TOPIC_ALIAS) {
            if alias == 0 || alias > TOPIC_ALIAS_MAXIMUM.into() {
                return Err(ReasonCode::TOPIC_ALIAS_INVALID);
            }
            if publish.topic.is_empty() {
                let known = self.aliases.get(&alias);
                publish.topic = known.cloned().ok_or(ReasonCode::PROTOCOL_ERROR)?;
            } else {
                self.aliases.insert(alias, publish.topic.clone());
            }
        }
        Ok(publish)
    }
}

/// Takes packets off a stream.
struct Reader<'a> {
    stream: &'a TcpStream,
    buffer: BytesMut,
    chunk: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn new(stream: &'a TcpStream) -> Reader<'a> {
        Reader {
            stream,
            buffer: BytesMut::new(),
            chunk: vec![0; 16 << 10],
        }
    }

    /// The next packet. The client may be silent for `silence`; any byte breaks it, for a client
    /// that is sending a large packet cannot ping.
    fn next(&mut self, version: ProtocolVersion, silence: Option<Duration>) -> Result<Packet, End> {
        loop {
            let frame =
                next_frame(&mut self.buffer, MAXIMUM_PACKET_SIZE).map_err(End::Malformed)?;
            if let Some(frame) = frame {
                return Packet::decode(frame, version, Sender::Client).map_err(End::Malformed);
            }
            self.fill(silence)?;
        }
    }

    fn fill(&mut self, silence: Option<Duration>) -> Result<(), End> {
        let deadline = silence.map(|silence| Instant::now() + silence);
        loop {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(End::Silent);
            }
            let _ = self.stream.set_read_timeout(left);
            match self.stream.read(&mut self.chunk) {
                Ok(0) => return Err(End::Closed),
                Ok(length) => {
                    self.buffer.extend_from_slice(&self.chunk[..length]);
                    return Ok(());
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::Interrupted => {}
                    _ => return Err(End::Closed),
                },
            }
        }
    }
}
