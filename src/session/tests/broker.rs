//! A model server that keeps its session, and the two connected by a network that may break.

use super::*;
use std::collections::BTreeSet;

/// An outbound message of the server.
struct Sending {
    number: u16,
    message: Publish,
    received: bool,
}

/// The server's side of one kept session, as the standard wants it.
#[derive(Default)]
pub(super) struct Broker {
    /// For the next connection, if it speaks MQTT 5.
    pub(super) receive_maximum: Option<u16>,
    /// QoS 1 and 2 messages of the client under way on this connection.
    under_way: BTreeSet<PacketId>,
    /// Payloads of the messages taken over from the client.
    pub(super) accepted: Vec<String>,
    /// QoS 2 messages of the client whose PUBREL has not come.
    receiving: BTreeSet<PacketId>,
    sending: VecDeque<Sending>,
    last_id: u16,
    published: usize,
}

impl Broker {
    /// Begins to send a message to the client.
    pub(super) fn send(&mut self, qos: QoS, payload: &str) -> Packet {
        self.last_id = self.last_id % 500 + 1;
        self.published += 1;
        let message = message(qos, self.last_id, payload);
        self.sending.push_back(Sending {
            number: self.last_id,
            message: message.clone(),
            received: false,
        });
        Packet::Publish(message)
    }

    /// The next message gets the first identifier again.
    pub(super) fn reuse_identifiers(&mut self) {
        assert!(self.sending.is_empty());
        self.last_id = 0;
    }

    /// How many messages were sent to the client, repetitions not counted.
    pub(super) fn published(&self) -> usize {
        self.published
    }

    /// What is sent after CONNACK of a kept session.
    fn resume(&mut self) -> Vec<Packet> {
        self.under_way.clear();
        let again = |sending: &Sending| match sending.received {
            true => pubrel(sending.number),
            false => Packet::Publish(Publish {
                dup: true,
                ..sending.message.clone()
            }),
        };
        self.sending.iter().map(again).collect()
    }

    /// Whether everything has come to its end.
    pub(super) fn is_done(&self) -> bool {
        self.sending.is_empty() && self.receiving.is_empty()
    }

    /// The answer to a packet of the client.
    pub(super) fn handle(&mut self, packet: &Packet) -> Option<Packet> {
        match packet {
            Packet::Publish(publish) => {
                let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
                let number = publish.packet_id.map_or(0, PacketId::get);
                self.under_way.extend(publish.packet_id);
                // [MQTT-3.3.4-9]
                assert!(self.under_way.len() <= self.receive_maximum.unwrap_or(u16::MAX).into());
                match publish.qos {
                    QoS::AtMostOnce => {
                        self.accepted.push(payload);
                        None
                    }
                    QoS::AtLeastOnce => {
                        self.accepted.push(payload);
                        self.under_way.remove(&id(number));
                        Some(puback(number))
                    }
                    QoS::ExactlyOnce => {
                        if self.receiving.insert(id(number)) {
                            self.accepted.push(payload);
                        }
                        Some(pubrec(number))
                    }
                }
            }
            Packet::PubRel(ack) => {
                self.receiving.remove(&ack.packet_id);
                self.under_way.remove(&ack.packet_id);
                Some(pubcomp(ack.packet_id.get()))
            }
            Packet::PubAck(ack) | Packet::PubComp(ack) => {
                let number = ack.packet_id.get();
                self.sending.retain(|sending| sending.number != number);
                None
            }
            Packet::PubRec(ack) => {
                let number = ack.packet_id.get();
                let sending = self.sending.iter_mut().find(|s| s.number == number);
                if let Some(sending) = sending {
                    sending.received = true;
                }
                Some(pubrel(number))
            }
            other => panic!("the server does not expect {}", line(other)),
        }
    }
}

/// Client, server, and what is on its way between them.
pub(super) struct World {
    pub(super) client: Client,
    pub(super) broker: Broker,
    to_broker: VecDeque<Packet>,
    to_client: VecDeque<Packet>,
}

impl World {
    pub(super) fn new(version: ProtocolVersion) -> World {
        World {
            client: Client::connected(version),
            broker: Broker::default(),
            to_broker: VecDeque::new(),
            to_client: VecDeque::new(),
        }
    }

    pub(super) fn client_publishes(&mut self, qos: QoS, payload: &str) -> Result<(), Crash> {
        let properties = Properties::new();
        self.client.try_publish(qos, payload, &properties).unwrap();
        self.drain_client()
    }

    pub(super) fn broker_publishes(&mut self, qos: QoS, payload: &str) {
        let packet = self.broker.send(qos, payload);
        self.to_client.push_back(packet);
    }

    /// One packet reaches the server. `false`: none is on its way.
    pub(super) fn step_broker(&mut self) -> bool {
        let Some(packet) = self.to_broker.pop_front() else {
            return false;
        };
        self.to_client.extend(self.broker.handle(&packet));
        true
    }

    /// One packet reaches the client. `false`: none is on its way.
    pub(super) fn step_client(&mut self) -> Result<bool, Crash> {
        let Some(packet) = self.to_client.pop_front() else {
            return Ok(false);
        };
        self.client.try_receive(&packet).unwrap();
        self.drain_client()?;
        Ok(true)
    }

    /// Until nothing is on its way.
    pub(super) fn settle(&mut self) -> Result<(), Crash> {
        while self.step_broker() || self.step_client()? {}
        Ok(())
    }

    /// The connection breaks, with all that is on its way.
    pub(super) fn lose(&mut self) {
        self.to_broker.clear();
        self.to_client.clear();
        self.client.lose();
    }

    /// A connection that continues the session.
    pub(super) fn resume(&mut self) {
        self.client.begin_connect();
        let mut connack = connack(true);
        if let Some(maximum) = self.broker.receive_maximum {
            connack.properties = [two_bytes(Property::RECEIVE_MAXIMUM, maximum)]
                .into_iter()
                .collect();
        }
        let accepted = Packet::ConnAck(connack);
        self.client.try_receive(&accepted).unwrap();
        self.drain_client().unwrap();
        self.to_client.extend(self.broker.resume());
    }

    /// The process dies, a new one continues the session.
    pub(super) fn restart(&mut self) {
        self.to_broker.clear();
        self.to_client.clear();
        self.client.restart();
    }

    fn drain_client(&mut self) -> Result<(), Crash> {
        self.to_broker.extend(self.client.drain()?);
        Ok(())
    }
}
