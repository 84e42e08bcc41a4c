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
        client.lose();
        client.connect(connack_with([two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2)]));
        let (one, two, three) = (alias(1), alias(2), alias(3));
        assert!(
            !takes(&mut client, &request(b"", qos, &two)),
            "not known yet"
        );
        assert!(takes(&mut client, &request(b"u", qos, &two)));
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

/// It must be possible to send it again by its topic.
#[test]
fn a_message_too_large_with_its_whole_topic_is_refused_and_changes_nothing() {
    let mut client = connected_with([
        two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2),
        four_bytes(Property::MAXIMUM_PACKET_SIZE, 40),
    ]);
    let (one, topic) = (alias(1), [b't'; 20]);
    let long = PublishRequest {
        payload: &[b'x'; 20],
        ..request(b"", AtLeastOnce, &one)
    };
    assert!(takes(&mut client, &request(&topic, AtMostOnce, &one)));
    assert!(!takes(&mut client, &long));
    let id = client.publish_request(&request(b"", AtLeastOnce, &one));
    assert_eq!(id, Ok(PacketId::MIN), "none was used");
    client.drain_lines();
    client.lose();
    client.begin_connect();
    client.try_receive(&Packet::ConnAck(connack(true))).unwrap();
    let sent = client.drain().unwrap();
    let [Packet::Publish(sent)] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(sent.topic, topic[..]);
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
    let connack = connack_with([two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2)]);
    client.try_receive(&Packet::ConnAck(connack)).unwrap();
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

/// Its record, and the repeated packet, name it in different ways.
#[test]
fn a_message_received_by_alias_is_recognised_in_the_next_process() {
    let mut client = Client::new(V5);
    client.options.properties = [two_bytes(Property::TOPIC_ALIAS_MAXIMUM, 2)]
        .into_iter()
        .collect();
    client.connect(connack(false));
    for (number, topic) in [(5, "t"), (6, "")] {
        client.receive(Packet::Publish(Publish {
            topic: Bytes::from(topic),
            properties: alias(1),
            ..message(ExactlyOnce, number, "p")
        }));
    }
    client.restart();
    client.connect(connack(true));
    for number in [5, 6] {
        let repeated = Publish {
            dup: true,
            ..message(ExactlyOnce, number, "p")
        };
        let answer = client.receive(Packet::Publish(repeated));
        assert_eq!(answer, [format!("PUBREC {number}")]);
    }
    assert_eq!(client.taken.len(), 2);
}
