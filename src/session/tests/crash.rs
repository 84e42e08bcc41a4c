//! The process dies at every single moment, and a new one goes on from the records.

use super::*;
use QoS::{AtLeastOnce, ExactlyOnce};

/// Runs `story` again and again, with the process dying one moment later each time, until it lives to the end. After
/// each death a new process resumes the session; `check` sees how it all ended, and the moment of death.
fn die_everywhere(
    version: ProtocolVersion,
    story: impl Fn(&mut World) -> Result<(), Crash>,
    check: impl Fn(&World, Option<usize>),
) {
    for moment in 0.. {
        let mut world = World::new(version);
        world.client.fuse = Some(moment);
        let died = story(&mut world).is_err();
        if died {
            world.restart();
            world.resume();
            world.settle().unwrap();
            world.client.take_all();
        }
        check(&world, died.then_some(moment));
        assert!(world.broker.is_done(), "moment {moment}");
        assert!(!world.client.session.has_unfinished_exchanges());
        assert!(world.client.disk.keys().is_empty(), "moment {moment}");
        if !died {
            assert!(moment > 2);
            return;
        }
    }
}

#[test]
fn qos_2_is_taken_over_by_the_server_exactly_once() {
    for version in ALL_VERSIONS {
        let story = |world: &mut World| {
            world.client_publishes(ExactlyOnce, "a")?;
            world.settle()
        };
        die_everywhere(version, story, |world, died| {
            // Before its record is written the message is not accepted, and the caller not told so.
            let expected: &[&str] = if died == Some(0) { &[] } else { &["a"] };
            assert_eq!(world.broker.accepted, expected);
        });
    }
}

#[test]
fn an_accepted_message_is_never_lost() {
    for version in ALL_VERSIONS {
        for qos in [AtLeastOnce, ExactlyOnce] {
            // Publish returns after the first drain, so only later deaths count.
            let story = |world: &mut World| {
                let fuse = world.client.fuse.take();
                world.client_publishes(qos, "a")?;
                world.client_publishes(qos, "b")?;
                world.client.fuse = fuse;
                world.settle()
            };
            die_everywhere(version, story, |world, _| {
                let mut accepted = world.broker.accepted.clone();
                if qos == AtLeastOnce {
                    accepted.sort();
                    accepted.dedup();
                }
                assert_eq!(accepted, ["a", "b"]);
            });
        }
    }
}

#[test]
fn inbound_qos_1_is_delivered_at_least_once() {
    for version in ALL_VERSIONS {
        let story = |world: &mut World| {
            world.broker_publishes(AtLeastOnce, "a");
            world.settle()
        };
        die_everywhere(version, story, |world, died| {
            let taken = world.client.taken_payloads();
            assert!(!taken.is_empty() && taken.iter().all(|payload| payload == "a"));
            assert!(died.is_some() || taken.len() == 1);
        });
    }
}

#[test]
fn inbound_qos_2_is_delivered_exactly_once() {
    for version in ALL_VERSIONS {
        for takes in [true, false] {
            let story = |world: &mut World| {
                world.client.takes = takes;
                world.broker_publishes(ExactlyOnce, "a");
                world.settle()?;
                world.client.take_all();
                Ok(())
            };
            die_everywhere(version, story, |world, _| {
                assert_eq!(world.client.taken_payloads(), ["a"]);
            });
        }
    }
}

/// The server may use an identifier again for an equal message while the first one waits for the application.
#[test]
fn equal_messages_under_one_identifier_are_each_delivered_once() {
    for version in ALL_VERSIONS {
        let story = |world: &mut World| {
            world.client.takes = false;
            for _ in 0..3 {
                world.broker.reuse_identifiers();
                world.broker_publishes(ExactlyOnce, "a");
                world.settle()?;
            }
            world.client.take_all();
            Ok(())
        };
        die_everywhere(version, story, |world, died| {
            // A story ends with its process: what was not published by then is not expected.
            let published = world.broker.published();
            let taken = world.client.taken.len();
            // Under MQTT 5, PUBLISH is the only trace of a message that came when the process died; a repeated one
            // equals the message before in everything.
            let unseen = version == V5 && died.is_some() && taken + 1 == published;
            assert!(
                taken == published || unseen,
                "{version:?} {died:?} {taken} of {published}"
            );
        });
    }
}

/// A process of MQTT 5 that died when it had queued a message, and not yet recorded its identifier.
fn dead_behind_a_queued_message() -> Client {
    let mut client = Client::connected(V5);
    client.takes = false;
    client.fuse = Some(1);
    client.try_receive(&publish(ExactlyOnce, 5, "a")).unwrap();
    assert!(client.drain().is_err());
    client.restart();
    client
}

#[test]
fn only_the_queued_message_itself_is_taken_for_a_repeated_one() {
    let queued = Publish {
        dup: true,
        ..message(ExactlyOnce, 5, "a")
    };
    let others = [
        Publish {
            dup: false,
            ..queued.clone()
        },
        Publish {
            retain: true,
            ..queued.clone()
        },
        Publish {
            topic: Bytes::from_static(b"u"),
            ..queued.clone()
        },
        Publish {
            payload: Bytes::from_static(b"b"),
            ..queued.clone()
        },
        Publish {
            packet_id: Some(id(6)),
            ..queued.clone()
        },
    ];
    for (message, count) in [(queued, 1)]
        .into_iter()
        .chain(others.map(|other| (other, 2)))
    {
        let mut client = dead_behind_a_queued_message();
        client.connect(connack(true));
        client.receive(Packet::Publish(message));
        assert_eq!(client.queue.len(), count);
    }
}

#[test]
fn no_message_is_taken_for_a_repeated_one_when_its_exchange_is_over() {
    let equal = || {
        Packet::Publish(Publish {
            dup: true,
            ..message(ExactlyOnce, 5, "a")
        })
    };
    // The server has ended the exchange, or has no session any more.
    let mut client = dead_behind_a_queued_message();
    client.connect(connack(true));
    client.receive(pubrel(5));
    client.receive(equal());
    assert_eq!(client.queue.len(), 2);
    let mut client = dead_behind_a_queued_message();
    client.connect(connack(false));
    client.receive(equal());
    assert_eq!(client.queue.len(), 2);
    let mut client = dead_behind_a_queued_message();
    client.options.clean_start = true;
    client.connect(connack(false));
    client.receive(equal());
    assert_eq!(
        client.queue.len(),
        1,
        "the first one is gone with its session"
    );
}
