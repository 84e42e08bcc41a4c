//! What MQTT 5 adds.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt3c::packet::{
    Disconnect, Packet, Properties, Property, PropertyValue, ProtocolVersion, QoS, ReasonCode,
};

use super::broker::Broker;
use super::client::{
    Client, ack, connect, connect_kept, disconnect, four_bytes, id, message, properties, retained,
    two_bytes, will,
};

const V5: ProtocolVersion = ProtocolVersion::V5;

fn utf8(id: u8, text: &'static str) -> Property {
    Property {
        id,
        value: PropertyValue::Utf8String(Bytes::from_static(text.as_bytes())),
    }
}

fn expect_disconnect(client: &mut Client, reason: ReasonCode) {
    let Packet::Disconnect(told) = client.receive() else {
        panic!("not DISCONNECT");
    };
    assert_eq!(told.reason, reason);
    client.expect_end();
}

#[test]
fn an_empty_client_id_is_replaced_by_an_assigned_one() {
    let broker = Broker::start();
    let ids = [(); 2].map(|()| {
        let (_, answer) = Client::connect(broker.port(), connect(V5, ""));
        let assigned = answer
            .properties
            .0
            .into_iter()
            .find(|property| property.id == 18);
        assigned.expect("Assigned Client Identifier").value
    });
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn properties_of_a_message_are_forwarded_in_order() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V5, "c"));
    client.subscribe("t", QoS::AtMostOnce);
    let pair = |value| Property {
        id: 38,
        value: PropertyValue::Utf8StringPair(Bytes::from_static(b"key"), value),
    };
    let list = properties([
        pair(Bytes::from_static(b"1")),
        utf8(8, "response/topic"),
        pair(Bytes::from_static(b"2")),
        four_bytes(2, 1000),
        Property {
            id: 9,
            value: PropertyValue::BinaryData(Bytes::from_static(b"\x00\xff")),
        },
        utf8(3, "text/plain"),
    ]);
    let mut publish = message("t", "x", QoS::AtMostOnce);
    publish.properties = list.clone();
    client.send(&Packet::Publish(publish.clone()));
    assert_eq!(client.receive_publish().properties, list);

    // Without properties to those that know none.
    let mut old = Client::accepted(broker.port(), connect(ProtocolVersion::V3_1_1, "old"));
    old.subscribe("t", QoS::AtMostOnce);
    client.send(&Packet::Publish(publish));
    assert_eq!(old.receive_publish().properties, Properties::default());
}

#[test]
fn a_topic_alias_stands_for_the_topic_it_was_set_with() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V5, "c"));
    client.subscribe("a/+", QoS::AtMostOnce);
    for (topic, alias, meant) in [
        ("a/1", 1, "a/1"),
        ("a/2", 32, "a/2"),
        ("", 1, "a/1"),
        ("", 32, "a/2"),
    ] {
        let mut publish = message(topic, "x", QoS::AtMostOnce);
        publish.properties = properties([two_bytes(35, alias)]);
        client.send(&Packet::Publish(publish));
        let got = client.receive_publish();
        assert_eq!(got.topic, meant);
        assert_eq!(got.properties, Properties::default());
    }
    for (alias, reason) in [
        (33, ReasonCode::TOPIC_ALIAS_INVALID),
        (2, ReasonCode::PROTOCOL_ERROR),
    ] {
        let mut client = Client::accepted(broker.port(), connect(V5, "c"));
        let mut publish = message("", "x", QoS::AtMostOnce);
        publish.properties = properties([two_bytes(35, alias)]);
        client.send(&Packet::Publish(publish));
        expect_disconnect(&mut client, reason);
    }
}

#[test]
fn no_more_messages_are_in_flight_than_the_clients_receive_maximum() {
    let broker = Broker::start();
    let mut request = connect(V5, "s");
    request.properties = properties([two_bytes(33, 2)]);
    let mut subscriber = Client::accepted(broker.port(), request);
    let mut publisher = Client::accepted(broker.port(), connect(V5, "p"));
    subscriber.subscribe("t", QoS::ExactlyOnce);
    for payload in ["1", "2", "3", "4"] {
        publisher.publish(message("t", payload, QoS::AtLeastOnce));
    }
    let first = subscriber.receive_publish();
    let second = subscriber.receive_publish();
    subscriber.expect_nothing();
    for (held, next) in [(first, "3"), (second, "4")] {
        let id = held.packet_id.expect("QoS 1");
        subscriber.send(&Packet::PubAck(ack(id)));
        assert_eq!(subscriber.receive_publish().payload, next);
        subscriber.expect_nothing();
    }
}

#[test]
fn a_message_larger_than_the_client_takes_is_left_out() {
    let broker = Broker::start();
    let mut request = connect(V5, "s");
    request.properties = properties([four_bytes(39, 50)]);
    let mut subscriber = Client::accepted(broker.port(), request);
    let mut publisher = Client::accepted(broker.port(), connect(V5, "p"));
    subscriber.subscribe("t", QoS::AtLeastOnce);
    publisher.publish(message("t", &"x".repeat(50), QoS::AtLeastOnce));
    publisher.publish(message("t", "small", QoS::AtLeastOnce));
    assert_eq!(subscriber.take_message().payload, "small");
    subscriber.expect_nothing();
}

#[test]
fn no_local_keeps_a_message_from_its_publisher() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V5, "c"));
    client.subscribe_with("t", 4, Properties::default());
    client.publish(message("t", "x", QoS::AtMostOnce));
    let mut other = Client::accepted(broker.port(), connect(V5, "other"));
    other.publish(message("t", "y", QoS::AtMostOnce));
    assert_eq!(client.take_message().payload, "y");
}

#[test]
fn retain_as_published_and_retain_handling_are_followed() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V5, "c"));
    let mut publisher = Client::accepted(broker.port(), connect(V5, "p"));
    client.subscribe_with("t", 8, Properties::default());
    publisher.publish(retained("t", "x"));
    assert!(client.take_message().retain);

    // 0x00: always, 0x10: for a new subscription, 0x20: never.
    for (filter, options, sent) in [
        ("t", 0x00, true),
        ("t", 0x10, false),
        ("+", 0x10, true),
        ("t", 0x20, false),
        ("#", 0x20, false),
    ] {
        client.subscribe_with(filter, options, Properties::default());
        if sent {
            assert!(client.take_message().retain, "{filter} {options:#x}");
        }
        client.expect_nothing();
    }
}

#[test]
fn a_message_names_all_the_subscriptions_it_matches() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V5, "c"));
    let identifier = |value| Property {
        id: 11,
        value: PropertyValue::VariableByteInteger(value),
    };
    client.subscribe_with("a/#", 0, properties([identifier(7)]));
    client.subscribe_with("a/b", 0, properties([identifier(300)]));
    client.send(&Packet::Publish(message("a/b", "x", QoS::AtMostOnce)));
    let got = client.receive_publish().properties;
    assert_eq!(got, properties([identifier(7), identifier(300)]));
}

#[test]
fn members_of_a_shared_subscription_take_turns() {
    let broker = Broker::start();
    let mut members = ["a", "b"].map(|id| Client::accepted(broker.port(), connect(V5, id)));
    for member in &mut members {
        member.subscribe("$share/group/t/#", QoS::AtLeastOnce);
    }
    let mut publisher = Client::accepted(broker.port(), connect(V5, "p"));
    for _ in 0..4 {
        publisher.publish(message("t/1", "x", QoS::AtLeastOnce));
    }
    for member in &mut members {
        member.take_message();
        member.take_message();
        member.expect_nothing();
    }
}

#[test]
fn acknowledgements_carry_their_reasons() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V5, "c"));
    client.send(&Packet::Publish(message("nobody", "x", QoS::AtLeastOnce)));
    let Packet::PubAck(answer) = client.receive() else {
        panic!("not PUBACK");
    };
    assert_eq!(answer.reason, ReasonCode::NO_MATCHING_SUBSCRIBERS);

    client.send(&Packet::PubRel(ack(id(77))));
    let Packet::PubComp(answer) = client.receive() else {
        panic!("not PUBCOMP");
    };
    assert_eq!(answer.reason, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);

    client.subscribe("t", QoS::AtMostOnce);
    assert_eq!(client.unsubscribe("t").codes, [ReasonCode::SUCCESS]);
    assert_eq!(
        client.unsubscribe("t").codes,
        [ReasonCode::NO_SUBSCRIPTION_EXISTED]
    );
}

#[test]
fn a_message_waits_no_longer_than_its_expiry_interval() {
    let broker = Broker::start();
    let mut kept = Client::accepted(broker.port(), connect_kept(V5, "k"));
    let mut publisher = Client::accepted(broker.port(), connect(V5, "p"));
    kept.subscribe("t", QoS::AtLeastOnce);
    kept.send(&disconnect(0));
    kept.expect_end();
    for (payload, expiry) in [("short", 0), ("long", 1000)] {
        let mut publish = message("t", payload, QoS::AtLeastOnce);
        publish.properties = properties([four_bytes(2, expiry)]);
        publisher.publish(publish);
    }
    let mut kept = Client::accepted(broker.port(), connect_kept(V5, "k"));
    assert_eq!(kept.take_message().payload, "long");
    kept.expect_nothing();
}

#[test]
fn a_session_ends_when_its_expiry_interval_has_passed_and_takes_its_delayed_will_along() {
    let broker = Broker::start();
    let mut watcher = Client::accepted(broker.port(), connect(V5, "w"));
    watcher.subscribe("will", QoS::AtMostOnce);
    let mut request = connect(V5, "m");
    request.properties = properties([four_bytes(17, 1)]);
    let mut testament = will("will", "the end");
    testament.properties = properties([four_bytes(24, 3600)]);
    request.will = Some(testament);
    let start = Instant::now();
    drop(Client::accepted(broker.port(), request.clone()));
    assert_eq!(watcher.take_message().payload, "the end");
    assert!(start.elapsed() >= Duration::from_secs(1));
    request.clean_start = false;
    let (_, answer) = Client::connect(broker.port(), request);
    assert!(!answer.session_present);
}

#[test]
fn a_delayed_will_is_dropped_when_the_client_comes_back() {
    let broker = Broker::start();
    let mut watcher = Client::accepted(broker.port(), connect(V5, "w"));
    watcher.subscribe("#", QoS::AtMostOnce);
    let mut request = connect_kept(V5, "m");
    let mut testament = will("will", "too early");
    testament.properties = properties([four_bytes(24, 1)]);
    request.will = Some(testament);
    drop(Client::accepted(broker.port(), request));
    let mut back = Client::accepted(broker.port(), connect_kept(V5, "m"));

    // Another will with the same delay, later: it comes alone.
    let mut request = connect_kept(V5, "n");
    let mut testament = will("other", "in time");
    testament.properties = properties([four_bytes(24, 1)]);
    request.will = Some(testament);
    drop(Client::accepted(broker.port(), request));
    assert_eq!(watcher.take_message().payload, "in time");
    back.expect_nothing();
    watcher.expect_nothing();
}

#[test]
fn disconnect_may_ask_for_the_will_and_change_the_session_expiry() {
    let broker = Broker::start();
    let mut watcher = Client::accepted(broker.port(), connect(V5, "w"));
    watcher.subscribe("will", QoS::AtMostOnce);
    let mut request = connect_kept(V5, "m");
    request.will = Some(will("will", "asked for"));
    let mut client = Client::accepted(broker.port(), request);
    client.send(&Packet::Disconnect(Disconnect {
        reason: ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
        properties: Some(properties([four_bytes(17, 0)])),
    }));
    client.expect_end();
    assert_eq!(watcher.take_message().payload, "asked for");
    let (mut client, answer) = Client::connect(broker.port(), connect_kept(V5, "m"));
    assert!(!answer.session_present, "ended with the connection");
    client.expect_nothing();

    let mut client = Client::accepted(broker.port(), connect(V5, "x"));
    client.send(&Packet::Disconnect(Disconnect {
        reason: ReasonCode::SUCCESS,
        properties: Some(properties([four_bytes(17, 5)])),
    }));
    expect_disconnect(&mut client, ReasonCode::PROTOCOL_ERROR);
}

#[test]
fn a_silent_client_is_told_about_its_keep_alive() {
    let broker = Broker::start();
    let mut request = connect(V5, "c");
    request.keep_alive = 1;
    let mut client = Client::accepted(broker.port(), request);
    expect_disconnect(&mut client, ReasonCode::KEEP_ALIVE_TIMEOUT);
}

#[test]
fn an_authentication_method_is_refused() {
    let broker = Broker::start();
    let mut request = connect(V5, "c");
    request.properties = properties([utf8(21, "SCRAM-SHA-1")]);
    let (mut client, answer) = Client::connect(broker.port(), request);
    assert_eq!(answer.code, ReasonCode::BAD_AUTHENTICATION_METHOD);
    client.expect_end();
}
