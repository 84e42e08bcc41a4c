//! A broker that does what the test says, step by step and byte by byte.
//!
//! ```ignore
//! let broker = ScriptedBroker::start();
//! // .. a client connects to broker.uri() ..
//! let mut client = broker.accept();
//! client.expect_connect();
//! client.send(&hex("20 02 00 00"));
//! let publish = client.expect_packet();
//! client.reset();
//! ```
//! What does not happen within the deadline, 10 s by default, is a panic that shows all that was received.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use mqtt3c::packet::{Connect, Packet, ProtocolVersion};

use super::listener::Listener;
use super::wire::{self, PATIENCE, Wire};

/// Accepts connections and leaves all else to the test. Dropped, it refuses further ones.
pub struct ScriptedBroker {
    listener: Listener,
    accepted: Receiver<TcpStream>,
    patience: Duration,
}

impl ScriptedBroker {
    /// Listens on a free port.
    pub fn start() -> ScriptedBroker {
        ScriptedBroker::start_on(0).expect("a free port on 127.0.0.1")
    }

    /// Listens on the given port; 0 stands for a free one.
    pub fn start_on(port: u16) -> std::io::Result<ScriptedBroker> {
        let (sender, accepted) = channel();
        let listener = Listener::start(port, move |stream| {
            let _ = sender.send(stream);
        })?;
        Ok(ScriptedBroker {
            listener,
            accepted,
            patience: PATIENCE,
        })
    }

    /// The port listened on.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// The address in the form clients take, `tcp://127.0.0.1:PORT`.
    pub fn uri(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port())
    }

    /// Sets the deadline of this and of connections accepted from now on.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Waits for the next connection.
    #[track_caller]
    pub fn accept(&self) -> Peer {
        Peer {
            wire: or_panic(self.try_accept()),
        }
    }

    /// As [`ScriptedBroker::accept`], with the failure as a text.
    pub(super) fn try_accept(&self) -> Result<Wire, String> {
        match self.accepted.recv_timeout(self.patience) {
            Ok(stream) => Ok(Wire::new(stream, self.patience)),
            Err(RecvTimeoutError::Timeout) => Err("expected a connection, got none".into()),
            Err(RecvTimeoutError::Disconnected) => Err("the listener has ended".into()),
        }
    }

    /// Waits for `silence` during which nobody must connect.
    #[track_caller]
    pub fn expect_no_connection_for(&self, silence: Duration) {
        let connection = self.accepted.recv_timeout(silence);
        assert!(connection.is_err(), "expected no connection, got one");
    }
}

/// The connection to a client. Dropping it closes it, which is a reset if there are bytes nobody took.
pub struct Peer {
    wire: Wire,
}

impl Peer {
    /// Sets how long this connection's waits may last.
    pub fn set_patience(&mut self, patience: Duration) {
        self.wire.patience = patience;
    }

    /// The version in the last CONNECT; 3.1.1 before.
    pub fn version(&self) -> ProtocolVersion {
        self.wire.version
    }

    /// All bytes received so far.
    pub fn received(&self) -> &[u8] {
        self.wire.received()
    }

    /// Takes the next packet, a CONNECT; its version holds from now on.
    #[track_caller]
    pub fn expect_connect(&mut self) -> Connect {
        match self.expect_packet() {
            Packet::Connect(connect) => *connect,
            packet => panic!("expected CONNECT, got {packet:?}"),
        }
    }

    /// Takes the next packet, whatever it is; malformed ones are a failure.
    #[track_caller]
    pub fn expect_packet(&mut self) -> Packet {
        or_panic(self.wire.packet())
    }

    /// Takes the next packet as its bytes, malformed or not.
    #[track_caller]
    pub fn expect_frame(&mut self) -> Vec<u8> {
        or_panic(self.wire.frame())
    }

    /// Takes as many bytes as `expected` has and compares.
    #[track_caller]
    pub fn expect_bytes(&mut self, expected: &[u8]) {
        let pattern = expected.iter().copied().map(Some).collect();
        or_panic(self.wire.pattern(&pattern));
    }

    /// As [`Peer::expect_bytes`], in hex with `??` for any byte; returns the bytes.
    #[track_caller]
    pub fn expect_pattern(&mut self, pattern: &str) -> Vec<u8> {
        let pattern = or_panic(wire::parse_pattern(pattern));
        or_panic(self.wire.pattern(&pattern))
    }

    /// Takes the next `count` bytes.
    #[track_caller]
    pub fn take_bytes(&mut self, count: usize) -> Vec<u8> {
        or_panic(self.wire.bytes(count))
    }

    /// Waits for `ms` milliseconds during which nothing must arrive.
    #[track_caller]
    pub fn expect_nothing_for(&mut self, ms: u64) {
        or_panic(self.wire.nothing_for(Duration::from_millis(ms)));
    }

    /// Waits for the client to end the connection, in order or by a reset.
    #[track_caller]
    pub fn expect_eof(&mut self) {
        or_panic(self.wire.eof());
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        or_panic(self.wire.send(bytes));
    }

    /// Sends bytes in pieces of `chunk` with short pauses.
    #[track_caller]
    pub fn send_slowly(&mut self, bytes: &[u8], chunk: usize) {
        or_panic(self.wire.send_slowly(bytes, chunk));
    }

    /// Sends a packet in the version of the connection.
    #[track_caller]
    pub fn send_packet(&mut self, packet: &Packet) {
        or_panic(self.wire.send_packet(packet));
    }

    /// Answers `packet` as a broker does when all is well: CONNECT with CONNACK, PUBLISH with PUBACK or
    /// PUBREC, and so on.
    #[track_caller]
    pub fn acknowledge(&mut self, packet: &Packet) {
        or_panic(self.wire.acknowledge(packet));
    }

    /// Takes the next packet and answers it.
    #[track_caller]
    pub fn expect_and_acknowledge(&mut self) -> Packet {
        let packet = self.expect_packet();
        self.acknowledge(&packet);
        packet
    }

    /// Takes CONNECT and accepts it: the usual beginning.
    #[track_caller]
    pub fn accept_connect(&mut self) -> Connect {
        let connect = self.expect_connect();
        self.acknowledge(&Packet::Connect(Box::new(connect.clone())));
        connect
    }

    /// Ends the connection in order.
    pub fn close(self) {
        self.wire.close();
    }

    /// Ends the connection with a TCP reset.
    #[track_caller]
    pub fn reset(self) {
        or_panic(self.wire.reset());
    }
}

/// Bytes from a text like `20 02 00 00`; panics on anything else.
#[track_caller]
pub fn hex(text: &str) -> Vec<u8> {
    or_panic(wire::parse_bytes(text)).to_vec()
}

#[track_caller]
fn or_panic<T>(result: Result<T, String>) -> T {
    match result {
        Ok(value) => value,
        Err(text) => panic!("{text}"),
    }
}
