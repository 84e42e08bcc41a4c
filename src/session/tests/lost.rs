//! Messages to the server across connections that break.

use super::*;
use QoS::{AtLeastOnce, ExactlyOnce};

#[test]
fn qos_1_is_sent_again_until_acknowledged() {
    for version in ALL_VERSIONS {
        for session_present in [true, false] {
            let mut client = Client::connected(version);
            client.publish(AtLeastOnce, "a");
            for _ in 0..3 {
                let sent = client.reconnect(session_present);
                assert_eq!(sent, ["PUBLISH 1 qos1 dup a"]);
            }
            client.receive(puback(1));
            assert!(client.reconnect(session_present).is_empty());
            assert_eq!(completions(&client.events), [(1, 4, 0)]);
        }
    }
}

#[test]
fn qos_2_is_sent_again_from_where_it_stood() {
    for version in ALL_VERSIONS {
        for session_present in [true, false] {
            let mut client = Client::connected(version);
            client.publish(ExactlyOnce, "a");
            let sent = client.reconnect(session_present);
            assert_eq!(sent, ["PUBLISH 1 qos2 dup a"]);
            client.receive(pubrec(1));
            for _ in 0..3 {
                assert_eq!(client.reconnect(session_present), ["PUBREL 1"]);
            }
            client.receive(pubcomp(1));
            assert!(client.reconnect(session_present).is_empty());
            assert_eq!(completions(&client.events), [(1, 7, 0)]);
        }
    }
}

#[test]
fn pubrel_is_never_marked_as_a_duplicate() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(ExactlyOnce, "a");
        client.receive(pubrec(1));
        client.lose();
        client.begin_connect();
        client.try_receive(&Packet::ConnAck(connack(true))).unwrap();
        assert_eq!(client.drain_bytes(), b"\x62\x02\x00\x01"[..]);
    }
}

#[test]
fn resending_keeps_the_order_of_sending() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.publish(ExactlyOnce, "c");
        client.publish(AtLeastOnce, "d");
        client.receive(pubrec(2));
        client.receive(puback(1));
        let sent = client.reconnect(true);
        assert_eq!(
            sent,
            ["PUBREL 2", "PUBLISH 3 qos2 dup c", "PUBLISH 4 qos1 dup d"]
        );
    }
}

#[test]
fn identifiers_go_on_after_a_reconnect() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(AtLeastOnce, "a");
        client.publish(AtLeastOnce, "b");
        client.receive(puback(2));
        client.reconnect(true);
        assert_eq!(client.publish(AtLeastOnce, "c").0, 3);
    }
}

#[test]
fn the_window_does_not_hold_back_resending_before_mqtt_5() {
    for version in V3 {
        let mut client = Client::connected(version);
        for payload in ["a", "b", "c"] {
            client.publish(AtLeastOnce, payload);
        }
        client.options.window = 1;
        assert_eq!(client.reconnect(true).len(), 3);
        assert!(client.session.is_window_full());
    }
}

fn receive_maximum(maximum: u16) -> ConnAck {
    ConnAck {
        session_present: true,
        ..connack_with([two_bytes(Property::RECEIVE_MAXIMUM, maximum)])
    }
}

#[test]
fn receive_maximum_holds_back_resending_until_acknowledgements_come() {
    for mut client in [Client::new(V5), Client::without_records(V5)] {
        client.connect(connack(false));
        for payload in ["a", "b", "c", "d"] {
            client.publish(ExactlyOnce, payload);
        }
        client.receive(pubrec(3));
        client.lose();
        let sent = client.connect(receive_maximum(2));
        assert_eq!(sent, ["PUBLISH 1 qos2 dup a", "PUBLISH 2 qos2 dup b"]);
        assert!(client.session.is_window_full());
        assert_eq!(client.receive(pubrec(2)), ["PUBREL 2"]);
        assert_eq!(client.receive(pubcomp(2)), ["PUBREL 3"]);
        let error = ack_with(1, ReasonCode::QUOTA_EXCEEDED);
        let sent = client.receive(Packet::PubRec(error));
        assert_eq!(sent, ["PUBLISH 4 qos2 dup d"]);
        assert!(client.receive(pubcomp(3)).is_empty());
        assert!(!client.session.is_window_full());
    }
}

#[test]
fn a_connection_lost_while_resending_starts_over() {
    let mut client = Client::connected(V5);
    for payload in ["a", "b", "c"] {
        client.publish(AtLeastOnce, payload);
    }
    client.lose();
    client.connect(receive_maximum(1));
    assert_eq!(client.receive(puback(1)), ["PUBLISH 2 qos1 dup b"]);
    client.lose();
    let sent = client.connect(receive_maximum(1));
    assert_eq!(sent, ["PUBLISH 2 qos1 dup b"]);
    assert_eq!(client.receive(puback(2)), ["PUBLISH 3 qos1 dup c"]);
}

#[test]
fn what_waits_longer_than_the_retry_interval_is_sent_again_before_mqtt_5() {
    for version in V3 {
        let mut client = Client::new(version);
        client.options.retry_interval = 15 * S;
        client.connect(connack(false));
        client.publish(AtLeastOnce, "a");
        client.publish(ExactlyOnce, "b");
        client.receive(pubrec(2));
        client.now += 5 * S;
        client.publish(AtLeastOnce, "c");
        assert_eq!(client.session.poll_timeout(), Some(client.now + 10 * S));
        assert!(client.wait(9 * S).1.is_empty());
        let sent = client.wait(S).1;
        assert_eq!(sent, ["PUBLISH 1 qos1 dup a", "PUBREL 2"]);
        assert_eq!(client.wait(5 * S).1, ["PUBLISH 3 qos1 dup c"]);
        client.receive(puback(1));
        client.receive(pubcomp(2));
        client.receive(puback(3));
        assert_eq!(client.session.poll_timeout(), None);
    }
}

#[test]
fn what_was_sent_again_on_a_new_connection_is_so_there_too() {
    for (acknowledged, expected) in [(false, "PUBLISH 1 qos2 dup a"), (true, "PUBREL 1")] {
        let mut client = Client::new(V3_1_1);
        client.options.retry_interval = 15 * S;
        client.connect(connack(false));
        client.publish(ExactlyOnce, "a");
        if acknowledged {
            client.receive(pubrec(1));
        }
        client.now += 5 * S;
        assert_eq!(client.reconnect(true), [expected]);
        assert!(client.wait(14 * S).1.is_empty());
        assert_eq!(client.wait(S).1, [expected]);
    }
}

#[test]
fn pubrel_is_overdue_when_it_has_waited_for_the_retry_interval_itself() {
    let mut client = Client::new(V3_1_1);
    client.options.retry_interval = 15 * S;
    client.connect(connack(false));
    client.publish(ExactlyOnce, "a");
    client.now += 10 * S;
    assert_eq!(client.receive(pubrec(1)), ["PUBREL 1"]);
    assert!(client.wait(5 * S).1.is_empty());
    assert!(client.wait(9 * S).1.is_empty());
    assert_eq!(client.wait(S).1, ["PUBREL 1"]);
}

#[test]
fn the_next_overdue_message_is_looked_for_when_the_first_would_have_been_due() {
    let mut client = Client::new(V3_1_1);
    client.options.retry_interval = 15 * S;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    client.now += 5 * S;
    client.publish(AtLeastOnce, "b");
    client.receive(puback(1));
    assert_eq!(client.session.poll_timeout(), Some(client.now + 10 * S));
    assert!(client.wait(10 * S).1.is_empty());
    assert_eq!(client.session.poll_timeout(), Some(client.now + 5 * S));
    assert_eq!(client.wait(5 * S).1, ["PUBLISH 2 qos1 dup b"]);
    // With nothing left there is nothing to look for, and another one is due in its own time.
    client.receive(puback(2));
    assert_eq!(client.session.poll_timeout(), None);
    client.now += 5 * S;
    client.publish(AtLeastOnce, "c");
    assert_eq!(client.session.poll_timeout(), Some(client.now + 15 * S));
}

#[test]
fn nothing_is_sent_again_behind_what_the_transport_has_not_taken_yet() {
    let mut client = Client::new(V3_1_1);
    client.options.retry_interval = 15 * S;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    client.session.set_blocked(true);
    for _ in 0..3 {
        assert_eq!(client.session.poll_timeout(), Some(client.now + 15 * S));
        assert!(client.wait(15 * S).1.is_empty());
    }
    client.session.set_blocked(false);
    assert_eq!(client.wait(15 * S).1, ["PUBLISH 1 qos1 dup a"]);
}

#[test]
fn the_retry_interval_is_at_least_ten_seconds() {
    let mut client = Client::new(V3_1_1);
    client.options.retry_interval = S;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    assert_eq!(client.session.poll_timeout(), Some(client.now + 10 * S));
}

#[test]
fn any_retry_interval_is_survived() {
    let mut client = Client::new(V3_1_1);
    client.options.retry_interval = Duration::MAX;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    assert_eq!(client.session.poll_timeout(), None);
    assert_eq!(client.wait(1000 * S), (true, vec![]));
}

#[test]
fn mqtt_5_resends_only_after_a_reconnect() {
    let mut client = Client::new(V5);
    client.options.retry_interval = 15 * S;
    client.connect(connack(false));
    client.publish(AtLeastOnce, "a");
    assert_eq!(client.session.poll_timeout(), None);
    assert!(client.wait(1000 * S).1.is_empty());
}

#[test]
fn without_a_retry_interval_nothing_is_sent_again_within_a_connection() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        client.publish(AtLeastOnce, "a");
        for _ in 0..3 {
            client.reconnect(true);
            assert_eq!(client.session.poll_timeout(), None);
            assert!(client.wait(1000 * S).1.is_empty());
        }
    }
}
