//! The state kept for one client: its subscriptions and the messages under way, in both directions.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt3c::packet::{Ack, Packet, PacketId, Properties, ProtocolVersion, QoS, ReasonCode, Will};

use super::link::Link;
use super::message::Message;
use super::topic;

/// One subscription; its filter is the key it is stored under.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub qos: QoS,
    pub no_local: bool,
    pub retain_as_published: bool,
    pub identifier: Option<u32>,
}

/// What all subscriptions of one session that match a topic amount to.
pub struct Match {
    qos: QoS,
    retain_as_published: bool,
    identifiers: Vec<u32>,
}

impl Subscription {
    /// What SUBSCRIBE asks for a filter.
    pub fn new(options: u8, identifier: Option<u32>) -> Result<Subscription, ReasonCode> {
        Ok(Subscription {
            qos: QoS::from_level(options & 3).ok_or(ReasonCode::PROTOCOL_ERROR)?,
            no_local: options & 4 != 0,
            retain_as_published: options & 8 != 0,
            identifier,
        })
    }

    /// The options in SUBSCRIBE that ask for this.
    pub fn options(&self) -> u8 {
        self.qos as u8 | u8::from(self.no_local) << 2 | u8::from(self.retain_as_published) << 3
    }
}

/// How far a QoS 1 or 2 message to the client has come.
pub enum Outgoing {
    Published(Message),
    /// PUBREL is sent, PUBCOMP awaited.
    Released,
}

/// A client's session; lives on without a link until it expires.
#[derive(Default)]
pub struct Session {
    pub subscriptions: BTreeMap<Bytes, Subscription>,
    pub link: Option<Arc<Link>>,
    pub will: Option<Will>,
    /// When the will is due, once the connection it came with is lost.
    pub will_at: Option<Instant>,
    /// How long the session outlives its connection; `None` is for ever.
    pub expiry_interval: Option<Duration>,
    /// When the session ends, while there is no connection.
    pub expires_at: Option<Instant>,
    pub inflight: VecDeque<(PacketId, Outgoing)>,
    pub queue: VecDeque<Message>,
    pub received: HashSet<PacketId>,
    pub last_id: u16,
}

impl Session {
    /// The subscriptions that match `topic`, summed up; shared ones are not the session's alone
    /// and left out. `from_itself`: the message comes from this session's client.
    pub fn matching(&self, topic: &[u8], from_itself: bool) -> Option<Match> {
        self.subscriptions
            .iter()
            .filter(|(_, subscription)| !(from_itself && subscription.no_local))
            .filter(|(filter, _)| {
                topic::shared_filter(filter).is_none() && topic::matches(filter, topic)
            })
            .map(|(_, subscription)| Match::from(subscription))
            .reduce(|mut sum, one| {
                sum.qos = sum.qos.max(one.qos);
                sum.retain_as_published |= one.retain_as_published;
                sum.identifiers.extend(one.identifiers);
                sum
            })
    }

    /// Sends `message` as `matched` has it, or keeps it for later if it is QoS 1 or 2.
    pub fn deliver(&mut self, message: &Message, matched: &Match, now: Instant) {
        let retain = message.retain && matched.retain_as_published;
        self.enqueue(
            message.for_subscriber(matched.qos, retain, &matched.identifiers),
            now,
        );
    }

    /// Sends a retained message to a new subscription.
    pub fn deliver_retained(&mut self, message: &Message, to: &Subscription, now: Instant) {
        self.enqueue(
            message.for_subscriber(to.qos, true, to.identifier.as_slice()),
            now,
        );
    }

    fn enqueue(&mut self, message: Message, now: Instant) {
        if message.qos != QoS::AtMostOnce {
            self.queue.push_back(message);
            self.send_queued(now);
        } else if let Some(link) = self.link.as_ref().filter(|link| !link.is_congested())
            && let Some(publish) = message.to_publish(link.version, None, false, now)
        {
            link.send(&Packet::Publish(publish));
        }
    }

    /// Goes on where the last connection stopped [MQTT-4.4.0-1], in the original order [MQTT-4.6.0-1].
    /// A receive maximum lower than on the last connection holds for messages not sent before.
    pub fn resume(&mut self, now: Instant) {
        let Some(link) = self.link.clone() else {
            return;
        };
        self.inflight.retain(|(id, outgoing)| match outgoing {
            Outgoing::Published(message) => message
                .to_publish(link.version, Some(*id), true, now)
                .is_some_and(|publish| link.send(&Packet::Publish(publish))),
            Outgoing::Released => link.send(&Packet::PubRel(ack(*id, ReasonCode::SUCCESS))),
        });
        self.send_queued(now);
    }

    /// Sends from the queue as far as the client's receive maximum allows [MQTT-3.3.4-9].
    fn send_queued(&mut self, now: Instant) {
        let Some(link) = self.link.clone() else {
            return;
        };
        while self.inflight.len() < link.receive_maximum {
            let Some(message) = self.queue.pop_front() else {
                return;
            };
            let id = self.unused_id();
            if let Some(publish) = message.to_publish(link.version, Some(id), false, now)
                && link.send(&Packet::Publish(publish))
            {
                self.inflight.push_back((id, Outgoing::Published(message)));
            }
        }
    }

    /// An identifier no message in flight has; there are far fewer of those than identifiers.
    fn unused_id(&mut self) -> PacketId {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if let Some(id) = PacketId::new(self.last_id)
                && self.position(id).is_none()
            {
                return id;
            }
        }
    }

    fn position(&self, id: PacketId) -> Option<usize> {
        self.inflight.iter().position(|(used, _)| *used == id)
    }

    /// Ends a QoS 1 delivery; unknown identifiers are ignored, other kinds a protocol error.
    pub fn handle_puback(&mut self, ack: &Ack, now: Instant) -> Result<(), ReasonCode> {
        if let Some(position) = self.position(ack.packet_id) {
            self.expect(position, QoS::AtLeastOnce)?;
            self.inflight.remove(position);
            self.send_queued(now);
        }
        Ok(())
    }

    /// Takes a QoS 2 delivery to its second half, or ends it if the client refuses the message.
    pub fn handle_pubrec(&mut self, received: &Ack, now: Instant) -> Result<(), ReasonCode> {
        let mut reason = ReasonCode::SUCCESS;
        match self.position(received.packet_id) {
            Some(position) if matches!(self.inflight[position].1, Outgoing::Published(_)) => {
                self.expect(position, QoS::ExactlyOnce)?;
                if received.reason.0 >= 0x80 {
                    self.inflight.remove(position);
                    self.send_queued(now);
                    return Ok(());
                }
                self.inflight[position].1 = Outgoing::Released;
            }
            Some(_) => {}
            None => reason = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
        }
        self.send(|version| Packet::PubRel(ack_for(version, received.packet_id, reason)));
        Ok(())
    }

    /// Ends a QoS 2 delivery.
    pub fn handle_pubcomp(&mut self, ack: &Ack, now: Instant) -> Result<(), ReasonCode> {
        if let Some(position) = self.position(ack.packet_id) {
            if !matches!(self.inflight[position].1, Outgoing::Released) {
                return Err(ReasonCode::PROTOCOL_ERROR);
            }
            self.inflight.remove(position);
            self.send_queued(now);
        }
        Ok(())
    }

    fn expect(&self, position: usize, qos: QoS) -> Result<(), ReasonCode> {
        match &self.inflight[position].1 {
            Outgoing::Published(message) if message.qos == qos => Ok(()),
            _ => Err(ReasonCode::PROTOCOL_ERROR),
        }
    }

    /// Notes a QoS 2 message from the client; false if it is known, so a repetition [MQTT-4.3.3-10].
    pub fn note_received(&mut self, id: PacketId) -> bool {
        self.received.insert(id)
    }

    /// Frees the identifier of a QoS 2 message from the client.
    pub fn handle_pubrel(&mut self, released: &Ack) {
        let reason = match self.received.remove(&released.packet_id) {
            true => ReasonCode::SUCCESS,
            false => ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
        };
        self.send(|version| Packet::PubComp(ack_for(version, released.packet_id, reason)));
    }

    /// Acknowledges a message from the client according to its QoS.
    pub fn acknowledge(&self, qos: QoS, id: Option<PacketId>, reason: ReasonCode) {
        let Some(id) = id else { return };
        self.send(|version| match qos {
            QoS::ExactlyOnce => Packet::PubRec(ack_for(version, id, reason)),
            _ => Packet::PubAck(ack_for(version, id, reason)),
        });
    }

    /// Sends what `packet` makes for the connection's version, if there is a connection.
    pub fn send(&self, packet: impl FnOnce(ProtocolVersion) -> Packet) {
        if let Some(link) = &self.link {
            link.send(&packet(link.version));
        }
    }
}

impl From<&Subscription> for Match {
    fn from(subscription: &Subscription) -> Match {
        Match {
            qos: subscription.qos,
            retain_as_published: subscription.retain_as_published,
            identifiers: subscription.identifier.into_iter().collect(),
        }
    }
}

/// An acknowledgement without properties.
pub fn ack(packet_id: PacketId, reason: ReasonCode) -> Ack {
    Ack {
        packet_id,
        reason,
        properties: Properties::default(),
    }
}

/// Acks carry a reason from MQTT 5 on.
fn ack_for(version: ProtocolVersion, packet_id: PacketId, reason: ReasonCode) -> Ack {
    match version {
        ProtocolVersion::V5 => ack(packet_id, reason),
        _ => ack(packet_id, ReasonCode::SUCCESS),
    }
}
