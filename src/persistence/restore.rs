//! What a client finds in its store when it is created.

use std::collections::HashSet;

use bytes::Bytes;

use super::{Key, QueuedMessage, Store, StoreError};
use crate::packet::{Packet, PacketId, ProtocolVersion, Publish, QoS, decode_record};
use crate::trace;
use crate::trace::Level;

/// What the store held.
#[derive(Debug, Default)]
pub struct Restored {
    /// Messages sent and not completed, in the order in which they were sent.
    pub outbound: Vec<RestoredPublish>,
    /// QoS 2 messages received whose PUBREL has not come.
    pub inbound: Vec<RestoredPublish>,
    /// Messages queued for the application, in their order.
    pub queue: Vec<(Key, QueuedMessage)>,
    /// The sequence number for the next message that is queued.
    pub next_seq: u32,
    /// The packet identifier used last, be it for a message whose record is damaged: the server may know it still, and
    /// would take a new QoS 2 message under it for that one.
    pub last_id: Option<PacketId>,
}

/// A PUBLISH from a record.
#[derive(Debug)]
pub struct RestoredPublish {
    /// What the record is stored under. Its number need not be the packet's identifier.
    pub key: Key,
    /// The record, byte for byte.
    pub packet: Bytes,
    /// The same, decoded; it has a packet identifier.
    pub publish: Publish,
    /// Whether `packet` has the format of MQTT 5.
    pub v5_record: bool,
    /// Whether PUBREC has come, so that PUBREL is to be sent next. Never so for received messages.
    pub pubrel_sent: bool,
}

impl RestoredPublish {
    fn id(&self) -> u16 {
        self.publish.packet_id.map_or(0, |id| id.get())
    }
}

/// Reads all records. `v5_client` tells whether the client was created for MQTT 5.
///
/// Damaged records are set aside and traced; they neither count nor fail the restore. It fails,
/// with nothing removed, if the store cannot be read or holds packets of an MQTT 5 client that an
/// older one could not send. Queued messages are given to clients of any version.
pub fn restore(store: &mut dyn Store, v5_client: bool) -> Result<Restored, StoreError> {
    let keys = store.keys()?;
    let keys: Vec<Key> = keys.iter().filter_map(|key| Key::parse(key)).collect();
    let is_packet = |key: &Key| !matches!(key, Key::Queued { .. });
    if !v5_client {
        if let Some(key) = keys.iter().find(|key| is_packet(key) && key.is_v5()) {
            return Err(StoreError::new(format!(
                "record {key} belongs to an MQTT 5 client"
            )));
        }
    }

    let mut outbound = Vec::new();
    let mut inbound = Vec::new();
    let mut used = Vec::new();
    for &key in &keys {
        match key {
            Key::Sent { id, .. } => {
                let sent = read_publish(store, key)?;
                used.push(u32::from(sent.as_ref().map_or(id, RestoredPublish::id)));
                outbound.extend(sent);
            }
            Key::Received { .. } => inbound.extend(read_publish(store, key)?),
            Key::PubRel { .. } | Key::Queued { .. } => {}
        }
    }
    // Of two records of one message the newer counts: an MQTT 5 client writes `s5-` beside `s-`
    // when it sends again. A received one counts in its older form, which tells that the
    // application has not seen it.
    let mut outbound = one_per_id(store, outbound, true);
    let inbound = one_per_id(store, inbound, false);
    let listed = keys.iter().copied().collect();
    for sent in &mut outbound {
        sent.pubrel_sent = has_pubrel(store, &listed, sent, v5_client);
    }
    remove_orphans(store, &keys, &outbound);
    put_in_sending_order(&mut outbound);

    let (queue, next_seq) = restore_queue(store, &keys);
    Ok(Restored {
        outbound,
        inbound,
        queue,
        next_seq,
        last_id: last_used(used),
    })
}

/// The message of a record; `None` if it is damaged, and then set aside.
fn read_publish(store: &mut dyn Store, key: Key) -> Result<Option<RestoredPublish>, StoreError> {
    let packet = Bytes::from(store.get(&key.to_string())?);
    let v5_record = key.is_v5();
    let version = ProtocolVersion::of_format(v5_record);
    let reason = match decode_record(packet.clone(), version) {
        Err(malformed) => malformed.detail,
        Ok(Packet::Publish(publish)) => match (key, publish.qos) {
            // The program gives a C string; a server would end each connection on which this is sent again.
            (Key::Sent { .. }, _) if publish.topic.contains(&0) => "its topic contains NUL",
            (Key::Sent { .. }, QoS::AtLeastOnce | QoS::ExactlyOnce)
            | (Key::Received { .. }, QoS::ExactlyOnce) => {
                return Ok(Some(RestoredPublish {
                    key,
                    packet,
                    publish,
                    v5_record,
                    pubrel_sent: false,
                }));
            }
            _ => "its QoS does not need a record",
        },
        Ok(_) => "it is no PUBLISH",
    };
    set_aside(store, key, reason);
    Ok(None)
}

fn set_aside(store: &mut dyn Store, key: Key, reason: &str) {
    trace!(
        Level::Error,
        "Record {key} is damaged and set aside: {reason}"
    );
    if let Err(error) = store.set_aside(&key.to_string()) {
        trace!(Level::Error, "{error}");
    }
}

fn remove(store: &mut dyn Store, key: Key) {
    if let Err(error) = store.remove(&key.to_string()) {
        trace!(Level::Error, "{error}");
    }
}

/// Sorts by packet identifier and leaves one record for each. Between versions `prefer_v5` decides,
/// and the other record is removed; between names of one version the one with the packet's own
/// number counts, and the other is set aside.
fn one_per_id(
    store: &mut dyn Store,
    mut records: Vec<RestoredPublish>,
    prefer_v5: bool,
) -> Vec<RestoredPublish> {
    let own_name = |record: &RestoredPublish| match record.key {
        Key::Sent { id, .. } | Key::Received { id, .. } => id == record.id(),
        Key::PubRel { .. } | Key::Queued { .. } => false,
    };
    records.sort_unstable_by_key(|record| {
        let preferred = record.v5_record == prefer_v5;
        (record.id(), !preferred, !own_name(record), record.key)
    });
    let mut kept: Vec<RestoredPublish> = Vec::with_capacity(records.len());
    for record in records {
        match kept.last() {
            Some(last) if last.id() == record.id() => {
                if last.v5_record == record.v5_record {
                    set_aside(store, record.key, "another one has its packet identifier");
                } else {
                    remove(store, record.key);
                }
            }
            _ => kept.push(record),
        }
    }
    kept
}

/// Whether the PUBREL of a message is recorded, in the client's version or, as the message may be,
/// in the version before.
fn has_pubrel(
    store: &mut dyn Store,
    listed: &HashSet<Key>,
    sent: &RestoredPublish,
    v5_client: bool,
) -> bool {
    if sent.publish.qos != QoS::ExactlyOnce {
        return false;
    }
    let id = sent.id();
    // A user's store cannot tell that it failed from that there is none, so what it has listed counts too.
    let mut recorded = |v5| {
        let key = Key::PubRel { v5, id };
        store.contains_key(&key.to_string()) || listed.contains(&key)
    };
    recorded(v5_client) || (v5_client && recorded(false))
}

/// Removes PUBREL records without a message. `outbound` is in the order of identifiers.
fn remove_orphans(store: &mut dyn Store, keys: &[Key], outbound: &[RestoredPublish]) {
    for &key in keys {
        if let Key::PubRel { id, .. } = key {
            let sent = outbound.binary_search_by_key(&id, RestoredPublish::id);
            if !sent.is_ok_and(|index| outbound[index].pubrel_sent) {
                remove(store, key);
            }
        }
    }
}

/// Packet identifiers grow and then start again: what follows the largest gap was sent first.
fn put_in_sending_order(outbound: &mut [RestoredPublish]) {
    let ids: Vec<u32> = outbound.iter().map(|sent| u32::from(sent.id())).collect();
    let first = first_after_gap(&ids, u32::from(u16::MAX));
    outbound.rotate_left(first);
}

/// The last one in the order in which they were sent.
fn last_used(mut ids: Vec<u32>) -> Option<PacketId> {
    ids.sort_unstable();
    let first = first_after_gap(&ids, u32::from(u16::MAX));
    ids.rotate_left(first);
    let last = u16::try_from(*ids.last()?).ok()?;
    PacketId::new(last)
}

/// The index behind the largest gap in ascending `numbers`, which come from a circle of `size`.
fn first_after_gap(numbers: &[u32], size: u32) -> usize {
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        return 0;
    };
    let mut largest = first + size - last;
    let mut index = 0;
    for (at, pair) in numbers.windows(2).enumerate() {
        if pair[1] - pair[0] > largest {
            largest = pair[1] - pair[0];
            index = at + 1;
        }
    }
    index
}

/// The queued messages, and the sequence number after the last of them. Whatever fails here is traced only: a message that
/// cannot be read now stays where it is, and no other one gets its number. `listed`: the keys as they were told before.
fn restore_queue(store: &mut dyn Store, listed: &[Key]) -> (Vec<(Key, QueuedMessage)>, u32) {
    let (keys, told) = match store.keys() {
        Ok(keys) => (
            keys.iter().filter_map(|key| Key::parse(key)).collect(),
            true,
        ),
        Err(error) => {
            trace!(Level::Error, "{error}");
            (listed.to_vec(), false)
        }
    };
    let mut queue = Vec::new();
    for key in keys {
        let Key::Queued { v5, seq } = key else {
            continue;
        };
        if !told {
            queue.push((seq, key, None));
            continue;
        }
        match store.get(&key.to_string()) {
            Ok(record) => match QueuedMessage::decode(record.into(), v5) {
                Some(message) => queue.push((seq, key, Some(message))),
                None => set_aside(store, key, "its fields do not fit"),
            },
            Err(error) => {
                trace!(Level::Error, "{error}");
                queue.push((seq, key, None));
            }
        }
    }
    queue.sort_unstable_by_key(|&(seq, key, _)| (seq, key));
    put_in_queue_order(&mut queue);
    let last = queue.last().map_or(0, |&(seq, ..)| seq);
    let queue = queue
        .into_iter()
        .filter_map(|(_, key, message)| Some((key, message?)))
        .collect();
    (queue, (last + 1) % Key::QUEUE_NUMBERS)
}

/// Sequence numbers wrap like packet identifiers, but old records that nobody removed may lie far
/// back; so only a gap of more than half the circle is taken for its end.
fn put_in_queue_order(queue: &mut [(u32, Key, Option<QueuedMessage>)]) {
    let numbers: Vec<u32> = queue.iter().map(|&(seq, ..)| seq).collect();
    let first = first_after_gap(&numbers, Key::QUEUE_NUMBERS);
    if first > 0 && numbers[first] - numbers[first - 1] > Key::QUEUE_NUMBERS / 2 {
        queue.rotate_left(first);
    }
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
