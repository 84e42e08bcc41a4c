//! What the session asks of its owner.
//!
//! Drain in this order after every input: first all [`StoreOp`]s, then the bytes to send, then the [`Event`]s. A record
//! is therefore on disk before the packet it protects is on the wire, so a crash in between can repeat but never lose.

use crate::packet::{ConnAck, Disconnect, Message, PacketId, Properties, ReasonCode, SubAck};
use bytes::Bytes;

/// Which records of an outbound message exist, by the protocol version they were written under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboundRecords {
    /// `s-`: PUBLISH of 3.1 or 3.1.1.
    pub sent_v3: bool,
    /// `s5-`: PUBLISH of 5.
    pub sent_v5: bool,
    /// `sc-`: PUBREL of 3.1 or 3.1.1.
    pub pubrel_v3: bool,
    /// `sc5-`: PUBREL of 5.
    pub pubrel_v5: bool,
}

impl OutboundRecords {
    /// Whether the next record is one of 5. `keeps_old`: not for a message that has one of 3.1 or 3.1.1.
    pub(super) fn next_is_v5(self, v5_connection: bool, keeps_old: bool) -> bool {
        v5_connection && !(keeps_old && self.sent_v3)
    }

    /// PUBREL gets a record.
    pub(super) fn set_pubrel(&mut self, v5: bool) {
        match v5 {
            true => self.pubrel_v5 = true,
            false => self.pubrel_v3 = true,
        }
    }
}

/// A change to the stored records, to be carried out before anything of this step is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOp {
    /// Store a PUBLISH that waits for its acknowledgement.
    PutSent {
        /// Written under MQTT 5.
        v5: bool,
        /// Its packet identifier.
        id: PacketId,
        /// The whole packet as on the wire.
        packet: Bytes,
    },
    /// Store that PUBREC has come and PUBREL goes out.
    PutPubRel {
        /// Written under MQTT 5.
        v5: bool,
        /// The message's packet identifier.
        id: PacketId,
    },
    /// The exchange is over: remove what is there.
    RemoveSent {
        /// The message's packet identifier.
        id: PacketId,
        /// The records known to exist.
        records: OutboundRecords,
    },
    /// Store a received QoS 2 PUBLISH until its PUBREL.
    PutReceived {
        /// Written under MQTT 5.
        v5: bool,
        /// Its packet identifier.
        id: PacketId,
        /// The fixed header's first byte as received.
        first_byte: u8,
        /// All that follows the remaining length.
        body: Bytes,
    },
    /// PUBREL has come: remove the received PUBLISH.
    RemoveReceived {
        /// The packet identifier.
        id: PacketId,
        /// The record was written under MQTT 5.
        v5: bool,
    },
    /// Store a message that waits for the application.
    PutQueued {
        /// Written under MQTT 5.
        v5: bool,
        /// Its sequence number.
        seq: u32,
        /// The message; shares its bytes with the one delivered.
        message: Message,
    },
    /// The message is not handed on after all: remove its record.
    RemoveQueued {
        /// The record was written under MQTT 5.
        v5: bool,
        /// Its sequence number.
        seq: u32,
    },
    /// Remove every record.
    Clear,
    /// The unfinished exchanges are dropped: carry out these removals, or, when no received message waits for the
    /// application, remove every record.
    ClearExchanges(Vec<StoreOp>),
}

impl StoreOp {
    /// Whether it only removes records.
    pub(super) fn is_removal(&self) -> bool {
        match self {
            StoreOp::PutSent { .. }
            | StoreOp::PutPubRel { .. }
            | StoreOp::PutReceived { .. }
            | StoreOp::PutQueued { .. } => false,
            StoreOp::RemoveSent { .. }
            | StoreOp::RemoveReceived { .. }
            | StoreOp::RemoveQueued { .. }
            | StoreOp::Clear
            | StoreOp::ClearExchanges(_) => true,
        }
    }
}

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server accepted the connection; the session is resumed or new.
    Connected(ConnAck),
    /// The server refused the connection.
    Refused(ConnAck),
    /// Messages received earlier and not yet taken by the application are dropped: a clean session began or ended.
    DropQueued,
    /// A message for the application. `seq` names its stored record.
    Deliver {
        /// The message; its packet identifier is the one received.
        message: Message,
        /// The sequence number of its record, when records are kept.
        seq: Option<u32>,
    },
    /// An outbound QoS 1 or 2 message reached its end.
    Completed {
        /// Its packet identifier, which is the delivery token.
        id: PacketId,
        /// Type of the packet that ended it: 4 PUBACK, 5 PUBREC with an error, 7 PUBCOMP.
        packet_type: u8,
        /// The reason code in that packet (0 below MQTT 5).
        reason: ReasonCode,
        /// The properties of that packet.
        properties: Properties,
    },
    /// SUBACK or UNSUBACK for a request.
    Acknowledged(SubAck),
    /// The server ended the connection (MQTT 5).
    ServerDisconnect(Disconnect),
}
