//! The session's wishes about stored records, carried out on a store.

use super::Error;
use crate::packet::{FixedHeader, PacketId, ProtocolVersion, Publish, QoS, publish};
use crate::persistence;
use crate::persistence::{Key, QueueRecord, QueuedMessage, Restored, Store, StoreError};
use crate::session::{Awaiting, Inflight, OutboundRecords, Received, Session, StoreOp};
use crate::trace::Level;

/// Carries out one operation. `queue_is_empty`: no received message waits for the application.
pub(super) fn apply(
    store: &mut dyn Store,
    op: StoreOp,
    queue_is_empty: bool,
) -> Result<(), StoreError> {
    match op {
        StoreOp::PutSent { v5, id, packet } => {
            let key = Key::Sent { v5, id: id.get() }.to_string();
            let version = if v5 {
                ProtocolVersion::V5
            } else {
                ProtocolVersion::V3_1_1
            };
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
                .map_err(|_| StoreError("the packet is too large".to_owned()))?;
            store.put(
                &Key::Received { v5, id: id.get() }.to_string(),
                &[header.as_slice(), &body],
            )
        }
        StoreOp::RemoveReceived { id, v5 } => {
            let all = store.sees_every_removal();
            let key = |v5| Key::Received { v5, id: id.get() };
            let candidates = [(v5 || all, key(true)), (!v5 || all, key(false))];
            remove_each(store, candidates)
        }
        StoreOp::PutQueued { v5, seq, message } => {
            let queued = to_record(message);
            let record = QueueRecord::new(&queued, v5)
                .map_err(|_| StoreError("the message is too large for a record".to_owned()))?;
            store.put(&Key::Queued { v5, seq }.to_string(), &record.parts())
        }
        StoreOp::Clear => store.clear(),
        StoreOp::ClearExchanges(_) if queue_is_empty => store.clear(),
        StoreOp::ClearExchanges(removals) => removals
            .into_iter()
            .try_for_each(|removal| apply(store, removal, queue_is_empty)),
    }
}

/// In the original's order; a store of the application's sees all four removals, as from the original.
fn remove_sent(
    store: &mut dyn Store,
    id: PacketId,
    records: OutboundRecords,
) -> Result<(), StoreError> {
    let id = id.get();
    let all = store.sees_every_removal();
    let candidates = [
        (records.sent_v5 || all, Key::Sent { v5: true, id }),
        (records.pubrel_v5 || all, Key::PubRel { v5: true, id }),
        (records.sent_v3 || all, Key::Sent { v5: false, id }),
        (records.pubrel_v3 || all, Key::PubRel { v5: false, id }),
    ];
    remove_each(store, candidates)
}

/// Removes the wanted ones. One that fails does not keep the others: a store of the application may object to keys
/// that it does not have.
fn remove_each<const N: usize>(
    store: &mut dyn Store,
    candidates: [(bool, Key); N],
) -> Result<(), StoreError> {
    let mut result = Ok(());
    for (_, key) in candidates.into_iter().filter(|(wanted, _)| *wanted) {
        result = result.and(store.remove(&key.to_string()));
    }
    result
}

/// Reads what an earlier process left into the session; returns the messages that wait for the application.
pub(super) fn restore(
    session: &mut Session,
    store: &mut dyn Store,
    v5: bool,
) -> Result<Vec<(Key, Publish)>, Error> {
    let restored = persistence::restore(store, v5).map_err(|error| {
        crate::trace!(Level::Error, "Cannot restore the session: {}", error.0);
        Error::Persistence
    })?;
    let Restored {
        outbound,
        inbound,
        queue,
        next_seq,
    } = restored;
    let outbound = outbound.into_iter().filter_map(|sent| {
        let id = sent.publish.packet_id?;
        let mut records = OutboundRecords::default();
        match sent.v5_record {
            true => records.sent_v5 = true,
            false => records.sent_v3 = true,
        }
        let awaiting = match (sent.publish.qos, sent.pubrel_sent) {
            (QoS::ExactlyOnce, true) => Awaiting::PubComp,
            (QoS::ExactlyOnce, false) => Awaiting::PubRec,
            _ => Awaiting::PubAck,
        };
        if sent.pubrel_sent {
            match v5 {
                true => records.pubrel_v5 = true,
                false => records.pubrel_v3 = true,
            }
        }
        Some(Inflight {
            id,
            qos: sent.publish.qos,
            awaiting,
            packet: sent.packet,
            packet_v5: sent.v5_record,
            records,
            sent_at: None,
        })
    });
    let inbound = inbound.into_iter().filter_map(|received| {
        let id = received.publish.packet_id?;
        // A message received under MQTT 5 was delivered on PUBLISH, only its identifier is still needed.
        let message = (!received.v5_record).then_some(received.publish);
        Some((
            id,
            Received {
                message,
                v5_record: received.v5_record,
            },
        ))
    });
    session.restore(outbound, inbound, next_seq);
    Ok(queue
        .into_iter()
        .map(|(key, queued)| (key, from_record(queued)))
        .collect())
}

fn to_record(message: Publish) -> QueuedMessage {
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

fn from_record(queued: QueuedMessage) -> Publish {
    Publish {
        dup: queued.dup,
        qos: queued.qos,
        retain: queued.retained,
        topic: queued.topic,
        packet_id: PacketId::new(queued.msgid),
        properties: queued.properties,
        payload: queued.payload,
    }
}
