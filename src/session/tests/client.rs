//! The owner of a session: drains it as [`super::super::step`] says, onto a store in memory.

use super::disk::Disk;
use super::*;
use crate::packet::{PlainPublish, SubscriptionRequest, ack::peek_ack, next_frame};
use bytes::BytesMut;
use std::io::IoSlice;

/// The process died at the chosen moment.
#[derive(Debug)]
pub(super) struct Crash;

pub(super) struct Client {
    pub(super) session: Session,
    pub(super) options: ConnectOptions,
    pub(super) now: Instant,
    pub(super) disk: Disk,
    /// Messages that the application has taken.
    pub(super) taken: Vec<Publish>,
    /// Whether the application takes messages at once.
    pub(super) takes: bool,
    pub(super) queue: VecDeque<(Option<u32>, Publish)>,
    /// All events but deliveries.
    pub(super) events: Vec<Event>,
    /// Moments left until the process dies.
    pub(super) fuse: Option<usize>,
    /// A step was taken back because its record could not be stored.
    pub(super) taken_back: bool,
    keeps_records: bool,
    pub(super) keeps_old_records: bool,
}

impl Client {
    /// Kept session, window 10, no keep alive.
    pub(super) fn new(version: ProtocolVersion) -> Client {
        let now = Instant::now();
        Client {
            session: Session::new(true, now),
            options: ConnectOptions {
                version,
                clean_start: false,
                keep_alive: 0,
                client_id: Bytes::from_static(b"c"),
                will: None,
                username: None,
                password: None,
                properties: Properties::new(),
                window: 10,
                retry_interval: Duration::ZERO,
            },
            now,
            disk: Disk::default(),
            taken: Vec::new(),
            takes: true,
            queue: VecDeque::new(),
            events: Vec::new(),
            fuse: None,
            taken_back: false,
            keeps_records: true,
            keeps_old_records: false,
        }
    }

    /// Kept session, window 10, no keep alive, no store.
    pub(super) fn without_records(version: ProtocolVersion) -> Client {
        let mut client = Client::new(version);
        client.session = Session::new(false, client.now);
        client.keeps_records = false;
        client
    }

    /// Connected, with a new session on the server.
    pub(super) fn connected(version: ProtocolVersion) -> Client {
        let mut client = Client::new(version);
        assert!(client.connect(connack(false)).is_empty());
        client
    }

    pub(super) fn version(&self) -> ProtocolVersion {
        self.options.version
    }

    /// Connects and returns what is sent after CONNACK.
    pub(super) fn connect(&mut self, connack: ConnAck) -> Vec<String> {
        self.begin_connect();
        self.receive(Packet::ConnAck(connack))
    }

    pub(super) fn begin_connect(&mut self) {
        let options = self.options.clone();
        self.session.begin_connect(self.now, options, 3).unwrap();
        assert_eq!(self.drain_lines(), ["CONNECT"]);
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self) {
        self.session.handle_closed(false);
        assert!(self.drain_lines().is_empty());
    }

    /// The connection breaks and is made again.
    pub(super) fn reconnect(&mut self, session_present: bool) -> Vec<String> {
        self.lose();
        self.connect(connack(session_present))
    }

    /// Publishes and returns the token and what is sent.
    pub(super) fn publish(&mut self, qos: QoS, payload: &str) -> (u16, Vec<String>) {
        let token = self.try_publish(qos, payload, &Properties::new()).unwrap();
        (token.get(), self.drain_lines())
    }

    pub(super) fn try_publish(
        &mut self,
        qos: QoS,
        payload: &str,
        properties: &Properties,
    ) -> Result<PacketId, SendError> {
        self.publish_request(&PublishRequest {
            topic: b"t",
            payload: payload.as_bytes(),
            qos,
            retain: false,
            properties,
        })
    }

    /// The packet takes its place among the bytes to send, where a step that is taken back takes it away again.
    pub(super) fn publish_request(
        &mut self,
        request: &PublishRequest<'_>,
    ) -> Result<PacketId, SendError> {
        let mut head = Vec::new();
        let id = self.session.publish(self.now, request, &mut head)?;
        let queue = self.session.send_queue();
        queue.push_parts(&head, request.rest()).unwrap();
        Ok(id)
    }

    pub(super) fn subscribe(&mut self, filters: usize) -> u16 {
        let filter = SubscriptionRequest {
            filter: Bytes::from_static(b"f/#"),
            options: 1,
        };
        let token = self
            .session
            .subscribe(vec![filter; filters], &Properties::new())
            .unwrap();
        assert_eq!(self.drain_lines(), [format!("SUBSCRIBE {token}")]);
        token.get()
    }

    pub(super) fn unsubscribe(&mut self, filters: usize) -> u16 {
        let filters = vec![Bytes::from_static(b"f/#"); filters];
        let token = self
            .session
            .unsubscribe(filters, &Properties::new())
            .unwrap();
        assert_eq!(self.drain_lines(), [format!("UNSUBSCRIBE {token}")]);
        token.get()
    }

    /// Handles a packet from the server and returns what is sent.
    pub(super) fn receive(&mut self, packet: Packet) -> Vec<String> {
        self.try_receive(&packet).unwrap();
        self.drain_lines()
    }

    /// Handles a packet that the server must not send.
    pub(super) fn refuse(&mut self, packet: Packet) -> ReasonCode {
        let malformed = self.try_receive(&packet).unwrap_err();
        assert!(self.drain_lines().is_empty());
        malformed.reason
    }

    pub(super) fn try_receive(&mut self, packet: &Packet) -> Result<(), Malformed> {
        let mut bytes = Vec::new();
        packet.encode(self.version(), &mut bytes).unwrap();
        let mut bytes = Bytes::from(bytes);
        if self.session.hands_on_at_once() && self.take_at_once(&mut bytes) {
            return Ok(());
        }
        let frame = next_frame(&mut bytes, u32::MAX).unwrap().unwrap();
        self.session.handle_frame(self.now, frame)
    }

    /// What nothing has to be drained for. `false`: the packet is none of that kind.
    fn take_at_once(&mut self, bytes: &mut Bytes) -> bool {
        self.session.note_received(self.now);
        if let Some(publish) = PlainPublish::peek(bytes, self.version(), u32::MAX) {
            self.session.handle_plain_publish(publish, bytes);
            self.queue.push_back((None, publish.take(bytes).into()));
            return true;
        }
        match peek_ack(bytes) {
            Some((packet_type, id)) if self.session.finish_at_once(self.now, packet_type, id) => {
                self.events.push(Event::Completed {
                    id,
                    packet_type: packet_type as u8,
                    reason: ReasonCode::SUCCESS,
                    properties: Properties::new(),
                });
                true
            }
            _ => false,
        }
    }

    /// Lets the time pass; `true`: the connection is still good.
    pub(super) fn wait(&mut self, time: Duration) -> (bool, Vec<String>) {
        self.now += time;
        let alive = self.session.handle_timeout(self.now).is_ok();
        (alive, self.drain_lines())
    }

    pub(super) fn drain_lines(&mut self) -> Vec<String> {
        let packets = self.drain().unwrap();
        packets.iter().map(line).collect()
    }

    /// Carries out one step, and checks that what is sent is covered by records.
    pub(super) fn drain(&mut self) -> Result<Vec<Packet>, Crash> {
        while let Some(op) = self.session.poll_store_op() {
            self.burn()?;
            if !self.disk.apply(op) && self.session.store_failed() {
                self.taken_back = true;
            }
        }
        self.burn()?;
        let packets = self.take_sent();
        if self.keeps_records && self.disk.puts_left.is_none() {
            packets.iter().for_each(|packet| self.check_covered(packet));
        }
        self.burn()?;
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Deliver { message, seq } => self.queue.push_back((seq, message.into())),
                event => {
                    if event == Event::DropQueued {
                        self.queue.clear();
                    }
                    self.events.push(event);
                }
            }
        }
        if self.takes {
            self.take_all();
        }
        Ok(packets)
    }

    /// The application takes what waits for it.
    pub(super) fn take_all(&mut self) {
        for (seq, message) in self.queue.drain(..) {
            if let Some(seq) = seq {
                self.disk.queue.remove(&seq);
            }
            self.taken.push(message);
        }
    }

    pub(super) fn taken_payloads(&self) -> Vec<String> {
        let text = |message: &Publish| String::from_utf8(message.payload.to_vec()).unwrap();
        self.taken.iter().map(text).collect()
    }

    /// The process dies, and a new one finds its records.
    pub(super) fn restart(&mut self) {
        self.fuse = None;
        self.session = Session::new(true, self.now);
        if self.keeps_old_records {
            self.session.keep_old_records();
        }
        let outbound = self.disk.restored_outbound();
        let inbound = self.disk.restored_inbound();
        let queued = self.disk.queue.last_key_value();
        let next_seq = queued.map_or(1, |(last, _)| last + 1);
        let last = queued.map(|(_, (v5_record, message))| (*v5_record, message.clone().into()));
        let queued = last.as_ref().map(|(v5_record, message)| LastQueued {
            message,
            v5_record: *v5_record,
        });
        self.session.restore(outbound, inbound, queued, next_seq);
        while let Some(op) = self.session.poll_store_op() {
            assert!(self.disk.apply(op));
        }
        let queue = self.disk.queue.iter();
        self.queue = queue.map(|(&seq, (_, m))| (Some(seq), m.clone())).collect();
        if self.takes {
            self.take_all();
        }
    }

    /// Carries out what concerns records, and returns the bytes to send.
    pub(super) fn drain_bytes(&mut self) -> BytesMut {
        while let Some(op) = self.session.poll_store_op() {
            assert!(self.disk.apply(op));
        }
        self.take_bytes()
    }

    fn take_bytes(&mut self) -> BytesMut {
        let queue = self.session.send_queue();
        let mut bytes = BytesMut::new();
        while !queue.is_empty() {
            let mut slices = [IoSlice::new(&[])];
            queue.slices(&mut slices);
            let count = slices[0].len();
            bytes.extend_from_slice(&slices[0]);
            queue.advance(count);
        }
        bytes
    }

    fn take_sent(&mut self) -> Vec<Packet> {
        let mut bytes = self.take_bytes();
        let mut packets = Vec::new();
        while let Some(frame) = next_frame(&mut bytes, u32::MAX).unwrap() {
            let packet =
                Packet::decode(frame, self.session.version(), crate::packet::Sender::Client);
            packets.push(packet.unwrap());
        }
        assert!(bytes.is_empty());
        packets
    }

    fn check_covered(&self, packet: &Packet) {
        let v5 = self.session.is_v5();
        let covered = match packet {
            Packet::Publish(publish) => {
                let holds = |id| self.holds_sent(|v5| Key::Sent(v5, id));
                publish.packet_id.is_none_or(holds)
            }
            Packet::PubRel(ack) if self.session.is_pending(ack.packet_id) => {
                self.holds_sent(|v5| Key::PubRel(v5, ack.packet_id))
            }
            Packet::PubRec(ack) => [v5, !v5]
                .iter()
                .any(|&v5| self.disk.holds(Key::Received(v5, ack.packet_id))),
            _ => true,
        };
        assert!(covered, "no record for {}", line(packet));
    }

    /// Whether there is this record of a message on the way to the server.
    fn holds_sent(&self, key: impl Fn(bool) -> Key) -> bool {
        self.disk.holds(key(self.session.is_v5()))
            || self.keeps_old_records && self.disk.holds(key(false))
    }

    fn burn(&mut self) -> Result<(), Crash> {
        match &mut self.fuse {
            Some(0) => Err(Crash),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
