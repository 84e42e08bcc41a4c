//! The MQTT codec: bytes to packets and back, for MQTT 3.1, 3.1.1 and 5; no state, no clock, no I/O.
//!
//! [`next_frame`] cuts the stream into packets, [`Packet::decode`] interprets one, [`Packet::encode`] writes one.
//! One set of types serves all versions: properties are empty below 5. Decoding accepts what the standard lets the
//! sender write and nothing else; each check names the clause it implements.
#![forbid(unsafe_code)]

pub mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod error;
mod fixed_header;
mod frame;
mod message;
mod plain;
pub mod primitives;
mod properties;
pub mod publish;
mod reason_code;
mod record;
mod subscribe;
#[cfg(test)]
mod tests;
mod unsubscribe;

use std::num::NonZeroU16;

use bytes::Bytes;

pub use ack::Ack;
pub use auth::Auth;
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub use error::{Malformed, TooLarge};
pub use fixed_header::{FixedHeader, PacketType};
pub use frame::{Frame, claimed_length, next_frame};
pub use message::Message;
pub use plain::PlainPublish;
pub use properties::{
    NO_PROPERTIES, Properties, Property, PropertyPlace, PropertyType, PropertyValue,
};
pub use publish::{Publish, PublishHead};
pub use reason_code::ReasonCode;
pub use record::decode_record;
pub use subscribe::{SubAck, Subscribe, SubscriptionRequest};
pub use unsubscribe::Unsubscribe;

/// Protocol version, with the level that CONNECT carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolVersion {
    /// MQTT 3.1
    V3_1 = 3,
    /// MQTT 3.1.1
    V3_1_1 = 4,
    /// MQTT 5
    V5 = 5,
}

impl ProtocolVersion {
    /// A version whose packets have the format of MQTT 5, or the other one: 3.1 and 3.1.1 differ in CONNECT only.
    pub const fn of_format(v5: bool) -> ProtocolVersion {
        match v5 {
            true => ProtocolVersion::V5,
            false => ProtocolVersion::V3_1_1,
        }
    }
}

/// Quality of Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    /// 0: no acknowledgement, may be lost.
    AtMostOnce = 0,
    /// 1: PUBACK, may arrive again.
    AtLeastOnce = 1,
    /// 2: PUBREC, PUBREL, PUBCOMP.
    ExactlyOnce = 2,
}

impl QoS {
    /// The level of a number; `None` above 2.
    #[inline]
    pub const fn from_level(level: u8) -> Option<QoS> {
        match level {
            0 => Some(QoS::AtMostOnce),
            1 => Some(QoS::AtLeastOnce),
            2 => Some(QoS::ExactlyOnce),
            _ => None,
        }
    }
}

/// Packet Identifier, never 0.
pub type PacketId = NonZeroU16;

/// Who wrote the bytes being decoded: decides which packet types are legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// What a client receives.
    Server,
    /// What a server receives.
    Client,
}

/// An MQTT Control Packet; [`PacketType`] says what each is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// CONNECT.
    Connect(Box<Connect>),
    /// CONNACK.
    ConnAck(ConnAck),
    /// PUBLISH.
    Publish(Publish),
    /// PUBACK.
    PubAck(Ack),
    /// PUBREC.
    PubRec(Ack),
    /// PUBREL.
    PubRel(Ack),
    /// PUBCOMP.
    PubComp(Ack),
    /// SUBSCRIBE.
    Subscribe(Subscribe),
    /// SUBACK.
    SubAck(SubAck),
    /// UNSUBSCRIBE.
    Unsubscribe(Unsubscribe),
    /// UNSUBACK.
    UnsubAck(SubAck),
    /// PINGREQ.
    PingReq,
    /// PINGRESP.
    PingResp,
    /// DISCONNECT.
    Disconnect(Disconnect),
    /// AUTH.
    Auth(Auth),
}

impl Packet {
    /// Interprets a frame. `version` is the connection's; a CONNECT carries its own. Strings, payload and binary data
    /// share the frame's memory.
    pub fn decode(
        frame: Frame,
        version: ProtocolVersion,
        sender: Sender,
    ) -> Result<Packet, Malformed> {
        let Frame { first_byte, body } = frame;
        let packet_type = fixed_header::check_first_byte(first_byte, version, sender)?;
        Ok(match packet_type {
            PacketType::Publish => {
                let rules = publish::check_topic_name;
                let message = Message::decode_by(first_byte, body, version, sender, rules)?;
                Packet::Publish(message.into())
            }
            PacketType::PubAck => Packet::PubAck(Ack::decode(packet_type, &body, version)?),
            PacketType::PubRec => Packet::PubRec(Ack::decode(packet_type, &body, version)?),
            PacketType::PubRel => Packet::PubRel(Ack::decode(packet_type, &body, version)?),
            PacketType::PubComp => Packet::PubComp(Ack::decode(packet_type, &body, version)?),
            PacketType::PingReq => empty(&body, Packet::PingReq)?,
            PacketType::PingResp => empty(&body, Packet::PingResp)?,
            PacketType::Connect => Packet::Connect(Box::new(Connect::decode(&body)?)),
            PacketType::ConnAck => Packet::ConnAck(ConnAck::decode(&body, version)?),
            PacketType::Subscribe => Packet::Subscribe(Subscribe::decode(&body, version)?),
            PacketType::SubAck => Packet::SubAck(SubAck::decode_suback(&body, version)?),
            PacketType::Unsubscribe => Packet::Unsubscribe(Unsubscribe::decode(&body, version)?),
            PacketType::UnsubAck => Packet::UnsubAck(SubAck::decode_unsuback(&body, version)?),
            PacketType::Disconnect => {
                Packet::Disconnect(Disconnect::decode(&body, version, sender)?)
            }
            PacketType::Auth => Packet::Auth(Auth::decode(&body, sender)?),
        })
    }

    /// The type of a packet that begins with this byte; an error if none can, whatever comes behind it.
    pub fn type_by_first_byte(
        first_byte: u8,
        version: ProtocolVersion,
        sender: Sender,
    ) -> Result<PacketType, Malformed> {
        fixed_header::check_first_byte(first_byte, version, sender)
    }

    /// Appends the wire form to `out`; on error `out` is as it was. `version` is the connection's; CONNECT is written
    /// for its own, AUTH as in 5, the only version that has it.
    pub fn encode(&self, version: ProtocolVersion, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        match self {
            Packet::Publish(publish) => publish.encode(version, out),
            Packet::PubAck(ack) => ack.encode(PacketType::PubAck, version, out),
            Packet::PubRec(ack) => ack.encode(PacketType::PubRec, version, out),
            Packet::PubRel(ack) => ack.encode(PacketType::PubRel, version, out),
            Packet::PubComp(ack) => ack.encode(PacketType::PubComp, version, out),
            Packet::PingReq => fixed_header::put_fixed_header(0xc0, 0, out),
            Packet::PingResp => fixed_header::put_fixed_header(0xd0, 0, out),
            Packet::Connect(connect) => connect.encode(out),
            Packet::ConnAck(connack) => connack.encode(version, out),
            Packet::Subscribe(subscribe) => subscribe.encode(version, out),
            Packet::SubAck(suback) => suback.encode_suback(version, out),
            Packet::Unsubscribe(unsubscribe) => unsubscribe.encode(version, out),
            Packet::UnsubAck(unsuback) => unsuback.encode_unsuback(version, out),
            Packet::Disconnect(disconnect) => disconnect.encode(version, out),
            Packet::Auth(auth) => auth.encode(out),
        }
    }

    /// The packet's type.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Packet::Connect(_) => PacketType::Connect,
            Packet::ConnAck(_) => PacketType::ConnAck,
            Packet::Publish(_) => PacketType::Publish,
            Packet::PubAck(_) => PacketType::PubAck,
            Packet::PubRec(_) => PacketType::PubRec,
            Packet::PubRel(_) => PacketType::PubRel,
            Packet::PubComp(_) => PacketType::PubComp,
            Packet::Subscribe(_) => PacketType::Subscribe,
            Packet::SubAck(_) => PacketType::SubAck,
            Packet::Unsubscribe(_) => PacketType::Unsubscribe,
            Packet::UnsubAck(_) => PacketType::UnsubAck,
            Packet::PingReq => PacketType::PingReq,
            Packet::PingResp => PacketType::PingResp,
            Packet::Disconnect(_) => PacketType::Disconnect,
            Packet::Auth(_) => PacketType::Auth,
        }
    }
}

/// A packet that consists of its fixed header (3.1.1 and 5: 3.12, 3.13).
fn empty(body: &Bytes, packet: Packet) -> Result<Packet, Malformed> {
    primitives::Reader::new(body).finish()?;
    Ok(packet)
}
