//! Messages from the server.

use super::*;
use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

#[test]
fn qos_0_is_delivered() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        assert!(client.receive(publish(AtMostOnce, 0, "a")).is_empty());
        assert_eq!(client.taken, [message(AtMostOnce, 0, "a")]);
    }
}

#[test]
fn qos_1_is_delivered_and_acknowledged_each_time_it_comes() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        assert_eq!(client.receive(publish(AtLeastOnce, 5, "a")), ["PUBACK 5"]);
        let again = Publish {
            dup: true,
            ..message(AtLeastOnce, 5, "a")
        };
        assert_eq!(client.receive(Packet::Publish(again.clone())), ["PUBACK 5"]);
        assert_eq!(client.taken, [message(AtLeastOnce, 5, "a"), again]);
    }
}

#[test]
fn the_numbers_of_queued_messages_start_again_behind_the_last_one() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.takes = false;
        client.session.next_queue_seq = QUEUE_SEQ_LIMIT - 1;
        for number in 1..=2 {
            client.receive(publish(AtLeastOnce, number, "a"));
        }
        let last = Key::Queued(QUEUE_SEQ_LIMIT - 1);
        assert_eq!(client.disk.keys(), [Key::Queued(0), last]);
    }
}

#[test]
fn qos_2_is_delivered_on_pubrel_before_mqtt_5() {
    for version in V3 {
        let mut client = Client::connected(version);
        assert_eq!(client.receive(publish(ExactlyOnce, 5, "a")), ["PUBREC 5"]);
        assert!(client.taken.is_empty());
        assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        assert_eq!(client.taken, [message(ExactlyOnce, 5, "a")]);
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn qos_2_is_delivered_on_publish_by_mqtt_5() {
    let mut client = Client::connected(V5);
    assert_eq!(client.receive(publish(ExactlyOnce, 5, "a")), ["PUBREC 5"]);
    assert_eq!(client.taken, [message(ExactlyOnce, 5, "a")]);
    assert_eq!(client.disk.keys(), [Key::Received(true, id(5))]);
    assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
    assert_eq!(client.taken.len(), 1);
    assert!(client.disk.keys().is_empty());
}

#[test]
fn repeated_qos_2_packets_are_answered_and_deliver_once() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        for _ in 0..3 {
            assert_eq!(client.receive(publish(ExactlyOnce, 5, "a")), ["PUBREC 5"]);
        }
        for _ in 0..3 {
            assert_eq!(client.receive(pubrel(5)), ["PUBCOMP 5"]);
        }
        assert_eq!(client.taken_payloads(), ["a"]);
    }
}

#[test]
fn a_repeated_qos_2_publish_replaces_the_content_before_mqtt_5() {
    for (version, restarts) in V3.into_iter().flat_map(|v| [(v, false), (v, true)]) {
        let mut client = Client::connected(version);
        client.receive(publish(ExactlyOnce, 5, "old"));
        client.receive(publish(ExactlyOnce, 5, "new"));
        if restarts {
            client.restart();
            client.connect(connack(true));
        }
        client.receive(pubrel(5));
        assert_eq!(client.taken_payloads(), ["new"]);
    }
}

#[test]
fn an_identifier_is_free_again_after_pubrel() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        for payload in ["a", "b"] {
            client.receive(publish(ExactlyOnce, 5, payload));
            client.receive(pubrel(5));
        }
        assert_eq!(client.taken_payloads(), ["a", "b"]);
    }
}

#[test]
fn dup_is_told_for_qos_1_only() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        for qos in [AtLeastOnce, ExactlyOnce] {
            let again = Publish {
                dup: true,
                ..message(qos, 5, "a")
            };
            client.receive(Packet::Publish(again));
        }
        client.receive(pubrel(5));
        let dup: Vec<bool> = client.taken.iter().map(|message| message.dup).collect();
        assert_eq!(dup, [true, false]);
    }
}

#[test]
fn both_directions_use_identifiers_of_their_own() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(ExactlyOnce, "out");
        client.receive(publish(ExactlyOnce, 1, "in"));
        assert_eq!(client.receive(pubrec(1)), ["PUBREL 1"]);
        assert_eq!(client.receive(pubrel(1)), ["PUBCOMP 1"]);
        client.receive(pubcomp(1));
        assert_eq!(client.taken_payloads(), ["in"]);
        assert_eq!(completions(&client.events), [(1, 7, 0)]);
    }
}

#[test]
fn a_connection_lost_at_any_step_neither_loses_nor_repeats_qos_2() {
    for version in ALL_VERSIONS {
        for lost_after in 0..4 {
            let mut client = Client::connected(version);
            let script = [
                (publish(ExactlyOnce, 5, "a"), "PUBREC 5"),
                (pubrel(5), "PUBCOMP 5"),
            ];
            for (step, (packet, answer)) in script.into_iter().enumerate() {
                assert_eq!(client.receive(packet.clone()), [answer]);
                // The answer is lost with the connection, so the server sends its packet again.
                if lost_after == step * 2 {
                    client.reconnect(true);
                    assert_eq!(client.receive(packet), [answer]);
                } else if lost_after == step * 2 + 1 {
                    client.reconnect(true);
                }
            }
            assert_eq!(client.taken_payloads(), ["a"], "{version:?} {lost_after}");
            assert!(client.disk.keys().is_empty());
        }
    }
}

#[test]
fn a_plain_publish_is_handled_as_on_the_long_way() {
    for version in ALL_VERSIONS {
        for (qos, number) in [(AtMostOnce, 0), (AtLeastOnce, 5)] {
            let packet = publish(qos, number, "a");
            let mut short = Client::without_records(version);
            short.connect(connack(false));
            assert!(short.session.hands_on_at_once());
            let answers = short.receive(packet.clone());
            let mut long = Client::connected(version);
            assert!(!long.session.hands_on_at_once());
            assert_eq!(long.receive(packet), answers);
            assert_eq!(long.taken, short.taken);
            assert_eq!(long.taken, [message(qos, number, "a")]);
        }
    }
}

#[test]
fn a_message_waits_for_its_record_and_for_what_was_before_it() {
    let connected = Client::connected(V5);
    assert!(!connected.session.hands_on_at_once());
    let mut client = Client::without_records(V5);
    client.begin_connect();
    assert!(!client.session.hands_on_at_once());
    client
        .try_receive(&Packet::ConnAck(connack(false)))
        .unwrap();
    assert!(!client.session.hands_on_at_once(), "CONNACK is not drained");
    client.drain_lines();
    assert!(client.session.hands_on_at_once());
    client.lose();
    assert!(!client.session.hands_on_at_once());
}

#[test]
fn a_held_message_does_not_keep_the_read_buffer_alive() {
    for version in V3 {
        let mut client = Client::connected(version);
        let frame = Frame {
            first_byte: 0x34,
            body: Bytes::from(b"\x00\x01t\x00\x05payload".to_vec()),
        };
        let body = frame.body.clone();
        client.session.handle_frame(client.now, frame).unwrap();
        client.drain_lines();
        client.disk.packets.clear();
        assert!(body.is_unique());
    }
}
