//! The hub's state as records of the [journal](super::journal), and back. In the packets of the records all is
//! as in MQTT 5, which can say everything the other versions can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt3c::packet::{
    Connect, Packet, PacketId, Properties, Property, PropertyValue, ProtocolVersion, QoS,
    ReasonCode, Subscribe, SubscriptionRequest,
};

use super::hub::{Ending, Hub, SESSION_EXPIRY_INTERVAL, SUBSCRIPTION_IDENTIFIER, expiry_interval};
use super::journal::{Kind, Record};
use super::link::Link;
use super::message::{Message, numeric};
use super::session::{Outgoing, Session, Subscription, ack};

impl Hub {
    /// Records that lead an empty hub to this one's state, all clients being away.
    pub fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        for (id, session) in &self.sessions {
            put_session(id, session, &mut records);
        }
        for message in self.retained.values() {
            // It belongs to no client, and at QoS 0 it needs no identifier.
            let identifier = (message.qos != QoS::AtMostOnce).then_some(PacketId::MIN);
            records.push(message_record(
                Kind::Retained,
                Bytes::new(),
                message,
                identifier,
            ));
        }
        records
    }

    /// Ends all connections, as they end with their process.
    pub fn lose_connections(&mut self, now: Instant) {
        let links = self.sessions.iter();
        let links: Vec<_> = links
            .filter_map(|(id, session)| Some((id.clone(), session.link.clone()?)))
            .collect();
        for (id, link) in links {
            self.end_connection(&id, &link, Ending::Lost, now);
        }
    }

    /// Does what `record` tells.
    pub fn replay(&mut self, record: Record) {
        let Record {
            kind,
            at,
            id,
            packet,
        } = record;
        let packet = packet.map(|(_, packet)| packet);
        match (kind, packet, at) {
            (Kind::Connected, Some(Packet::Connect(connect)), Some(now)) => {
                let link = Arc::new(Link::to_nobody(&connect));
                self.connect(id, *connect, link, now);
            }
            (Kind::Packet, Some(packet), Some(now)) => {
                if let Some(link) = self.link(&id) {
                    // Its answer, if it was refused, is known already.
                    let _ = self.handle(&id, &link, packet, now);
                }
            }
            (Kind::Left | Kind::Lost, _, Some(now)) => {
                let how = match kind {
                    Kind::Left => Ending::Clean,
                    _ => Ending::Lost,
                };
                if let Some(link) = self.link(&id) {
                    self.end_connection(&id, &link, how, now);
                }
            }
            (Kind::Due, _, Some(now)) => self.handle_due(now),
            (Kind::Retained, Some(Packet::Publish(publish)), _) => {
                self.retain(Message::restored(publish, at));
            }
            (Kind::Connected | Kind::Packet | Kind::Retained, ..) => {}
            (_, packet, _) => restore(self.sessions.entry(id).or_default(), kind, packet, at),
        }
    }

    fn link(&self, id: &Bytes) -> Option<Arc<Link>> {
        self.sessions.get(id)?.link.clone()
    }
}

fn put_session(id: &Bytes, session: &Session, records: &mut Vec<Record>) {
    let mut put = |kind, at, packet: Option<Packet>| {
        records.push(Record {
            kind,
            at,
            id: id.clone(),
            packet: packet.map(|packet| (ProtocolVersion::V5, packet)),
        });
    };
    let connect = Packet::Connect(Box::new(connect(id, session)));
    put(Kind::Session, session.expires_at, Some(connect));
    if session.will_at.is_some() {
        put(Kind::WillDue, session.will_at, None);
    }
    let released = |id| Some(Packet::PubRel(ack(id, ReasonCode::SUCCESS)));
    if let Some(last) = PacketId::new(session.last_id) {
        put(Kind::LastId, None, released(last));
    }
    for &known in &session.received {
        put(Kind::Known, None, released(known));
    }
    for (filter, subscription) in &session.subscriptions {
        let packet = subscribe(filter, subscription);
        put(Kind::Subscription, None, Some(packet));
    }
    for (identifier, outgoing) in &session.inflight {
        records.push(match outgoing {
            Outgoing::Published(message) => {
                message_record(Kind::InFlight, id.clone(), message, Some(*identifier))
            }
            Outgoing::Released => Record {
                kind: Kind::InFlight,
                at: None,
                id: id.clone(),
                packet: released(*identifier).map(|packet| (ProtocolVersion::V5, packet)),
            },
        });
    }
    for message in &session.queue {
        // It gets its identifier when it is sent; a PUBLISH has to have one.
        let record = message_record(Kind::Queued, id.clone(), message, Some(PacketId::MIN));
        records.push(record);
    }
}

fn message_record(
    kind: Kind,
    id: Bytes,
    message: &Message,
    identifier: Option<PacketId>,
) -> Record {
    let (publish, at) = message.stored(identifier);
    Record {
        kind,
        at,
        id,
        packet: Some((ProtocolVersion::V5, Packet::Publish(publish))),
    }
}

fn restore(session: &mut Session, kind: Kind, packet: Option<Packet>, at: Option<Instant>) {
    match (kind, packet) {
        (Kind::Session, Some(Packet::Connect(connect))) => {
            session.expiry_interval = expiry_interval(&connect.properties);
            session.expires_at = at;
            session.will = connect.will;
        }
        (Kind::WillDue, None) => session.will_at = at,
        (Kind::LastId, Some(Packet::PubRel(last))) => session.last_id = last.packet_id.get(),
        (Kind::Known, Some(Packet::PubRel(known))) => {
            session.received.insert(known.packet_id);
        }
        (Kind::Subscription, Some(Packet::Subscribe(subscribe))) => {
            let identifier = numeric(&subscribe.properties, SUBSCRIPTION_IDENTIFIER);
            for SubscriptionRequest { filter, options } in subscribe.filters {
                if let Ok(subscription) = Subscription::new(options, identifier) {
                    session.subscriptions.insert(filter, subscription);
                }
            }
        }
        (Kind::InFlight, Some(Packet::PubRel(released))) => {
            let outgoing = (released.packet_id, Outgoing::Released);
            session.inflight.push_back(outgoing);
        }
        (Kind::InFlight, Some(Packet::Publish(publish))) => {
            if let Some(id) = publish.packet_id {
                let outgoing = Outgoing::Published(Message::restored(publish, at));
                session.inflight.push_back((id, outgoing));
            }
        }
        (Kind::Queued, Some(Packet::Publish(publish))) => {
            session.queue.push_back(Message::restored(publish, at));
        }
        _ => {}
    }
}

fn connect(id: &Bytes, session: &Session) -> Connect {
    let seconds = |interval: Duration| u32::try_from(interval.as_secs()).unwrap_or(u32::MAX);
    Connect {
        version: ProtocolVersion::V5,
        clean_start: false,
        keep_alive: 0,
        client_id: id.clone(),
        will: session.will.clone(),
        username: None,
        password: None,
        properties: Properties(vec![Property {
            id: SESSION_EXPIRY_INTERVAL,
            value: PropertyValue::FourByteInteger(
                session.expiry_interval.map_or(u32::MAX, seconds),
            ),
        }]),
    }
}

fn subscribe(filter: &Bytes, subscription: &Subscription) -> Packet {
    let identifier = subscription.identifier.into_iter();
    let properties = identifier.map(|identifier| Property {
        id: SUBSCRIPTION_IDENTIFIER,
        value: PropertyValue::VariableByteInteger(identifier),
    });
    Packet::Subscribe(Subscribe {
        packet_id: PacketId::MIN,
        properties: Properties(properties.collect()),
        filters: vec![SubscriptionRequest {
            filter: filter.clone(),
            options: subscription.options(),
        }],
    })
}
