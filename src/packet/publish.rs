//! Stand-in for the codec, as much as the records of the message store need.
#![allow(missing_docs)]
use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::*;

const BAD: Malformed = Malformed {
    reason: ReasonCode(0x81),
    detail: "stand-in",
};

fn header(record: &[u8]) -> Option<(usize, usize)> {
    let (mut length, mut at) = (0, 1);
    loop {
        let byte = *record.get(at)?;
        length |= usize::from(byte & 127) << (7 * (at - 1));
        at += 1;
        if byte < 128 {
            return Some((at, length));
        }
        if at == 5 {
            return None;
        }
    }
}

fn varint(mut value: usize, out: &mut BytesMut) {
    while value > 127 {
        out.put_u8(value as u8 | 128);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

pub fn record_parts(packet: &[u8], version: ProtocolVersion) -> Option<[&[u8]; 5]> {
    let (head, length) = header(packet)?;
    if packet.len() != head + length || packet[0] >> 4 != 3 {
        return None;
    }
    let (first, rest) = packet.split_at(head);
    let (topic_length, rest) = rest.split_at_checked(2)?;
    let length = usize::from(u16::from_be_bytes([topic_length[0], topic_length[1]]));
    let (topic, rest) = rest.split_at_checked(length)?;
    let mut id_length = 2;
    if version == ProtocolVersion::V5 {
        let (head, length) = header(rest.get(1..)?)?;
        id_length = 1 + head + length;
    }
    let (id, payload) = rest.split_at_checked(id_length)?;
    Some([first, topic_length, topic, id, payload])
}

fn string(bytes: &mut Bytes) -> Result<Bytes, Malformed> {
    let length = usize::from(bytes.try_get_u16().map_err(|_| BAD)?);
    if bytes.len() < length {
        return Err(BAD);
    }
    Ok(bytes.split_to(length))
}

pub fn decode_record(bytes: Bytes, version: ProtocolVersion) -> Result<Packet, Malformed> {
    let (head, length) = header(&bytes).ok_or(BAD)?;
    if bytes.len() != head + length {
        return Err(BAD);
    }
    let first = bytes[0];
    let mut body = bytes.slice(head..);
    if first == 0xc0 && length == 0 {
        return Ok(Packet::PingReq);
    }
    if first == 0x62 && length == 2 {
        return Ok(Packet::PubRel(Ack {
            packet_id: PacketId::new(body.get_u16()).ok_or(BAD)?,
            reason: ReasonCode(0),
            properties: Properties::default(),
        }));
    }
    let qos = match first >> 1 & 3 {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        2 => QoS::ExactlyOnce,
        _ => return Err(BAD),
    };
    if first >> 4 != 3 {
        return Err(BAD);
    }
    let topic = string(&mut body)?;
    let mut packet_id = None;
    if qos != QoS::AtMostOnce {
        let id = body.try_get_u16().map_err(|_| BAD)?;
        packet_id = Some(PacketId::new(id).ok_or(BAD)?);
    }
    let mut properties = Properties::default();
    if version == ProtocolVersion::V5 {
        let mut prefixed = BytesMut::from(&b"\0"[..]);
        prefixed.extend_from_slice(&body);
        let (head, length) = header(&prefixed).ok_or(BAD)?;
        body.advance(head - 1);
        if body.len() < length {
            return Err(BAD);
        }
        let mut block = body.split_to(length);
        while !block.is_empty() {
            let id = block.get_u8();
            let value = match id {
                3 | 8 => PropertyValue::Utf8String(string(&mut block)?),
                38 => PropertyValue::Utf8StringPair(string(&mut block)?, string(&mut block)?),
                _ => return Err(BAD),
            };
            properties.0.push(Property { id, value });
        }
    }
    Ok(Packet::Publish(Publish {
        dup: first & 8 != 0,
        qos,
        retain: first & 1 != 0,
        topic,
        packet_id,
        properties,
        payload: body,
    }))
}

pub(super) fn encode_publish(publish: &Publish, version: ProtocolVersion, out: &mut BytesMut) {
    let mut body = BytesMut::new();
    body.put_u16(publish.topic.len() as u16);
    body.put_slice(&publish.topic);
    if let Some(id) = publish.packet_id {
        body.put_u16(id.get());
    }
    if version == ProtocolVersion::V5 {
        let mut block = BytesMut::new();
        for property in &publish.properties.0 {
            block.put_u8(property.id);
            let mut put = |bytes: &Bytes| {
                block.put_u16(bytes.len() as u16);
                block.put_slice(bytes);
            };
            match &property.value {
                PropertyValue::Utf8String(value) => put(value),
                PropertyValue::Utf8StringPair(name, value) => {
                    put(name);
                    put(value);
                }
                _ => unimplemented!(),
            }
        }
        varint(block.len(), &mut body);
        body.put_slice(&block);
    }
    body.put_slice(&publish.payload);
    let flags = u8::from(publish.dup) << 3 | (publish.qos as u8) << 1 | u8::from(publish.retain);
    out.put_u8(0x30 | flags);
    varint(body.len(), out);
    out.put_slice(&body);
}
