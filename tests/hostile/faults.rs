//! Connections that end, or bring nonsense, at every moment.

use crate::broker::scripted::{Peer, ScriptedBroker, hex};
use crate::support::*;
use mqtt3c::client::Client;
use mqtt3c::packet::{QoS, ReasonCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How a connection comes to its end.
const ENDS: [fn(Peer); 3] = [
    |peer| peer.close(),
    |peer| peer.reset(),
    |mut peer| {
        // A packet of type 0, then whatever the client does about it.
        peer.send(&hex("00 00"));
        peer.expect_eof();
    },
];

/// For both modes and each end: connects, lets `call` run, and ends the connection as soon as `cue` returns.
fn for_each_end(cue: fn(&mut Peer), call: fn(&Client)) {
    for mode in MODES {
        for end in ENDS {
            let broker = ScriptedBroker::start();
            let (client, inbox) = client(&broker.uri(), mode);
            let mut peer = connect(&broker, &client);
            let (took, ()) = thread::scope(|scope| {
                scope.spawn(|| {
                    cue(&mut peer);
                    end(peer);
                });
                timed(|| call(&client))
            });
            assert!(took < SOON, "{mode:?}: took {took:?}");
            assert!(!client.is_connected());
            if mode == Mode::Workers {
                inbox.wait("the loss", |seen| seen.lost == 1);
            }
            client.destroy();
        }
    }
}

#[test]
fn subscribe_ends_with_the_connection() {
    for_each_end(
        |peer| drop(peer.expect_packet()),
        |client| assert!(subscribe(client).is_err()),
    );
}

/// The end lies behind a message that the other thread takes.
#[test]
fn a_publish_that_waits_beside_a_receive_ends_with_the_connection() {
    let broker = ScriptedBroker::start();
    for _ in 0..5 {
        let (client, _inbox) = client(&broker.uri(), Mode::Caller);
        let mut peer = connect(&broker, &client);
        for _ in 0..10 {
            publish(&client, b"x", QoS::AtLeastOnce).unwrap();
        }
        thread::scope(|scope| {
            let publishing = scope.spawn(|| publish(&client, b"x", QoS::AtLeastOnce));
            // That they wait inside their calls, in this order, cannot be seen from outside.
            thread::sleep(Duration::from_millis(20));
            let receiving = scope.spawn(|| client.receive(LONG));
            thread::sleep(Duration::from_millis(20));
            peer.send(&message(b"last"));
            peer.close();
            assert!(publishing.join().unwrap().is_err());
            let received = receiving.join().unwrap();
            assert!(!received.is_ok_and(|received| received.message.is_none() && !received.broken));
        });
        client.destroy();
    }
}

#[test]
fn a_publish_that_waits_for_the_window_ends_with_the_connection() {
    for_each_end(
        |peer| {
            for _ in 0..10 {
                peer.expect_packet();
            }
        },
        |client| {
            for _ in 0..10 {
                publish(client, b"x", QoS::AtLeastOnce).unwrap();
            }
            assert!(publish(client, b"x", QoS::AtLeastOnce).is_err());
        },
    );
}

#[test]
fn a_publish_that_waits_for_a_full_socket_ends_with_the_connection() {
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        thread::scope(|scope| {
            scope.spawn(|| {
                peer.take_bytes(1);
                peer.reset();
            });
            let large = vec![0; 20 << 20];
            assert!(publish(&client, &large, QoS::AtMostOnce).is_err());
        });
        client.destroy();
    }
}

#[test]
fn an_unacknowledged_message_is_sent_again_after_the_retry_interval() {
    thread::scope(|scope| {
        for mode in MODES {
            scope.spawn(move || {
                let broker = ScriptedBroker::start();
                let (client, _inbox) = client(&broker.uri(), mode);
                let mut request = request(&broker.uri());
                request.options.retry_interval = Duration::from_secs(1);
                let (connected, mut peer) = connect_with(&broker, &client, &request, |broker| {
                    let mut peer = broker.accept();
                    peer.accept_connect();
                    peer
                });
                connected.unwrap();
                peer.set_patience(LONG);
                let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
                thread::scope(|scope| {
                    scope.spawn(|| client.wait_for_completion(token, LONG).unwrap());
                    peer.expect_bytes(&hex("32 06 00 01 74 00 01 78"));
                    // Not sooner than after 10 s, and nothing else comes meanwhile.
                    let (took, ()) = timed(|| peer.expect_bytes(&hex("3a 06 00 01 74 00 01 78")));
                    assert!(took > Duration::from_secs(9), "{mode:?}: {took:?}");
                    peer.send(&hex("40 02 00 01"));
                });
                client.destroy();
            });
        }
    });
}

#[test]
fn waiting_for_completion_ends_with_the_connection() {
    for_each_end(
        |peer| drop(peer.expect_packet()),
        |client| {
            let token = publish(client, b"x", QoS::ExactlyOnce).unwrap();
            assert!(client.wait_for_completion(token, LONG).is_err());
        },
    );
}

#[test]
fn a_quiescing_disconnect_ends_with_the_connection() {
    for_each_end(
        |peer| drop(peer.expect_packet()),
        |client| {
            publish(client, b"x", QoS::ExactlyOnce).unwrap();
            client.disconnect(Some(LONG), ReasonCode::SUCCESS, None);
        },
    );
}

#[test]
fn a_connect_that_is_cut_off_or_answered_with_nonsense_fails_at_once() {
    for mode in MODES {
        for answer in [
            "",
            "20",
            "20 02 00",
            "00 00",
            "20 02 00 00 00",
            "30 03 00 01 74",
            "d0 00",
        ] {
            let broker = ScriptedBroker::start();
            let (client, inbox) = client(&broker.uri(), mode);
            let request = request(&broker.uri());
            let (took, _) = timed(|| {
                connect_with(&broker, &client, &request, |broker| {
                    let mut peer = broker.accept();
                    peer.expect_connect();
                    peer.send(&hex(answer));
                    peer.close();
                })
            });
            assert!(took < SOON, "{answer}: took {took:?}");
            // "20 02 00 00 00" is a CONNACK and then the end of the connection.
            if client.is_connected() {
                inbox.wait("the loss", |seen| seen.lost == 1 || mode == Mode::Caller);
            }
            client.destroy();
        }
    }
}

#[test]
fn what_cannot_become_a_packet_is_not_waited_for() {
    // HTTP, a mail server, a type that is reserved, PUBLISH before CONNACK
    for answer in [&b"HTTP"[..], b"220 ", b"\x0f\x75", b"\x30\xff\xff\xff\x7f"] {
        for mode in MODES {
            let broker = ScriptedBroker::start();
            let (client, _inbox) = client(&broker.uri(), mode);
            let (took, peer) = timed(|| {
                connect_with(&broker, &client, &request(&broker.uri()), |broker| {
                    let mut peer = broker.accept();
                    peer.expect_connect();
                    peer.send(answer);
                    peer
                })
            });
            assert!(took < SOON, "{answer:?}: took {took:?}");
            assert!(!client.is_connected());
            drop(peer);
        }
    }
    for beginning in [&b"\x0f\x75"[..], b"\x82\x09", b"\x41\xff\xff\xff\x7f"] {
        let broker = ScriptedBroker::start();
        let (client, inbox) = client(&broker.uri(), Mode::Workers);
        let mut peer = connect(&broker, &client);
        peer.send(beginning);
        inbox.wait("the loss", |seen| seen.lost == 1);
    }
}

#[test]
fn a_silent_server_is_left_at_the_connect_timeout() {
    let broker = ScriptedBroker::start();
    let (client, _inbox) = client(&broker.uri(), Mode::Caller);
    let mut request = request(&broker.uri());
    request.timeout = Duration::from_millis(300);
    let (took, connected) = timed(|| client.connect(&request));
    assert!(connected.is_err());
    assert!(took >= request.timeout && took < request.timeout + Duration::from_millis(500));
}

#[test]
fn messages_right_behind_connack_all_arrive() {
    const COUNT: usize = 5000;
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, inbox) = client(&broker.uri(), mode);
        let request = request(&broker.uri());
        let (connected, peer) = connect_with(&broker, &client, &request, |broker| {
            let mut peer = broker.accept();
            peer.expect_connect();
            let mut bytes = hex("20 02 00 00");
            (0..COUNT).for_each(|_| bytes.extend(message(b"early")));
            peer.send(&bytes);
            peer
        });
        connected.unwrap();
        match mode {
            Mode::Workers => inbox.wait("all messages", |seen| seen.arrived == COUNT),
            Mode::Caller => {
                for _ in 0..COUNT {
                    assert!(client.receive(SOON).unwrap().message.is_some());
                }
            }
        }
        drop(peer);
        client.destroy();
    }
}

#[test]
fn packets_may_come_one_byte_at_a_time() {
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        thread::scope(|scope| {
            scope.spawn(|| {
                let id = match peer.expect_packet() {
                    mqtt3c::packet::Packet::Subscribe(subscribe) => subscribe.packet_id.get(),
                    other => panic!("{other:?}"),
                };
                let mut bytes = message(b"slow");
                bytes.extend([0x90, 3, (id >> 8) as u8, id as u8, 2]);
                peer.send_slowly(&bytes, 1);
                peer.expect_eof();
            });
            subscribe(&client).unwrap();
            match mode {
                Mode::Workers => inbox.wait("the message", |seen| seen.arrived == 1),
                Mode::Caller => assert!(client.receive(SOON).unwrap().message.is_some()),
            }
            client.destroy();
        });
    }
}

#[test]
fn an_end_right_behind_much_data_is_noticed() {
    let broker = ScriptedBroker::start();
    let mut much = Vec::new();
    while much.len() < 3 << 20 {
        much.extend(message(b"many small messages take long to handle"));
    }
    for round in 0..15 {
        let (client, inbox) = client(&broker.uri(), Mode::Workers);
        let mut peer = connect(&broker, &client);
        peer.send(&much);
        peer.close();
        inbox.wait(&format!("the loss in round {round}"), |seen| seen.lost == 1);
        client.destroy();
    }
}

#[test]
fn claimed_lengths_cost_no_memory() {
    let broker = ScriptedBroker::start();
    let before = resident_memory();
    let clients: Vec<_> = (0..50)
        .map(|number| {
            let (client, _) = client(&broker.uri(), MODES[number % 2]);
            let mut peer = connect(&broker, &client);
            peer.send(&hex("30 ff ff ff 7f 00 01 74"));
            (client, peer)
        })
        .collect();
    for (client, peer) in &clients {
        let _ = client.receive(Duration::from_millis(1));
        assert!(client.is_connected() && !peer.received().is_empty());
    }
    assert!(resident_memory() < before + (32 << 20));
    clients.iter().for_each(|(client, _)| client.destroy());
}

#[test]
fn acknowledgements_nobody_waits_for_are_ignored_and_wrong_ones_end_the_connection() {
    for (bytes, survives) in [
        ("40 02 00 09", true),
        ("50 02 00 09", true),
        ("70 02 00 09", true),
        ("90 03 00 09 00", true),
        ("b0 02 00 09", true),
        ("50 02 00 01", false),
        ("70 02 00 01", false),
        ("90 03 00 01 00", false),
        ("40 02 00 00", false),
        ("90 02 00 01", false),
    ] {
        for mode in MODES {
            let broker = ScriptedBroker::start();
            let (client, _inbox) = client(&broker.uri(), mode);
            let mut peer = connect(&broker, &client);
            let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
            peer.expect_packet();
            peer.send(&hex(bytes));
            if survives {
                // A duplicate behind it is one nobody waits for either.
                peer.send(&hex("40 02 00 01 40 02 00 01"));
            }
            let completed = client.wait_for_completion(token, SOON);
            assert_eq!(completed.is_ok(), survives, "{bytes} {mode:?}");
            assert_eq!(client.is_connected(), survives, "{bytes} {mode:?}");
            client.destroy();
        }
    }
}

#[test]
fn a_refused_message_is_offered_again_after_the_connection_has_ended() {
    let broker = ScriptedBroker::start();
    let (client, inbox) = client(&broker.uri(), Mode::Workers);
    let offers = inbox.clone();
    client
        .change_callbacks(|callbacks| {
            callbacks.message_arrived = Some(Arc::new(move |_| {
                offers.note(|seen| seen.arrived += 1);
                offers.read(|seen| seen.arrived > 2)
            }));
        })
        .unwrap();
    let mut peer = connect(&broker, &client);
    peer.send(&message(b"unwanted"));
    peer.close();
    inbox.wait("the loss", |seen| seen.lost == 1);
    inbox.wait("the third offer", |seen| seen.arrived == 3);
    client.destroy();
}
