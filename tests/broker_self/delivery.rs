//! Messages from publishers to subscribers, in all versions.

use mqtt3c::packet::{Packet, Properties, ProtocolVersion, QoS, ReasonCode};

use super::broker::Broker;
use super::client::{Client, QOS, VERSIONS, ack, connect, id, message, retained};

const V4: ProtocolVersion = ProtocolVersion::V3_1_1;

#[test]
fn a_message_arrives_with_the_lower_of_the_two_qos_in_every_version() {
    let broker = Broker::start();
    for version in VERSIONS {
        for published in QOS {
            for subscribed in QOS {
                let mut subscriber = Client::accepted(broker.port(), connect(version, "s"));
                let mut publisher = Client::accepted(broker.port(), connect(version, "p"));
                subscriber.subscribe("t", subscribed);
                publisher.publish(message("t", "hello", published));
                let got = subscriber.take_message();
                assert_eq!(got.qos, published.min(subscribed));
                assert_eq!(
                    (&got.topic[..], &got.payload[..]),
                    (&b"t"[..], &b"hello"[..])
                );
                assert!(!got.dup && !got.retain);
                subscriber.expect_nothing();
            }
        }
    }
}

#[test]
fn filters_match_as_in_section_4_7() {
    let broker = Broker::start();
    let mut publisher = Client::accepted(broker.port(), connect(V4, "p"));
    for (filter, topic, matches) in [
        ("sport/tennis", "sport/tennis", true),
        ("sport/#", "sport", true),
        ("sport/#", "sport/tennis/player1", true),
        ("#", "sport/tennis", true),
        ("+", "sport", true),
        ("sport/+", "sport/", true),
        ("+/+", "/finance", true),
        ("$SYS/#", "$SYS/uptime", true),
        ("$SYS/+", "$SYS/uptime", true),
        ("sport/tennis", "sport", false),
        ("sport", "sport/tennis", false),
        ("sport/+", "sport", false),
        ("sport/+", "sport/tennis/player1", false),
        ("+", "/finance", false),
        ("Sport", "sport", false),
        ("#", "$SYS/uptime", false),
        ("+/uptime", "$SYS/uptime", false),
    ] {
        let mut subscriber = Client::accepted(broker.port(), connect(V4, "s"));
        subscriber.subscribe(filter, QoS::AtMostOnce);
        publisher.publish(message(topic, "", QoS::AtLeastOnce));
        if matches {
            assert_eq!(subscriber.take_message().topic, topic);
        }
        subscriber.expect_nothing();
    }
}

#[test]
fn a_malformed_filter_is_refused_by_its_code() {
    let broker = Broker::start();
    for (version, code) in [(V4, 0x80), (ProtocolVersion::V5, 0x8f)] {
        let mut client = Client::accepted(broker.port(), connect(version, "c"));
        for filter in [
            "sport/#/x",
            "sport#",
            "sp+rt",
            "a/+b",
            "##",
            "$share/g",
            "$share//a",
        ] {
            let answer = client.subscribe_with(filter, 0, Properties::default());
            assert_eq!(answer.codes, [ReasonCode(code)], "{filter}");
        }
    }
}

#[test]
fn overlapping_subscriptions_give_one_message_with_the_highest_qos() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V4, "c"));
    client.subscribe("a/#", QoS::AtMostOnce);
    client.subscribe("a/b", QoS::ExactlyOnce);
    client.send(&Packet::Publish(message("a/b", "x", QoS::ExactlyOnce)));
    // To itself: PUBLISH and PUBREC.
    assert_eq!(client.take_message_beside_pubrec().qos, QoS::ExactlyOnce);
    client.expect_nothing();
}

impl Client {
    fn take_message_beside_pubrec(&mut self) -> mqtt3c::packet::Publish {
        let publish = self.receive_publish();
        let id = publish.packet_id.expect("QoS 2");
        assert!(matches!(self.receive(), Packet::PubRec(_)));
        self.send(&Packet::PubRec(ack(id)));
        assert_eq!(self.receive(), Packet::PubRel(ack(id)));
        self.send(&Packet::PubComp(ack(id)));
        publish
    }
}

#[test]
fn unsubscribing_ends_delivery() {
    let broker = Broker::start();
    for version in VERSIONS {
        let mut subscriber = Client::accepted(broker.port(), connect(version, "s"));
        let mut publisher = Client::accepted(broker.port(), connect(version, "p"));
        subscriber.subscribe("t", QoS::AtLeastOnce);
        subscriber.unsubscribe("t");
        publisher.publish(message("t", "x", QoS::AtLeastOnce));
        subscriber.expect_nothing();
    }
}

#[test]
fn a_retained_message_waits_for_subscribers_until_an_empty_one_clears_it() {
    let broker = Broker::start();
    for version in VERSIONS {
        let mut publisher = Client::accepted(broker.port(), connect(version, "p"));
        let mut early = Client::accepted(broker.port(), connect(version, "early"));
        early.subscribe("r", QoS::AtLeastOnce);
        publisher.publish(retained("r", "old"));
        publisher.publish(retained("r", "new"));
        for payload in ["old", "new"] {
            let got = early.take_message();
            assert_eq!(got.payload, payload);
            assert!(!got.retain, "known subscribers get it as any message");
        }
        let mut late = Client::accepted(broker.port(), connect(version, "late"));
        late.subscribe("#", QoS::AtLeastOnce);
        let got = late.take_message();
        assert_eq!((&got.payload[..], got.retain), (&b"new"[..], true));

        publisher.publish(retained("r", ""));
        let mut too_late = Client::accepted(broker.port(), connect(version, "too-late"));
        too_late.subscribe("#", QoS::AtLeastOnce);
        too_late.expect_nothing();
    }
}

#[test]
fn a_repeated_qos_2_message_is_delivered_once() {
    let broker = Broker::start();
    let mut subscriber = Client::accepted(broker.port(), connect(V4, "s"));
    let mut publisher = Client::accepted(broker.port(), connect(V4, "p"));
    subscriber.subscribe("t", QoS::ExactlyOnce);
    let mut publish = message("t", "once", QoS::ExactlyOnce);
    for dup in [false, true] {
        publish.dup = dup;
        publisher.send(&Packet::Publish(publish.clone()));
        assert_eq!(publisher.receive(), Packet::PubRec(ack(id(1))));
    }
    publisher.send(&Packet::PubRel(ack(id(1))));
    assert_eq!(publisher.receive(), Packet::PubComp(ack(id(1))));
    assert_eq!(subscriber.take_message().payload, "once");
    subscriber.expect_nothing();
}

#[test]
fn a_subscriber_that_does_not_read_holds_up_nobody_and_loses_nothing() {
    let broker = Broker::start();
    let mut subscriber = Client::accepted(broker.port(), connect(V4, "s"));
    let mut publisher = Client::accepted(broker.port(), connect(V4, "p"));
    subscriber.subscribe("t", QoS::AtLeastOnce);
    let payload = "x".repeat(1 << 20);
    for _ in 0..20 {
        publisher.publish(message("t", &payload, QoS::AtLeastOnce));
    }
    for _ in 0..20 {
        assert_eq!(subscriber.take_message().payload.len(), payload.len());
    }
}

#[test]
fn a_large_message_passes_with_every_qos() {
    let broker = Broker::start();
    let mut client = Client::accepted(broker.port(), connect(V4, "s"));
    let mut publisher = Client::accepted(broker.port(), connect(V4, "p"));
    client.subscribe("t", QoS::ExactlyOnce);
    let payload = "y".repeat(3_000_000);
    for qos in QOS {
        publisher.publish(message("t", &payload, qos));
        assert_eq!(client.take_message().payload, payload);
    }
}
