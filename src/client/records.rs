//! The session's wishes about stored records, carried out on a store.

use super::Error;
use crate::packet::{
    FixedHeader, Message, PacketId, Property, ProtocolVersion, Publish, QoS, publish,
};
use crate::persistence;
use crate::persistence::{
    Key, QueueRecord, QueuedMessage, Restored, RestoredPublish, Store, StoreError,
};
use crate::session::{
    Awaiting, Inflight, LastQueued, OutboundRecords, QUEUE_SEQ_LIMIT, Received, Session, StoreOp,
};
use crate::trace::Level;
use bytes::Bytes;

// A record under any other number would be left alone at the next start.
const _: () = assert!(QUEUE_SEQ_LIMIT == Key::QUEUE_NUMBERS);

/// Carries out one operation. `queue_is_empty`: no received message waits for the application.
pub(super) fn apply(
    store: &mut dyn Store,
    op: StoreOp,
    queue_is_empty: bool,
) -> Result<(), StoreError> {
    match op {
        StoreOp::PutSent { v5, id, packet } => {
            let key = Key::Sent { v5, id: id.get() }.to_string();
            let version = ProtocolVersion::of_format(v5);
            match publish::record_parts(&packet, version) {
                Some(parts) => store.put(&key, &parts),
                None => store.put(&key, &[&packet]),
            }
        }
        StoreOp::PutPubRel { v5, id } => {
            let [high, low] = id.get().to_be_bytes();
            store.put(
                &Key::PubRel { v5, id: id.get() }.to_string(),
                &[&[0x62, 2], &[high, low]],
            )
        }
        StoreOp::RemoveSent { id, records } => remove_sent(store, id, records),
        StoreOp::PutReceived {
            v5,
            id,
            first_byte,
            body,
        } => {
            let header = FixedHeader::new(first_byte, body.len() as u64)
                .map_err(|_| StoreError::new("the packet is too large".to_owned()))?;
            store.put(
                &Key::Received { v5, id: id.get() }.to_string(),
                &[header.as_slice(), &body],
            )
        }
        StoreOp::RemoveReceived { id, v5 } => {
            let keys = [true, false].map(|candidate| {
                let key = Key::Received {
                    v5: candidate,
                    id: id.get(),
                };
                (candidate == v5, key)
            });
            remove_all(store, &keys)
        }
        StoreOp::PutQueued { v5, seq, message } => {
            let queued = to_record(message);
            let record = QueueRecord::new(&queued, v5)
                .map_err(|_| StoreError::new("the message is too large for a record".to_owned()))?;
            store.put(&Key::Queued { v5, seq }.to_string(), &record.parts())
        }
        StoreOp::RemoveQueued { v5, seq } => store.remove(&Key::Queued { v5, seq }.to_string()),
        StoreOp::Clear => store.clear(),
        StoreOp::ClearExchanges(_) if queue_is_empty => store.clear(),
        StoreOp::ClearExchanges(removals) => removals
            .into_iter()
            .map(|removal| apply(store, removal, queue_is_empty))
            .fold(Ok(()), Result::and),
    }
}

fn remove_sent(
    store: &mut dyn Store,
    id: PacketId,
    records: OutboundRecords,
) -> Result<(), StoreError> {
    let id = id.get();
    let mut result = Ok(());
    for (v5, sent, pubrel) in [
        (true, records.sent_v5, records.pubrel_v5),
        (false, records.sent_v3, records.pubrel_v3),
    ] {
        let removed = remove_all(store, &[(sent, Key::Sent { v5, id })]);
        let stays = sent && removed.is_err();
        result = result.and(removed);
        // Without PUBREL's record, a message that stays would be sent from its beginning once more.
        if !stays {
            result = result.and(remove_all(store, &[(pubrel, Key::PubRel { v5, id })]));
        }
    }
    result
}

/// Removes the records that exist, in the original's order; a store of the application's sees all removals, as from the
/// original. One that fails does not keep the others from being tried.
fn remove_all(store: &mut dyn Store, keys: &[(bool, Key)]) -> Result<(), StoreError> {
    let all = store.sees_every_removal();
    let mut result = Ok(());
    for (exists, key) in keys {
        if *exists || all {
            let removed = store.remove(&key.to_string());
            result = result.and(removed);
        }
    }
    result
}

/// Reads what an earlier process left into the session; returns the messages that wait for the application.
pub(super) fn restore(
    session: &mut Session,
    store: &mut dyn Store,
    v5: bool,
) -> Result<Vec<(Key, Message)>, Error> {
    let restored = persistence::restore(store, v5).map_err(|error| {
        crate::trace!(Level::Error, "Cannot restore the session: {}", error.text);
        Error::Persistence(error.code)
    })?;
    let Restored {
        outbound,
        inbound,
        queue,
        next_seq,
        last_id,
    } = restored;
    let outbound = outbound.into_iter().filter_map(|sent| unfinished(sent, v5));
    let inbound = inbound.into_iter().filter_map(|received| {
        let id = received.publish.packet_id?;
        let message = received.publish.into();
        Some((id, Received::restored(message, received.v5_record)))
    });
    let mut queue: Vec<(Key, Message)> = queue
        .into_iter()
        .map(|(key, queued)| (key, from_record(queued)))
        .collect();
    let last = queue.last().map(|(key, message)| LastQueued {
        message,
        v5_record: key.is_v5(),
    });
    session.restore(outbound, inbound, last, next_seq);
    if let Some(id) = last_id {
        session.continue_after(id);
    }
    for (_, message) in &mut queue {
        if message.qos == QoS::ExactlyOnce {
            message.dup = false;
        }
    }
    while let Some(op) = session.poll_store_op() {
        if let Err(error) = apply(store, op, queue.is_empty()) {
            crate::trace!(Level::Error, "Cannot tidy up the store: {}", error.text);
        }
    }
    Ok(queue)
}

/// The message that a record tells of, to be sent again by a client of MQTT 5 or an older one; `None` if it cannot be.
fn unfinished(sent: RestoredPublish, v5: bool) -> Option<Inflight> {
    let id = sent.publish.packet_id?;
    let packet = without_alias(sent.packet, &sent.publish, sent.v5_record)?;
    let awaiting = match (sent.publish.qos, sent.pubrel_sent) {
        (QoS::ExactlyOnce, true) => Awaiting::PubComp,
        (QoS::ExactlyOnce, false) => Awaiting::PubRec,
        _ => Awaiting::PubAck,
    };
    let records = OutboundRecords {
        sent_v3: !sent.v5_record,
        sent_v5: sent.v5_record,
        // A client of MQTT 5 may have found it under either name.
        pubrel_v3: sent.pubrel_sent,
        pubrel_v5: sent.pubrel_sent && v5,
    };
    Some(Inflight {
        id,
        qos: sent.publish.qos,
        awaiting,
        packet: packet.into(),
        packet_v5: sent.v5_record,
        records,
        sent_at: None,
    })
}

/// The packet to resend. The original stores a topic alias with the message, although it ends with the connection
/// [MQTT-3.3.2-7]: without its topic such a message cannot be sent any more.
fn without_alias(packet: Bytes, publish: &Publish, v5: bool) -> Option<Bytes> {
    if !v5 || publish.properties.get(Property::TOPIC_ALIAS).is_none() {
        return Some(packet);
    }
    if publish.topic.is_empty() {
        crate::trace!(
            Level::Error,
            "A stored message has a topic alias instead of its topic and is not sent"
        );
        return None;
    }
    let mut publish = publish.clone();
    publish
        .properties
        .0
        .retain(|property| property.id != Property::TOPIC_ALIAS);
    let mut stripped = Vec::new();
    publish.encode(ProtocolVersion::V5, &mut stripped).ok()?;
    Some(stripped.into())
}

fn to_record(message: Message) -> QueuedMessage {
    let message = Publish::from(message);
    QueuedMessage {
        topic: message.topic,
        payload: message.payload,
        qos: message.qos,
        retained: message.retain,
        dup: message.dup,
        msgid: message.packet_id.map_or(0, PacketId::get),
        properties: message.properties,
    }
}

fn from_record(queued: QueuedMessage) -> Message {
    Message::from(Publish {
        dup: queued.dup,
        qos: queued.qos,
        retain: queued.retained,
        topic: queued.topic,
        packet_id: PacketId::new(queued.msgid),
        properties: queued.properties,
        payload: queued.payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::PropertyValue;
    use crate::persistence::FileStore;
    use crate::persistence::memory::MemoryStore;
    use std::time::Instant;

    fn sent_v5(id: u16, topic: &'static str, alias: Option<u16>) -> Vec<u8> {
        let mut publish = Publish {
            dup: false,
            qos: QoS::ExactlyOnce,
            retain: false,
            topic: Bytes::from_static(topic.as_bytes()),
            packet_id: PacketId::new(id),
            properties: Default::default(),
            payload: Bytes::from_static(b"x"),
        };
        if let Some(alias) = alias {
            publish.properties.push(Property {
                id: Property::TOPIC_ALIAS,
                value: PropertyValue::TwoByteInteger(alias),
            });
        }
        let mut packet = Vec::new();
        publish.encode(ProtocolVersion::V5, &mut packet).unwrap();
        packet.to_vec()
    }

    fn restored_tokens(store: &mut MemoryStore) -> Vec<u16> {
        let mut session = Session::new(true, Instant::now());
        restore(&mut session, store, true).unwrap();
        session.pending_tokens().map(PacketId::get).collect()
    }

    /// A QoS 2 message "x" to "t" that was received under 5 and waits for the application.
    fn put_queued(store: &mut MemoryStore) {
        let queued = to_record(Message::from(Publish {
            dup: false,
            qos: QoS::ExactlyOnce,
            retain: false,
            topic: Bytes::from_static(b"t"),
            packet_id: PacketId::new(5),
            properties: Default::default(),
            payload: Bytes::from_static(b"x"),
        }));
        let record = QueueRecord::new(&queued, false).unwrap();
        store.put("q-1", &record.parts()).unwrap();
    }

    #[test]
    fn a_stored_topic_alias_is_not_sent_again() {
        let mut store = MemoryStore::default();
        store.put("s5-1", &[&sent_v5(1, "t", Some(3))]).unwrap();
        store.put("s5-2", &[&sent_v5(2, "", Some(3))]).unwrap();
        assert_eq!(restored_tokens(&mut store), [1]);
        let record = Bytes::from(sent_v5(1, "t", Some(3)));
        let Ok(crate::packet::Packet::Publish(publish)) =
            crate::packet::decode_record(record.clone(), ProtocolVersion::V5)
        else {
            panic!("no PUBLISH");
        };
        assert_eq!(
            without_alias(record, &publish, true).unwrap(),
            sent_v5(1, "t", None)
        );
    }

    /// Either library may have written it. Of files only those go that are known to be there.
    #[test]
    fn a_pubrel_record_is_removed_with_its_message_under_either_name() {
        let base = tempfile::tempdir().unwrap();
        let mut store = FileStore::open(Some(base.path()), b"c", b"h").unwrap();
        for name in ["sc-1", "sc5-1"] {
            store.put("s5-1", &[&sent_v5(1, "t", None)]).unwrap();
            store.put(name, &[&[0x62, 2, 0, 1]]).unwrap();
            let mut restored = persistence::restore(&mut store, true).unwrap().outbound;
            let message = unfinished(restored.remove(0), true).unwrap();
            assert_eq!(message.awaiting, Awaiting::PubComp);
            let Inflight { id, records, .. } = message;
            apply(&mut store, StoreOp::RemoveSent { id, records }, true).unwrap();
            assert_eq!(store.keys().unwrap(), [""; 0]);
        }
    }

    #[test]
    fn a_received_message_that_differs_from_the_queued_one_is_received() {
        for received in [
            b"\x35\x06\x00\x01t\x00\x05x", // retained
            b"\x3c\x06\x00\x01t\x00\x05x", // DUP
            b"\x34\x06\x00\x01u\x00\x05x",
            b"\x34\x06\x00\x01t\x00\x05y",
        ] {
            let mut store = MemoryStore::default();
            store.put("r-5", &[received]).unwrap();
            put_queued(&mut store);
            let mut session = Session::new(true, Instant::now());
            restore(&mut session, &mut store, false).unwrap();
            assert_eq!(store.record_keys(), ["q-1", "r-5"]);
        }
    }

    /// The process died between the two records of a PUBREL.
    #[test]
    fn a_received_message_that_is_already_queued_is_not_received_again() {
        let received = b"\x34\x06\x00\x01t\x00\x05x";
        let other = b"\x34\x06\x00\x01t\x00\x06x";
        let mut store = MemoryStore::default();
        store.put("r-5", &[received]).unwrap();
        store.put("r-6", &[other]).unwrap();
        put_queued(&mut store);
        let mut session = Session::new(true, Instant::now());
        let messages = restore(&mut session, &mut store, false).unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(store.record_keys(), ["q-1", "r-6"]);
    }

    /// A clean session that was lost: a message that the application has not taken outlives it.
    #[test]
    fn with_the_exchanges_goes_all_that_no_waiting_message_needs() {
        for (queue_is_empty, left) in [(false, &["q-1", "r-7"][..]), (true, &[])] {
            let mut store = MemoryStore::default();
            put_queued(&mut store);
            for key in ["s-1", "r-6", "r-7"] {
                store.put(key, &[b"x"]).unwrap();
            }
            let records = OutboundRecords {
                sent_v3: true,
                ..OutboundRecords::default()
            };
            let id = |number| PacketId::new(number).unwrap();
            let removals = vec![
                StoreOp::RemoveSent { id: id(1), records },
                StoreOp::RemoveReceived {
                    id: id(6),
                    v5: false,
                },
            ];
            let op = StoreOp::ClearExchanges(removals);
            apply(&mut store, op, queue_is_empty).unwrap();
            assert_eq!(store.record_keys(), left);
        }
    }

    #[test]
    fn dup_of_a_restored_message_is_told_for_qos_1_only() {
        for (qos, told) in [(QoS::AtLeastOnce, true), (QoS::ExactlyOnce, false)] {
            let mut store = MemoryStore::default();
            let queued = QueuedMessage {
                topic: Bytes::from_static(b"t"),
                payload: Bytes::from_static(b"x"),
                qos,
                retained: false,
                dup: true,
                msgid: 5,
                properties: Default::default(),
            };
            let record = QueueRecord::new(&queued, false).unwrap();
            store.put("q-1", &record.parts()).unwrap();
            let mut session = Session::new(true, Instant::now());
            let restored = restore(&mut session, &mut store, false).unwrap();
            assert_eq!(restored[0].1.dup, told);
        }
    }

    /// The original empties records and then writes them. The server may still know the message.
    #[test]
    fn the_identifier_of_a_damaged_record_is_not_used_for_the_next_message() {
        let packet = |id: u8| [0x34, 6, 0, 1, b't', 0, id, b'x'];
        for (kept, damaged, last) in [
            ([1, 2], "s-3", 3),
            ([1, 3], "s-2", 3),
            ([1, 2], "s-65535", 2),
        ] {
            let mut store = MemoryStore::default();
            for id in kept {
                store.put(&format!("s-{id}"), &[&packet(id)]).unwrap();
            }
            store.put(damaged, &[]).unwrap();
            let restored = persistence::restore(&mut store, false).unwrap();
            assert_eq!(restored.outbound.len(), 2);
            assert_eq!(restored.last_id, PacketId::new(last));
        }
    }

    #[test]
    fn a_message_whose_removal_fails_keeps_its_pubrel() {
        let mut store = MemoryStore::default();
        store.put("s-1", &[b"x"]).unwrap();
        store.put("sc-1", &[b"x"]).unwrap();
        store.fail_at(2);
        let records = OutboundRecords {
            sent_v3: true,
            pubrel_v3: true,
            ..OutboundRecords::default()
        };
        let id = PacketId::new(1).unwrap();
        assert!(apply(&mut store, StoreOp::RemoveSent { id, records }, true).is_err());
        assert_eq!(store.record_keys(), ["s-1", "sc-1"]);
        assert!(apply(&mut store, StoreOp::RemoveSent { id, records }, true).is_ok());
        assert_eq!(store.record_keys(), [""; 0]);
    }
}
