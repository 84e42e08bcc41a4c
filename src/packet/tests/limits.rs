//! What encoding leaves out, passes and refuses.

use super::vectors::{connect, publish, will};
use super::*;
use ProtocolVersion::{V3_1_1, V5};
use Sender::Server;

#[test]
fn requests_without_filters_are_encoded_as_given() {
    let subscribe = Packet::Subscribe(Subscribe {
        packet_id: id(1),
        properties: Properties::new(),
        filters: Vec::new(),
    });
    assert_eq!(encode(&subscribe, V3_1_1), hex("82 02 00 01"));
    let unsubscribe = Packet::Unsubscribe(Unsubscribe {
        packet_id: id(1),
        properties: Properties::new(),
        filters: Vec::new(),
    });
    assert_eq!(encode(&unsubscribe, V5), hex("a2 03 00 01 00"));
}

#[test]
fn properties_are_not_written_below_5() {
    let list = properties([user_property("a", "b")]);
    let mut will = will();
    will.properties = list.clone();
    let with_properties = Connect {
        properties: list.clone(),
        will: Some(will.clone()),
        ..connect(V3_1_1)
    };
    will.properties = Properties::new();
    let without = Connect {
        will: Some(will),
        ..connect(V3_1_1)
    };
    assert_eq!(
        encode(&Packet::Connect(Box::new(with_properties)), V3_1_1),
        encode(&Packet::Connect(Box::new(without)), V3_1_1)
    );
    let with_properties = Publish {
        properties: list,
        ..publish()
    };
    assert_eq!(
        encode(&Packet::Publish(with_properties), V3_1_1),
        encode(&Packet::Publish(publish()), V3_1_1)
    );
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_the_buffer_alone() {
    let long = Bytes::from(vec![b'x'; 65_536]);
    let huge = Bytes::from(vec![0; 268_435_455]);
    let packets = [
        Packet::Publish(Publish {
            topic: long.clone(),
            ..publish()
        }),
        Packet::Publish(Publish {
            payload: huge,
            ..publish()
        }),
        Packet::Publish(Publish {
            properties: properties([property(9, PropertyValue::BinaryData(long.clone()))]),
            ..publish()
        }),
        Packet::PubAck(Ack {
            properties: properties([property(
                38,
                PropertyValue::Utf8StringPair(text("k"), long.clone()),
            )]),
            ..Ack::new(id(1))
        }),
        Packet::Connect(Box::new(Connect {
            client_id: long.clone(),
            ..connect(V5)
        })),
        Packet::Connect(Box::new(Connect {
            password: Some(long.clone()),
            ..connect(V5)
        })),
        Packet::Connect(Box::new(Connect {
            will: Some(Will {
                payload: long.clone(),
                ..will()
            }),
            ..connect(V5)
        })),
        Packet::Subscribe(Subscribe {
            packet_id: id(1),
            properties: properties([property(
                11,
                PropertyValue::VariableByteInteger(268_435_456),
            )]),
            filters: Vec::new(),
        }),
        Packet::Unsubscribe(Unsubscribe {
            packet_id: id(1),
            properties: Properties::new(),
            filters: vec![long.clone()],
        }),
        // 4,097 filters that share their memory: more than a packet holds.
        Packet::Unsubscribe(Unsubscribe {
            packet_id: id(1),
            properties: Properties::new(),
            filters: vec![long.slice(1..); 4097],
        }),
    ];
    for packet in packets {
        let mut out = b"before".to_vec();
        assert_eq!(packet.encode(V5, &mut out), Err(TooLarge));
        assert_eq!(out, &b"before"[..]);
    }
}

#[test]
fn the_largest_strings_fit() {
    let packet = Packet::Publish(Publish {
        topic: Bytes::from(vec![b'x'; 65_535]),
        ..publish()
    });
    let bytes = encode(&packet, V5);
    assert_eq!(decode(&bytes, V5, Server), Ok(packet));
}
