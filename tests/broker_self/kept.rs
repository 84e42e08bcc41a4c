//! A broker with a state file, killed and started again. What a kill leaves behind is the file as it is at
//! that moment, so here it is copied while the broker runs.

use std::fs;
use std::path::PathBuf;

use mqtt3c::packet::{Packet, Property, PropertyValue, ProtocolVersion, QoS};
use tempfile::TempDir;

use super::broker::Broker;
use super::client::{
    Client, VERSIONS, ack, connect, connect_kept, disconnect, four_bytes, id, message, properties,
    retained, will,
};

const V4: ProtocolVersion = ProtocolVersion::V3_1_1;
const V5: ProtocolVersion = ProtocolVersion::V5;

/// A broker, and the place of its state and of what earlier ones left.
struct Kept {
    broker: Broker,
    directory: TempDir,
    lives: usize,
}

impl Kept {
    fn start() -> Kept {
        let directory = tempfile::tempdir().expect("a directory");
        let broker = Broker::start_kept(0, &directory.path().join("0")).expect("a new state");
        Kept {
            broker,
            directory,
            lives: 0,
        }
    }

    fn port(&self) -> u16 {
        self.broker.port()
    }

    fn state(&self) -> PathBuf {
        self.directory.path().join(self.lives.to_string())
    }

    /// What a kill at this moment leaves, with its last `torn` bytes not written.
    fn kill(&mut self, torn: usize) {
        let bytes = fs::read(self.state()).expect("a state file");
        self.lives += 1;
        fs::write(self.state(), &bytes[..bytes.len() - torn]).expect("a copy");
        self.broker = Broker::start_kept(0, &self.state()).expect("the state of the last one");
    }
}

#[test]
fn subscriptions_and_waiting_messages_survive_in_order() {
    for version in VERSIONS {
        let mut kept = Kept::start();
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        client.subscribe("t", QoS::ExactlyOnce);
        client.subscribe("given up", QoS::ExactlyOnce);
        client.unsubscribe("given up");
        client.send(&disconnect(0));
        client.expect_end();
        // More than are in flight at a time.
        let mut publisher = Client::accepted(kept.port(), connect(version, "p"));
        for number in 0..1010 {
            publisher.publish(message("t", &number.to_string(), QoS::AtLeastOnce));
        }
        // The second start reads what the first one made of the file.
        kept.kill(0);
        kept.kill(0);
        let (mut client, answer) = Client::connect(kept.port(), connect_kept(version, "k"));
        assert_eq!(answer.session_present, version != ProtocolVersion::V3_1);
        for number in 0..1010 {
            let got = client.receive_publish();
            assert_eq!((got.payload, got.dup), (number.to_string().into(), false));
            if number < 500 {
                client.send(&Packet::PubAck(ack(got.packet_id.expect("QoS 1"))));
            }
        }
        client.expect_nothing();
        kept.kill(0);
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        for number in 500..1010 {
            let got = client.take_message();
            assert_eq!((got.payload, got.dup), (number.to_string().into(), true));
        }
        client.expect_nothing();
        let mut publisher = Client::accepted(kept.port(), connect(version, "p"));
        publisher.publish(message("given up", "", QoS::AtLeastOnce));
        publisher.publish(message("t", "last", QoS::AtLeastOnce));
        assert_eq!(client.take_message().payload, "last");
    }
}

#[test]
fn deliveries_go_on_where_they_were_under_their_identifiers() {
    for version in VERSIONS {
        let mut kept = Kept::start();
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        client.subscribe("t", QoS::ExactlyOnce);
        let mut publisher = Client::accepted(kept.port(), connect(version, "p"));
        for (payload, qos) in [
            ("done", QoS::ExactlyOnce),
            ("1", QoS::AtLeastOnce),
            ("released", QoS::ExactlyOnce),
            ("2", QoS::ExactlyOnce),
        ] {
            publisher.publish(message("t", payload, qos));
        }
        let first = [(); 4].map(|()| client.receive_publish());
        let [done, one, released, two] = first.map(|publish| publish.packet_id.expect("QoS > 0"));
        for id in [done, released] {
            client.send(&Packet::PubRec(ack(id)));
            assert_eq!(client.receive(), Packet::PubRel(ack(id)));
        }
        client.send(&Packet::PubComp(ack(done)));
        client.expect_nothing();

        for _ in 0..2 {
            kept.kill(0);
            let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
            let again = client.receive_publish();
            assert_eq!(
                (again.packet_id, &again.payload[..]),
                (Some(one), &b"1"[..])
            );
            assert!(again.dup);
            assert_eq!(client.receive(), Packet::PubRel(ack(released)));
            let again = client.receive_publish();
            assert_eq!(
                (again.packet_id, &again.payload[..]),
                (Some(two), &b"2"[..])
            );
            client.expect_nothing();
        }
        // No identifier is used again before the others have had their turn.
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        for _ in 0..3 {
            client.receive();
        }
        let mut publisher = Client::accepted(kept.port(), connect(version, "p"));
        publisher.publish(message("t", "new", QoS::ExactlyOnce));
        let new = client.receive_publish().packet_id.expect("QoS 2");
        assert!(![done, one, released, two].contains(&new), "{new}");
    }
}

#[test]
fn a_qos_2_message_that_was_stored_is_not_delivered_again() {
    for version in VERSIONS {
        let mut kept = Kept::start();
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        client.subscribe("t", QoS::ExactlyOnce);
        let mut publisher = Client::accepted(kept.port(), connect_kept(version, "p"));
        let publish = message("t", "once", QoS::ExactlyOnce);
        publisher.send(&Packet::Publish(publish.clone()));
        assert!(matches!(publisher.receive(), Packet::PubRec(_)));
        assert_eq!(client.take_message().payload, "once");
        client.expect_nothing();

        kept.kill(0);
        kept.kill(0);
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        let mut publisher = Client::accepted(kept.port(), connect_kept(version, "p"));
        let mut repeated = publish.clone();
        repeated.dup = true;
        publisher.publish(repeated);
        client.expect_nothing();
        // The identifier is free now, also after another kill.
        kept.kill(0);
        let mut client = Client::accepted(kept.port(), connect_kept(version, "k"));
        let mut publisher = Client::accepted(kept.port(), connect_kept(version, "p"));
        publisher.publish(publish);
        assert_eq!(client.take_message().payload, "once");
    }
}

#[test]
fn a_torn_last_record_is_as_if_it_had_not_come() {
    for torn in [1, 5, 30] {
        let mut kept = Kept::start();
        let mut client = Client::accepted(kept.port(), connect_kept(V4, "k"));
        client.subscribe("t", QoS::ExactlyOnce);
        let mut publisher = Client::accepted(kept.port(), connect(V4, "p"));
        publisher.publish(message("t", "whole", QoS::AtLeastOnce));
        publisher.publish(message(
            "t",
            "torn, and long enough for it",
            QoS::AtLeastOnce,
        ));

        kept.kill(torn);
        let mut publisher = Client::accepted(kept.port(), connect(V4, "p"));
        publisher.publish(message("t", "after", QoS::AtLeastOnce));
        // Records stand after the place where it was cut off.
        kept.kill(0);
        let mut client = Client::accepted(kept.port(), connect_kept(V4, "k"));
        assert_eq!(client.take_message().payload, "whole");
        assert_eq!(client.take_message().payload, "after");
        client.expect_nothing();
    }
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("state");
    fs::write(&path, b"\0\0\0\x04text").expect("a file");
    assert!(Broker::start_kept(0, &path).is_err());
    assert_eq!(fs::read(&path).expect("the file"), b"\0\0\0\x04text");
}

#[test]
fn the_file_is_shortened_to_the_state_at_each_start() {
    let mut kept = Kept::start();
    let mut client = Client::accepted(kept.port(), connect_kept(V4, "k"));
    client.subscribe("t", QoS::ExactlyOnce);
    let mut publisher = Client::accepted(kept.port(), connect(V4, "p"));
    let length = |kept: &Kept| fs::metadata(kept.state()).expect("a state file").len();
    for _ in 0..100 {
        publisher.publish(message("t", "text", QoS::ExactlyOnce));
        client.take_message();
    }
    let before = length(&kept);
    kept.kill(0);
    // One session, one subscription, the last identifier.
    assert!(
        before > 5_000 && length(&kept) < 200,
        "{before}, {}",
        length(&kept)
    );
}

#[test]
fn what_mqtt_5_adds_survives() {
    let mut kept = Kept::start();
    let mut request = connect_kept(V5, "k");
    request.properties = properties([four_bytes(17, 3600)]);
    let mut client = Client::accepted(kept.port(), request.clone());
    // No local, retain as published, with an identifier.
    let identifier = Property {
        id: 11,
        value: PropertyValue::VariableByteInteger(7),
    };
    client.subscribe_with("#", 0b0000_1110, properties([identifier.clone()]));
    let mut publisher = Client::accepted(kept.port(), connect(V5, "p"));
    let mut expiring = message("t", "expiring", QoS::ExactlyOnce);
    expiring.properties = properties([four_bytes(2, 1000)]);
    publisher.publish(expiring);
    publisher.publish(retained("kept", "retained"));
    publisher.publish(retained("cleared", "retained"));
    publisher.publish(retained("cleared", ""));

    for _ in 0..2 {
        kept.kill(0);
        let mut client = Client::accepted(kept.port(), request.clone());
        let got = client.receive_publish();
        assert_eq!(got.payload, "expiring");
        assert_eq!(
            got.properties,
            properties([four_bytes(2, 1000), identifier.clone()])
        );
        assert!(!got.retain);
        for topic in ["kept", "cleared", "cleared"] {
            let got = client.receive_publish();
            assert_eq!((&got.topic[..], got.retain), (topic.as_bytes(), true));
        }
        client.publish(message("t", "its own", QoS::ExactlyOnce));
        client.expect_nothing();
    }
    let mut client = Client::accepted(kept.port(), request);
    for _ in 0..4 {
        client.receive_publish();
    }
    let mut publisher = Client::accepted(kept.port(), connect(V5, "p"));
    publisher.publish(retained("kept", "again"));
    let got = client.receive_publish();
    assert_eq!((&got.payload[..], got.retain), (&b"again"[..], true));

    let mut other = Client::accepted(kept.port(), connect(V5, "other"));
    other.subscribe("#", QoS::AtLeastOnce);
    let got = other.take_message();
    assert_eq!((&got.topic[..], got.retain), (&b"kept"[..], true));
    other.expect_nothing();
}

#[test]
fn connections_are_lost_with_the_broker() {
    let mut kept = Kept::start();
    let mut watcher = Client::accepted(kept.port(), connect_kept(V4, "w"));
    watcher.subscribe("will", QoS::AtLeastOnce);
    let mut mortal = connect(V4, "m");
    mortal.will = Some(will("will", "of a client that leaves"));
    let mut leaving = Client::accepted(kept.port(), mortal.clone());
    leaving.send(&disconnect(0));
    leaving.expect_end();
    mortal.will = Some(will("will", "lost"));
    let mut mortal = Client::accepted(kept.port(), mortal);
    mortal.subscribe("t", QoS::AtLeastOnce);
    let mut publisher = Client::accepted(kept.port(), connect(V4, "p"));
    publisher.publish(message("t", "for a session that ends", QoS::AtLeastOnce));

    kept.kill(0);
    let mut watcher = Client::accepted(kept.port(), connect_kept(V4, "w"));
    assert_eq!(watcher.take_message().payload, "lost");
    watcher.expect_nothing();
    let (mut mortal, answer) = Client::connect(kept.port(), connect_kept(V4, "m"));
    assert!(!answer.session_present);
    mortal.expect_nothing();
}

#[test]
fn time_goes_on_while_the_broker_is_away() {
    let mut kept = Kept::start();
    let mut watcher = Client::accepted(kept.port(), connect_kept(V5, "w"));
    watcher.subscribe("will", QoS::AtLeastOnce);
    let mut client = Client::accepted(kept.port(), connect_kept(V5, "k"));
    client.subscribe("t", QoS::AtLeastOnce);
    // One will is due after a delay, the other one because its session ends.
    for (id, expiry, delay) in [("delayed", u32::MAX, 1), ("expiring", 2, 100)] {
        let mut mortal = connect(V5, id);
        mortal.properties = properties([four_bytes(17, expiry)]);
        let mut its = will("will", id);
        its.properties = properties([four_bytes(24, delay)]);
        mortal.will = Some(its);
        Client::accepted(kept.port(), mortal).expect_nothing();
    }
    let mut publisher = Client::accepted(kept.port(), connect(V5, "p"));
    for (payload, seconds) in [("short", 1), ("long", 1000)] {
        let mut expiring = message("t", payload, QoS::AtLeastOnce);
        expiring.properties = properties([four_bytes(2, seconds)]);
        publisher.publish(expiring);
    }

    kept.kill(0);
    let mut watcher = Client::accepted(kept.port(), connect_kept(V5, "w"));
    assert_eq!(watcher.take_message().payload, "delayed");
    watcher.expect_nothing();
    // What has been done in time is not done again.
    kept.kill(0);
    let mut watcher = Client::accepted(kept.port(), connect_kept(V5, "w"));
    assert_eq!(watcher.take_message().payload, "expiring");
    watcher.expect_nothing();
    let mut client = Client::accepted(kept.port(), connect_kept(V5, "k"));
    let got = client.take_message();
    assert_eq!(got.payload, "long");
    assert_ne!(got.properties, properties([four_bytes(2, 1000)]));
    client.expect_nothing();
    kept.kill(0);
    let mut watcher = Client::accepted(kept.port(), connect_kept(V5, "w"));
    watcher.expect_nothing();
    for (id, kept_on) in [("delayed", true), ("expiring", false)] {
        let (_, answer) = Client::connect(kept.port(), connect_kept(V5, id));
        assert_eq!(answer.session_present, kept_on, "{id}");
    }
}

#[test]
fn a_packet_that_ends_its_connection_ends_it_after_a_replay_too() {
    let mut kept = Kept::start();
    let mut client = Client::accepted(kept.port(), connect(V4, "c"));
    // A second CONNECT, which would ask for a session that is kept.
    client.send(&Packet::Connect(Box::new(connect_kept(V4, "c"))));
    client.expect_end();
    let mut unknown = Client::accepted(kept.port(), connect_kept(V4, "u"));
    unknown.send(&Packet::PubAck(ack(id(77))));
    unknown.expect_nothing();
    kept.kill(0);
    let (_, answer) = Client::connect(kept.port(), connect_kept(V4, "c"));
    assert!(!answer.session_present);
}
