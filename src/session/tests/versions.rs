//! A session that goes on under another protocol version.

use super::*;
use QoS::{AtLeastOnce, ExactlyOnce};

const CHANGES: [(ProtocolVersion, ProtocolVersion); 4] =
    [(V3_1_1, V5), (V5, V3_1_1), (V3_1, V3_1_1), (V3_1, V5)];

#[test]
fn unfinished_messages_are_sent_in_the_new_form() {
    for (before, after) in CHANGES {
        let mut client = Client::connected(before);
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.publish(ExactlyOnce, "c");
        client.receive(pubrec(3));
        client.options.version = after;
        let resent = ["PUBLISH 1 qos1 dup a", "PUBLISH 2 qos2 dup b", "PUBREL 3"];
        assert_eq!(client.reconnect(true), resent);
        assert_eq!(client.reconnect(true), resent);
        client.receive(puback(1));
        client.receive(pubrec(2));
        client.receive(pubcomp(2));
        client.receive(pubcomp(3));
        assert_eq!(completions(&client.events).len(), 3);
        assert!(client.disk.keys().is_empty(), "{before:?} {after:?}");
    }
}

#[test]
fn a_session_restored_under_another_version_goes_on() {
    for (before, after) in CHANGES {
        let mut client = Client::connected(before);
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.receive(pubrec(2));
        client.options.version = after;
        client.restart();
        let resent = ["PUBLISH 1 qos1 dup a", "PUBREL 2"];
        assert_eq!(client.connect(connack(true)), resent);
        client.restart();
        assert_eq!(client.connect(connack(true)), resent);
        client.receive(puback(1));
        client.receive(pubcomp(2));
        assert!(client.disk.keys().is_empty(), "{before:?} {after:?}");
    }
}

/// A client that was created for 3.1.1, and is so the next time, has connected with 5 in between.
#[test]
fn a_message_with_a_record_of_3_1_1_gets_none_of_5() {
    let mut client = Client::new(V3_1_1);
    client.keeps_old_records = true;
    client.restart();
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    client.publish(ExactlyOnce, "b");
    client.publish(ExactlyOnce, "c");
    client.receive(pubrec(3));
    client.options.version = V5;
    let resent = ["PUBLISH 1 qos1 dup a", "PUBLISH 2 qos2 dup b", "PUBREL 3"];
    assert_eq!(client.reconnect(true), resent);
    client.receive(pubrec(2));
    let [one, two, three] = [1, 2, 3].map(id);
    let sent = [one, two, three].map(|id| Key::Sent(false, id));
    let released = [two, three].map(|id| Key::PubRel(false, id));
    let records: Vec<Key> = sent.into_iter().chain(released).collect();
    assert_eq!(client.disk.keys(), records);
    client.options.version = V3_1_1;
    client.restart();
    let resent = ["PUBLISH 1 qos1 dup a", "PUBREL 2", "PUBREL 3"];
    assert_eq!(client.connect(connack(true)), resent);
    client.receive(puback(1));
    client.receive(pubcomp(2));
    client.receive(pubcomp(3));
    assert!(client.disk.keys().is_empty());
}

#[test]
fn properties_go_when_the_version_has_none() {
    let mut client = Client::connected(V5);
    let properties = [byte(Property::PAYLOAD_FORMAT_INDICATOR, 1)];
    client
        .try_publish(AtLeastOnce, "a", &properties.into_iter().collect())
        .unwrap();
    client.drain_lines();
    client.options.version = V3_1_1;
    client.reconnect(true);
    let record = &client.disk.packets[&Key::Sent(false, id(1))];
    assert_eq!(&record[..], b"\x3a\x06\x00\x01t\x00\x01a");
}

#[test]
fn a_message_with_a_topic_that_is_not_utf_8_is_sent_in_the_new_form_too() {
    let nothing = Properties::new();
    let mut client = Client::connected(V3_1_1);
    let request = PublishRequest {
        topic: b"\xff",
        payload: b"a",
        qos: AtLeastOnce,
        retain: true,
        properties: &nothing,
    };
    client.publish_request(&request).unwrap();
    client.drain_bytes();
    client.lose();
    client.options.version = V5;
    client.begin_connect();
    client.try_receive(&Packet::ConnAck(connack(true))).unwrap();
    assert_eq!(
        client.drain_bytes(),
        b"\x3b\x07\x00\x01\xff\x00\x01\x00a"[..]
    );
}

/// The process died between the two records that MQTT 5 makes.
#[test]
fn a_message_queued_by_an_earlier_process_is_not_repeated_under_another_version() {
    for (version, dup) in [(V3_1, false), (V3_1_1, false), (V3_1_1, true)] {
        let mut client = Client::connected(V5);
        client.takes = false;
        client.fuse = Some(1);
        let packet = |dup| {
            Packet::Publish(Publish {
                dup,
                ..message(QoS::ExactlyOnce, 5, "a")
            })
        };
        client.try_receive(&packet(dup)).unwrap();
        assert!(client.drain().is_err());
        client.options.version = version;
        // Before PUBREL the next process may die too, and the application may have the message by then.
        for takes in [false, true] {
            client.restart();
            client.connect(connack(true));
            for _ in 0..2 {
                assert_eq!(client.receive(packet(true)), ["PUBREC 5"]);
            }
            if takes {
                client.take_all();
            }
        }
        client.restart();
        client.connect(connack(true));
        assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        // Another one under the same identifier, which looks the same.
        assert_eq!(client.receive(packet(false)), ["PUBREC 5"]);
        assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        client.take_all();
        assert_eq!(client.taken_payloads(), ["a", "a"]);
        assert!(client.disk.keys().is_empty());
    }
}

/// Crashes included, an inbound QoS 2 message begun under one version and ended under another is delivered once.
#[test]
fn an_inbound_exchange_goes_on_under_another_version() {
    for (before, after) in CHANGES {
        for repeated in [false, true] {
            for restarted in [false, true] {
                let mut client = Client::connected(before);
                client.receive(publish(ExactlyOnce, 5, "a"));
                client.options.version = after;
                client.reconnect(true);
                if repeated {
                    let again = client.receive(publish(ExactlyOnce, 5, "a"));
                    assert_eq!(again, ["PUBREC 5"]);
                }
                if restarted {
                    client.restart();
                    client.connect(connack(true));
                }
                assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
                let case = format!("{before:?} {after:?} {repeated} {restarted}");
                assert_eq!(client.taken_payloads(), ["a"], "{case}");
                assert!(client.disk.keys().is_empty(), "{case}");
            }
        }
    }
}
