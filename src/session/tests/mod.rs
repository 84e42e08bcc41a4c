//! Protocol stories: a session with a hand-moved clock, a store in memory, and a scripted server.

mod aliases;
mod broker;
mod client;
mod connecting;
mod crash;
mod disk;
mod inbound;
mod keep_alive;
mod limits;
mod lost;
mod more;
mod outbound;
mod random;
mod requests;
mod store_failures;
mod versions;

use super::*;
use crate::packet::{
    Ack, ConnAck, Frame, Malformed, Packet, PacketType, Properties, Property, PropertyValue,
    ProtocolVersion::*, Publish, QoS, ReasonCode, SubAck,
};
use broker::World;
use bytes::Bytes;
use client::{Client, Crash};
use disk::Key;

const ALL_VERSIONS: [ProtocolVersion; 3] = [V3_1, V3_1_1, V5];
const V3: [ProtocolVersion; 2] = [V3_1, V3_1_1];
const S: Duration = Duration::from_secs(1);

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn ack(number: u16) -> Ack {
    Ack::new(id(number))
}

fn ack_with(number: u16, reason: ReasonCode) -> Ack {
    Ack {
        reason,
        ..ack(number)
    }
}

fn puback(number: u16) -> Packet {
    Packet::PubAck(ack(number))
}

fn pubrec(number: u16) -> Packet {
    Packet::PubRec(ack(number))
}

fn pubrel(number: u16) -> Packet {
    Packet::PubRel(ack(number))
}

fn pubcomp(number: u16) -> Packet {
    Packet::PubComp(ack(number))
}

/// A message from the server; `number` is ignored with QoS 0.
fn message(qos: QoS, number: u16, payload: &str) -> Publish {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: Bytes::from_static(b"t"),
        packet_id: (qos > QoS::AtMostOnce).then(|| id(number)),
        properties: Properties::new(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    }
}

fn publish(qos: QoS, number: u16, payload: &str) -> Packet {
    Packet::Publish(message(qos, number, payload))
}

fn connack(session_present: bool) -> ConnAck {
    ConnAck {
        session_present,
        code: ReasonCode::SUCCESS,
        properties: Properties::new(),
    }
}

fn connack_with(list: impl IntoIterator<Item = Property>) -> ConnAck {
    ConnAck {
        properties: list.into_iter().collect(),
        ..connack(false)
    }
}

fn byte(id: u8, value: u8) -> Property {
    Property {
        id,
        value: PropertyValue::Byte(value),
    }
}

fn two_bytes(id: u8, value: u16) -> Property {
    Property {
        id,
        value: PropertyValue::TwoByteInteger(value),
    }
}

fn four_bytes(id: u8, value: u32) -> Property {
    Property {
        id,
        value: PropertyValue::FourByteInteger(value),
    }
}

fn suback(number: u16, codes: &[u8]) -> SubAck {
    SubAck {
        packet_id: id(number),
        properties: Properties::new(),
        codes: codes.iter().map(|&code| ReasonCode(code)).collect(),
    }
}

/// A packet in one line: `PUBLISH 1 qos1 dup hello`, `PUBREL 1`.
fn line(packet: &Packet) -> String {
    let named = |name: &str, ack: &Ack| match ack.reason {
        ReasonCode::SUCCESS => format!("{name} {}", ack.packet_id),
        ReasonCode(reason) => format!("{name} {} reason {reason:#x}", ack.packet_id),
    };
    match packet {
        Packet::Publish(publish) => {
            let mut line = "PUBLISH".to_owned();
            if let Some(id) = publish.packet_id {
                line += &format!(" {id}");
            }
            line += &format!(" qos{}", publish.qos as u8);
            if publish.dup {
                line += " dup";
            }
            line + " " + &String::from_utf8_lossy(&publish.payload)
        }
        Packet::PubAck(ack) => named("PUBACK", ack),
        Packet::PubRec(ack) => named("PUBREC", ack),
        Packet::PubRel(ack) => named("PUBREL", ack),
        Packet::PubComp(ack) => named("PUBCOMP", ack),
        Packet::Subscribe(subscribe) => format!("SUBSCRIBE {}", subscribe.packet_id),
        Packet::Unsubscribe(unsubscribe) => format!("UNSUBSCRIBE {}", unsubscribe.packet_id),
        Packet::Disconnect(disconnect) => format!("DISCONNECT {:#x}", disconnect.reason.0),
        Packet::PingReq => "PINGREQ".to_owned(),
        Packet::Connect(_) => "CONNECT".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What an outbound message ended with: token, packet type, reason.
fn completions(events: &[Event]) -> Vec<(u16, u8, u8)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Completed {
                id,
                packet_type,
                reason,
                ..
            } => Some((id.get(), *packet_type, reason.0)),
            _ => None,
        })
        .collect()
}
