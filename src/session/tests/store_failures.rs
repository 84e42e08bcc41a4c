//! A record that cannot be stored takes back the step it belongs to, and only that.

use super::*;
use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

/// Handles a packet while only `puts` records can be written; the connection ends if it was taken back.
fn receive_with(client: &mut Client, puts: usize, packet: Packet) -> Vec<String> {
    client.taken_back = false;
    client.disk.puts_left = Some(puts);
    let sent = client.receive(packet);
    client.disk.puts_left = None;
    assert_eq!(sent.is_empty(), client.taken_back);
    sent
}

#[test]
fn a_message_that_cannot_be_stored_is_not_taken_over() {
    for version in ALL_VERSIONS {
        for qos in [AtLeastOnce, ExactlyOnce] {
            let mut client = Client::connected(version);
            client.publish(qos, "kept");
            client.disk.puts_left = Some(0);
            assert!(client.publish(qos, "refused").1.is_empty());
            assert!(client.taken_back);
            client.disk.puts_left = None;
            assert!(!client.session.is_pending(id(2)));
            assert_eq!(client.publish(qos, "next").0, 2);
            assert_eq!(client.reconnect(true).len(), 2);
        }
    }
}

#[test]
fn an_alias_in_a_message_taken_back_is_not_known() {
    let mut client = Client::new(V5);
    client.connect(connack_with([two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 9)]));
    let alias: Properties = [two_bytes(Property::TOPIC_ALIAS, 1)].into_iter().collect();
    let publish = |client: &mut Client, topic: &[u8], puts| {
        client.disk.puts_left = puts;
        let request = PublishRequest {
            topic,
            payload: b"",
            qos: AtLeastOnce,
            retain: false,
            properties: &alias,
        };
        let taken = client.publish_request(&request);
        client.drain_lines();
        taken
    };
    publish(&mut client, b"lost", Some(0)).unwrap();
    assert!(publish(&mut client, b"", None).is_err());
    publish(&mut client, b"known", None).unwrap();
    publish(&mut client, b"lost", Some(0)).unwrap();
    let last = publish(&mut client, b"", None).unwrap();
    let record = &client.disk.packets[&Key::Sent(true, last)];
    assert!(record.windows(5).any(|window| window == b"known"));
}

#[test]
fn pubrec_that_cannot_be_stored_is_not_accepted() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(ExactlyOnce, "a");
        assert!(receive_with(&mut client, 0, pubrec(1)).is_empty());
        assert_eq!(client.reconnect(true), ["PUBLISH 1 qos2 dup a"]);
        assert_eq!(client.receive(pubrec(1)), ["PUBREL 1"]);
        client.receive(pubcomp(1));
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn a_record_that_is_only_refreshed_may_fail() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(ExactlyOnce, "a");
        client.receive(pubrec(1));
        assert_eq!(receive_with(&mut client, 0, pubrec(1)), ["PUBREL 1"]);
        client.receive(publish(ExactlyOnce, 1, "in"));
        let again = receive_with(&mut client, 0, publish(ExactlyOnce, 1, "in"));
        assert_eq!(again, ["PUBREC 1"]);
        client.disk.puts_left = Some(0);
        assert_eq!(client.reconnect(true), ["PUBREL 1"]);
        assert!(!client.taken_back);
    }
}

#[test]
fn an_inbound_qos_1_message_that_cannot_be_stored_is_not_acknowledged() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let packet = publish(AtLeastOnce, 5, "a");
        assert!(receive_with(&mut client, 0, packet.clone()).is_empty());
        assert!(client.taken.is_empty());
        client.reconnect(true);
        assert_eq!(client.receive(packet), ["PUBACK 5"]);
        assert_eq!(client.taken_payloads(), ["a"]);
    }
}

#[test]
fn an_inbound_qos_0_message_needs_no_record() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.disk.puts_left = Some(0);
        client.receive(publish(AtMostOnce, 0, "a"));
        assert!(!client.taken_back);
        assert_eq!(client.taken_payloads(), ["a"]);
    }
}

#[test]
fn an_inbound_qos_2_exchange_that_cannot_be_stored_is_not_begun() {
    for version in ALL_VERSIONS {
        let puts_needed = if version == V5 { 2 } else { 1 };
        for puts in 0..puts_needed {
            let mut client = Client::connected(version);
            let packet = publish(ExactlyOnce, 5, "a");
            assert!(receive_with(&mut client, puts, packet.clone()).is_empty());
            assert!(client.taken.is_empty());
            assert!(!client.session.has_unfinished_exchanges());
            client.reconnect(true);
            assert_eq!(client.receive(packet), ["PUBREC 5"]);
            assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
            assert_eq!(client.taken_payloads(), ["a"]);
            assert!(client.disk.keys().is_empty(), "no record is left behind");
        }
    }
}

/// The next connection may be one of another version, which gives records other names.
#[test]
fn an_exchange_that_cannot_be_stored_leaves_no_queued_message() {
    let mut client = Client::connected(V5);
    client.takes = false;
    receive_with(&mut client, 1, publish(ExactlyOnce, 5, "a"));
    assert!(client.taken_back);
    assert!(client.disk.keys().is_empty());
    client.lose();
    client.options.version = V3_1_1;
    client.connect(connack(true));
    assert_eq!(client.receive(repeated("a")), ["PUBREC 5"]);
    client.restart();
    client.connect(connack(true));
    assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
    client.take_all();
    assert_eq!(client.taken_payloads(), ["a"]);
}

#[test]
fn an_inbound_qos_2_message_that_cannot_be_queued_is_not_released() {
    for version in V3 {
        let mut client = Client::connected(version);
        client.receive(publish(ExactlyOnce, 5, "a"));
        assert!(receive_with(&mut client, 0, pubrel(5)).is_empty());
        assert!(client.taken.is_empty());
        client.reconnect(true);
        assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        assert_eq!(client.taken_payloads(), ["a"]);
        assert!(client.disk.keys().is_empty());
    }
}

/// The message queued last is still the one before: a new one that equals it is told from it after a restart.
#[test]
fn a_message_that_cannot_be_queued_is_not_the_one_queued_last() {
    for version in V3 {
        let mut client = Client::connected(version);
        client.takes = false;
        client.receive(publish(ExactlyOnce, 5, "a"));
        client.receive(pubrel(5));
        client.receive(publish(ExactlyOnce, 6, "b"));
        assert!(receive_with(&mut client, 0, pubrel(6)).is_empty());
        client.reconnect(true);
        client.receive(publish(ExactlyOnce, 5, "a"));
        client.restart();
        client.connect(connack(true));
        client.receive(pubrel(5));
        client.receive(pubrel(6));
        client.take_all();
        assert_eq!(client.taken_payloads(), ["a", "a", "b"]);
    }
}

#[test]
fn a_record_that_cannot_be_removed_takes_nothing_back() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.disk.keeps_all = true;
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.receive(puback(1));
        assert_eq!(client.receive(pubrec(2)), ["PUBREL 2"]);
        client.receive(pubcomp(2));
        client.receive(publish(ExactlyOnce, 5, "in"));
        assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        assert!(!client.taken_back);
        assert_eq!(client.taken_payloads(), ["in"]);
        assert_eq!(completions(&client.events), [(1, 4, 0), (2, 7, 0)]);
        assert!(!client.session.has_unfinished_exchanges());
    }
}

/// The record of an identifier stays when its exchange ends, and the process dies.
fn with_a_stale_identifier() -> Client {
    let mut client = Client::connected(V5);
    client.receive(publish(ExactlyOnce, 5, "old"));
    let record = client.disk.packets[&Key::Received(true, id(5))].clone();
    client.receive(pubrel(5));
    client
        .disk
        .packets
        .insert(Key::Received(true, id(5)), record);
    client.restart();
    client.connect(connack(true));
    client
}

fn repeated(payload: &str) -> Packet {
    Packet::Publish(Publish {
        dup: true,
        ..message(ExactlyOnce, 5, payload)
    })
}

#[test]
fn an_identifier_whose_record_stayed_hides_no_other_message() {
    for first in [publish(ExactlyOnce, 5, "new"), repeated("new")] {
        let mut client = with_a_stale_identifier();
        assert_eq!(client.receive(first), ["PUBREC 5"]);
        assert_eq!(client.receive(repeated("new")), ["PUBREC 5"]);
        assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        assert_eq!(client.taken_payloads(), ["old", "new"]);
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn an_identifier_whose_record_stayed_hides_no_message_that_differs_in_anything() {
    let old = message(ExactlyOnce, 5, "old");
    for other in [
        Publish {
            topic: Bytes::from_static(b"u"),
            ..old.clone()
        },
        Publish {
            retain: true,
            ..old
        },
    ] {
        let mut client = with_a_stale_identifier();
        client.receive(Packet::Publish(other));
        assert_eq!(client.taken.len(), 2);
    }
}

#[test]
fn an_identifier_whose_record_stayed_still_tells_its_own_message() {
    let mut client = with_a_stale_identifier();
    assert_eq!(client.receive(repeated("old")), ["PUBREC 5"]);
    assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
    assert_eq!(client.taken_payloads(), ["old"]);
}

/// The next process dies too, when the other message is queued and its identifier not yet recorded.
#[test]
fn an_identifier_whose_record_stayed_repeats_no_queued_message() {
    let mut client = with_a_stale_identifier();
    client.takes = false;
    client.fuse = Some(1);
    client.try_receive(&publish(ExactlyOnce, 5, "new")).unwrap();
    assert!(client.drain().is_err());
    client.restart();
    client.connect(connack(true));
    assert_eq!(client.receive(repeated("new")), ["PUBREC 5"]);
    assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
    client.take_all();
    assert_eq!(client.taken_payloads(), ["old", "new"]);
}
