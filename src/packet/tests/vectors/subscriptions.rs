//! SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK.

use super::*;

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
