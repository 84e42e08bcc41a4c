//! CONNACK, clean and kept sessions, the ways a connection ends.

use super::*;
use QoS::{AtLeastOnce, ExactlyOnce};

/// A client with one unfinished message in each direction and state, and one that waits for the application.
fn busy(version: ProtocolVersion, clean: bool) -> Client {
    let mut client = Client::new(version);
    client.options.clean_start = clean;
    client.takes = false;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    client.publish(ExactlyOnce, "b");
    client.publish(ExactlyOnce, "c");
    client.receive(pubrec(3));
    client.receive(publish(ExactlyOnce, 7, "in"));
    client.receive(publish(AtLeastOnce, 8, "waiting"));
    client.events.clear();
    client
}

fn is_empty(client: &Client) -> bool {
    !client.session.has_unfinished_exchanges() && client.disk.packets.is_empty()
}

#[test]
fn the_first_packet_has_to_be_connack() {
    for version in ALL_VERSIONS {
        let mut client = Client::new(version);
        client.begin_connect();
        for packet in [puback(1), Packet::PingResp, publish(AtLeastOnce, 1, "a")] {
            assert_eq!(client.refuse(packet), ReasonCode::PROTOCOL_ERROR);
        }
        assert!(!client.session.is_connected());
    }
}

#[test]
fn auth_is_passed_over_by_a_client_with_an_authentication_method_only() {
    let method = Property {
        id: Property::AUTHENTICATION_METHOD,
        value: PropertyValue::Utf8String(Bytes::from_static(b"m")),
    };
    let auth = || {
        let mut properties = Properties::default();
        properties.push(method.clone());
        Packet::Auth(crate::packet::Auth {
            reason: ReasonCode::CONTINUE_AUTHENTICATION,
            properties,
        })
    };
    let mut client = Client::new(ProtocolVersion::V5);
    client.options.properties.push(method.clone());
    client.begin_connect();
    assert!(client.receive(auth()).is_empty());
    assert!(client.receive(Packet::ConnAck(connack(false))).is_empty());
    assert!(client.receive(auth()).is_empty());
    assert!(client.session.is_connected());

    let mut client = Client::new(ProtocolVersion::V5);
    client.begin_connect();
    assert_eq!(client.refuse(auth()), ReasonCode::PROTOCOL_ERROR);
    let mut client = Client::connected(ProtocolVersion::V5);
    assert_eq!(client.refuse(auth()), ReasonCode::PROTOCOL_ERROR);
}

#[test]
fn a_second_connack_is_a_protocol_error() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let again = Packet::ConnAck(connack(false));
        assert_eq!(client.refuse(again), ReasonCode::PROTOCOL_ERROR);
    }
}

#[test]
fn a_refused_connection_cannot_be_accepted_later() {
    for version in ALL_VERSIONS {
        let mut client = Client::new(version);
        client.begin_connect();
        let refused = ConnAck {
            code: ReasonCode::V3_NOT_AUTHORIZED,
            ..connack(false)
        };
        assert!(client.receive(Packet::ConnAck(refused.clone())).is_empty());
        assert_eq!(client.events, [Event::Refused(refused)]);
        let accepted = Packet::ConnAck(connack(false));
        assert_eq!(client.refuse(accepted), ReasonCode::PROTOCOL_ERROR);
        assert!(!client.session.is_connected());
    }
}

#[test]
fn a_clean_start_drops_everything_at_connack() {
    for version in ALL_VERSIONS {
        let mut client = busy(version, false);
        client.options.clean_start = true;
        client.lose();
        assert!(client.session.has_unfinished_exchanges());
        assert!(client.connect(connack(false)).is_empty());
        assert!(is_empty(&client));
        assert!(client.disk.keys().is_empty());
        assert_eq!(client.events[0], Event::DropQueued);
        assert!(matches!(client.events[1], Event::Connected(_)));
        assert_eq!(client.publish(AtLeastOnce, "x").0, 1);
    }
}

#[test]
fn a_clean_session_ends_with_its_connection_before_mqtt_5() {
    for version in V3 {
        let mut client = busy(version, true);
        client.lose();
        assert!(is_empty(&client));
        assert!(client.events.is_empty());
        assert_eq!(client.disk.queue.len(), 1, "what was received is kept");

        let mut client = busy(version, true);
        client
            .session
            .disconnect(ReasonCode::SUCCESS, None)
            .unwrap();
        assert_eq!(client.drain_lines(), ["DISCONNECT 0x0"]);
        client.session.handle_closed(true);
        client.drain_lines();
        assert!(is_empty(&client));
        assert!(client.disk.keys().is_empty());
        assert_eq!(client.events, [Event::DropQueued]);
    }
}

#[test]
fn a_clean_start_of_mqtt_5_outlives_its_connection() {
    for orderly in [true, false] {
        let mut client = busy(V5, true);
        client.session.handle_closed(orderly);
        assert!(client.drain_lines().is_empty());
        client.options.clean_start = false;
        assert_eq!(client.connect(connack(true)).len(), 3);
        assert_eq!(client.receive(pubrel(7)), ["PUBCOMP 7"]);
    }
}

#[test]
fn a_kept_session_outlives_its_connection() {
    for version in ALL_VERSIONS {
        for orderly in [true, false] {
            let mut client = busy(version, false);
            let records = client.disk.keys();
            client.session.handle_closed(orderly);
            client.drain_lines();
            assert_eq!(client.disk.keys(), records);
            assert!(client.events.is_empty());
            let tokens: Vec<u16> = client.session.pending_tokens().map(PacketId::get).collect();
            assert_eq!(tokens, [1, 2, 3]);
        }
    }
}

#[test]
fn a_refused_clean_connect_drops_the_exchanges_before_mqtt_5() {
    let refused = ConnAck {
        code: ReasonCode::V3_NOT_AUTHORIZED,
        ..connack(false)
    };
    for version in ALL_VERSIONS {
        for clean in [true, false] {
            let mut client = busy(version, false);
            client.lose();
            client.options.clean_start = clean;
            client.connect(refused.clone());
            client.lose();
            assert_eq!(is_empty(&client), clean && version != V5);
            assert_eq!(client.disk.queue.len(), if version == V5 { 2 } else { 1 });
        }
    }
}

#[test]
fn inbound_state_goes_when_the_server_has_no_session() {
    for version in [V3_1_1, V5] {
        let mut client = busy(version, false);
        assert_eq!(client.reconnect(false).len(), 3, "outbound state stays");
        assert!(!client.disk.holds(Key::Received(version == V5, id(7))));
        let before = client.disk.queue.len();
        client.receive(publish(ExactlyOnce, 7, "new"));
        client.receive(pubrel(7));
        assert_eq!(client.disk.queue.len(), before + 1);
        let (_, newest) = client.queue.back().unwrap();
        assert_eq!(newest.payload, "new");
    }
}

#[test]
fn inbound_state_stays_on_mqtt_3_1_which_cannot_tell() {
    let mut client = busy(V3_1, false);
    client.reconnect(false);
    assert_eq!(client.receive(pubrel(7)), ["PUBCOMP 7"]);
    let (_, newest) = client.queue.back().unwrap();
    assert_eq!(newest.payload, "in");
}

#[test]
fn an_abandoned_session_leaves_its_records() {
    for version in ALL_VERSIONS {
        let mut client = busy(version, true);
        let records = client.disk.keys();
        client.session.abandon();
        assert!(client.drain_lines().is_empty());
        assert_eq!(client.disk.keys(), records);
    }
}

#[test]
fn only_mqtt_5_tells_the_reason_of_a_disconnect() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let reason = ReasonCode::DISCONNECT_WITH_WILL_MESSAGE;
        client
            .session
            .disconnect(reason, Some(Properties::new()))
            .unwrap();
        let expected = if version == V5 {
            "DISCONNECT 0x4"
        } else {
            "DISCONNECT 0x0"
        };
        assert_eq!(client.drain_lines(), [expected]);
        assert!(!client.session.is_connected());

        let mut client = Client::connected(version);
        client
            .session
            .send_disconnect_for(ReasonCode::PROTOCOL_ERROR);
        let expected: &[&str] = if version == V5 {
            &["DISCONNECT 0x82"]
        } else {
            &[]
        };
        assert_eq!(client.drain_lines(), expected);
    }
}

#[test]
fn a_reason_that_disconnect_cannot_have_goes_as_an_unspecified_error() {
    let reasons = [
        0x00, 0x01, 0x04, 0x18, 0x7f, 0x80, 0x82, 0x8b, 0x91, 0xa2, 0xa3, 0xff,
    ];
    let sent = reasons.map(|reason| {
        let mut client = Client::connected(V5);
        client
            .session
            .disconnect(ReasonCode(reason), Some(Properties::new()))
            .unwrap();
        client.drain_bytes()[..].to_vec()
    });
    let codes = [
        0x00, 0x80, 0x04, 0x80, 0x80, 0x80, 0x82, 0x8b, 0x80, 0xa2, 0x80, 0x80,
    ];
    assert_eq!(sent, codes.map(|code| vec![0xe0, 2, code, 0]));
}

#[test]
fn the_server_of_mqtt_5_may_disconnect() {
    let mut client = Client::connected(V5);
    let disconnect = crate::packet::Disconnect {
        reason: ReasonCode::SERVER_SHUTTING_DOWN,
        properties: None,
    };
    client.receive(Packet::Disconnect(disconnect.clone()));
    let told = client.events.pop();
    assert!(matches!(told, Some(Event::ServerDisconnect(d)) if d.reason == disconnect.reason));
}

#[test]
fn without_records_no_store_operation_is_asked_for() {
    for version in ALL_VERSIONS {
        let mut client = Client::without_records(version);
        client.connect(connack(false));
        client
            .try_publish(ExactlyOnce, "a", &Properties::new())
            .unwrap();
        client.try_receive(&pubrec(1)).unwrap();
        client.try_receive(&publish(ExactlyOnce, 1, "in")).unwrap();
        client.try_receive(&pubrel(1)).unwrap();
        client.session.handle_closed(false);
        assert_eq!(client.session.poll_store_op(), None);
    }
}

#[test]
fn a_session_present_after_a_clean_start_fails_the_connect_of_mqtt_5() {
    let mut client = busy(V5, false);
    client.lose();
    client.options.clean_start = true;
    client.begin_connect();
    let reason = client.refuse(Packet::ConnAck(connack(true)));
    assert_eq!(reason, ReasonCode::PROTOCOL_ERROR);
    assert!(!client.session.is_connected());
    assert!(client.session.has_unfinished_exchanges());
}
