//! Messages to the server on one connection.

use super::*;
use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

#[test]
fn qos_0_is_sent_and_forgotten() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let mut head = Vec::new();
        let request = PublishRequest {
            topic: b"t",
            payload: b"hi",
            qos: AtMostOnce,
            retain: true,
            properties: &Properties::new(),
        };
        client
            .session
            .publish_at_most_once(&request, &mut head)
            .unwrap();
        let expected: &[u8] = match version {
            V5 => b"\x31\x06\x00\x01t\x00hi",
            _ => b"\x31\x05\x00\x01thi",
        };
        assert_eq!(head, expected);
        assert!(client.drain_lines().is_empty());
        assert_eq!(client.session.pending_tokens().count(), 0);
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn qos_1_ends_with_puback() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let (token, sent) = client.publish(AtLeastOnce, "a");
        assert_eq!(
            (token, &sent[..]),
            (1, &["PUBLISH 1 qos1 a".to_owned()][..])
        );
        assert!(client.session.is_pending(id(1)));
        assert!(client.receive(puback(1)).is_empty());
        assert_eq!(completions(&client.events), [(1, 4, 0)]);
        assert!(!client.session.is_pending(id(1)));
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn qos_2_ends_with_pubcomp() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        assert_eq!(client.publish(ExactlyOnce, "a").1, ["PUBLISH 1 qos2 a"]);
        assert_eq!(client.receive(pubrec(1)), ["PUBREL 1"]);
        assert!(completions(&client.events).is_empty());
        assert!(client.session.is_pending(id(1)));
        assert!(client.receive(pubcomp(1)).is_empty());
        assert_eq!(completions(&client.events), [(1, 7, 0)]);
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn the_window_counts_what_is_unfinished() {
    let mut client = Client::new(V3_1_1);
    client.options.window = 2;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    assert!(!client.session.is_window_full());
    client.publish(ExactlyOnce, "b");
    assert!(client.session.is_window_full());
    client.receive(pubrec(2));
    assert!(client.session.is_window_full());
    client.receive(pubcomp(2));
    assert!(!client.session.is_window_full());
}

#[test]
fn acknowledgements_come_in_any_order() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        for payload in ["a", "b", "c"] {
            client.publish(AtLeastOnce, payload);
        }
        for number in [2, 3, 1] {
            client.receive(puback(number));
        }
        assert_eq!(
            completions(&client.events),
            [(2, 4, 0), (3, 4, 0), (1, 4, 0)]
        );
    }
}

#[test]
fn identifiers_wrap_to_one_and_skip_those_in_use() {
    let mut client = Client::connected(V3_1_1);
    assert_eq!(client.publish(ExactlyOnce, "stays").0, 1);
    assert_eq!(client.subscribe(1), 2);
    for expected in 3..=u16::MAX {
        assert_eq!(client.publish(AtLeastOnce, "x").0, expected);
        client.receive(puback(expected));
    }
    assert_eq!(client.publish(AtLeastOnce, "x").0, 3);
}

#[test]
fn no_identifier_is_left_when_all_are_in_use() {
    let mut client = Client::without_records(V3_1_1);
    client.connect(connack(false));
    for _ in 1..=u16::MAX {
        client
            .try_publish(AtLeastOnce, "", &Properties::new())
            .unwrap();
    }
    let refused = client.try_publish(AtLeastOnce, "", &Properties::new());
    assert_eq!(refused, Err(SendError::NoPacketId));
    client.drain_lines();
    client.receive(puback(77));
    assert_eq!(client.publish(AtLeastOnce, "").0, 77);
}

#[test]
fn a_message_that_is_never_acknowledged_does_not_make_the_list_grow() {
    let mut client = Client::without_records(V3_1_1);
    client.connect(connack(false));
    client.publish(AtLeastOnce, "never acknowledged");
    let mut last = client.publish(AtLeastOnce, "x").0;
    for _ in 0..10_000 {
        let next = client.publish(AtLeastOnce, "x").0;
        client.receive(puback(last));
        last = next;
    }
    assert!(client.session.inflight.places() < 100);
    let tokens: Vec<u16> = client.session.pending_tokens().map(PacketId::get).collect();
    assert_eq!(tokens, [1, last]);
}

#[test]
fn a_second_acknowledgement_is_ignored_or_answered() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.receive(puback(1));
        assert!(client.receive(puback(1)).is_empty());
        assert_eq!(client.receive(pubrec(2)), ["PUBREL 2"]);
        assert_eq!(client.receive(pubrec(2)), ["PUBREL 2"]);
        client.receive(pubcomp(2));
        assert!(client.receive(pubcomp(2)).is_empty());
        assert_eq!(client.receive(pubrec(2)), ["PUBREL 2"]);
        assert_eq!(completions(&client.events).len(), 2);
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn acknowledgements_for_identifiers_not_in_use_change_nothing() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        assert!(client.receive(puback(9)).is_empty());
        assert!(client.receive(pubcomp(9)).is_empty());
        assert_eq!(client.receive(pubrec(9)), ["PUBREL 9"]);
        assert_eq!(client.receive(pubrel(9)), ["PUBCOMP 9"]);
        assert!(completions(&client.events).is_empty());
        assert!(client.disk.keys().is_empty());
    }
}

#[test]
fn an_error_for_an_identifier_not_in_use_is_not_answered() {
    let mut client = Client::connected(V5);
    let error = ack_with(9, ReasonCode::PACKET_IDENTIFIER_IN_USE);
    assert!(client.receive(Packet::PubRec(error)).is_empty());
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_is_a_protocol_error() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.publish(ExactlyOnce, "c");
        client.receive(pubrec(3));
        for packet in [
            pubrec(1),
            pubcomp(1),
            puback(2),
            pubcomp(2),
            puback(3),
            Packet::SubAck(suback(1, &[0])),
            Packet::UnsubAck(suback(2, if version == V5 { &[0] } else { &[] })),
        ] {
            assert_eq!(client.refuse(packet), ReasonCode::PROTOCOL_ERROR);
        }
        let tokens: Vec<u16> = client.session.pending_tokens().map(PacketId::get).collect();
        assert_eq!(tokens, [1, 2, 3]);
    }
}

#[test]
fn an_error_in_puback_or_pubrec_ends_the_message() {
    let mut client = Client::connected(V5);
    client.publish(AtLeastOnce, "a");
    client.publish(ExactlyOnce, "b");
    let quota = |number| ack_with(number, ReasonCode::QUOTA_EXCEEDED);
    assert!(client.receive(Packet::PubAck(quota(1))).is_empty());
    assert!(client.receive(Packet::PubRec(quota(2))).is_empty());
    assert_eq!(completions(&client.events), [(1, 4, 0x97), (2, 5, 0x97)]);
    assert!(client.disk.keys().is_empty());
}

#[test]
fn a_late_error_after_pubrec_ends_the_message_with_all_its_records() {
    let mut client = Client::connected(V5);
    client.publish(ExactlyOnce, "a");
    client.receive(pubrec(1));
    let error = ack_with(1, ReasonCode::UNSPECIFIED_ERROR);
    assert!(client.receive(Packet::PubRec(error)).is_empty());
    assert!(client.disk.keys().is_empty());
}

#[test]
fn a_reason_below_0x80_goes_on() {
    let mut client = Client::connected(V5);
    client.publish(ExactlyOnce, "a");
    let nobody = ack_with(1, ReasonCode::NO_MATCHING_SUBSCRIBERS);
    assert_eq!(client.receive(Packet::PubRec(nobody)), ["PUBREL 1"]);
    let unknown = ack_with(1, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);
    client.receive(Packet::PubComp(unknown));
    assert_eq!(completions(&client.events), [(1, 7, 0x92)]);
}

#[test]
fn nothing_is_accepted_without_a_connection() {
    let mut client = Client::new(V3_1_1);
    let nothing = Properties::new();
    let mut refused = || client.try_publish(AtLeastOnce, "a", &nothing);
    assert_eq!(refused(), Err(SendError::NotConnected));
    client.begin_connect();
    let refused = client.try_publish(AtLeastOnce, "a", &nothing);
    assert_eq!(refused, Err(SendError::NotConnected));
}

#[test]
fn a_refused_message_uses_up_no_identifier() {
    let mut client = Client::new(V5);
    client.connect(connack_with([four_bytes(
        Property::MAXIMUM_PACKET_SIZE,
        20,
    )]));
    let long = "longer than twenty bytes";
    assert!(
        client
            .try_publish(AtLeastOnce, long, &Properties::new())
            .is_err()
    );
    assert_eq!(client.publish(AtLeastOnce, "short").0, 1);
}

#[test]
fn a_plain_acknowledgement_ends_a_message_as_on_the_long_way() {
    for version in ALL_VERSIONS {
        let run = |mut client: Client| {
            let (one, _) = client.publish(AtLeastOnce, "a");
            let (two, _) = client.publish(ExactlyOnce, "b");
            client.events.clear();
            let answers = [
                client.receive(Packet::PubRec(ack(two))),
                client.receive(Packet::PubComp(ack(two))),
                client.receive(Packet::PubAck(ack(one))),
                client.receive(Packet::PubAck(ack(one))),
            ];
            assert!(!client.session.has_unfinished_exchanges());
            (answers, std::mem::take(&mut client.events))
        };
        let mut short = Client::without_records(version);
        short.connect(connack(false));
        assert!(short.session.hands_on_at_once());
        assert_eq!(run(short), run(Client::connected(version)));
    }
}

#[test]
fn what_ends_no_message_is_left_to_the_long_way() {
    let mut client = Client::without_records(V5);
    client.connect(connack(false));
    let (one, _) = client.publish(AtLeastOnce, "a");
    let (two, _) = client.publish(ExactlyOnce, "b");
    let others = [
        (PacketType::PubComp, one),
        (PacketType::PubRec, one),
        (PacketType::PubAck, two),
        (PacketType::PubComp, two),
        (PacketType::PubAck, 7),
    ];
    for (packet_type, number) in others {
        assert!(
            !client
                .session
                .finish_at_once(client.now, packet_type, id(number))
        );
    }
    assert!(client.session.is_pending(id(one)) && client.session.is_pending(id(two)));
}
