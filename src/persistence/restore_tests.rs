use std::collections::BTreeMap;
use std::fs;

use super::super::memory::MemoryStore;
use super::super::{FileStore, QueueRecord};
use super::*;
use crate::packet::Properties;

/// A PUBLISH with topic `t`, this identifier and this payload.
fn publish(first_byte: u8, id: u16, v5: bool, payload: &[u8]) -> Vec<u8> {
    let mut body = b"\x00\x01t".to_vec();
    body.extend(id.to_be_bytes());
    body.extend(v5.then_some(0));
    body.extend(payload);
    let mut packet = vec![first_byte, u8::try_from(body.len()).unwrap()];
    packet.extend(body);
    packet
}

fn sent(id: u16) -> Vec<u8> {
    publish(0x34, id, false, b"x")
}

fn sent_v5(id: u16) -> Vec<u8> {
    publish(0x34, id, true, b"x")
}

fn queued(payload: &'static str, v5: bool) -> Vec<u8> {
    let message = message(payload);
    QueueRecord::new(&message, v5).unwrap().parts().concat()
}

fn message(payload: &'static str) -> QueuedMessage {
    QueuedMessage {
        topic: Bytes::from_static(b"t"),
        payload: Bytes::from_static(payload.as_bytes()),
        qos: QoS::AtMostOnce,
        retained: false,
        dup: false,
        msgid: 0,
        properties: Properties::default(),
    }
}

fn pubrel(id: u16) -> Vec<u8> {
    [&[0x62, 2], &id.to_be_bytes()[..]].concat()
}

fn store(records: &[(String, Vec<u8>)]) -> MemoryStore {
    let records: Vec<(&str, &[u8])> = records
        .iter()
        .map(|(key, record)| (key.as_str(), record.as_slice()))
        .collect();
    MemoryStore::with(&records)
}

fn named(key: &str, record: Vec<u8>) -> (String, Vec<u8>) {
    (key.to_owned(), record)
}

fn ids(list: &[RestoredPublish]) -> Vec<u16> {
    list.iter().map(RestoredPublish::id).collect()
}

fn restored(mut store: MemoryStore, v5_client: bool) -> Restored {
    restore(&mut store, v5_client).unwrap()
}

#[test]
fn an_empty_store_gives_nothing_and_starts_at_1() {
    let found = restored(MemoryStore::default(), false);
    assert!(found.outbound.is_empty() && found.inbound.is_empty() && found.queue.is_empty());
    assert_eq!(found.next_seq, 1);
}

#[test]
fn the_records_of_the_specification_are_read_exactly() {
    let s1 = b"\x33\x0e\x00\x05t/one\x00\x01hello".to_vec();
    let r77 = b"\x34\x11\x00\x05in/q2\x00\x4dinbound2".to_vec();
    let found = restored(
        store(&[named("s-1", s1.clone()), named("r-77", r77.clone())]),
        false,
    );
    let sent = &found.outbound[0];
    assert_eq!(sent.key, Key::Sent { v5: false, id: 1 });
    assert_eq!(sent.packet, s1);
    assert_eq!(
        (&sent.publish.topic[..], &sent.publish.payload[..]),
        (&b"t/one"[..], &b"hello"[..])
    );
    assert!(sent.publish.retain && !sent.v5_record && !sent.pubrel_sent);
    let received = &found.inbound[0];
    assert_eq!(received.key, Key::Received { v5: false, id: 77 });
    assert_eq!((received.id(), &received.packet[..]), (77, &r77[..]));

    let r5 = b"\x34\x09\x00\x02in\x00\x4d\x00Q2".to_vec();
    let found = restored(store(&[named("r5-77", r5)]), true);
    assert!(found.inbound[0].v5_record);
    assert_eq!(found.inbound[0].publish.payload, "Q2");
}

#[test]
fn messages_are_ordered_from_the_largest_gap_on() {
    for (stored, order) in [
        (&[60000, 1, 2, 3][..], &[60000, 1, 2, 3][..]),
        (&[5, 9, 7], &[5, 7, 9]),
        (&[1, 20000], &[1, 20000]),
        (&[1, 40000], &[40000, 1]),
        (&[100, 30000, 65000], &[65000, 100, 30000]),
        (&[7], &[7]),
        (&[65535, 1], &[65535, 1]),
    ] {
        let records: Vec<_> = stored
            .iter()
            .map(|&id| named(&format!("s-{id}"), sent(id)))
            .collect();
        assert_eq!(ids(&restored(store(&records), false).outbound), order);
    }
}

#[test]
fn the_identifier_in_the_packet_counts_and_the_name_is_kept() {
    let found = restored(
        store(&[named("s-3", sent(9)), named("sc-9", pubrel(9))]),
        false,
    );
    assert_eq!(ids(&found.outbound), [9]);
    assert_eq!(found.outbound[0].key.to_string(), "s-3");
    assert!(found.outbound[0].pubrel_sent);
}

#[test]
fn pubrel_records_tell_the_state_and_orphans_are_removed() {
    let store = store(&[
        named("s-1", sent(1)),
        named("sc-1", pubrel(1)),
        named("s-2", sent(2)),
        named("sc-3", pubrel(3)),
        named("s-4", publish(0x32, 4, false, b"QoS 1")),
        named("sc-4", pubrel(4)),
    ]);
    let found = restored(store.clone(), false);
    let states: Vec<bool> = found.outbound.iter().map(|sent| sent.pubrel_sent).collect();
    assert_eq!(states, [true, false, false]);
    assert_eq!(store.record_keys(), ["s-1", "s-2", "s-4", "sc-1"]);
}

#[test]
fn a_torn_pubrel_record_still_tells_that_pubrec_came() {
    let found = restored(
        store(&[named("s-1", sent(1)), named("sc-1", vec![])]),
        false,
    );
    assert!(found.outbound[0].pubrel_sent);
}

#[test]
fn packets_of_a_v5_client_fail_an_older_one_and_stay() {
    for (key, record) in [
        ("s5-1", sent_v5(1)),
        ("r5-1", sent_v5(1)),
        ("sc5-1", pubrel(1)),
    ] {
        let records = [
            named("s-7", b"damaged".to_vec()),
            named("sc-9", pubrel(9)),
            named(key, record),
        ];
        let mut store = store(&records);
        let error = restore(&mut store, false).unwrap_err();
        assert!(error.text.contains(key), "{error}");
        assert_eq!(store.records(), BTreeMap::from(records));
        if key != "sc5-1" {
            restore(&mut store, true).unwrap();
        }
    }
    let found = restored(store(&[named("q5-1", queued("x", true))]), false);
    assert_eq!(found.queue.len(), 1);
}

#[test]
fn a_v5_client_takes_over_older_records() {
    let store = store(&[
        named("s-1", sent(1)),
        named("sc-1", pubrel(1)),
        named("s-2", sent(2)),
        named("sc5-2", pubrel(2)),
        named("s5-3", sent_v5(3)),
        named("r-4", publish(0x34, 4, false, b"kept")),
        named("q-1", queued("old", false)),
    ]);
    let found = restored(store.clone(), true);
    let states: Vec<_> = found
        .outbound
        .iter()
        .map(|sent| (sent.id(), sent.v5_record, sent.pubrel_sent))
        .collect();
    assert_eq!(
        states,
        [(1, false, true), (2, false, true), (3, true, false)]
    );
    assert_eq!(found.inbound[0].publish.payload, "kept");
    assert!(!found.inbound[0].v5_record);
    assert_eq!(found.queue[0].0, Key::Queued { v5: false, seq: 1 });
    assert_eq!(store.record_keys().len(), 7);
}

#[test]
fn one_record_counts_when_both_versions_hold_the_message() {
    let store = store(&[
        named("s-1", sent(1)),
        named("s5-1", sent_v5(1)),
        named("r-1", publish(0x34, 1, false, b"x")),
        named("r5-1", publish(0x3c, 1, true, b"x")),
    ]);
    let found = restored(store.clone(), true);
    assert_eq!(found.outbound.len(), 1);
    assert!(found.outbound[0].v5_record);
    assert_eq!(found.inbound.len(), 1);
    assert!(!found.inbound[0].v5_record);
    assert_eq!(store.record_keys(), ["r-1", "s5-1"]);
}

#[test]
fn of_two_names_with_one_identifier_its_own_counts() {
    let store = store(&[
        named("s-2", publish(0x34, 5, false, b"copy")),
        named("s-5", publish(0x34, 5, false, b"own")),
    ]);
    let found = restored(store.clone(), false);
    assert_eq!(ids(&found.outbound), [5]);
    assert_eq!(found.outbound[0].publish.payload, "own");
    assert_eq!(store.record_keys().len(), 2, "nothing is destroyed");
}

/// Contents that must never be sent, with the name they would be found under.
fn damaged_records() -> Vec<(String, Vec<u8>)> {
    let mut long = sent(5);
    long.push(0);
    let mut short = sent(6);
    short.pop();
    vec![
        named("s-1", vec![]),
        named("s-2", b"\xc0\x00".to_vec()),
        named("s-3", pubrel(3)),
        named("s-4", b"\x30\x04\x00\x01tx".to_vec()),
        named("s-5", long),
        named("s-6", short),
        named("s-7", publish(0x36, 7, false, b"QoS 3")),
        named("s-8", sent(0)),
        named("s-9", b"\x34\xff\xff\xff\xff\x7f".to_vec()),
        named("s-10", b"\x34\x03\x00\x09t".to_vec()),
        named("r-11", publish(0x32, 11, false, b"QoS 1")),
        named("q-12", vec![]),
        named("q-13", b"\xff\xff\xff\x7f".to_vec()),
        named("q5-14", queued("x", false)),
        named("s-15", b"\x32\x08\x00\x03t\x00t\x00\x0fx".to_vec()),
    ]
}

#[test]
fn damaged_records_never_count_and_never_block_the_rest() {
    let mut records = damaged_records();
    let damaged = records.len();
    records.extend([
        named("s-100", sent(100)),
        named("r-101", sent(101)),
        named("q-1", queued("one", false)),
        named("c-1", b"other".to_vec()),
        named("foo", b"other".to_vec()),
        named("x5-1", sent(1)),
    ]);
    let store = store(&records);
    let found = restored(store.clone(), false);
    assert_eq!(ids(&found.outbound), [100]);
    assert_eq!(ids(&found.inbound), [101]);
    assert_eq!(found.queue.len(), 1);
    assert_eq!(
        store.records().len(),
        damaged + 6,
        "a user's store keeps them"
    );
}

#[test]
fn the_file_store_moves_damaged_records_beside_its_directory() {
    let base = tempfile::tempdir().unwrap();
    let mut store = FileStore::open(Some(base.path()), b"c", b"h:1").unwrap();
    let damaged = damaged_records();
    for (key, record) in &damaged {
        fs::write(store.path().join(format!("{key}.msg")), record).unwrap();
    }
    fs::write(store.path().join("README"), "x").unwrap();
    store.put("s-100", &[&sent(100)]).unwrap();
    let found = restore(&mut store, false).unwrap();
    assert_eq!(ids(&found.outbound), [100]);
    assert_eq!(store.keys().unwrap(), ["s-100"]);
    let aside = base.path().join("c-h-1.damaged");
    assert_eq!(fs::read_dir(&aside).unwrap().count(), damaged.len());
    for (key, record) in &damaged {
        assert_eq!(fs::read(aside.join(format!("{key}.msg"))).unwrap(), *record);
    }
}

#[test]
fn the_queue_is_ordered_by_number_and_goes_on_behind_the_last() {
    for (stored, order, next) in [
        (&[5, 2][..], &[2, 5][..], 6),
        (&[10, 9, 100], &[9, 10, 100], 101),
        (&[0, 999_999, 1, 999_998], &[999_998, 999_999, 0, 1], 2),
        (&[999_999], &[999_999], 0),
        (&[5, 400_000], &[5, 400_000], 400_001),
        (&[100, 400_000, 800_000], &[100, 400_000, 800_000], 800_001),
    ] {
        let records: Vec<_> = stored
            .iter()
            .map(|seq| named(&format!("q-{seq}"), queued("x", false)))
            .collect();
        let found = restored(store(&records), false);
        let found_order: Vec<u32> = found
            .queue
            .iter()
            .map(|(key, _)| match key {
                Key::Queued { seq, .. } => *seq,
                other => panic!("{other} in the queue"),
            })
            .collect();
        assert_eq!((&found_order[..], found.next_seq), (order, next));
    }
    let found = restored(store(&[named("q5-3", queued("x", true))]), true);
    assert_eq!(
        found.queue,
        [(Key::Queued { v5: true, seq: 3 }, message("x"))]
    );
}

#[test]
fn calls_come_in_the_originals_order() {
    let mut store = store(&[
        named("s-1", sent(1)),
        named("sc-1", pubrel(1)),
        named("q-1", queued("x", false)),
    ]);
    restore(&mut store, false).unwrap();
    let expected = ["keys", "get s-1", "contains_key sc-1", "keys", "get q-1"];
    assert_eq!(store.take_calls(), expected);
}

#[test]
fn a_listed_pubrel_counts_although_the_store_fails_to_say_so() {
    let mut store = store(&[named("s-1", sent(1)), named("sc-1", pubrel(1))]);
    store.fail_at(2);
    let found = restore(&mut store, false).unwrap();
    assert!(found.outbound[0].pubrel_sent);
    assert_eq!(store.record_keys(), ["s-1", "sc-1"]);
}

#[test]
fn a_store_that_fails_for_packets_fails_the_restore_and_for_the_queue_does_not() {
    let records = [named("s-1", sent(1)), named("q-1", queued("x", false))];
    for (call, succeeds) in [(0, false), (1, false), (2, true), (3, true), (4, true)] {
        let mut store = store(&records);
        store.fail_at(call);
        assert_eq!(restore(&mut store, false).is_ok(), succeeds, "call {call}");
        assert_eq!(store.records().len(), 2);
    }
}

#[test]
fn the_number_of_a_message_that_cannot_be_read_now_is_not_given_to_another() {
    let records = [
        named("q-1", queued("one", false)),
        named("q-2", queued("two", false)),
    ];
    // Told twice, then read one by one.
    for (call, read) in [(1, 0), (2, 1), (3, 1)] {
        let mut store = store(&records);
        store.fail_at(call);
        let found = restore(&mut store, false).unwrap();
        assert_eq!(
            (found.queue.len(), found.next_seq),
            (read, 3),
            "call {call}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_records_panic(records: BTreeMap<String, Vec<u8>>, ids: [u16; 4], v5: bool) {
        let mut all: Vec<_> = records.into_iter().collect();
        for (at, (name, record)) in all.iter_mut().enumerate() {
            let number = ids[at % 4];
            *name = format!("{}{number}", ["s-", "r5-", "q-", "sc-", "q5-", "s5-"][at % 6]);
            record.insert(0, 0x34);
        }
        let _ = restore(&mut store(&all), v5);
    }
}

#[test]
fn all_identifiers_may_be_in_use() {
    let mut store = MemoryStore::default();
    for id in 1..=u16::MAX {
        let [high, low] = id.to_be_bytes();
        let record = [0x32, 6, 0, 1, b't', high, low, b'x'];
        store.put(&format!("s-{id}"), &[&record]).unwrap();
    }
    let restored = restore(&mut store, false).unwrap();
    let ids = restored.outbound.iter().map(RestoredPublish::id);
    assert!(ids.eq(1..=u16::MAX));
}
