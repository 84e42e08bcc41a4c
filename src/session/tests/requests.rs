//! SUBSCRIBE and UNSUBSCRIBE.

use super::*;
use crate::packet::SubscriptionRequest;
use QoS::AtLeastOnce;

fn unsuback(version: ProtocolVersion, number: u16, codes: &[u8]) -> Packet {
    Packet::UnsubAck(suback(number, if version == V5 { codes } else { &[] }))
}

#[test]
fn answers_find_their_requests() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let first = client.subscribe(1);
        let second = client.subscribe(2);
        let third = client.unsubscribe(2);
        client.events.clear();
        client.receive(Packet::SubAck(suback(second, &[0, 0x80])));
        client.receive(unsuback(version, third, &[0, 0]));
        client.receive(Packet::SubAck(suback(first, &[1])));
        let answered: Vec<u16> = client
            .events
            .iter()
            .map(|event| match event {
                Event::Acknowledged(ack) => ack.packet_id.get(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(answered, [second, third, first]);
    }
}

#[test]
fn an_answer_that_does_not_fit_is_a_protocol_error() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let subscribed = client.subscribe(2);
        let unsubscribed = client.unsubscribe(2);
        let mut bad = vec![
            Packet::SubAck(suback(unsubscribed, &[0, 0])),
            unsuback(version, subscribed, &[0, 0]),
            puback(subscribed),
            pubrec(subscribed),
            pubcomp(subscribed),
            puback(unsubscribed),
        ];
        if version == V5 {
            // Below 5 the caller judges the number of codes.
            bad.push(Packet::SubAck(suback(subscribed, &[0])));
            bad.push(Packet::SubAck(suback(subscribed, &[0, 0, 0])));
            bad.push(unsuback(version, unsubscribed, &[0]));
        }
        for packet in bad {
            assert_eq!(client.refuse(packet), ReasonCode::PROTOCOL_ERROR);
        }
    }
}

#[test]
fn answers_nobody_waits_for_are_ignored() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let given_up = client.subscribe(1);
        client.session.forget_request(id(given_up));
        client.events.clear();
        assert!(
            client
                .receive(Packet::SubAck(suback(given_up, &[0])))
                .is_empty()
        );
        assert!(client.receive(unsuback(version, 9, &[0])).is_empty());
        assert!(client.events.is_empty());
        assert_eq!(client.subscribe(1), given_up + 1);
    }
}

#[test]
fn requests_end_with_their_connection() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let token = client.subscribe(1);
        assert!(client.reconnect(true).is_empty());
        client.events.clear();
        client.receive(Packet::SubAck(suback(token, &[0])));
        assert!(client.events.is_empty());
    }
}

#[test]
fn a_request_larger_than_the_server_takes_is_refused_and_changes_nothing() {
    let mut client = Client::new(V5);
    client.connect(connack_with([four_bytes(
        Property::MAXIMUM_PACKET_SIZE,
        20,
    )]));
    let filters = vec![Bytes::from_static(b"a/longer/filter/than/that")];
    let refused = client.session.unsubscribe(filters, &Properties::new());
    assert!(matches!(refused, Err(SendError::NotAllowed(_))));
    assert!(client.drain_lines().is_empty());
    assert_eq!(client.unsubscribe(1), 1);
    // Header 2, identifier 2, properties 1, length 2.
    for (length, fits) in [(13, true), (14, false)] {
        let filters = vec![Bytes::from(vec![b'f'; length])];
        let asked = client.session.unsubscribe(filters, &Properties::new());
        assert_eq!(asked.is_ok(), fits);
    }
}

#[test]
fn properties_of_other_packets_are_refused() {
    let mut client = Client::connected(V5);
    let wrong = [two_bytes(Property::TOPIC_ALIAS, 1)].into_iter().collect();
    let refused = client.session.subscribe(Vec::new(), &wrong);
    assert!(matches!(refused, Err(SendError::NotAllowed(_))));
    let refused = client.session.unsubscribe(Vec::new(), &wrong);
    assert!(matches!(refused, Err(SendError::NotAllowed(_))));
}

#[test]
fn nothing_is_asked_without_a_connection() {
    let mut client = Client::new(V5);
    let refused = client.session.subscribe(Vec::new(), &Properties::new());
    assert_eq!(refused, Err(SendError::NotConnected));
}

#[test]
fn a_request_that_cannot_be_sent_takes_no_identifier() {
    for mut client in [Client::new(V5), Client::without_records(V5)] {
        client.connect(connack_with([four_bytes(
            Property::MAXIMUM_PACKET_SIZE,
            20,
        )]));
        assert_eq!(client.publish(AtLeastOnce, "x").0, 1);
        client.receive(puback(1));
        let filter = SubscriptionRequest {
            filter: Bytes::from_static(b"longer/than/the/server/takes"),
            options: 1,
        };
        let refused = client.session.subscribe(vec![filter], &Properties::new());
        assert!(matches!(refused, Err(SendError::NotAllowed(_))));
        assert_eq!(client.publish(AtLeastOnce, "x").0, 2);
    }
}
