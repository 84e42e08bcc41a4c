//! CONNECT, CONNACK, PINGREQ, PINGRESP, DISCONNECT, AUTH.

use super::*;

pub(in crate::packet::tests) fn connect(version: ProtocolVersion) -> Connect {
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

pub(in crate::packet::tests) fn will() -> Will {
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
