//! PUBLISH and its acknowledgements.

use super::*;

pub(in crate::packet::tests) fn publish() -> Publish {
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
