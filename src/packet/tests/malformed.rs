//! What each side must not send.

use super::*;
use ProtocolVersion::{V3_1, V3_1_1, V5};
use Sender::{Client, Server};

const MALFORMED: ReasonCode = ReasonCode::MALFORMED_PACKET;
const PROTOCOL: ReasonCode = ReasonCode::PROTOCOL_ERROR;
const TOPIC: ReasonCode = ReasonCode::TOPIC_NAME_INVALID;

#[track_caller]
fn refused(version: ProtocolVersion, sender: Sender, wire: &str, reason: ReasonCode) {
    match decode(&hex(wire), version, sender) {
        Err(malformed) => assert_eq!(malformed.reason, reason, "{wire}: {malformed}"),
        Ok(packet) => panic!("{wire} in {version:?} was taken for {packet:?}"),
    }
}

#[test]
fn packet_types_of_section_2_1_2_from_the_wrong_side() {
    for version in ALL_VERSIONS {
        for wire in [
            "00 00",
            "10 0f 00 04 4d 51 54 54 04 02 00 3c 00 03 63 69 64",
            "82 06 00 02 00 01 74 01",
            "a2 05 00 04 00 01 74",
            "c0 00",
        ] {
            refused(version, Server, wire, PROTOCOL);
        }
        for wire in [
            "00 00",
            "20 02 00 00",
            "90 03 00 02 00",
            "b0 02 00 02",
            "d0 00",
        ] {
            refused(version, Client, wire, PROTOCOL);
        }
    }
}

#[test]
fn disconnect_from_a_server_and_auth_exist_only_in_5() {
    for version in V3 {
        refused(version, Server, "e0 00", PROTOCOL);
        refused(version, Server, "f0 00", PROTOCOL);
        refused(version, Client, "f0 00", PROTOCOL);
    }
}

#[test]
fn reserved_flags_mqtt_2_1_3_1() {
    let from_server = ["20 02 00 00", "90 04 00 02 00 00", "d0 00"];
    let from_client = ["c0 00", "e0 00", "82 07 00 02 00 00 01 74 01"];
    let from_both = ["40 02 00 07", "50 02 00 07", "62 02 00 07", "70 02 00 07"];
    for (sender, wires) in [
        (Server, &from_server[..]),
        (Client, &from_client),
        (Server, &from_both),
        (Client, &from_both),
    ] {
        for wire in wires {
            let mut bytes = hex(wire);
            let right = bytes[0];
            for flags in 0..16 {
                bytes[0] = right & 0xf0 | flags;
                let result = decode(&bytes, V5, sender);
                if bytes[0] == right {
                    assert!(result.is_ok(), "{wire}");
                } else {
                    assert_eq!(result.unwrap_err().reason, MALFORMED, "{wire}");
                }
            }
        }
    }
}

#[test]
fn flags_that_3_1_does_not_use_say_nothing() {
    for wire in ["40 02 00 07", "62 02 00 07", "90 03 00 02 00", "d0 00"] {
        let mut bytes = hex(wire);
        for flags in 0..16 {
            bytes[0] = bytes[0] & 0xf0 | flags;
            assert!(decode(&bytes, V3_1, Server).is_ok(), "{bytes:x?}");
        }
    }
}

#[test]
fn packet_identifier_0_mqtt_2_2_1_3() {
    for version in V3 {
        for wire in [
            "32 05 00 01 74 00 00",
            "34 05 00 01 74 00 00",
            "40 02 00 00",
            "50 02 00 00",
            "62 02 00 00",
            "70 02 00 00",
            "90 03 00 00 00",
            "b0 02 00 00",
        ] {
            refused(version, Server, wire, PROTOCOL);
        }
        refused(version, Client, "82 06 00 00 00 01 74 01", PROTOCOL);
        refused(version, Client, "a2 05 00 00 00 01 74", PROTOCOL);
    }
    refused(V5, Server, "32 06 00 01 74 00 00 00", PROTOCOL);
    refused(V5, Server, "b0 04 00 00 00 00", PROTOCOL);
}

#[test]
fn publish_qos_3_mqtt_3_3_1_4() {
    for version in ALL_VERSIONS {
        refused(version, Server, "36 06 00 01 74 00 01 00", MALFORMED);
    }
}

#[test]
fn publish_dup_with_qos_0_mqtt_3_3_1_2() {
    refused(V3_1_1, Server, "38 03 00 01 74", PROTOCOL);
    refused(V5, Server, "38 04 00 01 74 00", PROTOCOL);
    assert!(decode(&hex("38 03 00 01 74"), V3_1, Server).is_ok());
}

#[test]
fn publish_topic_that_is_not_utf8_mqtt_3_3_2_1() {
    for topic in ["ff", "c0 80", "ed a0 80", "f4 90 80 80", "e2 82", "80"] {
        let bytes = hex(topic);
        let wire = format!(
            "30 {:02x} 00 {:02x} {topic} 00",
            bytes.len() + 3,
            bytes.len()
        );
        for version in ALL_VERSIONS {
            refused(version, Server, &wire, MALFORMED);
        }
    }
}

#[test]
fn publish_topic_empty_mqtt_4_7_3_1() {
    for version in V3 {
        refused(version, Server, "30 02 00 00", TOPIC);
    }
    refused(V5, Server, "30 03 00 00 00", PROTOCOL);
}

#[test]
fn publish_topic_with_wildcard_mqtt_3_3_2_2() {
    for version in ALL_VERSIONS {
        refused(version, Server, "30 06 00 03 61 2f 23 00", TOPIC);
        refused(version, Client, "30 06 00 03 61 2f 2b 00", TOPIC);
    }
    // Not even with a Topic Alias.
    refused(V5, Server, "30 07 00 01 23 03 23 00 01", TOPIC);
}

#[test]
fn trailing_bytes() {
    for version in V3 {
        for wire in [
            "20 03 00 00 00",
            "40 03 00 07 00",
            "50 03 00 07 00",
            "62 03 00 07 00",
            "70 03 00 07 00",
            "b0 03 00 02 00",
            "d0 01 00",
        ] {
            refused(version, Server, wire, MALFORMED);
        }
        refused(version, Client, "e0 01 00", MALFORMED);
        refused(version, Client, "c0 01 00", MALFORMED);
    }
    for wire in [
        "20 04 00 00 00 00",
        "40 05 00 07 00 00 00",
        "d0 01 00",
        "e0 03 00 00 00",
        "f0 07 18 04 15 00 01 6d 00",
    ] {
        refused(V5, Server, wire, MALFORMED);
    }
    let connect = "10 10 00 04 4d 51 54 54 04 02 00 3c 00 03 63 69 64 00";
    refused(V3_1_1, Client, connect, MALFORMED);
}

#[test]
fn short_bodies() {
    for version in ALL_VERSIONS {
        for wire in [
            "20 00",
            "20 01 00",
            "30 00",
            "30 01 00",
            "30 02 00 01",
            "32 04 00 01 74 00",
            "40 00",
            "40 01 00",
            "50 00",
            "62 00",
            "70 00",
            "90 00",
            "90 01 00",
            "b0 00",
            "b0 01 00",
        ] {
            refused(version, Server, wire, MALFORMED);
        }
    }
    // A Property Length without its properties, or without itself.
    for wire in [
        "20 03 00 00 01",
        "30 03 00 01 74",
        "30 04 00 01 74 05",
        "40 04 00 07 00 02",
        "90 02 00 02",
        "b0 02 00 02",
        "e0 02 00 01",
        "f0 01 18",
    ] {
        refused(V5, Server, wire, MALFORMED);
    }
}

#[test]
fn connack_reserved_flags_mqtt_3_2_2_1() {
    for flag in 1..8 {
        let wire = format!("20 02 {:02x} 00", 1 << flag);
        refused(V3_1_1, Server, &wire, MALFORMED);
        refused(V5, Server, &wire, MALFORMED);
        assert!(decode(&hex(&wire), V3_1, Server).is_ok());
    }
}

#[test]
fn connack_session_present_with_an_error_says_the_error() {
    for (version, wire, code) in [(V3_1_1, "20 02 01 05", 0x05), (V5, "20 03 01 87 00", 0x87)] {
        let Ok(Packet::ConnAck(connack)) = decode(&hex(wire), version, Server) else {
            panic!("{wire} is refused");
        };
        assert_eq!((connack.code.0, connack.session_present), (code, false));
    }
}

/// Which of all 256 codes `wire` is accepted with, in place of its `??`.
fn accepted(version: ProtocolVersion, sender: Sender, wire: &str) -> Vec<u8> {
    (0..=255)
        .filter(|code| {
            let wire = wire.replace("??", &format!("{code:02x}"));
            decode(&hex(&wire), version, sender).is_ok()
        })
        .collect()
}

#[test]
fn connack_takes_every_code() {
    for version in ALL_VERSIONS {
        assert_eq!(accepted(version, Server, "20 02 00 ??").len(), 256);
    }
}

#[test]
fn suback_codes_mqtt_3_9_3_2() {
    for version in V3 {
        let codes = accepted(version, Server, "90 03 00 02 ??");
        assert_eq!(codes, [0, 1, 2, 0x80]);
    }
    assert_eq!(
        accepted(V5, Server, "90 04 00 02 00 ??"),
        hex("00 01 02 80 83 87 8f 91 97 9e a1 a2")
    );
}

#[test]
fn suback_without_codes_mqtt_3_9_3_1() {
    for version in V3 {
        refused(version, Server, "90 02 00 02", MALFORMED);
    }
    refused(V5, Server, "90 03 00 02 00", MALFORMED);
}

#[test]
fn unsuback_codes_mqtt_3_11_3_2() {
    assert_eq!(
        accepted(V5, Server, "b0 04 00 02 00 ??"),
        hex("00 11 80 83 87 8f 91")
    );
    refused(V5, Server, "b0 03 00 02 00", MALFORMED);
}

#[test]
fn ack_reason_codes_mqtt_3_4_2_1_to_3_7_2_1() {
    for sender in [Client, Server] {
        for wire in ["40 03 00 07 ??", "50 03 00 07 ??"] {
            assert_eq!(
                accepted(V5, sender, wire),
                hex("00 10 80 83 87 90 91 97 99")
            );
        }
        for wire in ["62 03 00 07 ??", "70 03 00 07 ??"] {
            assert_eq!(accepted(V5, sender, wire), hex("00 92"));
        }
    }
}

#[test]
fn disconnect_reason_codes_mqtt_3_14_2_1() {
    assert_eq!(
        accepted(V5, Client, "e0 01 ??"),
        hex("00 04 80 81 82 83 90 93 94 95 96 97 98 99")
    );
    assert_eq!(
        accepted(V5, Server, "e0 01 ??"),
        hex(
            "00 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2"
        )
    );
}

#[test]
fn auth_reason_codes_mqtt_3_15_2_1() {
    let wire = "f0 06 ?? 04 15 00 01 6d";
    assert_eq!(accepted(V5, Client, wire), [0x18, 0x19]);
    assert_eq!(accepted(V5, Server, wire), [0x00, 0x18]);
}

#[test]
fn auth_without_method_section_3_15_2_2_2() {
    refused(V5, Server, "f0 02 18 00", PROTOCOL);
}

#[test]
fn connect_of_another_protocol_mqtt_3_1_2_1() {
    let unsupported = ReasonCode::UNSUPPORTED_PROTOCOL_VERSION;
    for wire in [
        "10 0f 00 04 4d 51 54 54 03 02 00 3c 00 03 63 69 64",
        "10 0f 00 04 4d 51 54 54 06 02 00 3c 00 03 63 69 64",
        "10 0f 00 04 6d 71 74 74 04 02 00 3c 00 03 63 69 64",
        "10 11 00 06 4d 51 49 73 64 70 04 02 00 3c 00 03 63 69 64",
        "10 10 00 04 4d 51 54 54 85 02 00 3c 00 00 03 63 69 64",
    ] {
        refused(V3_1_1, Client, wire, unsupported);
    }
}

#[test]
fn connect_flags_mqtt_3_1_2_3_and_following() {
    for flags in ["03", "0a", "12", "22", "3a"] {
        let wire = format!("10 0f 00 04 4d 51 54 54 04 {flags} 00 3c 00 03 63 69 64");
        refused(V3_1_1, Client, &wire, MALFORMED);
    }
    let will_qos_3 = "10 15 00 04 4d 51 54 54 04 1e 00 3c 00 03 63 69 64 00 01 77 00 01 70";
    refused(V3_1_1, Client, will_qos_3, MALFORMED);
}

#[test]
fn connect_strings_mqtt_3_1_3_4_11_12() {
    for (wire, reason) in [
        ("10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 ff", MALFORMED),
        ("10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 00", MALFORMED),
        (
            "10 10 00 04 4d 51 54 54 04 82 00 3c 00 01 63 00 01 ff",
            MALFORMED,
        ),
        (
            "10 12 00 04 4d 51 54 54 04 06 00 3c 00 01 63 00 01 ff 00 00",
            MALFORMED,
        ),
        (
            "10 11 00 04 4d 51 54 54 04 06 00 3c 00 01 63 00 00 00 00",
            PROTOCOL,
        ),
        (
            "10 12 00 04 4d 51 54 54 04 06 00 3c 00 01 63 00 01 23 00 00",
            TOPIC,
        ),
    ] {
        refused(V3_1_1, Client, wire, reason);
    }
}

#[test]
fn subscribe_options_mqtt_3_8_3_5() {
    for version in V3 {
        assert_eq!(
            accepted(version, Client, "82 06 00 02 00 01 74 ??"),
            [0, 1, 2]
        );
    }
    let legal: Vec<u8> = (0..0x30).filter(|options| options & 3 != 3).collect();
    assert_eq!(accepted(V5, Client, "82 07 00 02 00 00 01 74 ??"), legal);
}

#[test]
fn no_local_on_a_shared_subscription_mqtt_3_8_3_4() {
    let wire = "82 10 00 02 00 00 0a 24 73 68 61 72 65 2f 67 2f 74 04";
    refused(V5, Client, wire, PROTOCOL);
}

#[test]
fn requests_without_filters_mqtt_3_8_3_2_and_3_10_3_2() {
    refused(V3_1_1, Client, "82 02 00 01", PROTOCOL);
    refused(V3_1_1, Client, "a2 02 00 01", PROTOCOL);
    refused(V5, Client, "82 03 00 01 00", PROTOCOL);
    refused(V5, Client, "a2 03 00 01 00", PROTOCOL);
}

#[test]
fn filters_empty_or_not_utf8() {
    refused(V3_1_1, Client, "82 05 00 02 00 00 01", PROTOCOL);
    refused(V3_1_1, Client, "82 06 00 02 00 01 ff 01", MALFORMED);
    refused(V3_1_1, Client, "a2 05 00 02 00 01 00", MALFORMED);
    refused(V3_1_1, Client, "a2 04 00 02 00 00", PROTOCOL);
}

#[test]
fn a_property_length_longer_than_needed_mqtt_1_5_5_1() {
    refused(V5, Server, "20 04 00 00 80 00", MALFORMED);
    refused(V5, Server, "20 06 00 00 ff ff ff ff", MALFORMED);
}
