//! A blocking client on a plain socket, no more than the tests need. Every wait ends after 10 s.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqtt3c::packet::{
    Ack, ConnAck, Connect, Disconnect, Packet, PacketId, Properties, Property, PropertyValue,
    ProtocolVersion, Publish, QoS, ReasonCode, Sender, SubAck, Subscribe, SubscriptionRequest,
    Unsubscribe, Will, next_frame,
};

pub(crate) const VERSIONS: [ProtocolVersion; 3] = [
    ProtocolVersion::V3_1,
    ProtocolVersion::V3_1_1,
    ProtocolVersion::V5,
];
pub(crate) const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    version: ProtocolVersion,
    buffer: BytesMut,
}

/// A CONNECT with a clean start.
pub(crate) fn connect(version: ProtocolVersion, id: &str) -> Connect {
    Connect {
        version,
        clean_start: true,
        keep_alive: 0,
        client_id: Bytes::copy_from_slice(id.as_bytes()),
        will: None,
        username: None,
        password: None,
        properties: Properties::default(),
    }
}

/// A CONNECT for a session that is there for ever.
pub(crate) fn connect_kept(version: ProtocolVersion, id: &str) -> Connect {
    let mut connect = connect(version, id);
    connect.clean_start = false;
    if version == ProtocolVersion::V5 {
        connect.properties = properties([four_bytes(17, u32::MAX)]);
    }
    connect
}

pub(crate) fn will(topic: &str, payload: &str) -> Will {
    Will {
        topic: Bytes::copy_from_slice(topic.as_bytes()),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        qos: QoS::AtLeastOnce,
        retain: false,
        properties: Properties::default(),
    }
}

pub(crate) fn message(topic: &str, payload: &str, qos: QoS) -> Publish {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: Bytes::copy_from_slice(topic.as_bytes()),
        packet_id: (qos != QoS::AtMostOnce).then(|| id(1)),
        properties: Properties::default(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    }
}

pub(crate) fn retained(topic: &str, payload: &str) -> Publish {
    Publish {
        retain: true,
        ..message(topic, payload, QoS::AtLeastOnce)
    }
}

pub(crate) fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("not 0")
}

pub(crate) fn ack(packet_id: PacketId) -> Ack {
    Ack {
        packet_id,
        reason: ReasonCode::SUCCESS,
        properties: Properties::default(),
    }
}

pub(crate) fn properties<const N: usize>(list: [Property; N]) -> Properties {
    Properties(list.into())
}

pub(crate) fn two_bytes(id: u8, value: u16) -> Property {
    Property {
        id,
        value: PropertyValue::TwoByteInteger(value),
    }
}

pub(crate) fn four_bytes(id: u8, value: u32) -> Property {
    Property {
        id,
        value: PropertyValue::FourByteInteger(value),
    }
}

pub(crate) fn disconnect(reason: u8) -> Packet {
    Packet::Disconnect(Disconnect {
        reason: ReasonCode(reason),
        properties: None,
    })
}

impl Client {
    /// A connection over which nothing has been sent.
    pub(crate) fn open(port: u16, version: ProtocolVersion) -> Client {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a listener");
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).expect("a read timeout");
        stream.set_write_timeout(limit).expect("a write timeout");
        stream.set_nodelay(true).expect("no delay");
        Client {
            stream,
            version,
            buffer: BytesMut::new(),
        }
    }

    /// Sends `connect` and awaits the answer.
    pub(crate) fn connect(port: u16, connect: Connect) -> (Client, ConnAck) {
        let mut client = Client::open(port, connect.version);
        client.send(&Packet::Connect(Box::new(connect)));
        match client.receive() {
            Packet::ConnAck(answer) => (client, answer),
            packet => panic!("not CONNACK: {packet:?}"),
        }
    }

    /// A client that has been accepted.
    pub(crate) fn accepted(port: u16, connect: Connect) -> Client {
        let (client, answer) = Client::connect(port, connect);
        assert_eq!(answer.code, ReasonCode::SUCCESS);
        client
    }

    pub(crate) fn send(&mut self, packet: &Packet) {
        let mut bytes = Vec::new();
        packet.encode(self.version, &mut bytes).expect("fits");
        self.stream.write_all(&bytes).expect("an open connection");
    }

    /// The next packet; `None` when the broker has closed the connection.
    pub(crate) fn next(&mut self) -> Option<Packet> {
        let mut chunk = [0; 8192];
        loop {
            if let Some(frame) = next_frame(&mut self.buffer, u32::MAX).expect("well formed") {
                let packet = Packet::decode(frame, self.version, Sender::Server);
                return Some(packet.expect("well formed"));
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(length) => self.buffer.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no packet: {error}"),
            }
        }
    }

    pub(crate) fn receive(&mut self) -> Packet {
        self.next().expect("not the end of the connection")
    }

    pub(crate) fn expect_end(&mut self) {
        assert_eq!(self.next(), None);
    }

    /// Nothing is on its way: the answer to a ping is the next packet.
    pub(crate) fn expect_nothing(&mut self) {
        self.send(&Packet::PingReq);
        assert_eq!(self.receive(), Packet::PingResp);
    }

    pub(crate) fn subscribe_with(
        &mut self,
        filter: &str,
        options: u8,
        properties: Properties,
    ) -> SubAck {
        self.send(&Packet::Subscribe(Subscribe {
            packet_id: id(9),
            properties,
            filters: vec![SubscriptionRequest {
                filter: Bytes::copy_from_slice(filter.as_bytes()),
                options,
            }],
        }));
        match self.receive() {
            Packet::SubAck(answer) => answer,
            packet => panic!("not SUBACK: {packet:?}"),
        }
    }

    pub(crate) fn subscribe(&mut self, filter: &str, qos: QoS) {
        let answer = self.subscribe_with(filter, qos as u8, Properties::default());
        assert_eq!(answer.codes, [ReasonCode(qos as u8)], "{filter}");
    }

    pub(crate) fn unsubscribe(&mut self, filter: &str) -> SubAck {
        self.send(&Packet::Unsubscribe(Unsubscribe {
            packet_id: id(8),
            properties: Properties::default(),
            filters: vec![Bytes::copy_from_slice(filter.as_bytes())],
        }));
        match self.receive() {
            Packet::UnsubAck(answer) => answer,
            packet => panic!("not UNSUBACK: {packet:?}"),
        }
    }

    /// Publishes through to the last acknowledgement.
    pub(crate) fn publish(&mut self, publish: Publish) {
        let qos = publish.qos;
        self.send(&Packet::Publish(publish));
        match qos {
            QoS::AtMostOnce => self.expect_nothing(),
            QoS::AtLeastOnce => assert!(matches!(self.receive(), Packet::PubAck(_))),
            QoS::ExactlyOnce => {
                assert!(matches!(self.receive(), Packet::PubRec(_)));
                self.send(&Packet::PubRel(ack(id(1))));
                assert!(matches!(self.receive(), Packet::PubComp(_)));
            }
        }
    }

    /// The next packet, a message; not acknowledged.
    pub(crate) fn receive_publish(&mut self) -> Publish {
        match self.receive() {
            Packet::Publish(publish) => publish,
            packet => panic!("not PUBLISH: {packet:?}"),
        }
    }

    /// The next message, acknowledged to the end.
    pub(crate) fn take_message(&mut self) -> Publish {
        let publish = self.receive_publish();
        match (publish.qos, publish.packet_id) {
            (QoS::AtLeastOnce, Some(id)) => self.send(&Packet::PubAck(ack(id))),
            (QoS::ExactlyOnce, Some(id)) => {
                self.send(&Packet::PubRec(ack(id)));
                assert_eq!(self.receive(), Packet::PubRel(ack(id)));
                self.send(&Packet::PubComp(ack(id)));
            }
            _ => {}
        }
        publish
    }
}
