//! The MQTT session as a state machine without I/O, clock, thread or lock: QoS 0, 1 and 2 in both directions, the
//! in-flight window, packet identifiers, resending after a reconnect, keep alive, subscriptions. MQTT 3.1, 3.1.1 and 5.
//!
//! The owner feeds packets and the time in, and drains what the session asks for after every input, in the order
//! described at [`StoreOp`] and [`Event`]. An operation that fails to store a record is taken back with [`Session::store_failed`].
#![forbid(unsafe_code)]

mod acknowledged;
mod after_burst;
mod config;
mod connect;
mod incoming;
mod inflight;
mod keep_alive;
mod limits;
mod packet_id;
mod publish;
mod received;
mod requests;
mod resend;
mod send_queue;
mod sent_packet;
mod step;
#[cfg(test)]
mod tests;
mod undo;

pub use after_burst::AfterBurst;
pub use config::ConnectOptions;
pub use inflight::{Awaiting, Inflight};
pub use publish::{PublishRequest, SendError};
pub use received::{LastQueued, QUEUE_SEQ_LIMIT, Received};
pub use send_queue::SendQueue;
pub use sent_packet::SentPacket;
pub use step::{Event, OutboundRecords, StoreOp};

use crate::packet::{Message, PacketId, ProtocolVersion};
use bytes::Bytes;
use inflight::InflightList;
use keep_alive::{Due, KeepAlive};
use limits::{ClientLimits, LARGEST_PACKET, ServerLimits, TopicAliases};
use packet_id::PacketIds;
use sent_packet::PacketBuffers;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};
use undo::{StepStart, Undo};

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Disconnected,
    /// CONNECT is sent, CONNACK awaited.
    Connecting,
    Connected,
}

/// The state shared with the server: survives connections as far as clean session allows.
#[derive(Debug)]
pub struct Session {
    state: State,
    options: Option<ConnectOptions>,
    /// Version of the current or last connection.
    version: ProtocolVersion,
    ids: PacketIds,
    inflight: InflightList,
    packet_buffers: PacketBuffers,
    /// Inbound QoS 2 exchanges whose PUBREL has not come.
    received: BTreeMap<PacketId, Received>,
    /// How many more the server may begin, as long as that is counted.
    receive_quota: Option<usize>,
    /// The QoS 2 message queued last.
    last_queued: Option<received::QueuedMark>,
    /// A message of MQTT 5 that is queued for the application, while the record of its identifier may not have been
    /// written: the server may send it again.
    repeat_expected: Option<Message>,
    requests: BTreeMap<PacketId, requests::Request>,
    /// When the last SUBACK came.
    subscribed_at: Option<Instant>,
    server_limits: ServerLimits,
    client_limits: ClientLimits,
    outbound_aliases: TopicAliases,
    inbound_aliases: TopicAliases,
    keep_alive: KeepAlive,
    keeps_records: bool,
    /// A message that has a record of 3.1 or 3.1.1 gets none of 5.
    keeps_old_records: bool,
    /// Sequence number for the next queued message's record.
    next_queue_seq: u32,
    send: SendQueue,
    store_ops: VecDeque<StoreOp>,
    events: VecDeque<Event>,
    after_events: AfterBurst,
    undo: Option<Undo>,
    step_start: StepStart,
    /// Some messages still wait to be resent on this connection.
    resend_waiting: bool,
    /// Messages of an earlier connection that the limits of this server forbid to send; they wait for the next one.
    held_back: BTreeSet<PacketId>,
    /// No unfinished message was sent earlier on this connection. It may have been one that is finished now: to look for
    /// the next one each time would take longer the more there are.
    sent_since: Option<Instant>,
    /// "socket client-id", the beginning of each protocol line in the trace.
    label: String,
    blocked: bool,
}

impl Session {
    /// A session with nothing in it. Without `keeps_records` no [`StoreOp`] is ever asked for.
    pub fn new(keeps_records: bool, now: Instant) -> Session {
        Session {
            state: State::Disconnected,
            options: None,
            version: ProtocolVersion::V3_1_1,
            ids: PacketIds::default(),
            inflight: InflightList::default(),
            packet_buffers: PacketBuffers::default(),
            received: BTreeMap::new(),
            receive_quota: None,
            last_queued: None,
            repeat_expected: None,
            requests: BTreeMap::new(),
            subscribed_at: None,
            server_limits: ServerLimits::default(),
            client_limits: ClientLimits {
                problem_information: true,
                authentication: false,
                receive_maximum: None,
                maximum_packet_size: LARGEST_PACKET,
                topic_alias_maximum: 0,
            },
            outbound_aliases: TopicAliases::default(),
            inbound_aliases: TopicAliases::default(),
            keep_alive: KeepAlive::new(Duration::ZERO, now),
            keeps_records,
            keeps_old_records: false,
            next_queue_seq: 1,
            send: SendQueue::default(),
            store_ops: VecDeque::new(),
            events: VecDeque::new(),
            after_events: AfterBurst::default(),
            undo: None,
            step_start: StepStart::default(),
            resend_waiting: false,
            held_back: BTreeSet::new(),
            sent_since: None,
            label: String::new(),
            blocked: false,
        }
    }

    /// Takes over what an earlier process left: unfinished outbound messages in their order, inbound QoS 2 exchanges,
    /// the last of the messages queued for the application, and the sequence number for the next one; carry out the
    /// store operations then. Packet identifiers go on after the last message: in the
    /// store their order is all that tells the order of sending [MQTT-4.6.0-1].
    pub fn restore(
        &mut self,
        outbound: impl IntoIterator<Item = Inflight>,
        inbound: impl IntoIterator<Item = (PacketId, Received)>,
        queued: Option<LastQueued<'_>>,
        next_queue_seq: u32,
    ) {
        for message in outbound {
            self.continue_after(message.id);
            self.inflight.push(message);
        }
        self.restore_received(inbound, queued);
        self.next_queue_seq = next_queue_seq;
    }

    /// New packet identifiers follow this one.
    pub fn continue_after(&mut self, last: PacketId) {
        self.ids.continue_after(last);
    }

    /// The client was created for an older version than 5, as the next one will be, which could not read records of 5. Its
    /// connections can be of 5 all the same.
    pub fn keep_old_records(&mut self) {
        self.keeps_old_records = true;
    }

    /// Whether CONNACK has come and the connection has not ended.
    pub fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// Whether the connection has ended for this session: what the server sends now was sent before it knew.
    pub fn is_disconnected(&self) -> bool {
        self.state == State::Disconnected
    }

    /// Version of the current or last connection.
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Whether the current or last connection speaks MQTT 5.
    pub fn is_v5(&self) -> bool {
        self.version == ProtocolVersion::V5
    }

    /// The largest packet in bytes the server may send.
    pub fn maximum_packet_size(&self) -> u32 {
        self.client_limits.maximum_packet_size
    }

    /// Tokens of the unfinished outbound messages, in the order they were sent.
    pub fn pending_tokens(&self) -> impl Iterator<Item = PacketId> {
        self.inflight.iter().map(|message| message.id)
    }

    /// The packet that consists of these two, if it is a large one that is kept to be sent again.
    pub fn kept_packet(&self, head: &[u8], payload: &[u8]) -> Option<Bytes> {
        let length = head.len() + payload.len();
        // It is mostly the last one.
        self.inflight.iter().rev().find_map(|message| {
            // The head names the identifier.
            let packet = message.packet.shared()?;
            (packet.len() == length && packet.starts_with(head)).then(|| packet.clone())
        })
    }

    /// Whether an outbound message is unfinished.
    pub fn is_pending(&self, id: PacketId) -> bool {
        self.inflight.contains(id)
    }

    /// Whether any QoS 1 or 2 exchange, in either direction, is unfinished.
    pub fn has_unfinished_exchanges(&self) -> bool {
        self.inflight.len() > 0 || !self.received.is_empty()
    }

    /// Whether more is expected of the server: the rest of an exchange, or retained messages behind a SUBACK. `false` if
    /// something has been sent to it since it last sent something.
    #[inline]
    pub fn waits_for_more(&self) -> bool {
        let last = self.last_received();
        self.keep_alive.last_sent() < last
            && (self.has_unfinished_exchanges()
                || !self.requests.is_empty()
                || self.subscribed_at == Some(last))
    }

    /// Whether another QoS 1 or 2 message would exceed the in-flight window.
    pub fn is_window_full(&self) -> bool {
        // What is held back is not in flight, and must not block the rest.
        let in_flight = self.inflight.len() - self.held_back.len();
        in_flight > 0 && in_flight >= self.window()
    }

    /// Messages that may be in flight: at least one.
    fn window(&self) -> usize {
        let options = self.options.as_ref();
        let window = options.map_or(usize::MAX, |options| options.window);
        window.min(self.server_limits.receive_maximum)
    }

    /// Whether there is anything to drain.
    #[inline]
    pub fn has_output(&self) -> bool {
        !(self.events.is_empty() && self.store_ops.is_empty() && self.send.is_empty())
    }

    /// Whether there is nothing to drain but messages and completions for the application, few enough to be handed on
    /// together with those of packets that follow.
    #[inline]
    pub fn output_can_wait(&self) -> bool {
        const TOGETHER: usize = 32;
        self.store_ops.is_empty()
            && self.events.len() < TOGETHER
            && matches!(
                self.events.back(),
                None | Some(Event::Deliver { .. } | Event::Completed { .. })
            )
    }

    /// The bytes to send; drain the store operations first.
    pub fn send_queue(&mut self) -> &mut SendQueue {
        &mut self.send
    }

    /// The next change to the stored records.
    pub fn poll_store_op(&mut self) -> Option<StoreOp> {
        let op = self.store_ops.pop_front()?;
        if op.is_removal() {
            // All that the step had to store is stored. Removals come last, and a failed one is no reason to stop: a
            // store may well fail to remove what is not there.
            self.undo = None;
        }
        Some(op)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        self.after_events.shrink(&mut self.events);
        event
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.state != State::Connected {
            return None;
        }
        match (self.keep_alive.next_deadline(), self.next_retry()) {
            (Some(ping), Some(retry)) => Some(ping.min(retry)),
            (ping, retry) => ping.or(retry),
        }
    }

    /// Does what is due at `now`. `Err`: the server is silent, the connection is to be ended as lost.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), KeepAliveExpired> {
        if self.state != State::Connected {
            return Ok(());
        }
        self.begin_step();
        match self.keep_alive.due(now) {
            Due::Lost => return Err(KeepAliveExpired),
            Due::Ping => self.send_pingreq(),
            Due::Nothing => {}
        }
        self.retry_overdue(now);
        Ok(())
    }

    /// Some of the bytes to send have been taken by the transport.
    pub fn note_sent(&mut self, now: Instant) {
        self.keep_alive.sent(now);
    }

    /// Some bytes of a packet have come in.
    pub fn note_received(&mut self, now: Instant) {
        self.keep_alive.received(now);
    }

    /// When bytes came in last.
    pub fn last_received(&self) -> Instant {
        self.keep_alive.last_received()
    }

    /// The transport takes no more bytes for now (shown in the trace as the result of a write).
    pub fn set_blocked(&mut self, blocked: bool) {
        self.blocked = blocked;
    }

    /// Whether the owner stopped reading because too much waits for the application.
    pub fn set_reading_paused(&mut self, paused: bool, now: Instant) {
        self.keep_alive.set_reading_paused(paused, now);
    }

    fn store(&mut self, op: impl FnOnce() -> StoreOp) {
        if self.keeps_records {
            self.store_ops.push_back(op());
        }
    }

    fn send_pingreq(&mut self) {
        self.send.buffer().extend_from_slice(&[0xc0, 0]);
        self.trace_out("PINGREQ ");
    }

    /// The client identifier for the trace.
    fn client_name(&self) -> &str {
        self.label.split_once(' ').map_or("", |(_, name)| name)
    }

    /// `text` as it stands before the result of the write.
    #[inline]
    fn trace_out(&self, text: impl std::fmt::Display) {
        let result = if self.blocked { -22 } else { 0 };
        crate::trace!(
            crate::trace::Level::Protocol,
            "{} -> {text}({result})",
            self.label
        );
    }

    #[inline(always)]
    fn trace_in(&self, text: impl FnOnce() -> String) {
        crate::trace!(
            crate::trace::Level::Protocol,
            "{} <- {}",
            self.label,
            text()
        );
    }
}

/// Nothing came from the server for one and a half keep alive intervals after a PINGREQ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAliveExpired;
