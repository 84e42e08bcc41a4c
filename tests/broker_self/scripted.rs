//! The scripted broker, from Rust and by its scripts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use mqtt3c::packet::{Packet, ProtocolVersion, QoS, ReasonCode};

use super::broker::script::Script;
use super::broker::scripted::{ScriptedBroker, hex};
use super::client::{Client, QOS, VERSIONS, connect, disconnect, message};

const V4: ProtocolVersion = ProtocolVersion::V3_1_1;

#[test]
fn it_acknowledges_a_whole_conversation_in_every_version() {
    for version in VERSIONS {
        let broker = ScriptedBroker::start();
        let port = broker.port();
        let client = thread::spawn(move || {
            let mut client = Client::accepted(port, connect(version, "c"));
            client.subscribe("t", QoS::ExactlyOnce);
            client.unsubscribe("t");
            for qos in QOS {
                client.publish(message("t", "x", qos));
            }
            client.send(&disconnect(0));
            client.expect_end();
        });
        let mut peer = broker.accept();
        assert_eq!(peer.accept_connect().client_id, "c");
        assert_eq!(peer.version(), version);
        for _ in 0..2 {
            peer.expect_and_acknowledge();
        }
        // PUBLISH with QoS 0 and the ping that shows it has arrived; PUBLISH; PUBLISH, PUBREL.
        assert!(matches!(peer.expect_packet(), Packet::Publish(_)));
        for _ in 0..4 {
            peer.expect_and_acknowledge();
        }
        assert!(matches!(peer.expect_packet(), Packet::Disconnect(_)));
        peer.close();
        client.join().expect("the client is content");
    }
}

#[test]
fn it_sends_and_expects_bytes() {
    let broker = ScriptedBroker::start();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port())).expect("a listener");
    let mut peer = broker.accept();
    client.write_all(&hex("c0 00 e0 00 32 ff")).expect("sent");
    assert_eq!(peer.expect_frame(), hex("c000"));
    peer.expect_bytes(&hex("e0"));
    assert_eq!(peer.expect_pattern("?? 32"), hex("00 32"));
    assert_eq!(peer.take_bytes(1), [0xff]);
    peer.expect_nothing_for(20);
    peer.send_slowly(&hex("20 02 00 00"), 1);
    peer.send(&hex("d0 00"));
    let mut got = [0; 6];
    client.read_exact(&mut got).expect("six bytes");
    assert_eq!(got[..], hex("20 02 00 00 d0 00"));
    drop(client);
    peer.expect_eof();
    assert_eq!(peer.received(), hex("c0 00 e0 00 32 ff"));
}

#[test]
fn a_reset_is_seen_as_a_reset() {
    let broker = ScriptedBroker::start();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port())).expect("a listener");
    broker.accept().reset();
    let error = client.read(&mut [0]).expect_err("not an orderly end");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_close_is_in_order_whatever_the_client_has_sent() {
    let broker = ScriptedBroker::start();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port())).expect("a listener");
    let mut peer = broker.accept();
    client.write_all(b"more than is taken").expect("sent");
    peer.take_bytes(4);
    peer.send(b"bye");
    peer.close();
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an orderly end");
    assert_eq!(got, b"bye");
}

#[test]
fn a_failed_expectation_shows_what_was_received() {
    let broker = ScriptedBroker::start();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port())).expect("a listener");
    let mut peer = broker.accept();
    peer.set_patience(Duration::from_millis(50));
    client.write_all(&hex("30 05 00")).expect("sent");
    let panic = catch_unwind(AssertUnwindSafe(|| peer.expect_packet())).expect_err("incomplete");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(
        text.contains("nothing more") && text.contains("30 05 00"),
        "{text}"
    );
}

/// Plays `script` against `client`; the result and what was logged.
fn play(script: &str, client: impl FnOnce(u16) + Send + 'static) -> (Result<(), String>, String) {
    let script = Script::parse(script).expect("well formed");
    let mut broker = ScriptedBroker::start();
    broker.set_patience(Duration::from_secs(5));
    let port = broker.port();
    let client = thread::spawn(move || client(port));
    let mut log = String::new();
    let result = script.run(&mut broker, &mut |line| {
        log.push_str(line);
        log.push('\n');
    });
    drop(broker);
    let _ = client.join();
    (result, log)
}

#[test]
fn a_script_plays_to_its_end() {
    let script = "
        accept; expect CONNECT; ack        # the handshake
        repeat 2
            expect PUBLISH
            ack
        end
        expect 32 ?? 00 01 74 00 01 ??     # the third, in bytes
        ack
        send 30 05 00 01 74 68 69          # one message,
        send-slowly 1 30 05 00 01 74 68 6f # and another in crumbs
        expect-nothing 10
        wait 1
        reset
        deadline 2000
        accept
        expect CONNECT
        send 20 02 00 05
        expect-eof
    ";
    let (result, log) = play(script, |port| {
        let mut client = Client::accepted(port, connect(V4, "c"));
        for payload in ["1", "2", "3"] {
            client.publish(message("t", payload, QoS::AtLeastOnce));
        }
        assert_eq!(client.receive_publish().payload, "hi");
        assert_eq!(client.receive_publish().payload, "ho");
        client.expect_end();
        let (_, answer) = Client::connect(port, connect(V4, "c"));
        assert_eq!(answer.code, ReasonCode(5));
    });
    assert_eq!(result, Ok(()));
    assert!(log.contains("received 32 06 00 01 74 00 01 33\n"), "{log}");
}

#[test]
fn a_script_that_meets_something_else_says_where_and_what() {
    let (result, _) = play("accept\nexpect CONNECT\nack\nexpect SUBSCRIBE", |port| {
        let mut client = Client::accepted(port, connect(V4, "c"));
        client.send(&Packet::PingReq);
        client.expect_end();
    });
    let text = result.expect_err("PINGREQ is not SUBSCRIBE");
    assert!(
        text.starts_with("line 4: expected SUBSCRIBE, got PINGREQ"),
        "{text}"
    );
    assert!(text.contains("c0 00"), "{text}");
}

#[test]
fn a_malformed_script_is_refused_with_its_line() {
    for (script, message) in [
        ("\nfly", "line 2: unknown step `fly`"),
        ("accept now", "line 1: unknown step `accept now`"),
        ("send 2", "line 1: not bytes in hex: 2"),
        ("send ??", "line 1: ?? where bytes are needed: ??"),
        ("expect CONECT", "line 1: not bytes in hex: CONECT"),
        ("wait soon", "line 1: not a number: `soon`"),
        ("repeat 2\naccept", "line 1: `repeat` without `end`"),
        ("end", "line 1: `end` without `repeat`"),
    ] {
        assert_eq!(Script::parse(script).err().as_deref(), Some(message));
    }
}
