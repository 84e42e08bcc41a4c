//! More than one side takes: sockets that are full, messages that nobody collects.

use crate::broker::scripted::ScriptedBroker;
use crate::support::*;
use mqtt3c::packet::{Message, QoS};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn a_large_message_gets_through_to_a_peer_that_reads_late() {
    let large = vec![7; 20 << 20];
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        thread::scope(|scope| {
            scope.spawn(|| {
                peer.expect_nothing_for(0);
                let expected = message(&large).len();
                assert_eq!(peer.take_bytes(expected).len(), expected);
                peer.expect_eof();
            });
            publish(&client, &large, QoS::AtMostOnce).unwrap();
            client.destroy();
        });
    }
}

/// Until so many have been sent that the socket is full: the sending has stopped.
fn wait_until_still(sent: &AtomicUsize) {
    wait_until_still_for(1, sent);
}

/// The same, for so many looks.
fn wait_until_still_for(looks: usize, sent: &AtomicUsize) {
    let (mut before, mut still) = (0, 0);
    while still < looks {
        thread::sleep(Duration::from_millis(20));
        let now = sent.load(Ordering::Relaxed);
        still = if now > 0 && now == before {
            still + 1
        } else {
            0
        };
        before = now;
    }
}

#[test]
fn small_messages_are_whole_and_in_order_when_the_peer_reads_late() {
    const MESSAGES: usize = 16_000;
    let payload = |index: usize| {
        let mut payload = vec![index as u8; 1000];
        payload[..8].copy_from_slice(&index.to_be_bytes());
        payload
    };
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        let sent = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_until_still(&sent);
                for index in 0..MESSAGES {
                    peer.expect_bytes(&message(&payload(index)));
                }
                peer.expect_eof();
            });
            for index in 0..MESSAGES {
                publish(&client, &payload(index), QoS::AtMostOnce).unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            }
            client.destroy();
        });
    }
}

/// Workers write on too, where another client has any.
#[test]
fn a_full_socket_is_written_on_while_another_thread_receives() {
    let large = vec![7; 20 << 20];
    for beside_workers in [false, true] {
        let broker = ScriptedBroker::start();
        let (other, _inbox) = client(&broker.uri(), Mode::Workers);
        let _other_peer = beside_workers.then(|| connect(&broker, &other));
        let (client, _inbox) = client(&broker.uri(), Mode::Caller);
        let mut peer = connect(&broker, &client);
        let (begun, waiting) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                begun.send(()).unwrap();
                let _ = client.receive(LONG);
            });
            scope.spawn(|| {
                let expected = message(&large).len();
                // The socket is full and the receiver waits by then.
                thread::sleep(Duration::from_millis(200));
                peer.take_bytes(expected);
                peer.expect_eof();
            });
            waiting.recv().unwrap();
            // That it waits inside the call cannot be seen from outside.
            thread::sleep(Duration::from_millis(50));
            let (took, published) = timed(|| publish(&client, &large, QoS::AtMostOnce));
            published.unwrap();
            assert!(took < SOON, "took {took:?}");
            client.destroy();
        });
        other.destroy();
    }
}

/// What comes meanwhile wakes the publisher in the middle of a write too, which does not mean that all is taken.
#[test]
fn a_publish_returns_when_all_is_taken_whatever_else_comes() {
    const PINGRESP: [u8; 2] = [0xd0, 0];
    /// More than the system's buffers hold.
    const MANY: usize = 24 << 20;
    let large = vec![7; 2 * MANY];
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (other, _inbox) = client(&broker.uri(), Mode::Workers);
        let _other_peer = connect(&broker, &other);
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut peer = connect(&broker, &client);
        let left = AtomicUsize::new(message(&large).len());
        thread::scope(|scope| {
            scope.spawn(|| {
                while left.load(Ordering::Relaxed) > 0 {
                    let piece = left.load(Ordering::Relaxed).min(100_000);
                    peer.take_bytes(piece);
                    left.fetch_sub(piece, Ordering::Relaxed);
                    peer.send(&PINGRESP);
                }
            });
            publish(&client, &large, QoS::AtMostOnce).unwrap();
            let left = left.load(Ordering::Relaxed);
            assert!(left < MANY, "{left} bytes were left");
        });
        client.destroy();
        other.destroy();
    }
}

#[test]
fn large_messages_arrive_whatever_pieces_they_come_in() {
    let broker = ScriptedBroker::start();
    let (client, inbox) = client(&broker.uri(), Mode::Workers);
    let mut peer = connect(&broker, &client);
    peer.set_patience(LONG);
    let pieces = [1, 2, 3, 700, 4096, 5000, 64 << 10, 100_000, 1 << 20];
    let mut sent = 0;
    for payload_size in [17_000, 65_536, 300_000] {
        for first in pieces {
            for then in pieces.iter().filter(|size| **size > 500) {
                let payload = vec![sent as u8; payload_size];
                let stream = [message(b"before"), message(&payload), message(b"behind")].concat();
                let (begin, rest) = stream.split_at(first.min(stream.len()));
                peer.send(begin);
                rest.chunks(*then).for_each(|piece| peer.send(piece));
                sent += 3;
                inbox.wait("the messages", |seen| seen.arrived == sent);
            }
        }
    }
    // The reader waits for the rest of a packet when the connection ends.
    peer.send(&message(&[0; 300_000])[..200_000]);
    drop(peer);
    inbox.wait("the loss", |seen| seen.lost == 1);
    client.destroy();
}

#[test]
fn a_peer_that_never_reads_is_given_up_by_keep_alive() {
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, _inbox) = client(&broker.uri(), mode);
        let mut request = request(&broker.uri());
        request.options.keep_alive = 1;
        let (connected, peer) = connect_with(&broker, &client, &request, |broker| {
            let mut peer = broker.accept();
            peer.accept_connect();
            peer
        });
        connected.unwrap();
        let large = vec![0; 20 << 20];
        let (took, published) = timed(|| publish(&client, &large, QoS::AtMostOnce));
        assert!(published.is_err());
        assert!(took > Duration::from_secs(2) && took < Duration::from_secs(4));
        drop(peer);
        client.destroy();
    }
}

/// Bytes in messages that nobody takes, until the client stops reading.
const PAUSE_AT: usize = 64 << 10;

#[test]
fn reading_pauses_when_callbacks_do_not_keep_up_and_nothing_is_lost() {
    const COUNT: usize = 200_000;
    let broker = ScriptedBroker::start();
    let (client, inbox) = client(&broker.uri(), Mode::Workers);
    inbox.close(true);
    let mut peer = connect(&broker, &client);
    peer.set_patience(LONG);
    let before = resident_memory();
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        let sent = &sent;
        let sender = scope.spawn(move || {
            let payload = [1; 400];
            let thousand: Vec<u8> = (0..1000).flat_map(|_| message(&payload)).collect();
            for _ in 0..COUNT / 1000 {
                peer.send(&thousand);
                sent.fetch_add(1, Ordering::Relaxed);
            }
            peer
        });
        wait_until_still_for(10, sent);
        assert!(!sender.is_finished());
        let grown = resident_memory().saturating_sub(before);
        assert!(grown < 32 * PAUSE_AT, "memory has grown by {grown}");
        inbox.close(false);
        inbox.wait("all messages", |seen| seen.arrived == COUNT);
        drop(sender.join());
    });
    client.destroy();
}

#[test]
fn many_messages_leave_other_clients_callbacks_their_turn() {
    let broker = ScriptedBroker::start();
    let flooded = client_with(&broker.uri(), None);
    let called = Arc::new(AtomicUsize::new(0));
    let calls = Arc::clone(&called);
    let set = flooded.change_callbacks(|callbacks| {
        callbacks.message_arrived = Some(Arc::new(move |_: &Message| {
            calls.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
            true
        }));
    });
    set.unwrap();
    let mut flood = connect(&broker, &flooded);
    let (other, inbox) = client(&broker.uri(), Mode::Workers);
    let mut peer = connect(&broker, &other);
    // The callbacks for these take far longer than the other client may have to wait.
    let many: Vec<u8> = (0..20_000).flat_map(|_| message(b"flood")).collect();
    flood.send(&many);
    while called.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    peer.send(&message(b"x"));
    let arrived = |seen: &Seen| seen.arrived == 1;
    let (took, ()) = timed(|| inbox.wait("the other client's message", arrived));
    assert!(took < SOON, "took {took:?}");
    flooded.destroy();
    other.destroy();
}

#[test]
fn an_acknowledgement_behind_paused_reading_is_found() {
    for mode in MODES {
        let broker = ScriptedBroker::start();
        let (client, inbox) = client(&broker.uri(), mode);
        inbox.close(true);
        let mut peer = connect(&broker, &client);
        peer.set_patience(LONG);
        let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
        peer.expect_packet();
        let sent = AtomicUsize::new(0);
        thread::scope(|scope| {
            let sent = &sent;
            scope.spawn(move || {
                let megabyte = message(&vec![1; 1 << 20]);
                for _ in 0..48 {
                    peer.send(&megabyte);
                    sent.fetch_add(1, Ordering::Relaxed);
                }
                peer.send(&[0x40, 2, 0, 1]);
                peer.expect_eof();
            });
            match mode {
                // Nothing is read any more.
                Mode::Workers => wait_until_still(sent),
                Mode::Caller => (0..10).for_each(|_| mqtt3c::client::yield_now()),
            }
            client.wait_for_completion(token, SOON * 2).unwrap();
            inbox.close(false);
            client.destroy();
        });
    }
}

#[test]
fn waiting_keeps_its_time_while_the_server_sends_without_end() {
    let broker = ScriptedBroker::start();
    let (client, _inbox) = client(&broker.uri(), Mode::Caller);
    let mut peer = connect(&broker, &client);
    peer.set_patience(LONG);
    let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let flood: Vec<u8> = (0..5000).flat_map(|_| message(b"flood")).collect();
            let sending =
                std::panic::AssertUnwindSafe(|| (0..2000).for_each(|_| peer.send(&flood)));
            // The client ends the connection somewhere in between.
            let _ = std::panic::catch_unwind(sending);
        });
        let limit = Duration::from_millis(300);
        let (took, waited) = timed_alone(|| client.wait_for_completion(token, limit));
        // Ends the flood, for which a test that has failed would wait too.
        client.destroy();
        assert!(waited.is_err());
        assert!(took < limit * 3, "took {took:?}");
    });
}

/// Hundreds of messages come with one read, and to store them takes longer than the call may.
#[test]
fn waiting_stores_nothing_more_when_its_time_is_over() {
    /// As long as records are stored before a call looks whether it is to return.
    const TURN: Duration = Duration::from_millis(10);
    const PUT_TIME: Duration = Duration::from_millis(5);
    const LIMIT: Duration = Duration::from_millis(100);
    let broker = ScriptedBroker::start();
    let stored = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&stored);
    let store = EmptyStore {
        on_put: Box::new(move || {
            thread::sleep(PUT_TIME);
            counter.fetch_add(1, Ordering::Relaxed);
        }),
        on_remove: Box::new(|| ()),
    };
    let client = client_with(&broker.uri(), Some(Box::new(store)));
    let mut peer = connect(&broker, &client);
    peer.set_patience(LONG);
    let token = publish(&client, b"x", QoS::AtLeastOnce).unwrap();
    let mut packet = message(&[b'x'; 100]);
    // At QoS 1: what follows the topic is the identifier.
    packet[0] = 0x32;
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sent, packet) = (&sent, &packet);
        scope.spawn(move || {
            let sending = std::panic::AssertUnwindSafe(|| {
                (0..200_000).for_each(|_| {
                    peer.send(packet);
                    sent.fetch_add(1, Ordering::Relaxed);
                });
            });
            // The client ends the connection somewhere in between.
            let _ = std::panic::catch_unwind(sending);
        });
        // More than many reads can take is there.
        wait_until_still(sent);
        let before = stored.load(Ordering::Relaxed);
        let waited = client.wait_for_completion(token, LIMIT);
        let stored = stored.load(Ordering::Relaxed) - before;
        client.destroy();
        assert!(waited.is_err());
        // A machine that is busy makes fewer of them in the same time.
        let in_time = ((LIMIT + TURN).as_millis() / PUT_TIME.as_millis()) as usize;
        assert!(stored > 0);
        assert!(stored <= in_time + 2, "stored {stored}");
    });
}
