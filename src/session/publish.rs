//! Outbound messages: whether they may be sent, and PUBLISH.

use super::{Awaiting, Inflight, OutboundRecords, Session, StoreOp, Undo};
use crate::packet::{
    NO_PROPERTIES, PacketId, Properties, Property, PropertyPlace, ProtocolVersion, PublishHead,
    QoS, publish,
};
use crate::trace::{self, Level, payload_excerpt};
use std::fmt;
use std::time::Instant;

/// A message to publish; everything is borrowed from the application.
#[derive(Clone, Copy, Debug)]
pub struct PublishRequest<'a> {
    /// Topic name; empty only together with a topic alias that the server knows.
    pub topic: &'a [u8],
    /// Application message.
    pub payload: &'a [u8],
    /// Quality of service.
    pub qos: QoS,
    /// Whether the server keeps it for later subscribers.
    pub retain: bool,
    /// PUBLISH properties; ignored below MQTT 5.
    pub properties: &'a Properties,
}

/// Why a packet was not accepted for sending. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// There is no connection.
    NotConnected,
    /// All 65535 packet identifiers are in use.
    NoPacketId,
    /// There is no memory for the packet.
    NoMemory,
    /// The server does not allow it, or the wire format cannot express it; the text says what.
    NotAllowed(&'static str),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::NotConnected => f.write_str("not connected"),
            SendError::NoPacketId => f.write_str("all packet identifiers are in use"),
            SendError::NoMemory => f.write_str("no memory"),
            SendError::NotAllowed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for SendError {}

impl Session {
    /// Appends a QoS 0 PUBLISH without its payload to `head`: the owner sends both, head first, and keeps nothing
    /// [MQTT-4.3.1-1].
    #[inline]
    pub fn publish_at_most_once(
        &mut self,
        request: &PublishRequest<'_>,
        head: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let properties = self.check_publish(request)?;
        self.encode_head(request, request.topic, None, properties, head)?;
        if let Some(alias) = self.alias_in(properties) {
            self.outbound_aliases.resolve(request.topic, alias);
        }
        self.trace_publish(None, request);
        Ok(())
    }

    /// Takes over a QoS 1 or 2 message: it is stored, sent, and resent on later connections until its handshake ends
    /// [MQTT-4.3.2-1] [MQTT-4.3.3-1]. The packet identifier is the delivery token. Appends the packet without its payload
    /// to `head`: when the store operations are carried out the owner sends both, head first, unless the connection has
    /// ended meanwhile.
    pub fn publish(
        &mut self,
        now: Instant,
        request: &PublishRequest<'_>,
        head: &mut Vec<u8>,
    ) -> Result<PacketId, SendError> {
        let properties = self.check_publish(request)?;
        self.begin_step();
        let ids = self.ids;
        let alias = self.alias_in(properties);
        let alias = alias.map(|alias| (alias, self.outbound_aliases.get(alias)));
        let result = self.take_over(now, request, properties, head);
        match result {
            Ok(id) => self.set_undo(|| Undo::Publish(id, alias)),
            Err(_) => {
                self.ids = ids;
                if let Some((alias, topic)) = alias {
                    self.outbound_aliases.put_back(alias, topic);
                }
            }
        }
        result
    }

    fn take_over(
        &mut self,
        now: Instant,
        request: &PublishRequest<'_>,
        properties: &Properties,
        head: &mut Vec<u8>,
    ) -> Result<PacketId, SendError> {
        let id = self.next_id()?;
        let start = head.len();
        self.encode_head(request, request.topic, Some(id), properties, head)?;
        let alias = self.alias_in(properties);
        let full_topic =
            alias.and_then(|alias| self.outbound_aliases.resolve(request.topic, alias));
        // An alias ends with the connection, so what is kept for the next one carries the full topic.
        let packet = match full_topic {
            Some(topic) => {
                let lasting = Properties(
                    properties
                        .0
                        .iter()
                        .filter(|p| p.id != Property::TOPIC_ALIAS)
                        .cloned()
                        .collect(),
                );
                let mut lasting_head = Vec::new();
                self.encode_head(request, &topic, Some(id), &lasting, &mut lasting_head)?;
                self.packet_buffers.join(&lasting_head, request.payload)
            }
            None => self.packet_buffers.join(&head[start..], request.payload),
        };
        let packet = packet.map_err(|_| SendError::NoMemory)?;
        let v5 = self.is_v5();
        let awaiting = if request.qos == QoS::ExactlyOnce {
            Awaiting::PubRec
        } else {
            Awaiting::PubAck
        };
        let records = OutboundRecords {
            sent_v3: !v5,
            sent_v5: v5,
            ..OutboundRecords::default()
        };
        self.store(|| StoreOp::PutSent {
            v5,
            id,
            packet: packet.to_bytes(),
        });
        self.inflight.push(Inflight {
            id,
            qos: request.qos,
            awaiting,
            packet,
            packet_v5: v5,
            records,
            sent_at: Some(now),
        });
        self.trace_publish(Some(id), request);
        Ok(id)
    }

    /// The next free identifier for PUBLISH, SUBSCRIBE or UNSUBSCRIBE.
    #[inline]
    pub(super) fn next_id(&mut self) -> Result<PacketId, SendError> {
        let (inflight, requests) = (&self.inflight, &self.requests);
        self.ids
            .next(|id| inflight.contains(id) || !requests.is_empty() && requests.contains_key(&id))
            .ok_or(SendError::NoPacketId)
    }

    /// The properties to send, if the server allows this message.
    #[inline(always)]
    fn check_publish<'a>(&self, request: &PublishRequest<'a>) -> Result<&'a Properties, SendError> {
        if !self.is_connected() {
            return Err(SendError::NotConnected);
        }
        if request.topic.len() > usize::from(u16::MAX) {
            return Err(SendError::NotAllowed(
                "the topic is longer than 65535 bytes",
            ));
        }
        if self.version != ProtocolVersion::V5 {
            return Ok(&NO_PROPERTIES);
        }
        self.check_v5_publish(request)
    }

    fn check_v5_publish<'a>(
        &self,
        request: &PublishRequest<'a>,
    ) -> Result<&'a Properties, SendError> {
        let limits = &self.server_limits;
        if request.qos > limits.maximum_qos {
            return Err(SendError::NotAllowed(
                "the QoS is above the server's Maximum QoS [MQTT-3.2.2-11]",
            ));
        }
        if request.retain && !limits.retain_available {
            return Err(SendError::NotAllowed(
                "the server does not keep retained messages [MQTT-3.2.2-14]",
            ));
        }
        let properties = request.properties;
        if properties.check(PropertyPlace::Publish).is_err() {
            return Err(SendError::NotAllowed(
                "a property is not allowed in PUBLISH",
            ));
        }
        match properties.numeric(Property::TOPIC_ALIAS) {
            Some(alias) if alias > u32::from(limits.topic_alias_maximum) => {
                Err(SendError::NotAllowed(
                    "the topic alias is above the server's maximum [MQTT-3.3.2-9]",
                ))
            }
            Some(alias)
                if request.topic.is_empty() && !self.outbound_aliases.knows(alias as u16) =>
            {
                Err(SendError::NotAllowed(
                    "the topic alias stands for no topic yet",
                ))
            }
            None if request.topic.is_empty() => Err(SendError::NotAllowed(
                "the topic is empty and there is no topic alias",
            )),
            _ => Ok(properties),
        }
    }

    /// The topic alias of a message to be sent.
    #[inline(always)]
    fn alias_in(&self, properties: &Properties) -> Option<u16> {
        if !self.is_v5() {
            return None;
        }
        let alias = properties.numeric(Property::TOPIC_ALIAS)?;
        u16::try_from(alias).ok()
    }

    /// Appends what precedes the payload.
    #[inline(always)]
    fn encode_head(
        &self,
        request: &PublishRequest<'_>,
        topic: &[u8],
        id: Option<PacketId>,
        properties: &Properties,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        const TOO_LARGE: SendError =
            SendError::NotAllowed("the packet is larger than the server or the protocol allows");
        let start = out.len();
        let head = PublishHead {
            dup: false,
            qos: request.qos,
            retain: request.retain,
            topic,
            packet_id: id,
            properties,
        };
        let payload_length = request.payload.len();
        let encoded = publish::encode_head(&head, payload_length, self.version, out);
        if encoded.map_err(|_| TOO_LARGE)? > self.server_limits.maximum_packet_size as usize {
            out.truncate(start);
            return Err(TOO_LARGE);
        }
        Ok(())
    }

    #[inline]
    fn trace_publish(&self, id: Option<PacketId>, request: &PublishRequest<'_>) {
        if trace::enabled(Level::Protocol) {
            self.write_publish_line(id, request);
        }
    }

    #[cold]
    fn write_publish_line(&self, id: Option<PacketId>, request: &PublishRequest<'_>) {
        let result = if self.blocked { -22 } else { 0 };
        let (label, retain, len) = (&self.label, u8::from(request.retain), request.payload.len());
        let excerpt = payload_excerpt(request.payload);
        match id {
            None => crate::trace!(
                Level::Protocol,
                "{label} -> PUBLISH qos: 0 retained: {retain} rc: {result} payload len({len}): {excerpt}"
            ),
            Some(id) => crate::trace!(
                Level::Protocol,
                "{label} -> PUBLISH msgid: {id} qos: {} retained: {retain} rc {result} payload len({len}): {excerpt}",
                request.qos as u8
            ),
        }
    }
}
