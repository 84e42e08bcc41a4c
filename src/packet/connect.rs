//! CONNECT (3.1.1 and 5: section 3.1).

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::{Reader, binary_length, put_binary};
use super::publish::check_no_wildcards;
use super::{
    Malformed, PacketType, Properties, PropertyPlace, ProtocolVersion, QoS, ReasonCode, Sender,
    TooLarge,
};

const RESERVED: u8 = 0x01;
const CLEAN_START: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_QOS: u8 = 0x18;
const WILL_QOS_SHIFT: u8 = 3;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USERNAME: u8 = 0x80;

/// The message that the Server publishes when the connection is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// UTF-8.
    pub topic: Bytes,
    /// At most 65,535 bytes.
    pub payload: Bytes,
    /// The level that the Server publishes it with.
    pub qos: QoS,
    /// Whether the Server keeps it as the topic's retained message.
    pub retain: bool,
    /// Empty below 5.
    pub properties: Properties,
}

/// The request to open a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The version of the connection, and of this packet.
    pub version: ProtocolVersion,
    /// Clean Session (3.x) or Clean Start (5).
    pub clean_start: bool,
    /// Seconds; 0 turns keep alive off.
    pub keep_alive: u16,
    /// UTF-8; may be empty.
    pub client_id: Bytes,
    /// The Will Message, if any.
    pub will: Option<Will>,
    /// UTF-8; may be empty.
    pub username: Option<Bytes>,
    /// Binary data. May come without a user name in all versions, although 3.1.1 forbids it (`[MQTT-3.1.2-22]`):
    /// whether to take that is the Server's decision.
    pub password: Option<Bytes>,
    /// Empty below 5.
    pub properties: Properties,
}

/// Protocol Name and level ([MQTT-3.1.2-1], [MQTT-3.1.2-2]; 3.1: section 3.1).
const fn protocol_name(version: ProtocolVersion) -> &'static [u8] {
    match version {
        ProtocolVersion::V3_1 => b"MQIsdp",
        ProtocolVersion::V3_1_1 | ProtocolVersion::V5 => b"MQTT",
    }
}

impl Will {
    fn length(&self, version: ProtocolVersion) -> Result<u64, TooLarge> {
        Ok(self.properties.block_length(version)?
            + binary_length(&self.topic)?
            + binary_length(&self.payload)?)
    }

    fn decode(
        reader: &mut Reader<'_>,
        version: ProtocolVersion,
        flags: u8,
    ) -> Result<Will, Malformed> {
        // [MQTT-3.1.2-12]; 3.1.1: [MQTT-3.1.2-14].
        let qos = QoS::from_level((flags & WILL_QOS) >> WILL_QOS_SHIFT)
            .ok_or(Malformed::packet("Will QoS 3"))?;
        let properties =
            Properties::read_if_v5(reader, version, PropertyPlace::Will, Sender::Client)?;
        // [MQTT-3.1.3-11]; 3.1.1: [MQTT-3.1.3-10].
        let topic = reader.utf8()?;
        if topic.is_empty() {
            // [MQTT-4.7.3-1]
            return Err(Malformed::protocol("the Will Topic is empty"));
        }
        check_no_wildcards(topic)?;
        let payload = reader.binary()?;
        Ok(Will {
            topic: reader.share(topic),
            payload: reader.share(payload),
            qos,
            retain: flags & WILL_RETAIN != 0,
            properties,
        })
    }
}

impl Connect {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let name = protocol_name(self.version);
        // Name, level, flags, keep alive.
        let mut length = 2 + name.len() as u64 + 1 + 1 + 2;
        length += self.properties.block_length(self.version)?;
        length += binary_length(&self.client_id)?;
        if let Some(will) = &self.will {
            length += will.length(self.version)?;
        }
        for credential in [&self.username, &self.password].into_iter().flatten() {
            length += binary_length(credential)?;
        }

        put_fixed_header(PacketType::Connect.first_byte(), length, out)?;
        put_binary(name, out);
        out.put_u8(self.version as u8);
        out.put_u8(self.flags());
        out.put_u16(self.keep_alive);
        self.properties.put_block(self.version, out);
        put_binary(&self.client_id, out);
        if let Some(will) = &self.will {
            will.properties.put_block(self.version, out);
            put_binary(&will.topic, out);
            put_binary(&will.payload, out);
        }
        for credential in [&self.username, &self.password].into_iter().flatten() {
            put_binary(credential, out);
        }
        Ok(())
    }

    fn flags(&self) -> u8 {
        let mut flags = 0;
        if self.clean_start {
            flags |= CLEAN_START;
        }
        if let Some(will) = &self.will {
            flags |= WILL | (will.qos as u8) << WILL_QOS_SHIFT;
            if will.retain {
                flags |= WILL_RETAIN;
            }
        }
        if self.password.is_some() {
            flags |= PASSWORD;
        }
        if self.username.is_some() {
            flags |= USERNAME;
        }
        flags
    }

    pub(super) fn decode(body: &Bytes) -> Result<Connect, Malformed> {
        let mut reader = Reader::new(body);
        let version = decode_version(&mut reader)?;
        let flags = reader.byte()?;
        // [MQTT-3.1.2-3]
        if flags & RESERVED != 0 {
            return Err(Malformed::packet("the reserved flag of CONNECT is set"));
        }
        // [MQTT-3.1.2-11], [MQTT-3.1.2-13]; 3.1.1: [MQTT-3.1.2-13], [MQTT-3.1.2-15].
        if flags & WILL == 0 && flags & (WILL_QOS | WILL_RETAIN) != 0 {
            return Err(Malformed::packet("Will flags without a Will"));
        }
        let keep_alive = reader.two_byte_integer()?;
        let properties =
            Properties::read_if_v5(&mut reader, version, PropertyPlace::Connect, Sender::Client)?;
        // [MQTT-3.1.3-3], [MQTT-3.1.3-4]
        let client_id = reader.utf8()?;
        let client_id = reader.share(client_id);
        let will = if flags & WILL != 0 {
            Some(Will::decode(&mut reader, version, flags)?)
        } else {
            None
        };
        let username = if flags & USERNAME != 0 {
            // [MQTT-3.1.3-12]; 3.1.1: [MQTT-3.1.3-11].
            let username = reader.utf8()?;
            Some(reader.share(username))
        } else {
            None
        };
        let password = if flags & PASSWORD != 0 {
            let password = reader.binary()?;
            Some(reader.share(password))
        } else {
            None
        };
        reader.finish()?;
        Ok(Connect {
            version,
            clean_start: flags & CLEAN_START != 0,
            keep_alive,
            client_id,
            will,
            username,
            password,
            properties,
        })
    }
}

fn decode_version(reader: &mut Reader<'_>) -> Result<ProtocolVersion, Malformed> {
    let name = reader.binary()?;
    let level = reader.byte()?;
    [
        ProtocolVersion::V3_1,
        ProtocolVersion::V3_1_1,
        ProtocolVersion::V5,
    ]
    .into_iter()
    .find(|&version| version as u8 == level && protocol_name(version) == name)
    .ok_or(Malformed {
        reason: ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
        detail: "unknown protocol name or level",
    })
}
