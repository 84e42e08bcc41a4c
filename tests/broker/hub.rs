//! What all connections share: sessions, retained messages, and the way of a message between them.
//! No I/O and no clock of its own; every session writes to its [`Link`]. Told the same, it does the same: the
//! [journal](super::journal) relies on that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt3c::packet::{
    ConnAck, Connect, Packet, PacketId, Properties, Property, PropertyValue, ProtocolVersion,
    Publish, QoS, ReasonCode, SubAck, Subscribe, SubscriptionRequest, Unsubscribe,
};

use super::link::Link;
use super::message::{Message, numeric, will_delay};
use super::session::{Match, Session, Subscription};
use super::topic;

/// The highest topic alias accepted; announced in CONNACK.
pub const TOPIC_ALIAS_MAXIMUM: u16 = 32;

pub const SUBSCRIPTION_IDENTIFIER: u8 = 11;
pub const SESSION_EXPIRY_INTERVAL: u8 = 17;
const ASSIGNED_CLIENT_IDENTIFIER: u8 = 18;
const TOPIC_ALIAS_MAXIMUM_ID: u8 = 34;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// DISCONNECT arrived: the will is discarded [MQTT-3.14.4-3].
    Clean,
    /// Anything else: the will is published [MQTT-3.1.2-8].
    Lost,
}

/// The broker's state.
#[derive(Default)]
pub struct Hub {
    pub sessions: BTreeMap<Bytes, Session>,
    pub retained: BTreeMap<Bytes, Message>,
    assigned_ids: u64,
    shared_turn: usize,
}

impl Hub {
    /// Admits a client as `id`: takes over or starts its session, answers with CONNACK and resends what is
    /// pending.
    pub fn connect(&mut self, id: Bytes, connect: Connect, link: Arc<Link>, now: Instant) {
        let mut properties = Properties::default();
        let v5 = connect.version == ProtocolVersion::V5;
        if connect.client_id.is_empty() {
            properties.0.push(Property {
                id: ASSIGNED_CLIENT_IDENTIFIER,
                value: PropertyValue::Utf8String(id.clone()),
            });
        }
        properties.0.push(Property {
            id: TOPIC_ALIAS_MAXIMUM_ID,
            value: PropertyValue::TwoByteInteger(TOPIC_ALIAS_MAXIMUM),
        });

        if let Some(old) = self.sessions.get(&id).and_then(|held| held.link.clone()) {
            old.disconnect(ReasonCode::SESSION_TAKEN_OVER);
            self.end_connection(&id, &old, Ending::Lost, now);
        }
        self.handle_due(now);
        if connect.clean_start {
            self.end_session(&id, now);
        }
        let known = self.sessions.contains_key(&id);
        let session = self.sessions.entry(id.clone()).or_default();
        session.expiry_interval = match (connect.version, connect.clean_start) {
            (ProtocolVersion::V5, _) => expiry_interval(&connect.properties),
            (_, true) => Some(Duration::ZERO),
            (_, false) => None,
        };
        session.expires_at = None;
        session.will = connect.will;
        session.will_at = None;
        link.send(&Packet::ConnAck(ConnAck {
            // MQTT 3.1 has no such flag.
            session_present: known && connect.version != ProtocolVersion::V3_1,
            code: ReasonCode::SUCCESS,
            properties: if v5 {
                properties
            } else {
                Properties::default()
            },
        }));
        session.link = Some(link);
        session.resume(now);
    }

    /// The identifier for a client that sent `connect`: a new one if it sent none.
    pub fn id_for(&mut self, connect: &Connect) -> Bytes {
        if !connect.client_id.is_empty() {
            return connect.client_id.clone();
        }
        loop {
            self.assigned_ids += 1;
            let id = Bytes::from(format!("auto-{}", self.assigned_ids));
            if !self.sessions.contains_key(&id) {
                return id;
            }
        }
    }

    /// The session of a client as long as `link` is its connection.
    pub fn session(&mut self, id: &Bytes, link: &Arc<Link>) -> Option<&mut Session> {
        attached(&mut self.sessions, id, link)
    }

    /// Detaches `link` from its session, if that has not got another one since.
    pub fn end_connection(&mut self, id: &Bytes, link: &Arc<Link>, how: Ending, now: Instant) {
        let Some(session) = self.session(id, link) else {
            return;
        };
        session.link = None;
        session.expires_at = session
            .expiry_interval
            .and_then(|interval| now.checked_add(interval));
        if how == Ending::Clean {
            session.will = None;
        }
        session.will_at = session.will.as_ref().map(|will| now + will_delay(will));
        self.handle_due(now);
    }

    /// Ends the session; a will that is still held back is due now [MQTT-3.1.2-8].
    fn end_session(&mut self, id: &Bytes, now: Instant) {
        if let Some(session) = self.sessions.remove(id)
            && let Some(will) = session.will
        {
            self.route(Message::from_will(will, now), id, now);
        }
    }

    /// Publishes the wills and ends the sessions whose time has come.
    pub fn handle_due(&mut self, now: Instant) {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let due: Vec<Bytes> = self
            .sessions
            .iter()
            .filter(|(_, session)| is_due(session.will_at) || is_due(session.expires_at))
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if is_due(session.expires_at) {
                self.end_session(&id, now);
            } else {
                session.will_at = None;
                if let Some(will) = session.will.take() {
                    self.route(Message::from_will(will, now), &id, now);
                }
            }
        }
    }

    /// When to call [`Hub::handle_due`] next.
    pub fn next_due(&self) -> Option<Instant> {
        let times = |session: &Session| [session.will_at, session.expires_at];
        self.sessions.values().flat_map(times).flatten().min()
    }

    /// Does what a packet of a connected client asks; topic aliases are resolved already.
    pub fn handle(
        &mut self,
        id: &Bytes,
        link: &Arc<Link>,
        packet: Packet,
        now: Instant,
    ) -> Result<(), ReasonCode> {
        match packet {
            Packet::Publish(publish) => self.handle_publish(id, link, publish, now),
            Packet::Subscribe(subscribe) => self.handle_subscribe(id, link, subscribe, now)?,
            Packet::Unsubscribe(request) => self.handle_unsubscribe(id, link, request),
            Packet::Disconnect(disconnect) => {
                self.change_expiry(id, link, &disconnect.properties.unwrap_or_default())?;
            }
            packet => {
                let Some(session) = self.session(id, link) else {
                    return Ok(());
                };
                match packet {
                    Packet::PubAck(ack) => session.handle_puback(&ack, now)?,
                    Packet::PubRec(ack) => session.handle_pubrec(&ack, now)?,
                    Packet::PubComp(ack) => session.handle_pubcomp(&ack, now)?,
                    Packet::PubRel(ack) => session.handle_pubrel(&ack),
                    // A second CONNECT [MQTT-3.1.0-2], AUTH without a method.
                    _ => return Err(ReasonCode::PROTOCOL_ERROR),
                }
            }
        }
        Ok(())
    }

    /// Takes a message from a client; its topic alias is resolved already.
    fn handle_publish(&mut self, id: &Bytes, link: &Arc<Link>, publish: Publish, now: Instant) {
        let (qos, packet_id) = (publish.qos, publish.packet_id);
        let Some(session) = self.session(id, link) else {
            return;
        };
        let repeated = qos == QoS::ExactlyOnce
            && packet_id.is_some_and(|packet_id| !session.note_received(packet_id));
        let mut reason = ReasonCode::SUCCESS;
        if !repeated && !self.route(Message::from_publish(publish, now), id, now) {
            reason = ReasonCode::NO_MATCHING_SUBSCRIBERS;
        }
        if let Some(session) = self.session(id, link) {
            session.acknowledge(qos, packet_id, reason);
        }
    }

    /// Brings a message to all whom it concerns; false if there is nobody.
    fn route(&mut self, message: Message, from: &Bytes, now: Instant) -> bool {
        let mut found = false;
        let mut shared: BTreeMap<Bytes, Vec<(Bytes, Match)>> = BTreeMap::new();
        for (id, session) in &mut self.sessions {
            for (filter, subscription) in &session.subscriptions {
                if topic::shared_filter(filter)
                    .is_some_and(|filter| topic::matches(filter, &message.topic))
                {
                    let member = (id.clone(), Match::from(subscription));
                    shared.entry(filter.clone()).or_default().push(member);
                }
            }
            if let Some(matched) = session.matching(&message.topic, id == from) {
                session.deliver(&message, &matched, now);
                found = true;
            }
        }
        for members in shared.values() {
            found = true;
            self.deliver_to_one(&message, members, now);
        }
        if message.retain {
            self.retain(message);
        }
        found
    }

    /// Members of a shared subscription take turns, those that are connected first.
    fn deliver_to_one(&mut self, message: &Message, members: &[(Bytes, Match)], now: Instant) {
        self.shared_turn = self.shared_turn.wrapping_add(1);
        let connected: Vec<_> = members
            .iter()
            .filter(|(id, _)| {
                self.sessions
                    .get(id)
                    .is_some_and(|held| held.link.is_some())
            })
            .collect();
        let chosen = match connected.len() {
            0 => &members[self.shared_turn % members.len()],
            count => connected[self.shared_turn % count],
        };
        if let Some(session) = self.sessions.get_mut(&chosen.0) {
            session.deliver(message, &chosen.1, now);
        }
    }

    /// Keeps the message for later subscribers; an empty one clears the topic [MQTT-3.3.1-6].
    pub fn retain(&mut self, message: Message) {
        if message.payload.is_empty() {
            self.retained.remove(&message.topic);
        } else {
            self.retained.insert(message.topic.clone(), message);
        }
    }

    /// Adds or replaces subscriptions, answers with SUBACK and sends the retained messages.
    fn handle_subscribe(
        &mut self,
        id: &Bytes,
        link: &Arc<Link>,
        subscribe: Subscribe,
        now: Instant,
    ) -> Result<(), ReasonCode> {
        let identifier = numeric(&subscribe.properties, SUBSCRIPTION_IDENTIFIER);
        self.retained.retain(|_, message| !message.has_expired(now));
        let Some(session) = attached(&mut self.sessions, id, link) else {
            return Ok(());
        };
        let mut codes = Vec::with_capacity(subscribe.filters.len());
        let mut wants_retained = Vec::new();
        for SubscriptionRequest { filter, options } in subscribe.filters {
            let shared = filter.starts_with(b"$share/");
            let inner = topic::shared_filter(&filter);
            if !topic::is_valid_filter(inner.unwrap_or(&filter)) || shared != inner.is_some() {
                codes.push(match link.version {
                    ProtocolVersion::V5 => ReasonCode::TOPIC_FILTER_INVALID,
                    _ => ReasonCode::UNSPECIFIED_ERROR,
                });
                continue;
            }
            let subscription = Subscription::new(options, identifier)?;
            if shared && subscription.no_local {
                return Err(ReasonCode::PROTOCOL_ERROR);
            }
            codes.push(ReasonCode(subscription.qos as u8));
            let is_new = session
                .subscriptions
                .insert(filter.clone(), subscription.clone())
                .is_none();
            // Retain handling: always, for a new subscription, never.
            let sends_retained = match options >> 4 & 3 {
                0 => true,
                1 => is_new,
                _ => false,
            };
            if sends_retained && !shared {
                wants_retained.push((filter, subscription));
            }
        }
        let packet_id = subscribe.packet_id;
        session.send(|_| Packet::SubAck(answer(packet_id, codes)));
        for (filter, subscription) in wants_retained {
            for (topic, message) in &self.retained {
                if topic::matches(&filter, topic) {
                    session.deliver_retained(message, &subscription, now);
                }
            }
        }
        Ok(())
    }

    /// Removes subscriptions and answers with UNSUBACK.
    fn handle_unsubscribe(&mut self, id: &Bytes, link: &Arc<Link>, request: Unsubscribe) {
        let Some(session) = self.session(id, link) else {
            return;
        };
        let mut codes = Vec::with_capacity(request.filters.len());
        for filter in &request.filters {
            codes.push(match session.subscriptions.remove(filter) {
                Some(_) => ReasonCode::SUCCESS,
                None => ReasonCode::NO_SUBSCRIPTION_EXISTED,
            });
        }
        session.send(|version| {
            if version != ProtocolVersion::V5 {
                codes.clear();
            }
            Packet::UnsubAck(answer(request.packet_id, codes))
        });
    }

    /// Applies the session expiry interval a client may send in DISCONNECT; it cannot revive a
    /// session that was to end with the connection (MQTT 5 section 3.14.2.2.2).
    fn change_expiry(
        &mut self,
        id: &Bytes,
        link: &Arc<Link>,
        properties: &Properties,
    ) -> Result<(), ReasonCode> {
        if let Some(session) = self.session(id, link)
            && numeric(properties, SESSION_EXPIRY_INTERVAL).is_some()
        {
            let wanted = expiry_interval(properties);
            let ends_with_connection = Some(Duration::ZERO);
            if session.expiry_interval == ends_with_connection && wanted != ends_with_connection {
                return Err(ReasonCode::PROTOCOL_ERROR);
            }
            session.expiry_interval = wanted;
        }
        Ok(())
    }

    /// How many sessions have a subscription with exactly this filter.
    pub fn subscribers(&self, filter: &str) -> usize {
        let has = |session: &&Session| session.subscriptions.contains_key(filter.as_bytes());
        self.sessions.values().filter(has).count()
    }
}

fn attached<'a>(
    sessions: &'a mut BTreeMap<Bytes, Session>,
    id: &Bytes,
    link: &Arc<Link>,
) -> Option<&'a mut Session> {
    let session = sessions.get_mut(id)?;
    let is_its = session
        .link
        .as_ref()
        .is_some_and(|its| Arc::ptr_eq(its, link));
    is_its.then_some(session)
}

/// What CONNECT or DISCONNECT says about it; `None` is for ever.
pub fn expiry_interval(properties: &Properties) -> Option<Duration> {
    match numeric(properties, SESSION_EXPIRY_INTERVAL).unwrap_or(0) {
        u32::MAX => None,
        seconds => Some(Duration::from_secs(seconds.into())),
    }
}

fn answer(packet_id: PacketId, codes: Vec<ReasonCode>) -> SubAck {
    SubAck {
        packet_id,
        properties: Properties::default(),
        codes,
    }
}
