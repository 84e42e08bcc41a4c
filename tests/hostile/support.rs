//! Clients and callbacks as these tests need them.

use crate::broker::scripted::{Peer, ScriptedBroker};
use bytes::Bytes;
use mqtt3c::client::{Callbacks, Client, ConnectRequest, Connected, Error, VersionChoice};
use mqtt3c::packet::{PacketId, Properties, ProtocolVersion, QoS, SubAck, SubscriptionRequest};
use mqtt3c::persistence::{Store, StoreError};
use mqtt3c::session::{ConnectOptions, PublishRequest};
use mqtt3c::transport::ServerAddress;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes, shorter than the limits that would end a hanging call.
pub(crate) const SOON: Duration = Duration::from_secs(5);
/// For what must end by itself.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Who drives the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Caller,
    Workers,
}

pub(crate) const MODES: [Mode; 2] = [Mode::Caller, Mode::Workers];

pub(crate) fn client_with(uri: &str, store: Option<Box<dyn Store>>) -> Arc<Client> {
    let address = ServerAddress::parse(uri.as_bytes()).unwrap();
    let (client, made) = Client::new(address, Bytes::from_static(b"hostile"), store, false);
    made.unwrap();
    client
}

/// A client whose callbacks, if it has any, put what they get into the inbox.
pub(crate) fn client(uri: &str, mode: Mode) -> (Arc<Client>, Inbox) {
    let client = client_with(uri, None);
    let inbox = Inbox::default();
    if mode == Mode::Workers {
        inbox.attach(&client);
    }
    (client, inbox)
}

pub(crate) fn request(uri: &str) -> ConnectRequest {
    ConnectRequest {
        transport: mqtt3c::transport::Options::default(),
        addresses: vec![ServerAddress::parse(uri.as_bytes()).ok()],
        version: VersionChoice::Only(ProtocolVersion::V3_1_1),
        options: ConnectOptions {
            version: ProtocolVersion::V3_1_1,
            clean_start: true,
            keep_alive: 0,
            client_id: Bytes::from_static(b"hostile"),
            will: None,
            username: None,
            password: None,
            properties: Properties::default(),
            window: 10,
            retry_interval: Duration::ZERO,
        },
        timeout: SOON,
    }
}

/// Connects, with a peer that accepts.
pub(crate) fn connect(broker: &ScriptedBroker, client: &Client) -> Peer {
    let (connected, peer) = connect_with(broker, client, &request(&broker.uri()), |broker| {
        let mut peer = broker.accept();
        peer.accept_connect();
        peer
    });
    connected.unwrap();
    peer
}

/// Connects while this thread plays the server; gives the results of both.
pub(crate) fn connect_with<T>(
    broker: &ScriptedBroker,
    client: &Client,
    request: &ConnectRequest,
    serve: impl FnOnce(&ScriptedBroker) -> T,
) -> (Result<Connected, Error>, T) {
    thread::scope(|scope| {
        let connecting = scope.spawn(|| client.connect(request));
        let served = serve(broker);
        (connecting.join().unwrap(), served)
    })
}

pub(crate) fn publish(
    client: &Client,
    payload: &[u8],
    qos: QoS,
) -> Result<Option<PacketId>, Error> {
    let mut token = None;
    publish_noting(client, payload, qos, |id| token = Some(id))?;
    Ok(token)
}

pub(crate) fn publish_noting(
    client: &Client,
    payload: &[u8],
    qos: QoS,
    note_token: impl FnOnce(PacketId),
) -> Result<(), Error> {
    let request = PublishRequest {
        topic: b"t",
        payload,
        qos,
        retain: false,
        properties: &Properties::default(),
    };
    client.publish(&request, note_token)
}

pub(crate) fn subscribe(client: &Client) -> Result<SubAck, Error> {
    let filter = SubscriptionRequest {
        filter: Bytes::from_static(b"t"),
        options: 2,
    };
    client.subscribe(vec![filter], &Properties::default())
}

/// The bytes of a QoS 0 PUBLISH to topic "t".
pub(crate) fn message(payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30];
    let mut length = 3 + payload.len();
    while length > 127 {
        packet.push(length as u8 | 0x80);
        length >>= 7;
    }
    packet.push(length as u8);
    packet.extend_from_slice(b"\0\x01t");
    packet.extend_from_slice(payload);
    packet
}

/// What the call took, and its result.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = call();
    (start.elapsed(), result)
}

/// How long this thread has been ready to run while other threads had the processors; nothing where the kernel does not say.
fn held_up() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = times.split_whitespace().nth(1);
    Duration::from_nanos(nanoseconds.map_or(0, |text| text.parse().unwrap()))
}

/// As [`timed`], without the time in which other threads kept this one from running: for upper limits to what a call does
/// by itself, on a machine that may be busy.
pub(crate) fn timed_alone<T>(call: impl FnOnce() -> T) -> (Duration, T) {
    let before = held_up();
    let (took, result) = timed(call);
    (took.saturating_sub(held_up() - before), result)
}

/// A store of the application's that keeps nothing and runs a function in `put` and `remove` each.
pub(crate) struct EmptyStore {
    pub(crate) on_put: Box<dyn FnMut() + Send>,
    pub(crate) on_remove: Box<dyn FnMut() + Send>,
}

impl Store for EmptyStore {
    fn put(&mut self, _: &str, _: &[&[u8]]) -> Result<(), StoreError> {
        (self.on_put)();
        Ok(())
    }
    fn get(&mut self, _: &str) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::new("nothing is kept".to_owned()))
    }
    fn remove(&mut self, _: &str) -> Result<(), StoreError> {
        (self.on_remove)();
        Ok(())
    }
    fn keys(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
    fn contains_key(&mut self, _: &str) -> bool {
        false
    }
    fn clear(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
    fn close(&mut self) {}
}

/// Holds up who passes it while it is closed. Clones are the same gate.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Default)]
struct GateState {
    closed: bool,
    waiting: usize,
}

impl Gate {
    pub(crate) fn close(&self) {
        self.0.0.lock().closed = true;
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().closed = false;
        self.0.1.notify_all();
    }

    pub(crate) fn pass(&self) {
        let mut state = self.0.0.lock();
        state.waiting += 1;
        self.0.1.notify_all();
        self.0.1.wait_while(&mut state, |state| state.closed);
        state.waiting -= 1;
    }

    /// Waits until somebody waits at it.
    pub(crate) fn wait_for_somebody(&self) {
        let mut state = self.0.0.lock();
        let nobody = |state: &mut GateState| state.waiting == 0;
        let timed_out = self
            .0
            .1
            .wait_while_for(&mut state, nobody, LONG)
            .timed_out();
        assert!(!timed_out, "nobody comes to the gate");
    }
}

/// What callbacks saw. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<(Mutex<Seen>, Condvar)>);

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) arrived: usize,
    pub(crate) last: Bytes,
    pub(crate) completed: usize,
    pub(crate) lost: usize,
    /// Calls of messageArrived that have begun.
    pub(crate) entered: usize,
    /// Callbacks wait while this is set.
    closed: bool,
}

impl Inbox {
    pub(crate) fn attach(&self, client: &Client) {
        client
            .change_callbacks(|callbacks| *callbacks = self.callbacks())
            .unwrap();
    }

    fn callbacks(&self) -> Callbacks {
        let (arrived, completed, lost) = (self.clone(), self.clone(), self.clone());
        Callbacks {
            message_arrived: Some(Arc::new(move |message| {
                arrived.note(|seen| seen.entered += 1);
                arrived.wait_while(|seen| seen.closed);
                arrived.note(|seen| {
                    seen.arrived += 1;
                    seen.last = Bytes::copy_from_slice(message.payload());
                });
                true
            })),
            delivery_complete: Some(Arc::new(move |_| {
                completed.note(|seen| seen.completed += 1)
            })),
            connection_lost: Some(Arc::new(move || lost.note(|seen| seen.lost += 1))),
            disconnected: None,
            published: None,
        }
    }

    /// From now on messageArrived does not return, or does again.
    pub(crate) fn close(&self, closed: bool) {
        self.note(|seen| seen.closed = closed);
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.0.0.lock());
        self.0.1.notify_all();
    }

    fn wait_while(&self, mut condition: impl FnMut(&mut Seen) -> bool) {
        self.0.1.wait_while(&mut self.0.0.lock(), &mut condition);
    }

    /// Waits until `reached`; panics after a while.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, reached: impl Fn(&Seen) -> bool) {
        let mut seen = self.0.0.lock();
        let deadline = Instant::now() + LONG;
        while !reached(&seen) {
            let timed_out = self.0.1.wait_until(&mut seen, deadline).timed_out();
            assert!(!timed_out || reached(&seen), "still waiting for {what}");
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Seen) -> T) -> T {
        read(&self.0.0.lock())
    }
}

/// Memory of this process in bytes.
pub(crate) fn resident_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim()
        .trim_end_matches(" kB")
        .parse::<usize>()
        .unwrap()
        * 1024
}
