//! Outbound messages: whether they may be sent, and PUBLISH.

use super::{Awaiting, Inflight, OutboundRecords, SentPacket, Session, StoreOp, Undo};
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

/// Up to this size, in bytes, a payload is copied behind its head: one piece is less work than two, here and in the kernel.
const JOINED_PAYLOAD: usize = 4096;

impl<'a> PublishRequest<'a> {
    /// Whether nothing is to be sent behind the encoded packet.
    #[inline(always)]
    pub fn is_joined(&self) -> bool {
        self.payload.len() <= JOINED_PAYLOAD
    }

    /// What is to be sent behind the encoded packet: a payload that is too long to be copied there.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        match self.is_joined() {
            true => &[],
            false => self.payload,
        }
    }
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
    /// Appends a QoS 0 PUBLISH to `out`, but for the request's [`rest`](PublishRequest::rest): the owner sends both and keeps
    /// nothing [MQTT-4.3.1-1].
    #[inline]
    pub fn publish_at_most_once(
        &mut self,
        request: &PublishRequest<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        // Stated once more, so that nothing has to look at it.
        let request = &PublishRequest {
            qos: QoS::AtMostOnce,
            ..*request
        };
        let properties = self.check_publish(request)?;
        self.encode(request, None, properties, out)?;
        if let Some(alias) = self.alias_in(properties) {
            self.outbound_aliases.resolve(request.topic, alias);
        }
        self.trace_publish(None, request);
        Ok(())
    }

    /// Takes over a QoS 1 or 2 message: it is stored, sent, and resent on later connections until its handshake ends
    /// [MQTT-4.3.2-1] [MQTT-4.3.3-1]. The packet identifier is the delivery token. Appends the packet to `out`, but for the
    /// request's [`rest`](PublishRequest::rest): when the store operations are carried out the owner sends both, unless the
    /// connection has ended meanwhile.
    #[inline]
    pub fn publish(
        &mut self,
        now: Instant,
        request: &PublishRequest<'_>,
        out: &mut Vec<u8>,
    ) -> Result<PacketId, SendError> {
        let properties = self.check_publish(request)?;
        self.begin_step();
        if let Some(alias) = self.alias_in(properties) {
            return self.publish_with_alias(now, request, alias, out);
        }
        let ids = self.ids;
        let id = self.next_id()?;
        let start = out.len();
        let packet = match self.encode(request, Some(id), properties, out) {
            Ok(()) => self.packet_buffers.join(&out[start..], request.rest()),
            Err(error) => {
                self.ids = ids;
                return Err(error);
            }
        };
        let Ok(packet) = packet else {
            self.ids = ids;
            return Err(SendError::NoMemory);
        };
        self.take_over(now, request, id, packet);
        self.set_undo(|| Undo::Publish(id, None));
        Ok(id)
    }

    #[cold]
    fn publish_with_alias(
        &mut self,
        now: Instant,
        request: &PublishRequest<'_>,
        alias: u16,
        out: &mut Vec<u8>,
    ) -> Result<PacketId, SendError> {
        let (ids, before) = (self.ids, self.outbound_aliases.get(alias));
        let id = self.next_id()?;
        match self.encode_with_alias(request, id, alias, out) {
            Ok(packet) => {
                self.take_over(now, request, id, packet);
                self.set_undo(|| Undo::Publish(id, Some((alias, before))));
                Ok(id)
            }
            Err(error) => {
                self.ids = ids;
                self.outbound_aliases.put_back(alias, before);
                Err(error)
            }
        }
    }

    /// Encodes the packet as it is sent, and gives it as it is kept: an alias ends with the connection, so what is kept for the
    /// next one carries the full topic.
    fn encode_with_alias(
        &mut self,
        request: &PublishRequest<'_>,
        id: PacketId,
        alias: u16,
        out: &mut Vec<u8>,
    ) -> Result<SentPacket, SendError> {
        self.encode(request, Some(id), request.properties, out)?;
        let topic = self.outbound_aliases.resolve(request.topic, alias);
        let topic = topic.as_deref().unwrap_or_default();
        let properties = request.properties.0.iter();
        let lasting = properties.filter(|property| property.id != Property::TOPIC_ALIAS);
        let lasting = PublishRequest {
            topic,
            properties: &Properties(lasting.cloned().collect()),
            ..*request
        };
        let mut packet = Vec::new();
        self.encode(&lasting, Some(id), lasting.properties, &mut packet)?;
        let packet = self.packet_buffers.join(&packet, request.rest());
        packet.map_err(|_| SendError::NoMemory)
    }

    #[inline(always)]
    fn take_over(
        &mut self,
        now: Instant,
        request: &PublishRequest<'_>,
        id: PacketId,
        packet: SentPacket,
    ) {
        let v5 = self.is_v5();
        // Those of before may all wait for another server.
        if self.inflight.len() == 0 || self.sent_since.is_none() {
            self.sent_since = Some(now);
        }
        self.inflight.push(Inflight {
            id,
            qos: request.qos,
            awaiting: match request.qos {
                QoS::ExactlyOnce => Awaiting::PubRec,
                _ => Awaiting::PubAck,
            },
            packet,
            packet_v5: v5,
            records: OutboundRecords {
                sent_v3: !v5,
                sent_v5: v5,
                ..OutboundRecords::default()
            },
            sent_at: Some(now),
        });
        if self.keeps_records {
            self.store_last();
        }
        self.trace_publish(Some(id), request);
    }

    /// Has the last message stored.
    #[inline(never)]
    fn store_last(&mut self) {
        if let Some(message) = self.inflight.last() {
            self.store_ops.push_back(StoreOp::PutSent {
                v5: message.packet_v5,
                id: message.id,
                packet: message.packet.to_bytes(),
            });
        }
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
        if !self.is_connected() || request.topic.len() > usize::from(u16::MAX) {
            return Err(self.refusal());
        }
        if self.version != ProtocolVersion::V5 {
            return Ok(&NO_PROPERTIES);
        }
        self.check_v5_publish(request)
    }

    #[cold]
    fn refusal(&self) -> SendError {
        match self.is_connected() {
            true => SendError::NotAllowed("the topic is longer than 65535 bytes"),
            false => SendError::NotConnected,
        }
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

    /// Appends the packet, but for the request's [`rest`](PublishRequest::rest).
    #[inline(always)]
    fn encode(
        &self,
        request: &PublishRequest<'_>,
        id: Option<PacketId>,
        properties: &Properties,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let start = out.len();
        let head = PublishHead {
            dup: false,
            qos: request.qos,
            retain: request.retain,
            topic: request.topic,
            packet_id: id,
            properties,
        };
        let payload_length = request.payload.len();
        let maximum = self.server_limits.maximum_packet_size as usize;
        match publish::encode_head(&head, payload_length, self.version, out) {
            Ok(length) if length <= maximum => {}
            _ => return Err(too_large(out, start)),
        }
        if request.is_joined() {
            out.extend_from_slice(request.payload);
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

/// Takes back what has been appended from `start` on.
#[cold]
fn too_large(out: &mut Vec<u8>, start: usize) -> SendError {
    out.truncate(start);
    SendError::NotAllowed("the packet is larger than the server or the protocol allows")
}
