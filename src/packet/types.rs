//! Draft of the packet types; the codec splits this into one file per packet.
#![allow(missing_docs)]
use bytes::{Bytes, BytesMut};
use std::num::NonZeroU16;

/// Protocol level as sent in CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolVersion {
    V3_1 = 3,
    V3_1_1 = 4,
    V5 = 5,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}

pub type PacketId = NonZeroU16;

/// One byte as on the wire; names as associated constants (SUCCESS, MALFORMED_PACKET, PROTOCOL_ERROR, ...).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ReasonCode(pub u8);

/// Property value; strings are UTF-8 checked when decoded, kept as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyValue {
    Byte(u8),
    TwoByteInteger(u16),
    FourByteInteger(u32),
    VariableByteInteger(u32),
    BinaryData(Bytes),
    Utf8String(Bytes),
    Utf8StringPair(Bytes, Bytes),
}

/// `id` is the identifier's number (1, 2, 3, 8, 9, 11, ... 42).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    pub id: u8,
    pub value: PropertyValue,
}

/// Ordered, duplicates kept. Empty costs no allocation.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Properties(pub Vec<Property>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    pub topic: Bytes,
    pub payload: Bytes,
    pub qos: QoS,
    pub retain: bool,
    pub properties: Properties,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    pub version: ProtocolVersion,
    /// Clean Session (3.x) or Clean Start (5).
    pub clean_start: bool,
    pub keep_alive: u16,
    pub client_id: Bytes,
    pub will: Option<Will>,
    pub username: Option<Bytes>,
    pub password: Option<Bytes>,
    pub properties: Properties,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnAck {
    pub session_present: bool,
    /// 3.x return code or 5 reason code, any value (77 too) is handed on.
    pub code: ReasonCode,
    pub properties: Properties,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    pub dup: bool,
    pub qos: QoS,
    pub retain: bool,
    pub topic: Bytes,
    /// Some exactly when qos > 0.
    pub packet_id: Option<PacketId>,
    pub properties: Properties,
    pub payload: Bytes,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP (which one: the `Packet` variant).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    pub packet_id: PacketId,
    pub reason: ReasonCode,
    pub properties: Properties,
}

/// The options byte as on the wire (QoS, No Local, Retain As Published, Retain Handling).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRequest {
    pub filter: Bytes,
    pub options: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    pub packet_id: PacketId,
    pub properties: Properties,
    pub filters: Vec<SubscriptionRequest>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    pub packet_id: PacketId,
    pub properties: Properties,
    pub filters: Vec<Bytes>,
}

/// SUBACK, or UNSUBACK (codes empty below 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAck {
    pub packet_id: PacketId,
    pub properties: Properties,
    pub codes: Vec<ReasonCode>,
}

/// `properties` None: without a property length (`e0 01 r`, or `e0 00` for reason 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    pub reason: ReasonCode,
    pub properties: Option<Properties>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    pub reason: ReasonCode,
    pub properties: Properties,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    Connect(Box<Connect>),
    ConnAck(ConnAck),
    Publish(Publish),
    PubAck(Ack),
    PubRec(Ack),
    PubRel(Ack),
    PubComp(Ack),
    Subscribe(Subscribe),
    SubAck(SubAck),
    Unsubscribe(Unsubscribe),
    UnsubAck(SubAck),
    PingReq,
    PingResp,
    Disconnect(Disconnect),
    Auth(Auth),
}

/// Who wrote the bytes being decoded: decides which packet types are legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Server,
    Client,
}

/// A whole packet off the stream, not yet interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub first_byte: u8,
    pub body: Bytes,
}

/// The input breaks the standard: v5 reason (MALFORMED_PACKET, PROTOCOL_ERROR, PACKET_TOO_LARGE, ...) and a text for the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub reason: ReasonCode,
    pub detail: &'static str,
}

/// A field or the packet does not fit the wire format (string > 65535, packet > 268435455, ...).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Takes the next whole packet off the front of `buf`; `None` if more bytes are needed.
/// Err at once when the remaining length is malformed or the packet would exceed `maximum` bytes. Never reserves memory for a claimed length.
pub fn next_frame(buf: &mut BytesMut, maximum: u32) -> Result<Option<Frame>, Malformed> {
    let _ = (buf, maximum);
    todo!()
}

impl Packet {
    /// Interprets a frame; `version` is the connection's (for CONNECT it is read from the packet).
    pub fn decode(
        frame: Frame,
        version: ProtocolVersion,
        sender: Sender,
    ) -> Result<Packet, Malformed> {
        let _ = (frame, version, sender);
        todo!()
    }

    /// Appends the wire form to `out`; on error `out` is as it was.
    pub fn encode(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), TooLarge> {
        match self {
            Packet::Publish(publish) => super::publish::encode_publish(publish, version, out),
            _ => todo!(),
        }
        Ok(())
    }
}
