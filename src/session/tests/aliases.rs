//! Topic aliases, in both directions (MQTT 5).

use super::limits::{connected_with, request, takes};
use super::*;
use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

fn alias(number: u16) -> Properties {
    [two_bytes(Property::TOPIC_ALIAS, number)]
        .into_iter()
        .collect()
}

#[test]
fn an_outbound_alias_stands_for_the_last_topic_given_with_it() {
    let mut client = connected_with([two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2)]);
    for qos in [AtMostOnce, AtLeastOnce] {
        let (one, two, three) = (alias(1), alias(2), alias(3));
        assert!(
            !takes(&mut client, &request(b"", qos, &two)),
            "not known yet"
        );
        assert!(takes(&mut client, &request(b"t", qos, &one)));
        assert!(takes(&mut client, &request(b"", qos, &one)));
        assert!(
            !takes(&mut client, &request(b"t", qos, &three)),
            "above the maximum"
        );
    }
    assert!(!takes(
        &mut client,
        &request(b"", AtMostOnce, &Properties::new())
    ));
}

#[test]
fn a_message_sent_by_alias_is_sent_again_by_its_topic() {
    let mut client = connected_with([two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2)]);
    let one = alias(1);
    takes(&mut client, &request(b"first", AtLeastOnce, &one));
    takes(&mut client, &request(b"", AtLeastOnce, &one));
    takes(&mut client, &request(b"second", AtLeastOnce, &one));
    client.lose();
    client.begin_connect();
    client.try_receive(&Packet::ConnAck(connack(true))).unwrap();
    let topics: Vec<(Bytes, bool)> = client
        .drain()
        .unwrap()
        .into_iter()
        .map(|packet| match packet {
            Packet::Publish(publish) => (publish.topic, publish.properties.is_empty()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["first", "first", "second"];
    assert_eq!(topics, expected.map(|topic| (Bytes::from(topic), true)));
    let mut refused = |topic| takes(&mut client, &request(topic, AtMostOnce, &one));
    assert!(!refused(b""), "aliases end with their connection");
}

#[test]
fn an_inbound_alias_stands_for_the_last_topic_given_with_it() {
    let mut client = Client::new(V5);
    client.options.properties = [two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2)]
        .into_iter()
        .collect();
    client.connect(connack(false));
    let with_alias = |topic: &'static str, number| Publish {
        topic: Bytes::from_static(topic.as_bytes()),
        properties: alias(number),
        ..message(ExactlyOnce, number, "p")
    };
    client.receive(Packet::Publish(with_alias("first", 1)));
    client.receive(pubrel(1));
    client.receive(Packet::Publish(with_alias("", 1)));
    client.receive(Packet::Publish(with_alias("other", 1)));
    client.receive(pubrel(1));
    client.receive(Packet::Publish(with_alias("", 1)));
    client.receive(pubrel(1));
    client.receive(Packet::Publish(with_alias("last", 1)));
    client.receive(Packet::Publish(Publish {
        qos: AtMostOnce,
        packet_id: None,
        ..with_alias("", 1)
    }));
    let topics: Vec<Bytes> = client
        .taken
        .iter()
        .map(|message| message.topic.clone())
        .collect();
    assert_eq!(topics, ["first", "first", "other", "last", "last"]);

    let unknown = Packet::Publish(with_alias("", 2));
    assert_eq!(client.refuse(unknown), ReasonCode::PROTOCOL_ERROR);
    let above = Packet::Publish(with_alias("t", 3));
    assert_eq!(client.refuse(above), ReasonCode::TOPIC_ALIAS_INVALID);
    client.reconnect(true);
    let forgotten = Packet::Publish(with_alias("", 1));
    assert_eq!(client.refuse(forgotten), ReasonCode::PROTOCOL_ERROR);
}
