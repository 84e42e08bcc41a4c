//! What server and client allow each other (MQTT 5).

use super::*;
use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

pub(super) fn request<'a>(
    topic: &'a [u8],
    qos: QoS,
    properties: &'a Properties,
) -> PublishRequest<'a> {
    PublishRequest {
        topic,
        payload: b"p",
        qos,
        retain: false,
        properties,
    }
}

pub(super) fn connected_with(list: impl IntoIterator<Item = Property>) -> Client {
    let mut client = Client::new(V5);
    client.connect(connack_with(list));
    client
}

/// Whether the session takes the message.
pub(super) fn takes(client: &mut Client, request: &PublishRequest<'_>) -> bool {
    let taken = match request.qos {
        AtMostOnce => {
            let mut head = Vec::new();
            let taken = client.session.publish_at_most_once(request, &mut head);
            assert_eq!(taken.is_ok(), !head.is_empty());
            taken
        }
        _ => client.publish_request(request).map(|_| ()),
    };
    let sent = client.drain_lines().len();
    assert_eq!(
        sent,
        usize::from(taken.is_ok() && request.qos != AtMostOnce)
    );
    assert!(taken.is_ok() || matches!(taken, Err(SendError::NotAllowed(_))));
    taken.is_ok()
}

#[test]
fn maximum_qos_is_kept_to() {
    let nothing = Properties::new();
    for maximum in [0, 1] {
        let mut client = connected_with([byte(Property::MAXIMUM_QOS, maximum)]);
        for qos in [AtMostOnce, AtLeastOnce, ExactlyOnce] {
            let allowed = qos as u8 <= maximum;
            assert_eq!(takes(&mut client, &request(b"t", qos, &nothing)), allowed);
        }
    }
}

#[test]
fn retained_messages_are_refused_if_the_server_keeps_none() {
    let nothing = Properties::new();
    for (available, allowed) in [(0, false), (1, true)] {
        let mut client = connected_with([byte(Property::RETAIN_AVAILABLE, available)]);
        let retained = PublishRequest {
            retain: true,
            ..request(b"t", AtMostOnce, &nothing)
        };
        assert_eq!(takes(&mut client, &retained), allowed);
    }
}

#[test]
fn maximum_packet_size_counts_the_whole_packet() {
    let nothing = Properties::new();
    // Header 2, topic 3, identifier 2, properties 1, payload 1.
    for (qos, size) in [(AtMostOnce, 7), (AtLeastOnce, 9)] {
        for (maximum, allowed) in [(size - 1, false), (size, true)] {
            let mut client = connected_with([four_bytes(Property::MAXIMUM_PACKET_SIZE, maximum)]);
            assert_eq!(takes(&mut client, &request(b"t", qos, &nothing)), allowed);
        }
    }
}

#[test]
fn a_disconnect_larger_than_the_server_takes_goes_without_properties() {
    for (maximum, expected) in [
        (18, &b"\xe0\x10\x04\x0e\x1f\x00\x0btired of it"[..]),
        (17, b"\xe0\x01\x04"),
    ] {
        let mut client = connected_with([four_bytes(Property::MAXIMUM_PACKET_SIZE, maximum)]);
        let reason_string = Property {
            id: Property::REASON_STRING,
            value: PropertyValue::Utf8String(Bytes::from_static(b"tired of it")),
        };
        let properties = Some([reason_string].into_iter().collect());
        let reason = ReasonCode::DISCONNECT_WITH_WILL_MESSAGE;
        client.session.disconnect(reason, properties).unwrap();
        assert_eq!(client.drain_bytes(), expected);
    }
}

#[test]
fn receive_maximum_narrows_the_window() {
    let mut client = connected_with([two_bytes(Property::RECEIVE_MAXIMUM, 1)]);
    client.publish(AtLeastOnce, "a");
    assert!(client.session.is_window_full());
    client.reconnect(true);
    assert!(!client.session.is_window_full());
}

#[test]
fn values_the_standard_forbids_are_refused_at_connack() {
    for property in [
        two_bytes(Property::RECEIVE_MAXIMUM, 0),
        four_bytes(Property::MAXIMUM_PACKET_SIZE, 0),
        byte(Property::MAXIMUM_QOS, 2),
    ] {
        let mut client = Client::new(V5);
        client.begin_connect();
        let connack = Packet::ConnAck(connack_with([property]));
        assert_eq!(client.refuse(connack), ReasonCode::PROTOCOL_ERROR);
        assert!(!client.session.is_connected());
    }
}

#[test]
fn limits_end_with_their_connection() {
    let nothing = Properties::new();
    let mut client = connected_with([byte(Property::MAXIMUM_QOS, 0)]);
    client.reconnect(true);
    assert!(takes(&mut client, &request(b"t", ExactlyOnce, &nothing)));
    let mut client = connected_with([byte(Property::MAXIMUM_QOS, 0)]);
    client.options.version = V3_1_1;
    client.reconnect(true);
    assert!(takes(&mut client, &request(b"t", ExactlyOnce, &nothing)));
}

#[test]
fn properties_a_client_may_not_send_are_refused() {
    let mut client = connected_with([]);
    for property in [
        Property {
            id: Property::SUBSCRIPTION_IDENTIFIER,
            value: PropertyValue::VariableByteInteger(1),
        },
        two_bytes(Property::RECEIVE_MAXIMUM, 1),
        two_bytes(Property::TOPIC_ALIAS, 0),
    ] {
        let properties = [property].into_iter().collect();
        assert!(!takes(
            &mut client,
            &request(b"t", AtLeastOnce, &properties)
        ));
    }
}

#[test]
fn a_topic_longer_than_the_wire_allows_is_refused() {
    let nothing = Properties::new();
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let topic = vec![b't'; 65536];
        assert!(!takes(&mut client, &request(&topic, AtLeastOnce, &nothing)));
        let topic = &topic[1..];
        assert!(takes(&mut client, &request(topic, AtLeastOnce, &nothing)));
    }
}

fn own_receive_maximum(version: ProtocolVersion, maximum: u16) -> Client {
    let mut client = Client::new(version);
    client.options.properties = [two_bytes(Property::RECEIVE_MAXIMUM, maximum)]
        .into_iter()
        .collect();
    client
}

#[test]
fn a_new_session_begins_within_the_clients_receive_maximum() {
    let mut client = own_receive_maximum(V5, 2);
    client.connect(connack(false));
    client.receive(publish(ExactlyOnce, 1, "a"));
    client.receive(publish(ExactlyOnce, 2, "b"));
    client.receive(publish(ExactlyOnce, 2, "b"));
    client.receive(publish(AtLeastOnce, 3, "acknowledged at once"));
    let reason = client.refuse(publish(ExactlyOnce, 3, "c"));
    assert_eq!(reason, ReasonCode::RECEIVE_MAXIMUM_EXCEEDED);
}

#[test]
fn later_a_server_beyond_the_clients_receive_maximum_is_listened_to() {
    let mut client = own_receive_maximum(V5, 1);
    client.connect(connack(false));
    client.receive(publish(ExactlyOnce, 1, "m"));
    client.receive(pubrel(1));
    for id in 2..=4 {
        let answer = client.receive(publish(ExactlyOnce, id, "m"));
        assert_eq!(answer, [format!("PUBREC {id}")]);
    }
    client.reconnect(true);
    for id in 5..=6 {
        let answer = client.receive(publish(ExactlyOnce, id, "m"));
        assert_eq!(answer, [format!("PUBREC {id}")]);
    }
}

#[test]
fn what_mqtt_3_cannot_tell_the_server_is_not_enforced() {
    for version in V3 {
        let mut client = own_receive_maximum(version, 1);
        client.connect(connack(false));
        client.receive(publish(ExactlyOnce, 1, "a"));
        assert_eq!(client.receive(publish(ExactlyOnce, 2, "b")), ["PUBREC 2"]);
        let size = four_bytes(Property::MAXIMUM_PACKET_SIZE, 10);
        client.options.properties = [size].into_iter().collect();
        client.reconnect(true);
        assert_eq!(
            client.session.maximum_packet_size(),
            super::super::limits::LARGEST_PACKET
        );
    }
}

#[test]
fn the_clients_maximum_packet_size_is_known_to_its_owner() {
    let mut client = Client::new(V5);
    let size = four_bytes(Property::MAXIMUM_PACKET_SIZE, 10);
    client.options.properties = [size].into_iter().collect();
    client.connect(connack(false));
    assert_eq!(client.session.maximum_packet_size(), 10);
}

#[test]
fn what_a_new_server_does_not_take_waits_for_another_one() {
    let mut client = Client::connected(V5);
    client.options.window = 2;
    client.publish(ExactlyOnce, "a");
    client.publish(AtLeastOnce, "a long message");
    client.lose();
    let list = [
        byte(Property::MAXIMUM_QOS, 1),
        four_bytes(Property::MAXIMUM_PACKET_SIZE, 10),
    ];
    assert!(client.connect(connack_with(list)).is_empty());
    assert!(!client.session.is_window_full(), "nothing is in flight");
    let (number, _) = client.publish(AtLeastOnce, "b");
    client.receive(puback(number));
    assert_eq!(client.session.pending_tokens().count(), 2);
    client.lose();
    let resent = ["PUBLISH 1 qos2 dup a", "PUBLISH 2 qos1 dup a long message"];
    assert_eq!(client.connect(connack(true)), resent);
    assert!(client.session.is_window_full());
}

#[test]
fn a_retained_message_waits_for_a_server_that_keeps_such() {
    let mut client = Client::connected(V5);
    let nothing = Properties::new();
    let retained = PublishRequest {
        retain: true,
        ..request(b"t", AtLeastOnce, &nothing)
    };
    assert!(takes(&mut client, &retained));
    client.publish(AtLeastOnce, "a");
    client.lose();
    let list = [byte(Property::RETAIN_AVAILABLE, 0)];
    assert_eq!(client.connect(connack_with(list)), ["PUBLISH 2 qos1 dup a"]);
    client.lose();
    assert_eq!(client.connect(connack(true)).len(), 2);
}

#[test]
fn what_is_held_back_neither_takes_up_receive_maximum_nor_stops_the_rest() {
    let mut client = Client::connected(V5);
    for (qos, payload) in [
        (ExactlyOnce, "a"),
        (AtLeastOnce, "b"),
        (ExactlyOnce, "c"),
        (AtLeastOnce, "d"),
    ] {
        client.publish(qos, payload);
    }
    client.lose();
    let list = [
        byte(Property::MAXIMUM_QOS, 1),
        two_bytes(Property::RECEIVE_MAXIMUM, 1),
    ];
    assert_eq!(client.connect(connack_with(list)), ["PUBLISH 2 qos1 dup b"]);
    assert_eq!(client.receive(puback(2)), ["PUBLISH 4 qos1 dup d"]);
    assert!(client.receive(puback(4)).is_empty());
    assert!(!client.session.is_window_full());
}

#[test]
fn what_is_sent_again_may_be_as_large_as_the_server_takes() {
    for (maximum, sent) in [(8, 0), (9, 1)] {
        let mut client = Client::connected(V5);
        client.publish(AtLeastOnce, "a");
        client.lose();
        let list = [four_bytes(Property::MAXIMUM_PACKET_SIZE, maximum)];
        assert_eq!(client.connect(connack_with(list)).len(), sent);
    }
}

/// The server has had it on an earlier connection.
#[test]
fn what_is_held_back_may_be_acknowledged() {
    for mut client in [Client::new(V5), Client::without_records(V5)] {
        client.connect(connack(false));
        client.publish(AtLeastOnce, "a long message");
        client.lose();
        let list = [
            four_bytes(Property::MAXIMUM_PACKET_SIZE, 10),
            two_bytes(Property::RECEIVE_MAXIMUM, 1),
        ];
        assert!(client.connect(connack_with(list)).is_empty());
        assert!(client.receive(puback(1)).is_empty());
        assert!(!client.session.has_unfinished_exchanges());
        assert!(!client.session.is_window_full());
        client.publish(AtLeastOnce, "b");
        assert!(client.session.is_window_full());
    }
}

#[test]
fn a_window_for_nothing_has_room_for_one() {
    let mut client = Client::new(V3_1_1);
    client.options.window = 0;
    client.connect(connack(false));
    assert!(!client.session.is_window_full());
    client.publish(AtLeastOnce, "a");
    assert!(client.session.is_window_full());
}

#[test]
fn a_pubrel_is_sent_again_whatever_the_server_takes() {
    let mut client = Client::connected(V5);
    client.publish(ExactlyOnce, "a");
    client.receive(pubrec(1));
    client.lose();
    let list = [byte(Property::MAXIMUM_QOS, 0)];
    assert_eq!(client.connect(connack_with(list)), ["PUBREL 1"]);
}

#[test]
fn explanations_that_were_not_asked_for_are_a_protocol_error() {
    let explained = |reason| Ack {
        reason,
        properties: Properties(vec![Property {
            id: Property::REASON_STRING,
            value: PropertyValue::Utf8String(Bytes::from_static(b"why")),
        }]),
        ..ack(1)
    };
    for (wanted, refused) in [(Some(0), true), (Some(1), false), (None, false)] {
        let mut client = Client::new(V5);
        let wanted = wanted.map(|value| byte(Property::REQUEST_PROBLEM_INFORMATION, value));
        client.options.properties = wanted.into_iter().collect();
        client.connect(connack(false));
        client.publish(AtLeastOnce, "a");
        let result = client.try_receive(&Packet::PubAck(explained(ReasonCode::QUOTA_EXCEEDED)));
        assert_eq!(
            result.err().map(|malformed| malformed.reason),
            refused.then_some(ReasonCode::PROTOCOL_ERROR)
        );
    }
}
