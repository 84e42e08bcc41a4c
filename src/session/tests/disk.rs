//! A store in memory, which survives the death of a process.

use super::*;
use crate::packet::decode_record;
use bytes::BytesMut;
use std::collections::BTreeMap;

/// The name of a record; `true`: of MQTT 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Sent(bool, PacketId),
    PubRel(bool, PacketId),
    Received(bool, PacketId),
    Queued(u32),
}

/// Records that survive a crash.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) packets: BTreeMap<Key, Bytes>,
    /// `true`: of MQTT 5.
    pub(super) queue: BTreeMap<u32, (bool, Publish)>,
    /// Puts that succeed before one fails.
    pub(super) puts_left: Option<usize>,
    /// Removals fail.
    pub(super) keeps_all: bool,
}

impl Disk {
    pub(super) fn keys(&self) -> Vec<Key> {
        let queued = self.queue.keys().map(|&seq| Key::Queued(seq));
        self.packets.keys().copied().chain(queued).collect()
    }

    pub(super) fn holds(&self, key: Key) -> bool {
        self.keys().contains(&key)
    }

    fn may_put(&mut self) -> bool {
        match &mut self.puts_left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    fn put(&mut self, key: Key, bytes: Bytes) -> bool {
        let may = self.may_put();
        if may {
            self.packets.insert(key, bytes);
        }
        may
    }

    pub(super) fn apply(&mut self, op: StoreOp) -> bool {
        match op {
            StoreOp::PutSent { v5, id, packet } => return self.put(Key::Sent(v5, id), packet),
            StoreOp::PutPubRel { v5, id } => return self.put(Key::PubRel(v5, id), Bytes::new()),
            StoreOp::PutReceived {
                v5,
                id,
                first_byte,
                body,
            } => {
                let mut record = BytesMut::from(&[first_byte][..]);
                record.extend_from_slice(&[u8::try_from(body.len()).unwrap()]);
                record.extend_from_slice(&body);
                return self.put(Key::Received(v5, id), record.freeze());
            }
            StoreOp::PutQueued { v5, seq, message } => {
                let may = self.may_put();
                if may {
                    self.queue.insert(seq, (v5, message.into()));
                }
                return may;
            }
            _ if self.keeps_all => return false,
            StoreOp::RemoveSent { id, records } => {
                for (exists, key) in [
                    (records.sent_v5, Key::Sent(true, id)),
                    (records.pubrel_v5, Key::PubRel(true, id)),
                    (records.sent_v3, Key::Sent(false, id)),
                    (records.pubrel_v3, Key::PubRel(false, id)),
                ] {
                    if exists {
                        self.packets.remove(&key);
                    }
                }
            }
            StoreOp::RemoveReceived { id, v5 } => {
                self.packets.remove(&Key::Received(v5, id));
            }
            StoreOp::RemoveQueued { seq, .. } => {
                self.queue.remove(&seq);
            }
            StoreOp::Clear => {
                self.packets.clear();
                self.queue.clear();
            }
            StoreOp::ClearExchanges(removals) => {
                assert!(removals.into_iter().all(|removal| self.apply(removal)));
            }
        }
        true
    }

    /// In the order of identifiers: the stories here do not let them wrap.
    pub(super) fn restored_outbound(&self) -> Vec<Inflight> {
        let sent = self.packets.iter().filter_map(|(&key, record)| match key {
            Key::Sent(v5, id) => Some((v5, id, record)),
            _ => None,
        });
        let mut restored: Vec<Inflight> = sent
            .map(|(v5, id, record)| {
                let qos = decoded(record, v5).qos;
                let records = OutboundRecords {
                    sent_v3: self.holds(Key::Sent(false, id)),
                    sent_v5: self.holds(Key::Sent(true, id)),
                    pubrel_v3: self.holds(Key::PubRel(false, id)),
                    pubrel_v5: self.holds(Key::PubRel(true, id)),
                };
                let awaiting = match qos {
                    QoS::ExactlyOnce if records.pubrel_v3 || records.pubrel_v5 => Awaiting::PubComp,
                    QoS::ExactlyOnce => Awaiting::PubRec,
                    _ => Awaiting::PubAck,
                };
                Inflight {
                    id,
                    qos,
                    awaiting,
                    packet: record.clone().into(),
                    packet_v5: v5,
                    records,
                    sent_at: None,
                }
            })
            .collect();
        restored.sort_by_key(|message| (message.id, !message.packet_v5));
        restored.dedup_by_key(|message| message.id);
        restored
    }

    /// Of two records of one exchange the older form counts: its message was not delivered.
    pub(super) fn restored_inbound(&self) -> BTreeMap<PacketId, Received> {
        let mut restored = BTreeMap::new();
        for (&key, record) in self.packets.iter().rev() {
            if let Key::Received(v5, id) = key {
                restored.insert(id, Received::restored(decoded(record, v5).into(), v5));
            }
        }
        restored
    }
}

fn version_of(v5: bool) -> ProtocolVersion {
    if v5 { V5 } else { V3_1_1 }
}

fn decoded(record: &Bytes, v5: bool) -> Publish {
    match decode_record(record.clone(), version_of(v5)) {
        Ok(Packet::Publish(publish)) => publish,
        other => panic!("{other:?}"),
    }
}
