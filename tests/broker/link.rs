//! The outgoing side of one connection: a buffer that any thread fills and one writer thread empties,
//! so that a client that does not read holds up nobody else.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use mqtt3c::packet::{Connect, Disconnect, Packet, Properties, ProtocolVersion, ReasonCode};
use parking_lot::{Condvar, Mutex};

use super::message::numeric;

const RECEIVE_MAXIMUM: u8 = 33;
const MAXIMUM_PACKET_SIZE: u8 = 39;

/// Messages in flight to one client at a time, if it does not set a lower receive maximum.
const WINDOW: usize = 1000;

/// QoS 0 messages for a client that does not read are dropped above this many waiting bytes.
const BACKLOG_LIMIT: usize = 64 << 20;

/// Where a session sends its packets while its client is connected.
pub struct Link {
    /// The version of the connection.
    pub version: ProtocolVersion,
    /// How many QoS 1 and 2 messages the client takes at a time.
    pub receive_maximum: usize,
    maximum_packet_size: usize,
    /// `None`: the connection was another process's.
    stream: Option<Arc<TcpStream>>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    closing: bool,
}

impl Link {
    /// The link to the client that sent `connect` over `stream`.
    pub fn new(stream: Arc<TcpStream>, connect: &Connect) -> Link {
        Link {
            stream: Some(stream),
            ..Link::to_nobody(connect)
        }
    }

    /// A link on which the past is repeated: what the client that sent `connect` took is taken, and goes
    /// nowhere.
    pub fn to_nobody(connect: &Connect) -> Link {
        let limit = |id| numeric(&connect.properties, id).map(|limit| limit as usize);
        Link {
            version: connect.version,
            receive_maximum: limit(RECEIVE_MAXIMUM).map_or(WINDOW, |limit| limit.min(WINDOW)),
            maximum_packet_size: limit(MAXIMUM_PACKET_SIZE).unwrap_or(usize::MAX),
            stream: None,
            waiting: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Queues `packet`; false if it exceeds what the client takes and must be treated as
    /// delivered [MQTT-3.1.2-24] [MQTT-3.1.2-25].
    pub fn send(&self, packet: &Packet) -> bool {
        let mut waiting = self.waiting.lock();
        let before = waiting.bytes.len();
        if packet.encode(self.version, &mut waiting.bytes).is_err() {
            return false;
        }
        let fits = waiting.bytes.len() - before <= self.maximum_packet_size;
        if !fits || waiting.closing || self.stream.is_none() {
            waiting.bytes.truncate(before);
        } else {
            self.changed.notify_one();
        }
        fits
    }

    /// Whether messages that may be lost should be.
    pub fn is_congested(&self) -> bool {
        self.waiting.lock().bytes.len() > BACKLOG_LIMIT
    }

    /// Ends the connection after what is queued; the reading side ends at once.
    pub fn close(&self) {
        self.waiting.lock().closing = true;
        self.changed.notify_one();
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Read);
        }
    }

    /// Says why to a client that can be told (MQTT 5), then closes.
    pub fn disconnect(&self, reason: ReasonCode) {
        if self.version == ProtocolVersion::V5 {
            self.send(&Packet::Disconnect(Disconnect {
                reason,
                properties: Some(Properties::default()),
            }));
        }
        self.close();
    }

    /// The writer thread: writes what is queued until the link is closed or the client is gone.
    pub fn write_all(&self) {
        let Some(stream) = &self.stream else { return };
        loop {
            let bytes = {
                let mut waiting = self.waiting.lock();
                while waiting.bytes.is_empty() && !waiting.closing {
                    self.changed.wait(&mut waiting);
                }
                std::mem::take(&mut waiting.bytes)
            };
            if bytes.is_empty() || (&**stream).write_all(&bytes).is_err() {
                break;
            }
        }
        self.waiting.lock().closing = true;
        let _ = stream.shutdown(Shutdown::Both);
    }
}
