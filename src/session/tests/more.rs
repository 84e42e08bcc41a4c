//! Whether the server is expected to send more by itself.

use super::*;
use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

/// The server sends a packet, a moment later what answers it goes out. Whether more is expected then.
fn waits_behind(client: &mut Client, packet: Packet) -> bool {
    client.now += S / 1000;
    let answers = client.receive(packet);
    if !answers.is_empty() {
        client.session.note_sent(client.now);
    }
    client.session.waits_for_more()
}

#[test]
fn more_is_expected_until_exchanges_are_over() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        assert!(!waits_behind(&mut client, publish(AtMostOnce, 0, "a")));
        let first = client.publish(AtLeastOnce, "b").0;
        let second = client.publish(ExactlyOnce, "c").0;
        assert!(waits_behind(&mut client, publish(AtMostOnce, 0, "d")));
        assert!(waits_behind(&mut client, puback(first)));
        // Answers tell the server what has come.
        assert!(!waits_behind(&mut client, pubrec(second)));
        assert!(!waits_behind(&mut client, publish(ExactlyOnce, 7, "e")));
        assert!(waits_behind(&mut client, pubcomp(second)));
        assert!(!waits_behind(&mut client, pubrel(7)));
        assert!(!waits_behind(&mut client, publish(AtMostOnce, 0, "f")));
    }
}

#[test]
fn more_is_expected_until_requests_are_answered_and_behind_a_subscription() {
    for version in ALL_VERSIONS {
        let mut client = Client::connected(version);
        let id = client.subscribe(1);
        assert!(waits_behind(&mut client, publish(AtMostOnce, 0, "a")));
        let granted = Packet::SubAck(suback(id, &[0]));
        assert!(waits_behind(&mut client, granted));
        assert!(!waits_behind(&mut client, publish(AtMostOnce, 0, "b")));
        assert!(!waits_behind(&mut client, Packet::PingResp));
    }
}

#[test]
fn more_is_not_expected_when_something_has_been_sent_since() {
    let mut client = Client::connected(V3_1_1);
    let first = client.publish(AtLeastOnce, "a").0;
    client.publish(AtLeastOnce, "b");
    assert!(waits_behind(&mut client, puback(first)));
    client.session.note_sent(client.now);
    assert!(!client.session.waits_for_more());
}
