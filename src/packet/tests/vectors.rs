//! Byte vectors for every packet in every version; the sections are those of 3.1.1 and 5, which agree up to 3.14.

use super::*;
use ProtocolVersion::{V3_1, V3_1_1, V5};
use Sender::{Client, Server};

/// `packet` and the bytes `wire` are the same, and no beginning of the bytes is a packet.
fn check(version: ProtocolVersion, sender: Sender, wire: &str, packet: Packet) {
    let bytes = hex(wire);
    assert_eq!(
        decode(&bytes, version, sender),
        Ok(packet.clone()),
        "{wire}"
    );
    assert_eq!(encode(&packet, version), bytes, "{wire}");
    check_truncations(version, sender, &bytes);
}

/// Bytes that are understood although nothing writes them so.
fn check_decoding(version: ProtocolVersion, sender: Sender, wire: &str, packet: Packet) {
    let bytes = hex(wire);
    assert_eq!(decode(&bytes, version, sender), Ok(packet), "{wire}");
    check_truncations(version, sender, &bytes);
}

fn check_truncations(version: ProtocolVersion, sender: Sender, bytes: &[u8]) {
    for length in 0..bytes.len() {
        let mut beginning = BytesMut::from(&bytes[..length]);
        assert_eq!(next_frame(&mut beginning, u32::MAX), Ok(None));
        let record = Bytes::copy_from_slice(&bytes[..length]);
        assert!(decode_record(record, version).is_err());
        assert_eq!(record_parts(&bytes[..length], version), None);
    }
    // A shorter body under a header that says so: refused, unless it is a smaller packet in its own right.
    let Frame { first_byte, body } = frame(bytes);
    for length in 0..body.len() {
        let shorter = Frame {
            first_byte,
            body: body.slice(..length),
        };
        if let Ok(packet) = Packet::decode(shorter, version, sender) {
            let free_tail = matches!(
                packet,
                Packet::Publish(_)
                    | Packet::Subscribe(_)
                    | Packet::SubAck(_)
                    | Packet::Unsubscribe(_)
            );
            let short_form = version == V5
                && matches!(
                    packet,
                    Packet::ConnAck(_)
                        | Packet::PubAck(_)
                        | Packet::PubRec(_)
                        | Packet::PubRel(_)
                        | Packet::PubComp(_)
                        | Packet::UnsubAck(_)
                        | Packet::Disconnect(_)
                        | Packet::Auth(_)
                );
            assert!(free_tail || short_form, "{packet:?} from {length} bytes");
            assert_eq!(
                decode(&encode(&packet, version), version, sender),
                Ok(packet)
            );
        }
    }
}

pub(super) fn connect(version: ProtocolVersion) -> Connect {
    Connect {
        version,
        clean_start: true,
        keep_alive: 60,
        client_id: text("cid"),
        will: None,
        username: None,
        password: None,
        properties: Properties::new(),
    }
}

fn check_connect(wire: &str, connect: Connect) {
    for version in ALL_VERSIONS {
        let packet = Packet::Connect(Box::new(connect.clone()));
        check(version, Client, wire, packet);
    }
}

pub(super) fn will() -> Will {
    Will {
        topic: text("w/t"),
        payload: text("bye"),
        qos: QoS::ExactlyOnce,
        retain: true,
        properties: Properties::new(),
    }
}

#[test]
fn connect_section_3_1_in_3_1() {
    check_connect(
        "10 11 00 06 4d 51 49 73 64 70 03 02 00 3c 00 03 63 69 64",
        connect(V3_1),
    );
}

#[test]
fn connect_section_3_1_in_3_1_1() {
    check_connect(
        "10 0f 00 04 4d 51 54 54 04 02 00 3c 00 03 63 69 64",
        connect(V3_1_1),
    );
}

#[test]
fn connect_section_3_1_in_5() {
    check_connect(
        "10 10 00 04 4d 51 54 54 05 02 00 3c 00 00 03 63 69 64",
        connect(V5),
    );
}

#[test]
fn connect_section_3_1_3_with_will_and_credentials_in_3_1_1() {
    check_connect(
        "10 20 00 04 4d 51 54 54 04 f4 01 2c 00 03 63 69 64 00 03 77 2f 74 00 03 62 79 65 00 01 75 00 02 70 77",
        Connect {
            clean_start: false,
            keep_alive: 300,
            will: Some(will()),
            username: Some(text("u")),
            password: Some(text("pw")),
            ..connect(V3_1_1)
        },
    );
}

#[test]
fn connect_section_3_1_3_with_properties_will_and_credentials_in_5() {
    check_connect(
        "10 36 00 04 4d 51 54 54 05 f6 00 3c 08 11 00 00 00 05 21 00 09 00 03 63 69 64
         0c 18 00 00 00 03 26 00 01 6b 00 01 76 00 03 77 2f 74 00 03 62 79 65 00 01 75 00 02 70 77",
        Connect {
            will: Some(Will {
                properties: properties([
                    property(24, PropertyValue::FourByteInteger(3)),
                    user_property("k", "v"),
                ]),
                ..will()
            }),
            username: Some(text("u")),
            password: Some(text("pw")),
            properties: properties([
                property(17, PropertyValue::FourByteInteger(5)),
                property(33, PropertyValue::TwoByteInteger(9)),
            ]),
            ..connect(V5)
        },
    );
}

#[test]
fn connect_section_3_1_2_password_without_user_name() {
    let with_password = |version| Connect {
        password: Some(text("pw")),
        ..connect(version)
    };
    check_connect(
        "10 15 00 06 4d 51 49 73 64 70 03 42 00 3c 00 03 63 69 64 00 02 70 77",
        with_password(V3_1),
    );
    check_connect(
        "10 13 00 04 4d 51 54 54 04 42 00 3c 00 03 63 69 64 00 02 70 77",
        with_password(V3_1_1),
    );
    check_connect(
        "10 14 00 04 4d 51 54 54 05 42 00 3c 00 00 03 63 69 64 00 02 70 77",
        with_password(V5),
    );
}

fn connack(session_present: bool, code: u8) -> Packet {
    Packet::ConnAck(ConnAck {
        session_present,
        code: ReasonCode(code),
        properties: Properties::new(),
    })
}

#[test]
fn connack_section_3_2_in_3_1() {
    check(V3_1, Server, "20 02 00 00", connack(false, 0));
    check(V3_1, Server, "20 02 00 4d", connack(false, 77));
    check_decoding(V3_1, Server, "20 02 ff 00", connack(false, 0));
}

#[test]
fn connack_section_3_2_in_3_1_1() {
    check(V3_1_1, Server, "20 02 00 00", connack(false, 0));
    check(V3_1_1, Server, "20 02 01 00", connack(true, 0));
    check(V3_1_1, Server, "20 02 00 05", connack(false, 5));
}

#[test]
fn connack_section_3_2_in_5() {
    check(V5, Server, "20 03 01 00 00", connack(true, 0));
    check(V5, Server, "20 03 00 87 00", connack(false, 0x87));
    check_decoding(V5, Server, "20 02 00 00", connack(false, 0));
    check(
        V5,
        Server,
        "20 0b 00 00 08 21 00 0a 12 00 02 69 64",
        Packet::ConnAck(ConnAck {
            session_present: false,
            code: ReasonCode::SUCCESS,
            properties: properties([
                property(33, PropertyValue::TwoByteInteger(10)),
                property(18, PropertyValue::Utf8String(text("id"))),
            ]),
        }),
    );
}

pub(super) fn publish() -> Publish {
    Publish {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: true,
        topic: text("t/1"),
        packet_id: Some(id(1)),
        properties: Properties::new(),
        payload: text("hello"),
    }
}

/// Both sides may send it.
fn check_both(version: ProtocolVersion, wire: &str, packet: Packet) {
    for sender in [Client, Server] {
        check(version, sender, wire, packet.clone());
    }
}

#[test]
fn publish_section_3_3_in_3_1_and_3_1_1() {
    for version in V3 {
        check_both(
            version,
            "33 0c 00 03 74 2f 31 00 01 68 65 6c 6c 6f",
            Packet::Publish(publish()),
        );
        check_both(
            version,
            "3c 05 00 01 74 00 02",
            Packet::Publish(Publish {
                dup: true,
                qos: QoS::ExactlyOnce,
                retain: false,
                topic: text("t"),
                packet_id: Some(id(2)),
                payload: Bytes::new(),
                ..publish()
            }),
        );
        check_both(
            version,
            "30 05 00 01 74 68 69",
            Packet::Publish(Publish {
                qos: QoS::AtMostOnce,
                retain: false,
                topic: text("t"),
                packet_id: None,
                payload: text("hi"),
                ..publish()
            }),
        );
    }
}

#[test]
fn publish_section_3_3_in_5() {
    check_both(
        V5,
        "33 0d 00 03 74 2f 31 00 01 00 68 65 6c 6c 6f",
        Packet::Publish(publish()),
    );
    check_both(
        V5,
        "34 0c 00 03 74 2f 32 00 02 02 01 01 68 69",
        Packet::Publish(Publish {
            qos: QoS::ExactlyOnce,
            retain: false,
            topic: text("t/2"),
            packet_id: Some(id(2)),
            properties: properties([property(1, PropertyValue::Byte(1))]),
            payload: text("hi"),
            ..publish()
        }),
    );
}

#[test]
fn publish_section_3_3_2_1_topic_alias_in_place_of_the_topic() {
    check_both(
        V5,
        "30 08 00 00 03 23 00 01 68 69",
        Packet::Publish(Publish {
            qos: QoS::AtMostOnce,
            retain: false,
            topic: Bytes::new(),
            packet_id: None,
            properties: properties([property(35, PropertyValue::TwoByteInteger(1))]),
            payload: text("hi"),
            ..publish()
        }),
    );
}

#[test]
fn publish_topic_with_u_0000_is_handed_on() {
    for version in V3 {
        check_both(
            version,
            "30 05 00 03 61 00 62",
            Packet::Publish(Publish {
                qos: QoS::AtMostOnce,
                retain: false,
                topic: text("a\0b"),
                packet_id: None,
                payload: Bytes::new(),
                ..publish()
            }),
        );
    }
}

#[test]
fn acks_sections_3_4_to_3_7_in_all_versions() {
    for version in ALL_VERSIONS {
        let ack = Ack::new(id(7));
        check_both(version, "40 02 00 07", Packet::PubAck(ack.clone()));
        check_both(version, "50 02 00 07", Packet::PubRec(ack.clone()));
        check_both(version, "62 02 00 07", Packet::PubRel(ack.clone()));
        check_both(version, "70 02 00 07", Packet::PubComp(ack));
    }
    for (packet_type, wire) in [
        (PacketType::PubAck, "40 02 01 02"),
        (PacketType::PubRec, "50 02 01 02"),
        (PacketType::PubRel, "62 02 01 02"),
        (PacketType::PubComp, "70 02 01 02"),
    ] {
        let mut out = Vec::new();
        ack::encode_ack(packet_type, id(0x0102), &mut out);
        assert_eq!(out, hex(wire));
    }
}

#[test]
fn acks_sections_3_4_to_3_7_with_reason_and_properties_in_5() {
    let with_reason = |reason| Ack {
        reason,
        ..Ack::new(id(7))
    };
    let refused = with_reason(ReasonCode::NOT_AUTHORIZED);
    let not_found = with_reason(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);
    check_both(V5, "40 03 00 07 87", Packet::PubAck(refused.clone()));
    check_both(V5, "50 03 00 07 87", Packet::PubRec(refused.clone()));
    check_both(V5, "62 03 00 07 92", Packet::PubRel(not_found.clone()));
    check_both(V5, "70 03 00 07 92", Packet::PubComp(not_found));
    check_decoding(
        V5,
        Server,
        "40 03 00 07 00",
        Packet::PubAck(Ack::new(id(7))),
    );
    check_decoding(V5, Server, "40 04 00 07 87 00", Packet::PubAck(refused));
    let explained = Ack {
        properties: properties([property(31, PropertyValue::Utf8String(text("no")))]),
        ..Ack::new(id(7))
    };
    check_both(
        V5,
        "40 09 00 07 00 05 1f 00 02 6e 6f",
        Packet::PubAck(explained),
    );
}

#[test]
fn subscribe_section_3_8() {
    let subscribe = |options, properties| {
        Packet::Subscribe(Subscribe {
            packet_id: id(2),
            properties,
            filters: vec![SubscriptionRequest {
                filter: text("t"),
                options,
            }],
        })
    };
    for version in V3 {
        let packet = subscribe(1, Properties::new());
        check(version, Client, "82 06 00 02 00 01 74 01", packet);
    }
    let packet = subscribe(0x2d, Properties::new());
    check(V5, Client, "82 07 00 02 00 00 01 74 2d", packet);
    let packet = subscribe(
        0x2d,
        properties([property(11, PropertyValue::VariableByteInteger(5))]),
    );
    check(V5, Client, "82 09 00 02 02 0b 05 00 01 74 2d", packet);
}

#[test]
fn repeated_requests_of_3_1_section_2_1_carry_dup() {
    for wire in [
        "6a 02 00 07",
        "8a 06 00 02 00 01 74 01",
        "aa 05 00 04 00 01 74",
    ] {
        assert!(decode(&hex(wire), V3_1, Client).is_ok());
        assert!(decode(&hex(wire), V3_1_1, Client).is_err());
    }
}

fn suback(codes: &[u8]) -> SubAck {
    SubAck {
        packet_id: id(2),
        properties: Properties::new(),
        codes: codes.iter().copied().map(ReasonCode).collect(),
    }
}

#[test]
fn suback_section_3_9() {
    for version in V3 {
        check(
            version,
            Server,
            "90 06 00 02 00 01 02 80",
            Packet::SubAck(suback(&[0, 1, 2, 0x80])),
        );
    }
    check(
        V5,
        Server,
        "90 06 00 02 00 01 87 a2",
        Packet::SubAck(suback(&[1, 0x87, 0xa2])),
    );
}

#[test]
fn unsubscribe_section_3_10() {
    let unsubscribe = |number, properties| {
        Packet::Unsubscribe(Unsubscribe {
            packet_id: id(number),
            properties,
            filters: vec![text("t")],
        })
    };
    for version in V3 {
        let packet = unsubscribe(4, Properties::new());
        check(version, Client, "a2 05 00 04 00 01 74", packet);
    }
    check(
        V5,
        Client,
        "a2 0d 00 03 07 26 00 01 61 00 01 62 00 01 74",
        unsubscribe(3, properties([user_property("a", "b")])),
    );
}

#[test]
fn unsuback_section_3_11() {
    for version in V3 {
        check(
            version,
            Server,
            "b0 02 00 02",
            Packet::UnsubAck(suback(&[])),
        );
    }
    check(
        V5,
        Server,
        "b0 05 00 02 00 00 11",
        Packet::UnsubAck(suback(&[0, 0x11])),
    );
    let with_codes = Packet::UnsubAck(suback(&[0]));
    assert_eq!(encode(&with_codes, V3_1_1), hex("b0 02 00 02"));
}

#[test]
fn pings_sections_3_12_and_3_13() {
    for version in ALL_VERSIONS {
        check(version, Client, "c0 00", Packet::PingReq);
        check(version, Server, "d0 00", Packet::PingResp);
    }
}

#[test]
fn disconnect_section_3_14() {
    let disconnect = |reason, properties| {
        Packet::Disconnect(Disconnect {
            reason: ReasonCode(reason),
            properties,
        })
    };
    for version in ALL_VERSIONS {
        check(version, Client, "e0 00", disconnect(0, None));
    }
    assert_eq!(encode(&disconnect(0x82, None), V3_1_1), hex("e0 00"));
    check(V5, Client, "e0 01 04", disconnect(4, None));
    check(V5, Server, "e0 01 8e", disconnect(0x8e, None));
    check_decoding(V5, Server, "e0 01 00", disconnect(0, None));
    check_both(V5, "e0 02 00 00", disconnect(0, Some(Properties::new())));
    check(
        V5,
        Server,
        "e0 07 9d 05 1c 00 02 68 32",
        disconnect(
            0x9d,
            Some(properties([property(
                28,
                PropertyValue::Utf8String(text("h2")),
            )])),
        ),
    );
}

#[test]
fn auth_section_3_15() {
    let auth = |reason, properties| {
        Packet::Auth(Auth {
            reason: ReasonCode(reason),
            properties,
        })
    };
    check(V5, Server, "f0 00", auth(0, Properties::new()));
    let method = properties([
        property(21, PropertyValue::Utf8String(text("m"))),
        property(22, PropertyValue::BinaryData(text("\u{1}"))),
    ]);
    let wire = "f0 0a 18 08 15 00 01 6d 16 00 01 01";
    check_both(V5, wire, auth(0x18, method.clone()));
    let wire = "f0 0a 19 08 15 00 01 6d 16 00 01 01";
    check(V5, Client, wire, auth(0x19, method));
}
