//! Random interleavings of messages, losses and deaths against the model server.

use super::*;
use QoS::{AtLeastOnce, ExactlyOnce};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    ClientPublishes(QoS),
    BrokerPublishes(QoS),
    ReachBroker,
    ReachClient,
    /// The next connection has this Receive Maximum.
    Lose(u16),
    Die,
    /// The application takes what waits for it.
    TakeAll,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let qos = || prop_oneof![Just(AtLeastOnce), Just(ExactlyOnce)];
    let step = prop_oneof![
        4 => qos().prop_map(Step::ClientPublishes),
        4 => qos().prop_map(Step::BrokerPublishes),
        12 => Just(Step::ReachBroker),
        12 => Just(Step::ReachClient),
        1 => (1u16..5).prop_map(Step::Lose),
        1 => Just(Step::Die),
        4 => Just(Step::TakeAll),
    ];
    proptest::collection::vec(step, 0..150)
}

fn qos_of(payload: &str) -> QoS {
    match payload.starts_with('1') {
        true => AtLeastOnce,
        false => ExactlyOnce,
    }
}

/// Every message came, QoS 2 once; first arrivals of one QoS are in the order of sending.
fn check(sent: &[String], arrived: &[String]) {
    for qos in [AtLeastOnce, ExactlyOnce] {
        let of_qos = |all: &[String]| -> Vec<String> {
            all.iter().filter(|p| qos_of(p) == qos).cloned().collect()
        };
        let mut firsts = of_qos(arrived);
        if qos == AtLeastOnce {
            let mut seen = std::collections::HashSet::new();
            firsts.retain(|payload| seen.insert(payload.clone()));
        }
        assert_eq!(firsts, of_qos(sent));
    }
}

fn run(version: ProtocolVersion, steps: &[Step]) {
    let mut world = World::new(version);
    world.client.takes = false;
    let (mut to_broker, mut to_client) = (Vec::new(), Vec::new());
    for (number, &step) in steps.iter().enumerate() {
        match step {
            Step::ClientPublishes(_) if world.client.session.is_window_full() => {}
            Step::ClientPublishes(qos) => {
                let payload = format!("{} {number}", qos as u8);
                world.client_publishes(qos, &payload).unwrap();
                to_broker.push(payload);
            }
            Step::BrokerPublishes(qos) => {
                let payload = format!("{} {number}", qos as u8);
                world.broker_publishes(qos, &payload);
                to_client.push(payload);
            }
            Step::ReachBroker => {
                world.step_broker();
            }
            Step::ReachClient => {
                world.step_client().unwrap();
            }
            Step::Lose(receive_maximum) => {
                world.lose();
                if world.client.version() == V5 {
                    world.broker.receive_maximum = Some(receive_maximum);
                }
                world.resume();
            }
            Step::Die => {
                world.restart();
                world.resume();
            }
            Step::TakeAll => world.client.take_all(),
        }
    }
    world.lose();
    world.resume();
    world.settle().unwrap();
    world.client.take_all();
    check(&to_broker, &world.broker.accepted);
    check(&to_client, &world.client.taken_payloads());
    assert!(world.broker.is_done());
    assert!(!world.client.session.has_unfinished_exchanges());
    assert!(world.client.disk.keys().is_empty());
}

proptest! {
    #[test]
    fn nothing_is_lost_and_qos_2_never_repeated(steps in steps()) {
        for version in ALL_VERSIONS {
            run(version, &steps);
        }
    }

    #[test]
    fn no_packet_makes_the_session_panic(
        packets in proptest::collection::vec((any::<u8>(), proptest::collection::vec(0u8..8, 0..8)), 0..40),
    ) {
        for version in ALL_VERSIONS {
            let mut client = Client::connected(version);
            client.publish(AtLeastOnce, "a");
            client.publish(ExactlyOnce, "b");
            client.subscribe(1);
            for (first_byte, body) in &packets {
                let frame = Frame { first_byte: *first_byte, body: Bytes::from(body.clone()) };
                let _ = client.session.handle_frame(client.now, frame);
                client.drain_lines();
            }
            client.reconnect(true);
        }
    }
}
