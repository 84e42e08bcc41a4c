//! The application's callbacks, and what they are to be told.

use crate::packet::{Disconnect, Message, PacketId, Properties, ReasonCode};
use std::sync::Arc;

/// How an outbound QoS 1 or 2 message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completed {
    /// Delivery token.
    pub id: PacketId,
    /// Type of the packet that ended it: 4 PUBACK, 5 PUBREC with an error, 7 PUBCOMP.
    pub packet_type: u8,
    /// Reason code in that packet.
    pub reason: ReasonCode,
    /// Properties of that packet.
    pub properties: Properties,
}

/// A callback with one argument.
pub type Callback<A, R = ()> = Arc<dyn Fn(A) -> R + Send + Sync>;
/// A callback that looks at its argument.
pub type CallbackRef<A, R = ()> = Arc<dyn Fn(&A) -> R + Send + Sync>;

/// The application's callbacks. None is ever called with a lock held.
#[derive(Clone, Default)]
pub struct Callbacks {
    /// A message; `false` refuses it for now.
    pub message_arrived: Option<CallbackRef<Message, bool>>,
    /// The handshake of a message has ended.
    pub delivery_complete: Option<Callback<PacketId>>,
    /// The connection broke.
    pub connection_lost: Option<Arc<dyn Fn() + Send + Sync>>,
    /// The server ended the connection (MQTT 5).
    pub disconnected: Option<CallbackRef<Disconnect>>,
    /// The handshake of a message has ended (MQTT 5).
    pub published: Option<CallbackRef<Completed>>,
}

impl Callbacks {
    /// Whether there is one for this end of the connection.
    pub(super) fn want_loss(&self, notice: &Notice) -> bool {
        match notice {
            Notice::ServerDisconnect(_) => self.disconnected.is_some(),
            _ => self.connection_lost.is_some(),
        }
    }

    /// Calls the one for this end of the connection.
    pub(super) fn tell_loss(&self, notice: &Notice) {
        match notice {
            Notice::ServerDisconnect(disconnect) => {
                if let Some(disconnected) = &self.disconnected {
                    disconnected(disconnect);
                }
            }
            _ => {
                if let Some(connection_lost) = &self.connection_lost {
                    connection_lost();
                }
            }
        }
    }
}

/// Something the application is to be told, in order with the messages.
#[derive(Clone, Debug)]
pub(super) enum Notice {
    Published(Completed),
    DeliveryComplete(PacketId),
    ConnectionLost,
    ServerDisconnect(Disconnect),
}

impl Notice {
    /// The outbound message whose end it tells of.
    pub(super) fn completed(&self) -> Option<PacketId> {
        match self {
            Notice::Published(completed) => Some(completed.id),
            Notice::DeliveryComplete(id) => Some(*id),
            Notice::ConnectionLost | Notice::ServerDisconnect(_) => None,
        }
    }
}

/// The callback about an acknowledged message that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    Published(PacketId),
    DeliveryComplete(PacketId),
}
