//! Connections and what outlives them: sessions, wills, keep alive, the end of the broker.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use mqtt3c::packet::{Packet, ProtocolVersion, QoS, ReasonCode};

use super::broker::Broker;
use super::client::{Client, VERSIONS, ack, connect, connect_kept, disconnect, message, will};

const V4: ProtocolVersion = ProtocolVersion::V3_1_1;

#[test]
fn a_kept_session_gets_what_was_published_while_it_was_away_except_qos_0() {
    let broker = Broker::start();
    for version in VERSIONS {
        let mut publisher = Client::accepted(broker.port(), connect(version, "p"));
        let (mut kept, answer) = Client::connect(broker.port(), connect_kept(version, "k"));
        assert!(!answer.session_present);
        kept.subscribe("t", QoS::ExactlyOnce);
        kept.send(&disconnect(0));
        kept.expect_end();
        publisher.publish(message("t", "0", QoS::AtMostOnce));
        publisher.publish(message("t", "1", QoS::AtLeastOnce));
        publisher.publish(message("t", "2", QoS::ExactlyOnce));

        let (mut kept, answer) = Client::connect(broker.port(), connect_kept(version, "k"));
        assert_eq!(answer.session_present, version != ProtocolVersion::V3_1);
        for payload in ["1", "2"] {
            let got = kept.take_message();
            assert_eq!((&got.payload[..], got.dup), (payload.as_bytes(), false));
        }
        kept.expect_nothing();

        let (mut clean, answer) = Client::connect(broker.port(), connect(version, "k"));
        assert!(!answer.session_present);
        publisher.publish(message("t", "3", QoS::AtLeastOnce));
        clean.expect_nothing();
    }
}

#[test]
fn unacknowledged_messages_are_resent_in_order_with_dup() {
    let broker = Broker::start();
    for version in VERSIONS {
        let mut publisher = Client::accepted(broker.port(), connect(version, "p"));
        let mut kept = Client::accepted(broker.port(), connect_kept(version, "k"));
        kept.subscribe("t", QoS::ExactlyOnce);
        for (payload, qos) in [
            ("a", QoS::AtLeastOnce),
            ("b", QoS::ExactlyOnce),
            ("c", QoS::ExactlyOnce),
        ] {
            publisher.publish(message("t", payload, qos));
        }
        let first = [(); 3].map(|()| kept.receive_publish());
        // The second message has got as far as PUBREL.
        let released = first[1].packet_id.expect("QoS 2");
        kept.send(&Packet::PubRec(ack(released)));
        assert_eq!(kept.receive(), Packet::PubRel(ack(released)));
        drop(kept);

        let mut kept = Client::accepted(broker.port(), connect_kept(version, "k"));
        let again = kept.take_message();
        assert!(again.dup);
        assert_eq!(
            (again.packet_id, &again.payload[..]),
            (first[0].packet_id, &b"a"[..])
        );
        assert_eq!(kept.receive(), Packet::PubRel(ack(released)));
        kept.send(&Packet::PubComp(ack(released)));
        let again = kept.take_message();
        assert!(again.dup);
        assert_eq!(
            (again.packet_id, &again.payload[..]),
            (first[2].packet_id, &b"c"[..])
        );
        kept.expect_nothing();
        // For the next version.
        Client::accepted(broker.port(), connect(version, "k"));
    }
}

#[test]
fn an_offline_backlog_larger_than_the_window_arrives_whole_and_in_order() {
    let broker = Broker::start();
    let mut publisher = Client::accepted(broker.port(), connect(V4, "p"));
    let mut kept = Client::accepted(broker.port(), connect_kept(V4, "k"));
    kept.subscribe("t", QoS::AtLeastOnce);
    drop(kept);
    for number in 0..2500 {
        publisher.publish(message("t", &number.to_string(), QoS::AtLeastOnce));
    }
    let mut kept = Client::accepted(broker.port(), connect_kept(V4, "k"));
    let mut next = 0;
    while next < 2500 {
        let got = kept.take_message();
        // Those that were sent before the loss of the connection was noticed come again.
        assert_eq!(got.payload, next.to_string());
        next += 1;
    }
    kept.expect_nothing();
}

#[test]
fn the_will_is_published_when_the_connection_is_lost_and_only_then() {
    let broker = Broker::start();
    for version in VERSIONS {
        let mut watcher = Client::accepted(broker.port(), connect(version, "w"));
        watcher.subscribe("will", QoS::AtLeastOnce);
        let mortal = |payload| {
            let mut connect = connect(version, "m");
            connect.will = Some(will("will", payload));
            Client::accepted(broker.port(), connect)
        };
        let mut client = mortal("of a client that leaves");
        client.send(&disconnect(0));
        client.expect_end();
        drop(mortal("of a client that is lost"));
        let got = watcher.take_message();
        assert_eq!(got.payload, "of a client that is lost");
        watcher.expect_nothing();
    }
}

#[test]
fn a_second_connection_with_the_same_id_ends_the_first() {
    let broker = Broker::start();
    for version in VERSIONS {
        let mut first = Client::accepted(broker.port(), connect(version, "same"));
        let mut second = Client::accepted(broker.port(), connect(version, "same"));
        if version == ProtocolVersion::V5 {
            let Packet::Disconnect(told) = first.receive() else {
                panic!("not DISCONNECT");
            };
            assert_eq!(told.reason, ReasonCode::SESSION_TAKEN_OVER);
        }
        first.expect_end();
        second.expect_nothing();
    }
}

#[test]
fn a_silent_client_is_ended_after_one_and_a_half_keep_alives() {
    let broker = Broker::start();
    let mut connect = connect(V4, "c");
    connect.keep_alive = 1;
    let mut client = Client::accepted(broker.port(), connect);
    let start = Instant::now();
    client.expect_end();
    let silence = start.elapsed();
    assert!(silence > Duration::from_millis(1300), "{silence:?}");
    assert!(silence < Duration::from_secs(5), "{silence:?}");
}

#[test]
fn an_empty_client_id_is_refused_where_the_standard_says_so() {
    let broker = Broker::start();
    for (connect, accepted) in [
        (connect(ProtocolVersion::V3_1, ""), false),
        (connect(V4, ""), true),
        (connect_kept(V4, ""), false),
        (connect(ProtocolVersion::V5, ""), true),
    ] {
        let version = connect.version;
        let (mut client, answer) = Client::connect(broker.port(), connect);
        assert_eq!(answer.code == ReasonCode::SUCCESS, accepted, "{version:?}");
        if !accepted {
            assert_eq!(answer.code, ReasonCode(2));
            client.expect_end();
        }
    }
}

#[test]
fn an_unknown_protocol_level_is_answered_with_code_1() {
    let broker = Broker::start();
    let mut client = Client::open(broker.port(), V4);
    let request = b"\x10\x0d\x00\x04MQTT\x09\x02\x00\x00\x00\x01c";
    client
        .stream
        .write_all(request)
        .expect("an open connection");
    let Packet::ConnAck(answer) = client.receive() else {
        panic!("not CONNACK");
    };
    assert_eq!(answer.code, ReasonCode(1));
    client.expect_end();
}

#[test]
fn clients_that_break_the_rules_are_ended_and_others_go_on() {
    let broker = Broker::start();
    let mut witness = Client::accepted(broker.port(), connect(V4, "witness"));
    // Before CONNECT.
    for bytes in [&b"\x47\x00"[..], b"\xc0\x00", b"\x10\xff\xff\xff\xff\xff"] {
        let mut client = Client::open(broker.port(), V4);
        client.stream.write_all(bytes).expect("an open connection");
        client.expect_end();
    }
    // After it: a second CONNECT, a server's packet, QoS 3, identifier 0.
    let second = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01x";
    for bytes in [
        &second[..],
        b"\xd0\x00",
        b"\x36\x05\x00\x01a\x00\x01",
        b"\x40\x02\x00\x00",
    ] {
        let mut client = Client::accepted(broker.port(), connect(V4, "x"));
        client.stream.write_all(bytes).expect("an open connection");
        client.expect_end();
    }
    witness.expect_nothing();
}

#[test]
fn dropping_the_broker_closes_its_connections_and_its_port() {
    let broker = Broker::start();
    let port = broker.port();
    assert_eq!(broker.uri(), format!("tcp://127.0.0.1:{port}"));
    let mut silent = Client::open(port, V4);
    let mut client = Client::accepted(port, connect(V4, "c"));
    drop(broker);
    client.expect_end();
    silent.expect_end();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}
