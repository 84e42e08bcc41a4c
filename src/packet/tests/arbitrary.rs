//! Strategies for packets that the standard allows.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

const SUBACK_CODES: &[u8] = &[
    0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2,
];
const UNSUBACK_CODES: &[u8] = &[0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
const PUBACK_CODES: &[u8] = &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const PUBREL_CODES: &[u8] = &[0, 0x92];
const DISCONNECT_CODES: &[u8] = &[0, 0x80, 0x81, 0x82, 0x93, 0x98];

fn string() -> impl Strategy<Value = Bytes> {
    "[^\0]{0,12}".prop_map(Bytes::from)
}

fn binary() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

fn topic() -> impl Strategy<Value = Bytes> {
    "[^#+]{1,20}".prop_map(Bytes::from)
}

/// A topic name that is an ordinary string as well.
fn will_topic() -> impl Strategy<Value = Bytes> {
    "[^#+\0]{1,20}".prop_map(Bytes::from)
}

fn filter() -> impl Strategy<Value = Bytes> {
    "[a-z/+#]{1,20}".prop_map(Bytes::from)
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(id)
}

fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![
        Just(QoS::AtMostOnce),
        Just(QoS::AtLeastOnce),
        Just(QoS::ExactlyOnce)
    ]
}

fn code_of(codes: &'static [u8]) -> impl Strategy<Value = ReasonCode> {
    proptest::sample::select(codes).prop_map(ReasonCode)
}

fn value(id: u8) -> BoxedStrategy<PropertyValue> {
    match Properties::type_of(id).unwrap() {
        PropertyType::Byte => (0..=1u8).prop_map(PropertyValue::Byte).boxed(),
        PropertyType::TwoByteInteger => (1..=u16::MAX)
            .prop_map(PropertyValue::TwoByteInteger)
            .boxed(),
        PropertyType::FourByteInteger => (1..=u32::MAX)
            .prop_map(PropertyValue::FourByteInteger)
            .boxed(),
        PropertyType::VariableByteInteger => (1..=primitives::MAX_VARIABLE_BYTE_INTEGER)
            .prop_map(PropertyValue::VariableByteInteger)
            .boxed(),
        PropertyType::BinaryData => binary().prop_map(PropertyValue::BinaryData).boxed(),
        PropertyType::Utf8String if id == Property::RESPONSE_TOPIC => {
            will_topic().prop_map(PropertyValue::Utf8String).boxed()
        }
        PropertyType::Utf8String => string().prop_map(PropertyValue::Utf8String).boxed(),
        PropertyType::Utf8StringPair => (string(), string())
            .prop_map(|(name, value)| PropertyValue::Utf8StringPair(name, value))
            .boxed(),
    }
}

/// A few properties that a Client may send at `place`, in any order; none below 5.
fn properties(version: ProtocolVersion, place: PropertyPlace) -> impl Strategy<Value = Properties> {
    let all: Vec<u8> = (1..=42)
        .filter(|&id| Properties::type_of(id).is_some())
        .collect();
    let most = if version == ProtocolVersion::V5 { 8 } else { 0 };
    vec(
        proptest::sample::select(all)
            .prop_flat_map(|id| value(id).prop_map(move |value| Property { id, value })),
        0..=most,
    )
    .prop_map(move |candidates| {
        let mut list = Properties::new();
        for candidate in candidates {
            list.push(candidate);
            if list.check(place).is_err() {
                list.0.pop();
            }
        }
        list
    })
}

fn connect(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let will = (
        will_topic(),
        binary(),
        qos(),
        any::<bool>(),
        properties(version, PropertyPlace::Will),
    )
        .prop_map(|(topic, payload, qos, retain, properties)| Will {
            topic,
            payload,
            qos,
            retain,
            properties,
        });
    (
        any::<bool>(),
        any::<u16>(),
        string(),
        option::of(will),
        option::of(string()),
        option::of(binary()),
        properties(version, PropertyPlace::Connect),
    )
        .prop_map(
            move |(clean_start, keep_alive, client_id, will, username, password, properties)| {
                Packet::Connect(Box::new(Connect {
                    version,
                    clean_start,
                    keep_alive,
                    client_id,
                    will,
                    username,
                    password,
                    properties,
                }))
            },
        )
}

fn connack(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    (
        any::<bool>(),
        any::<u8>(),
        properties(version, PropertyPlace::ConnAck),
    )
        .prop_map(move |(session_present, code, properties)| {
            let session_present = session_present && version > ProtocolVersion::V3_1;
            Packet::ConnAck(ConnAck {
                session_present,
                code: ReasonCode(if session_present { 0 } else { code }),
                properties,
            })
        })
}

fn publish(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    (
        any::<bool>(),
        qos(),
        any::<bool>(),
        topic(),
        packet_id(),
        properties(version, PropertyPlace::Publish),
        binary(),
    )
        .prop_map(
            |(dup, qos, retain, topic, packet_id, properties, payload)| {
                let acknowledged = qos > QoS::AtMostOnce;
                Packet::Publish(Publish {
                    dup: dup && acknowledged,
                    qos,
                    retain,
                    topic,
                    packet_id: acknowledged.then_some(packet_id),
                    properties,
                    payload,
                })
            },
        )
}

fn ack(
    version: ProtocolVersion,
    place: PropertyPlace,
    codes: &'static [u8],
    packet: fn(Ack) -> Packet,
) -> BoxedStrategy<Packet> {
    let codes = if version == ProtocolVersion::V5 {
        codes
    } else {
        &[0]
    };
    (packet_id(), code_of(codes), properties(version, place))
        .prop_map(move |(packet_id, reason, properties)| {
            packet(Ack {
                packet_id,
                reason,
                properties,
            })
        })
        .boxed()
}

fn acks(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    prop_oneof![
        ack(version, PropertyPlace::PubAck, PUBACK_CODES, Packet::PubAck),
        ack(version, PropertyPlace::PubRec, PUBACK_CODES, Packet::PubRec),
        ack(version, PropertyPlace::PubRel, PUBREL_CODES, Packet::PubRel),
        ack(
            version,
            PropertyPlace::PubComp,
            PUBREL_CODES,
            Packet::PubComp
        ),
    ]
}

fn subscribe(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let v5 = version == ProtocolVersion::V5;
    let request = (filter(), qos(), 0..12u8).prop_map(move |(filter, qos, rest)| {
        let options = qos as u8 | if v5 { rest << 2 } else { 0 };
        SubscriptionRequest { filter, options }
    });
    (
        packet_id(),
        properties(version, PropertyPlace::Subscribe),
        vec(request, 1..5),
    )
        .prop_map(|(packet_id, properties, filters)| {
            Packet::Subscribe(Subscribe {
                packet_id,
                properties,
                filters,
            })
        })
}

fn unsubscribe(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    (
        packet_id(),
        properties(version, PropertyPlace::Unsubscribe),
        vec(filter(), 1..5),
    )
        .prop_map(|(packet_id, properties, filters)| {
            Packet::Unsubscribe(Unsubscribe {
                packet_id,
                properties,
                filters,
            })
        })
}

fn suback(
    version: ProtocolVersion,
    place: PropertyPlace,
    codes: impl Strategy<Value = Vec<ReasonCode>>,
) -> impl Strategy<Value = SubAck> {
    (packet_id(), properties(version, place), codes).prop_map(|(packet_id, properties, codes)| {
        SubAck {
            packet_id,
            properties,
            codes,
        }
    })
}

fn subacks(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let v5 = version == ProtocolVersion::V5;
    let suback_codes = if v5 { SUBACK_CODES } else { &SUBACK_CODES[..4] };
    let unsuback_count = if v5 { 1..=5 } else { 0..=0 };
    prop_oneof![
        suback(
            version,
            PropertyPlace::SubAck,
            vec(code_of(suback_codes), 1..5)
        )
        .prop_map(Packet::SubAck),
        suback(
            version,
            PropertyPlace::UnsubAck,
            vec(code_of(UNSUBACK_CODES), unsuback_count)
        )
        .prop_map(Packet::UnsubAck),
    ]
}

fn disconnect(version: ProtocolVersion) -> BoxedStrategy<Packet> {
    let packet = |reason, properties| Packet::Disconnect(Disconnect { reason, properties });
    if version < ProtocolVersion::V5 {
        return Just(packet(ReasonCode::SUCCESS, None)).boxed();
    }
    (
        code_of(DISCONNECT_CODES),
        option::of(properties(version, PropertyPlace::Disconnect)),
    )
        .prop_map(move |(reason, properties)| packet(reason, properties))
        .boxed()
}

fn auth() -> impl Strategy<Value = Packet> {
    (
        string(),
        properties(ProtocolVersion::V5, PropertyPlace::Auth),
    )
        .prop_map(|(method, mut properties)| {
            if properties.get(Property::AUTHENTICATION_METHOD).is_none() {
                properties.push(property(
                    Property::AUTHENTICATION_METHOD,
                    PropertyValue::Utf8String(method),
                ));
            }
            Packet::Auth(Auth {
                reason: ReasonCode::CONTINUE_AUTHENTICATION,
                properties,
            })
        })
}

fn packet_of(version: ProtocolVersion) -> BoxedStrategy<Packet> {
    let in_all_versions = prop_oneof![
        connect(version),
        connack(version),
        publish(version),
        acks(version),
        subscribe(version),
        unsubscribe(version),
        subacks(version),
        Just(Packet::PingReq),
        Just(Packet::PingResp),
        disconnect(version),
    ];
    if version == ProtocolVersion::V5 {
        prop_oneof![10 => in_all_versions, 1 => auth()].boxed()
    } else {
        in_all_versions.boxed()
    }
}

pub(in crate::packet) fn version() -> impl Strategy<Value = ProtocolVersion> {
    proptest::sample::select(&ALL_VERSIONS[..])
}

pub(in crate::packet) fn sender() -> impl Strategy<Value = Sender> {
    prop_oneof![Just(Sender::Server), Just(Sender::Client)]
}

/// A packet and the version it is for. What both sides may send is what a Client may.
pub(in crate::packet) fn packet() -> impl Strategy<Value = (ProtocolVersion, Packet)> {
    version().prop_flat_map(|version| packet_of(version).prop_map(move |packet| (version, packet)))
}

/// The side that may send it.
pub(in crate::packet) fn sender_of(packet: &Packet) -> Sender {
    match packet.packet_type() {
        PacketType::ConnAck | PacketType::SubAck | PacketType::UnsubAck | PacketType::PingResp => {
            Sender::Server
        }
        _ => Sender::Client,
    }
}
