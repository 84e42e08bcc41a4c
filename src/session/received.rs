//! Inbound messages: PUBLISH, PUBREL and the acknowledgements they get.

use super::{Event, Session, StoreOp, Undo};
use crate::packet::{
    Ack, Frame, Malformed, Message, PacketId, PacketType, PlainPublish, Property, QoS, ReasonCode,
    ack,
};
use crate::trace::payload_excerpt;
use bytes::Bytes;
use std::hash::{DefaultHasher, Hasher};

/// Sequence numbers of queued messages run below this and start again at 0.
pub const QUEUE_SEQ_LIMIT: u32 = 1_000_000;

/// An inbound QoS 2 exchange between PUBLISH and PUBREL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The message still to be delivered, on PUBREL, with the DUP flag of its record; `None` if it was delivered on
    /// PUBLISH (MQTT 5).
    pub message: Option<Message>,
    /// Its record was written under MQTT 5.
    pub v5_record: bool,
    /// What an earlier process has delivered under this identifier, as [`content_hash`] tells it; `None` if unknown.
    delivered: Option<u64>,
}

impl Received {
    /// The exchange that a record of an earlier process tells of.
    pub fn restored(message: Message, v5_record: bool) -> Received {
        // A topic alias ends with its connection: the same message comes with its topic the next time.
        let known = v5_record && !message.topic().is_empty();
        Received {
            delivered: known.then(|| content_hash(&message)),
            message: (!v5_record).then_some(message),
            v5_record,
        }
    }

    /// Whether this message is none that was delivered under its identifier: the exchange has ended, though its record
    /// could not be removed.
    fn is_outlived_by(&self, message: &Message) -> bool {
        self.delivered
            .is_some_and(|delivered| delivered != content_hash(message))
    }
}

/// A message that an earlier process has queued for the application and that is still there.
#[derive(Clone, Copy, Debug)]
pub struct LastQueued<'a> {
    /// The message, with the DUP flag of its record.
    pub message: &'a Message,
    /// Its record was written under MQTT 5.
    pub v5_record: bool,
}

/// What to recognise the QoS 2 message by that was queued last, and by no other after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueuedMark {
    id: PacketId,
    dup: bool,
    content: u64,
}

impl QueuedMark {
    fn new(message: &Message) -> Option<QueuedMark> {
        if message.qos != QoS::ExactlyOnce {
            return None;
        }
        Some(QueuedMark {
            id: message.packet_id?,
            dup: message.dup,
            content: content_hash(message),
        })
    }
}

impl Session {
    /// Takes over the inbound exchanges of an earlier process, which may have died between two records of one step.
    /// Only the message queued last can be in two records.
    pub(super) fn restore_received(
        &mut self,
        inbound: impl IntoIterator<Item = (PacketId, Received)>,
        queued: Option<LastQueued<'_>>,
    ) {
        let mut released = false;
        for (id, received) in inbound {
            let is_queued = |message: &Message| {
                queued.is_some_and(|queued| {
                    queued.message.dup == message.dup && is_same(queued.message, message)
                })
            };
            if received.message.as_ref().is_some_and(is_queued) {
                // PUBREL has come: what remains is the answer, which is given for any identifier.
                released = true;
                self.store(|| StoreOp::RemoveReceived {
                    id,
                    v5: received.v5_record,
                });
            } else {
                self.received.insert(id, received);
            }
        }
        let Some(LastQueued { message, v5_record }) = queued else {
            return;
        };
        self.last_queued = QueuedMark::new(message);
        if let (QoS::ExactlyOnce, Some(id), true) = (message.qos, message.packet_id, v5_record) {
            let begun = self.received.get(&id);
            let is_begun = begun.is_some_and(|received| !received.is_outlived_by(message));
            if !released && !is_begun {
                self.repeat_expected = Some(message.detached());
            }
        }
    }

    /// Whether what is for the application needs no record and has no event before it, so that it need not be one.
    #[inline]
    pub fn hands_on_at_once(&self) -> bool {
        !self.keeps_records && self.is_connected() && self.events.is_empty()
    }

    /// Handles a PUBLISH whose message the owner takes out of `bytes`, if the session
    /// [`hands_on_at_once`](Self::hands_on_at_once). That something has come is [noted](Self::note_received) before.
    #[inline(always)]
    pub fn handle_plain_publish(&mut self, publish: PlainPublish, bytes: &Bytes) {
        if crate::trace::enabled(crate::trace::Level::Protocol) {
            self.trace_message(&publish.message(bytes));
        }
        if let Some(id) = publish.packet_id() {
            self.send_ack(PacketType::PubAck, id);
        }
    }

    fn trace_message(&self, message: &Message) {
        self.trace_in(|| {
            format!(
                "PUBLISH msgid: {} qos: {} retained: {} payload len({}): {}",
                message.packet_id.map_or(0, PacketId::get),
                message.qos as u8,
                u8::from(message.retain),
                message.payload().len(),
                payload_excerpt(message.payload())
            )
        });
    }

    pub(super) fn handle_publish(&mut self, frame: Frame) -> Result<(), Malformed> {
        let whole = self.keeps_records.then(|| frame.clone());
        let mut message = Message::decode(frame.first_byte, frame.body, self.version)?;
        self.trace_message(&message);
        if self.is_v5() {
            self.resolve_alias(&mut message)?;
        }
        match (message.qos, message.packet_id) {
            (QoS::AtLeastOnce, Some(id)) => {
                self.deliver(message);
                self.set_undo(|| Undo::Nothing);
                self.send_ack(PacketType::PubAck, id);
            }
            (QoS::ExactlyOnce, Some(id)) => {
                self.handle_exactly_once(id, message, whole)?;
                self.send_ack(PacketType::PubRec, id);
            }
            // At most once: delivered now, whether or not its record can be stored for a restart.
            _ => self.deliver(message),
        }
        Ok(())
    }

    /// 3.1 and 3.1.1 deliver on PUBREL ("method A"), a repeated PUBLISH replaces the content; 5 delivers on the first
    /// PUBLISH ("method B") and remembers the identifier [MQTT-4.3.3-10].
    fn handle_exactly_once(
        &mut self,
        id: PacketId,
        mut message: Message,
        whole: Option<Frame>,
    ) -> Result<(), Malformed> {
        const DUP: u8 = 0x08;
        let v5 = self.is_v5();
        let topic_length = message.topic().len();
        // It was queued just before an earlier process died; only the record of its identifier is missing.
        let repeated = message.dup
            && self
                .repeat_expected
                .as_ref()
                .is_some_and(|queued| is_same(queued, &message));
        // The missing record is made now, in the form that says that the message was delivered.
        let as_v5 = v5 || repeated;
        // A record that equals the one queued last is taken for its remains when a process is restored. So a new message
        // that happens to be the same differs in this flag, which has no meaning for the application.
        let resembles_last = self.keeps_records
            && !repeated
            && self.last_queued.is_some_and(|last| {
                last.id == id && last.dup == message.dup && last.content == content_hash(&message)
            });
        let inverted = match resembles_last && !v5 {
            true => DUP,
            false => 0,
        };
        message.dup ^= inverted != 0;
        let begun = self.received.get_mut(&id);
        match begun.filter(|received| !v5 || !received.is_outlived_by(&message)) {
            Some(received) => {
                if received.v5_record != v5 {
                    // Begun under another version: its record says whether the message was delivered, and stays.
                    return Ok(());
                }
                if let Some(held) = &mut received.message {
                    *held = message.detached();
                }
            }
            None if self.receive_quota == Some(0) => {
                return Err(Malformed {
                    reason: ReasonCode::RECEIVE_MAXIMUM_EXCEEDED,
                    detail: "more QoS 2 messages under way than Receive Maximum allows [MQTT-3.3.4-9]",
                });
            }
            None => {
                self.receive_quota = self.receive_quota.map(|left| left - 1);
                let held = (!as_v5).then(|| message.detached());
                self.received.insert(
                    id,
                    Received {
                        message: held,
                        v5_record: as_v5,
                        delivered: None,
                    },
                );
                if v5 && !repeated {
                    self.deliver(message);
                }
                self.set_undo(|| Undo::Received(id));
            }
        }
        if let Some(frame) = whole {
            let Frame { first_byte, body } = match as_v5 && !v5 {
                true => in_v5_form(&frame, topic_length),
                false => frame,
            };
            self.store(|| StoreOp::PutReceived {
                v5: as_v5,
                id,
                first_byte: first_byte ^ inverted,
                body,
            });
        }
        Ok(())
    }

    pub(super) fn handle_pubrel(&mut self, ack: Ack) -> Result<(), Malformed> {
        let id = ack.packet_id;
        self.trace_in(|| format!("PUBREL msgid {id}"));
        self.receive_quota = None;
        if self
            .repeat_expected
            .as_ref()
            .is_some_and(|queued| queued.packet_id == Some(id))
        {
            self.repeat_expected = None;
        }
        if let Some(received) = self.received.remove(&id) {
            let v5 = received.v5_record;
            if let Some(message) = received.message.clone() {
                self.deliver(message);
                self.set_undo(|| Undo::Released(id, Box::new(received)));
            }
            self.store(|| StoreOp::RemoveReceived { id, v5 });
        }
        // [MQTT-4.3.3-11]: also for an identifier not in use, so that the server can end the exchange.
        self.send_ack(PacketType::PubComp, id);
        Ok(())
    }

    fn resolve_alias(&mut self, message: &mut Message) -> Result<(), Malformed> {
        let Some(alias) = message.properties().numeric(Property::TOPIC_ALIAS) else {
            return Ok(());
        };
        let invalid = |detail| Malformed {
            reason: ReasonCode::TOPIC_ALIAS_INVALID,
            detail,
        };
        let alias = u16::try_from(alias).map_err(|_| invalid("topic alias out of range"))?;
        if alias > self.client_limits.topic_alias_maximum {
            return Err(invalid(
                "topic alias above Topic Alias Maximum [MQTT-3.1.2-26]",
            ));
        }
        let topic = self
            .inbound_aliases
            .resolve(message.topic(), alias)
            .ok_or(Malformed {
                reason: ReasonCode::PROTOCOL_ERROR,
                detail: "topic alias that stands for no topic",
            })?;
        if message.topic().is_empty() {
            *message = message.with_topic(&topic);
        }
        Ok(())
    }

    /// Hands a message on, storing it until the application has taken it.
    #[inline]
    fn deliver(&mut self, mut message: Message) {
        let stored = self.keeps_records.then(|| self.store_queued(&message));
        if message.qos == QoS::ExactlyOnce {
            message.dup = false;
        }
        self.events.push_back(Event::Deliver {
            message,
            seq: stored,
        });
    }

    /// Stores a message until the application has taken it, and returns the sequence number of its record.
    fn store_queued(&mut self, message: &Message) -> u32 {
        self.last_queued = QueuedMark::new(message);
        let (v5, seq) = (self.is_v5(), self.next_queue_seq);
        self.next_queue_seq = (seq + 1) % QUEUE_SEQ_LIMIT;
        self.store(|| StoreOp::PutQueued {
            v5,
            seq,
            message: message.clone(),
        });
        seq
    }

    fn send_ack(&mut self, packet_type: PacketType, id: PacketId) {
        ack::encode_ack(packet_type, id, self.send.buffer());
        match packet_type {
            PacketType::PubAck => self.trace_out(format_args!("PUBACK msgid: {id} ")),
            PacketType::PubRec => self.trace_out(format_args!("PUBREC msgid: {id} ")),
            _ => self.trace_out(format_args!("PUBCOMP msgid {id} ")),
        }
    }
}

/// A QoS 2 PUBLISH of 3.1 or 3.1.1 as MQTT 5 writes it, without properties.
fn in_v5_form(frame: &Frame, topic_length: usize) -> Frame {
    const LENGTH_AND_IDENTIFIER: usize = 4;
    let (head, payload) = frame.body.split_at(topic_length + LENGTH_AND_IDENTIFIER);
    Frame {
        first_byte: frame.first_byte,
        body: [head, &[0], payload].concat().into(),
    }
}

/// Whether two QoS 2 messages are the same but for DUP. A record of a queued message ends its topic at the first NUL.
fn is_same(queued: &Message, received: &Message) -> bool {
    let topic = received.topic().split(|&byte| byte == 0).next();
    queued.qos == received.qos
        && queued.packet_id == received.packet_id
        && queued.retain == received.retain
        && queued.payload() == received.payload()
        && (queued.topic() == received.topic() || topic == Some(queued.topic()))
}

/// Messages that differ mostly differ in this; the rest of a long payload is not looked at.
fn content_hash(message: &Message) -> u64 {
    const LOOKED_AT: usize = 1024;
    let (topic, payload) = (message.topic(), message.payload());
    let mut hasher = DefaultHasher::new();
    hasher.write_u8(message.retain.into());
    hasher.write_usize(topic.len());
    hasher.write(topic);
    hasher.write_usize(payload.len());
    hasher.write(&payload[..payload.len().min(LOOKED_AT)]);
    hasher.finish()
}
