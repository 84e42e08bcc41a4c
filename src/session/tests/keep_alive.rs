//! Pings and silence, as the owner of a session sees them.

use super::*;

fn connected(version: ProtocolVersion, keep_alive: u16, connack: ConnAck) -> Client {
    let mut client = Client::new(version);
    client.options.keep_alive = keep_alive;
    client.connect(connack);
    client
}

fn pings(client: &mut Client, after: Duration) {
    assert_eq!(client.session.poll_timeout(), Some(client.now + after));
    assert_eq!(client.wait(after), (true, vec!["PINGREQ".to_owned()]));
    client.session.note_sent(client.now);
}

#[test]
fn an_idle_connection_is_pinged_and_lives_while_answered() {
    for version in ALL_VERSIONS {
        let mut client = connected(version, 10, connack(false));
        for _ in 0..3 {
            pings(&mut client, 10 * S);
            assert!(client.receive(Packet::PingResp).is_empty());
        }
    }
}

#[test]
fn silence_after_a_ping_ends_the_connection_after_one_and_a_half_intervals() {
    for version in ALL_VERSIONS {
        let mut client = connected(version, 10, connack(false));
        pings(&mut client, 10 * S);
        assert_eq!(client.session.poll_timeout(), Some(client.now + 15 * S));
        assert_eq!(client.wait(14 * S), (true, vec![]));
        assert_eq!(client.wait(S), (false, vec![]));
    }
}

#[test]
fn any_packet_or_part_of_one_puts_the_end_off() {
    let mut client = connected(V3_1_1, 10, connack(false));
    pings(&mut client, 10 * S);
    client.now += 12 * S;
    client.receive(publish(QoS::AtMostOnce, 0, "a"));
    client.now += 14 * S;
    client.session.note_received(client.now);
    assert_eq!(client.wait(14 * S), (true, vec![]));
    assert_eq!(client.wait(S), (false, vec![]));
}

#[test]
fn zero_means_no_pings() {
    for version in ALL_VERSIONS {
        let mut client = connected(version, 0, connack(false));
        assert_eq!(client.session.poll_timeout(), None);
        assert_eq!(client.wait(100_000 * S), (true, vec![]));
    }
}

#[test]
fn server_keep_alive_replaces_the_clients() {
    for (own, server) in [(60, 5), (5, 60), (0, 5)] {
        let server_keep_alive = two_bytes(Property::SERVER_KEEP_ALIVE, server);
        let mut client = connected(V5, own, connack_with([server_keep_alive]));
        pings(&mut client, S * server.into());
    }
    let off = two_bytes(Property::SERVER_KEEP_ALIVE, 0);
    let client = connected(V5, 60, connack_with([off]));
    assert_eq!(client.session.poll_timeout(), None);
}

#[test]
fn server_keep_alive_ends_with_its_connection() {
    let server_keep_alive = two_bytes(Property::SERVER_KEEP_ALIVE, 5);
    let mut client = connected(V5, 60, connack_with([server_keep_alive]));
    client.reconnect(true);
    assert_eq!(client.session.poll_timeout(), Some(client.now + 60 * S));
}

#[test]
fn nothing_is_due_without_a_connection() {
    let mut client = connected(V3_1_1, 10, connack(false));
    client.lose();
    assert_eq!(client.session.poll_timeout(), None);
    assert_eq!(client.wait(1000 * S), (true, vec![]));
    client.begin_connect();
    assert_eq!(client.session.poll_timeout(), None);
    assert_eq!(client.wait(1000 * S), (true, vec![]));
}

#[test]
fn an_unexpected_pingresp_is_ignored_and_a_pingreq_is_an_error() {
    for version in ALL_VERSIONS {
        let mut client = connected(version, 10, connack(false));
        assert!(client.receive(Packet::PingResp).is_empty());
        let reason = client.refuse(Packet::PingReq);
        assert_eq!(reason, ReasonCode::PROTOCOL_ERROR);
    }
}

#[test]
fn ping_and_retry_share_the_timer() {
    let mut client = Client::new(V3_1_1);
    client.options.keep_alive = 10;
    client.options.retry_interval = 12 * S;
    client.connect(connack(false));
    client.publish(QoS::AtLeastOnce, "a");
    pings(&mut client, 10 * S);
    client.receive(Packet::PingResp);
    assert_eq!(client.session.poll_timeout(), Some(client.now + 2 * S));
    assert_eq!(client.wait(2 * S).1, ["PUBLISH 1 qos1 dup a"]);
}
