//! Threads and callbacks that get into each other's way.

use crate::broker::Broker;
use crate::broker::scripted::ScriptedBroker;
use crate::support::*;
use mqtt3c::client::Client;
use mqtt3c::packet::{Packet, QoS, ReasonCode};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn disconnect_is_sent_whole_behind_what_other_threads_send() {
    for mode in MODES {
        for _ in 0..20 {
            let broker = ScriptedBroker::start();
            let (client, _inbox) = client(&broker.uri(), mode);
            let mut peer = connect(&broker, &client);
            thread::scope(|scope| {
                let (came, traffic) = mpsc::channel();
                let reader = scope.spawn(move || {
                    while !matches!(peer.expect_packet(), Packet::Disconnect(_)) {
                        let _ = came.send(());
                    }
                    peer.expect_eof();
                });
                for _ in 0..2 {
                    scope.spawn(|| {
                        let payload = vec![1; 5000];
                        while publish(&client, &payload, QoS::AtMostOnce).is_ok() {}
                    });
                }
                traffic.iter().take(10).for_each(drop);
                client.disconnect(Some(SOON), ReasonCode::SUCCESS, None);
                reader.join().unwrap();
            });
            client.destroy();
        }
    }
}

#[test]
fn receive_ends_at_once_when_another_thread_disconnects() {
    let broker = ScriptedBroker::start();
    let (client, _inbox) = client(&broker.uri(), Mode::Caller);
    // The server keeps its side open.
    let _peer = connect(&broker, &client);
    thread::scope(|scope| {
        let receiver = scope.spawn(|| timed(|| client.receive(LONG)).0);
        // That it waits inside the call cannot be seen from outside.
        thread::sleep(Duration::from_millis(50));
        client.disconnect(Some(Duration::ZERO), ReasonCode::SUCCESS, None);
        assert!(receiver.join().unwrap() < SOON);
    });
}

/// Callbacks may compare with it, and run while the call is on its way back.
#[test]
fn the_token_is_noted_before_the_message_is_sent() {
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut noted = None;
            let note_token = |id| {
                peer.expect_nothing_for(20);
                noted = Some(id);
            };
            publish_noting(&client, b"x", qos, note_token).unwrap();
            let Packet::Publish(sent) = peer.expect_packet() else {
                panic!("{mode:?}: no PUBLISH");
            };
            assert_eq!(sent.packet_id, noted, "{mode:?}");
        }
    }
}

#[test]
fn a_call_drives_the_connection_when_another_one_stops_to() {
    let broker = ScriptedBroker::start();
    let (client, _inbox) = client(&broker.uri(), Mode::Caller);
    let mut peer = connect(&broker, &client);
    for round in 0..1000 {
        let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
        let together = Barrier::new(2);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                together.wait();
                client.wait_for_completion(token, SOON)
            });
            together.wait();
            // Each reads for a moment, which may be the one in which the other call begins.
            for _ in 0..20 {
                client.receive(Duration::ZERO).unwrap();
            }
            peer.expect_and_acknowledge();
            assert_eq!(waiting.join().unwrap(), Ok(()), "round {round}");
        });
    }
    client.destroy();
}

#[test]
fn a_store_that_blocks_holds_no_other_client_up() {
    let broker = ScriptedBroker::start();
    let gate = Gate::default();
    let in_put = gate.clone();
    let store = EmptyStore {
        on_put: Box::new(move || in_put.pass()),
        on_remove: Box::new(|| ()),
    };
    let held_up = client_with(&broker.uri(), Some(Box::new(store)));
    Inbox::default().attach(&held_up);
    let mut held_up_peer = connect(&broker, &held_up);
    let (other, _inbox) = client(&broker.uri(), Mode::Workers);
    let mut peer = connect(&broker, &other);

    gate.close();
    thread::scope(|scope| {
        // A worker is held up in the store, and later ones would be behind it.
        held_up_peer.send(&[0x34, 6, 0, 1, b't', 0, 1, b'x']);
        scope.spawn(|| publish(&held_up, b"x", QoS::AtLeastOnce).unwrap());
        for _ in 0..20 {
            held_up_peer.send(&message(b"more"));
            // So that each comes by an event of its own, to which nobody can answer.
            thread::sleep(Duration::from_millis(5));
        }
        let acknowledging = scope.spawn(move || {
            for _ in 0..10 {
                peer.expect_and_acknowledge();
            }
            peer
        });
        for _ in 0..10 {
            let token = publish(&other, b"x", QoS::AtLeastOnce).unwrap();
            let (took, waited) = timed(|| other.wait_for_completion(token, SOON));
            assert_eq!(waited, Ok(()));
            assert!(took < Duration::from_secs(1), "took {took:?}");
        }
        drop(acknowledging.join());
        assert!(threads_named("MQTTClient_run") <= 8);
        gate.open();
    });
    held_up.destroy();
    other.destroy();
}

/// A worker that finds the client in the middle of an operation leaves what it has found for later: no event tells it again.
#[test]
fn an_end_that_comes_while_a_record_is_being_removed_is_noticed() {
    let broker = ScriptedBroker::start();
    let gate = Gate::default();
    let in_remove = gate.clone();
    let store = EmptyStore {
        on_put: Box::new(|| ()),
        on_remove: Box::new(move || in_remove.pass()),
    };
    let held_up = client_with(&broker.uri(), Some(Box::new(store)));
    let inbox = Inbox::default();
    inbox.attach(&held_up);
    let mut held_up_peer = connect(&broker, &held_up);
    let (other, _inbox) = client(&broker.uri(), Mode::Workers);
    let mut peer = connect(&broker, &other);

    gate.close();
    let in_order = [0x32, 6, 0, 1, b't', 0, 1, b'x'];
    held_up_peer.send(&in_order);
    held_up_peer.expect_bytes(&[0x40, 2, 0, 1]);
    gate.wait_for_somebody();
    // Nothing that the client would answer: an answer to a closed connection tells of its end, too.
    held_up_peer.send(&message(b"the last one"));
    held_up_peer.close();
    // The workers have come by what lies before this.
    for _ in 0..20 {
        peer.send(&in_order);
        peer.expect_bytes(&[0x40, 2, 0, 1]);
    }
    gate.open();
    inbox.wait("the loss", |seen| seen.lost == 1);
    assert_eq!(inbox.read(|seen| seen.arrived), 2);
    held_up.destroy();
    other.destroy();
}

fn threads_named(name: &str) -> usize {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim() == name)
        .count()
}

#[test]
fn a_callback_may_disconnect_another_client_whose_callbacks_wait_for_it() {
    let broker = Broker::start();
    let (other, _) = client(&broker.uri(), Mode::Workers);
    other.connect(&request(&broker.uri())).unwrap();
    let (client, inbox) = client(&broker.uri(), Mode::Workers);
    let (target, took) = (Arc::clone(&other), inbox.clone());
    client
        .change_callbacks(|callbacks| {
            callbacks.message_arrived = Some(Arc::new(move |message| {
                if message.payload() != b"go" {
                    return true;
                }
                let token = publish(&target, b"x", QoS::AtLeastOnce).unwrap();
                target.wait_for_completion(token, SOON).unwrap();
                // Its deliveryComplete cannot run before this callback returns.
                let quiesce = Some(Duration::from_millis(100));
                let start = Instant::now();
                target.disconnect(quiesce, ReasonCode::SUCCESS, None);
                took.note(|seen| seen.arrived = start.elapsed().as_millis() as usize + 1);
                true
            }));
        })
        .unwrap();
    let mut own = request(&broker.uri());
    own.options.client_id = "another".into();
    client.connect(&own).unwrap();
    subscribe(&client).unwrap();
    publish(&client, b"go", QoS::AtMostOnce).unwrap();
    inbox.wait("the callback", |seen| seen.arrived > 0);
    assert!(inbox.read(|seen| seen.arrived) < 1000);
    client.destroy();
    other.destroy();
}

#[test]
fn published_without_workers_is_told_after_a_callback_that_is_in_its_way() {
    let broker = Broker::start();
    let (blocking, inbox) = client(&broker.uri(), Mode::Workers);
    blocking.connect(&request(&broker.uri())).unwrap();
    subscribe(&blocking).unwrap();
    inbox.close(true);
    publish(&blocking, b"block", QoS::AtLeastOnce).unwrap();
    // Its deliveryComplete comes behind the message, or before it.
    let (client, _) = client(&broker.uri(), Mode::Caller);
    let told = inbox.clone();
    client
        .change_callbacks(|callbacks| {
            callbacks.published = Some(Arc::new(move |_| told.note(|seen| seen.lost += 1)));
        })
        .unwrap();
    let mut v5 = request(&broker.uri());
    v5.version = mqtt3c::client::VersionChoice::Only(mqtt3c::packet::ProtocolVersion::V5);
    v5.options.client_id = "v5".into();
    client.connect(&v5).unwrap();
    inbox.wait("the callback in the way", |seen| seen.entered == 1);
    let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
    client.wait_for_completion(token, SOON).unwrap();
    inbox.close(false);
    inbox.wait("published", |seen| seen.lost == 1);
    client.destroy();
    blocking.destroy();
}

#[test]
fn destroy_waits_briefly_for_connection_lost_whose_calls_fail_from_then_on() {
    let broker = ScriptedBroker::start();
    let (client, inbox) = client(&broker.uri(), Mode::Workers);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (lost, wait) = (inbox.clone(), Mutex::new(wait));
    let (again, uri) = (Arc::downgrade(&client), broker.uri());
    client
        .change_callbacks(|callbacks| {
            callbacks.connection_lost = Some(Arc::new(move || {
                lost.note(|seen| seen.lost = 1);
                wait.lock().recv().unwrap();
                let client = again.upgrade().unwrap();
                assert!(client.connect(&request(&uri)).is_err());
                lost.note(|seen| seen.lost = 2);
            }));
        })
        .unwrap();
    connect(&broker, &client).close();
    inbox.wait("the loss", |seen| seen.lost == 1);
    client.destroy();
    assert_eq!(inbox.read(|seen| seen.lost), 1);
    go_on.send(()).unwrap();
    inbox.wait("the end of connectionLost", |seen| seen.lost == 2);
}

#[test]
fn callbacks_of_all_clients_never_overlap() {
    let broker = Broker::start();
    let inside = Arc::new(AtomicUsize::new(0));
    let inbox = Inbox::default();
    let clients: Vec<Arc<Client>> = (0..4)
        .map(|number| {
            let (client, _) = client(&broker.uri(), Mode::Workers);
            let (enter, arrived) = (Arc::clone(&inside), inbox.clone());
            let (enter_too, completed) = (Arc::clone(&inside), inbox.clone());
            client
                .change_callbacks(|callbacks| {
                    callbacks.message_arrived = Some(Arc::new(move |_| {
                        alone(&enter);
                        arrived.note(|seen| seen.arrived += 1);
                        true
                    }));
                    callbacks.delivery_complete = Some(Arc::new(move |_| {
                        alone(&enter_too);
                        completed.note(|seen| seen.completed += 1);
                    }));
                })
                .unwrap();
            let mut request = request(&broker.uri());
            request.options.client_id = format!("overlap-{number}").into();
            client.connect(&request).unwrap();
            subscribe(&client).unwrap();
            client
        })
        .collect();
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(move || {
                for _ in 0..50 {
                    publish(client, b"x", QoS::AtLeastOnce).unwrap();
                }
            });
        }
    });
    inbox.wait("all callbacks", |seen| {
        seen.arrived == 800 && seen.completed == 200
    });
    clients.iter().for_each(|client| client.destroy());
}

fn alone(inside: &AtomicUsize) {
    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
    thread::yield_now();
    inside.fetch_sub(1, Ordering::SeqCst);
}

#[test]
fn threads_that_do_everything_at_once_all_come_back() {
    let broker = Broker::start();
    for mode in MODES {
        for _ in 0..3 {
            let (client, inbox) = client(&broker.uri(), mode);
            client.connect(&request(&broker.uri())).unwrap();
            let calls: [fn(&Client, &str, &Inbox); 9] = [
                |client, _, _| drop(publish(client, b"x", QoS::AtMostOnce)),
                |client, _, _| {
                    if let Ok(token) = publish(client, b"x", QoS::ExactlyOnce) {
                        let _ = client.wait_for_completion(token, Duration::from_millis(20));
                    }
                },
                |client, _, _| drop(subscribe(client)),
                |client, _, _| {
                    drop(client.unsubscribe(vec!["t".into()], &Default::default()));
                },
                |client, _, _| drop(client.receive(Duration::from_millis(5))),
                |_, _, _| mqtt3c::client::yield_now(),
                |client, uri, _| drop(client.connect(&request(uri))),
                |client, _, _| {
                    let quiesce = Some(Duration::from_millis(10));
                    client.disconnect(quiesce, ReasonCode::SUCCESS, None);
                    // Leaves the others a connection.
                    thread::sleep(Duration::from_millis(10));
                },
                |client, _, inbox| {
                    if !inbox.read(|seen| seen.arrived == 0 && seen.completed == 0) {
                        let _ = client.change_callbacks(|_| {});
                    }
                    client.pending_tokens();
                    client.is_connected();
                    thread::yield_now();
                },
            ];
            let end = Instant::now() + Duration::from_millis(700);
            let uri = broker.uri();
            let start = Instant::now();
            thread::scope(|scope| {
                for call in calls {
                    let (client, uri, inbox) = (&client, &uri, &inbox);
                    scope.spawn(move || {
                        while Instant::now() < end {
                            call(client, uri, inbox);
                        }
                    });
                }
                // In the middle of it.
                thread::sleep(Duration::from_millis(500));
                client.destroy();
            });
            assert!(start.elapsed() < SOON, "{mode:?}");
            assert!(!client.is_connected());
        }
    }
}

#[test]
fn packets_of_several_threads_stay_whole_when_the_socket_takes_parts_of_them() {
    const THREADS: u8 = 4;
    const EACH: usize = 40;
    const SIZE: usize = 1 << 20;
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let client = &client;
                scope.spawn(move || {
                    for _ in 0..EACH {
                        publish(client, &vec![number; SIZE], QoS::AtMostOnce).unwrap();
                    }
                });
            }
            // Moved, so that the publishers do not wait for it when it fails.
            scope.spawn(move || {
                for _ in 0..usize::from(THREADS) * EACH {
                    let Packet::Publish(publish) = peer.expect_packet() else {
                        panic!("another packet");
                    };
                    assert!(publish.payload == vec![publish.payload[0]; SIZE]);
                }
            });
        });
        client.destroy();
    }
}
