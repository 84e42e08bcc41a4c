//! CONNECT, CONNACK, and the ways a connection ends.

use super::limits::{ClientLimits, ServerLimits};
use super::{ConnectOptions, Event, KeepAlive, Session, State, StoreOp};
use crate::packet::{
    ConnAck, Disconnect, Malformed, Packet, Properties, Property, ProtocolVersion, ReasonCode,
    TooLarge,
};
use crate::trace::Level;
use std::time::{Duration, Instant};

/// [MQTT-3.2.0-1]
pub(super) const NOT_CONNACK: Malformed = Malformed {
    reason: ReasonCode::PROTOCOL_ERROR,
    detail: "the first packet from the server is not CONNACK",
};

impl Session {
    /// Starts a connection on a fresh transport: CONNECT goes to the send queue, CONNACK is awaited.
    /// `socket` is the transport's number in the trace.
    pub fn begin_connect(
        &mut self,
        now: Instant,
        options: ConnectOptions,
        socket: i32,
    ) -> Result<(), TooLarge> {
        self.send.clear();
        self.begin_step();
        let connect = Packet::Connect(Box::new(options.to_packet()));
        connect.encode(options.version, self.send.buffer())?;
        self.label = format!("{socket} {}", String::from_utf8_lossy(&options.client_id));
        self.version = options.version;
        self.blocked = false;
        self.state = State::Connecting;
        self.client_limits = ClientLimits::from_options(&options);
        self.keep_alive = KeepAlive::new(Duration::from_secs(options.keep_alive.into()), now);
        let clean = self.version != ProtocolVersion::V5 && options.clean_start;
        let version = options.version as u8;
        self.options = Some(options);
        self.trace_out(format_args!(
            "CONNECT version {version} clean: {} ",
            u8::from(clean)
        ));
        Ok(())
    }

    /// The server's first packet must be CONNACK [MQTT-3.2.0-1].
    pub(super) fn handle_first_packet(
        &mut self,
        now: Instant,
        packet: Packet,
    ) -> Result<(), Malformed> {
        let Packet::ConnAck(connack) = packet else {
            return Err(NOT_CONNACK);
        };
        self.trace_in(|| format!("CONNACK rc: {}", connack.code.0));
        if connack.code != ReasonCode::SUCCESS {
            self.state = State::Disconnected;
            self.events.push_back(Event::Refused(connack));
            return Ok(());
        }
        if connack.session_present && self.is_v5() && self.is_clean() {
            return Err(Malformed {
                reason: ReasonCode::PROTOCOL_ERROR,
                detail: "the server resumes a session although a clean start was asked for [MQTT-3.2.2-4]",
            });
        }
        self.handle_accepted(now, connack);
        Ok(())
    }

    /// With Request Problem Information 0 the server explains itself in CONNACK and DISCONNECT only [MQTT-3.1.2-29].
    pub(super) fn check_problem_information(&self, packet: &Packet) -> Result<(), Malformed> {
        let properties = match packet {
            Packet::PubAck(ack)
            | Packet::PubRec(ack)
            | Packet::PubRel(ack)
            | Packet::PubComp(ack) => &ack.properties,
            Packet::SubAck(ack) | Packet::UnsubAck(ack) => &ack.properties,
            _ => return Ok(()),
        };
        let explains = |property: &Property| {
            [Property::REASON_STRING, Property::USER_PROPERTY].contains(&property.id)
        };
        if self.client_limits.problem_information || !properties.iter().any(explains) {
            return Ok(());
        }
        Err(Malformed {
            reason: ReasonCode::PROTOCOL_ERROR,
            detail: "a Reason String or User Property that the client asked not to get [MQTT-3.1.2-29]",
        })
    }

    fn handle_accepted(&mut self, now: Instant, connack: ConnAck) {
        self.state = State::Connected;
        self.server_limits = ServerLimits::default();
        if self.is_v5() {
            self.server_limits = ServerLimits::from_connack(&connack);
            if let Some(seconds) = connack.properties.numeric(Property::SERVER_KEEP_ALIVE) {
                self.keep_alive
                    .set_interval(Duration::from_secs(seconds.into()));
            }
        }
        if self.is_clean() {
            self.drop_state();
            self.events.push_back(Event::DropQueued);
            self.store(|| StoreOp::Clear);
        } else if !connack.session_present && self.version != ProtocolVersion::V3_1 {
            // [MQTT-3.2.2-5]: the server knows none of the inbound exchanges any more, and may use their identifiers
            // for new messages. Outbound messages are resent all the same: losing them would be worse.
            self.forget_received();
        }
        // mosquitto 2.0.11 keeps to Receive Maximum only until it has ended its first QoS 2 exchange; a connection ended for
        // that would meet the same messages again. So it is counted no further, and in new sessions only.
        let quota = self.client_limits.receive_maximum;
        self.receive_quota = quota.filter(|_| !connack.session_present);
        self.events.push_back(Event::Connected(connack));
        self.resend_unfinished(now);
    }

    /// DISCONNECT by the application's wish: from now on nothing else is sent [MQTT-3.14.4-1], and the transport is to
    /// be closed [MQTT-3.14.4-2]. `reason` and `properties` are sent on MQTT 5 only; a reason that DISCONNECT cannot have
    /// [MQTT-3.14.2-1] goes as an unspecified error.
    pub fn disconnect(
        &mut self,
        reason: ReasonCode,
        properties: Option<Properties>,
    ) -> Result<(), TooLarge> {
        if self.state == State::Connected {
            let disconnect = match self.is_v5() {
                true if !Disconnect::has_reason(reason) => {
                    crate::trace!(
                        Level::Error,
                        "{} DISCONNECT cannot have the reason {reason:?}",
                        self.label
                    );
                    Disconnect {
                        reason: ReasonCode::UNSPECIFIED_ERROR,
                        properties,
                    }
                }
                true => Disconnect { reason, properties },
                false => Disconnect {
                    reason: ReasonCode::SUCCESS,
                    properties: None,
                },
            };
            // [MQTT-3.14.2-3]: rather without properties than not at all, which would publish the will.
            let bare = Disconnect {
                properties: None,
                ..disconnect
            };
            let encoded = self
                .encode_disconnect(disconnect)
                .or_else(|_| self.encode_disconnect(bare));
            self.state = State::Disconnected;
            encoded?;
            self.trace_out("DISCONNECT ");
        }
        Ok(())
    }

    fn encode_disconnect(&mut self, disconnect: Disconnect) -> Result<(), TooLarge> {
        let start = self.send.len();
        Packet::Disconnect(disconnect).encode(self.version, self.send.buffer())?;
        if self.send.len() - start > self.server_limits.maximum_packet_size as usize {
            self.send.truncate(start);
            return Err(TooLarge);
        }
        Ok(())
    }

    /// Tells the server why the client ends the connection (section 4.13.1); MQTT 5 only, so that on 3.1 and 3.1.1 the
    /// will is published.
    pub fn send_disconnect_for(&mut self, reason: ReasonCode) {
        if self.state == State::Connected && self.is_v5() {
            self.send.buffer().extend_from_slice(&[0xe0, 1, reason.0]);
            self.trace_out("DISCONNECT ");
        }
    }

    /// The connection has ended; `orderly` by the application's disconnect. On 3.1 and 3.1.1 a clean session ends with
    /// it [MQTT-3.1.2-6]; what the application has not taken yet is dropped only if the end was orderly.
    pub fn handle_closed(&mut self, orderly: bool) {
        self.begin_step();
        let session_ends = !self.is_v5() && self.is_clean();
        self.end_connection();
        if !session_ends {
            return;
        }
        if orderly {
            self.drop_state();
            self.events.push_back(Event::DropQueued);
            self.store(|| StoreOp::Clear);
        } else {
            self.drop_exchanges();
        }
    }

    /// The connection is over because its owner goes away: what is unfinished stays as it is, stored records too.
    pub fn abandon(&mut self) {
        self.begin_step();
        self.end_connection();
    }

    /// The limits and aliases of a connection end with it; what is unfinished waits for the next one.
    fn end_connection(&mut self) {
        self.state = State::Disconnected;
        self.send.clear();
        self.requests.clear();
        self.outbound_aliases.clear();
        self.inbound_aliases.clear();
        self.receive_quota = None;
        self.blocked = false;
        self.resend_waiting = false;
        self.held_back.clear();
        self.sent_since = None;
        for message in self.inflight.iter_mut() {
            message.sent_at = None;
        }
    }

    fn is_clean(&self) -> bool {
        self.options
            .as_ref()
            .is_some_and(|options| options.clean_start)
    }

    fn drop_state(&mut self) {
        self.inflight.clear();
        self.held_back.clear();
        self.received.clear();
        self.repeat_expected = None;
        self.ids.reset();
    }

    fn drop_exchanges(&mut self) {
        let sent = self.inflight.iter().map(|message| StoreOp::RemoveSent {
            id: message.id,
            records: message.records,
        });
        let received = self
            .received
            .iter()
            .map(|(&id, received)| StoreOp::RemoveReceived {
                id,
                v5: received.v5_record,
            });
        let removals = sent.chain(received).collect();
        self.drop_state();
        self.store(|| StoreOp::ClearExchanges(removals));
    }

    fn forget_received(&mut self) {
        self.repeat_expected = None;
        for (id, received) in std::mem::take(&mut self.received) {
            self.store(|| StoreOp::RemoveReceived {
                id,
                v5: received.v5_record,
            });
        }
    }
}
