//! Brokers for tests, all on 127.0.0.1: [`Broker`], a real one for MQTT 3.1, 3.1.1 and 5;
//! [`scripted::ScriptedBroker`], whose every byte the test decides; [`proxy::FaultProxy`], which spoils
//! the connection to another. Use with `mod broker;` in an integration test.
#![forbid(unsafe_code)]
// Every test is a crate of its own and uses its part of this.
#![allow(dead_code, unreachable_pub)]

mod connection;
mod hub;
mod journal;
mod link;
mod listener;
mod message;
pub mod proxy;
pub mod script;
pub mod scripted;
mod session;
mod stored;
mod topic;
mod wire;

use std::io;
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt3c::packet::{Connect, Packet, ProtocolVersion, ReasonCode};
use parking_lot::{Condvar, Mutex};

use hub::{Ending, Hub};
use journal::{Journal, Kind, Record};
use link::Link;
use listener::Listener;

/// A broker in memory or with a journal. Dropping it closes all connections and ends all its threads.
pub struct Broker {
    /// `None` once the broker is being dropped.
    listener: Option<Listener>,
    shared: Arc<Shared>,
    housekeeper: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker on a free port.
    pub fn start() -> Broker {
        Broker::start_on(0).expect("a free port on 127.0.0.1")
    }

    /// Starts a broker on the given port; 0 stands for a free one.
    pub fn start_on(port: u16) -> io::Result<Broker> {
        Broker::start_in(port, State::default())
    }

    /// Starts a broker on the given port that goes on from its state in the file `state`, where the next one finds
    /// it again, also when this one's process is killed.
    pub fn start_kept(port: u16, state: &Path) -> io::Result<Broker> {
        let (journal, hub) = Journal::open(state, Instant::now())?;
        let state = State {
            hub,
            journal: Some(journal),
            stopping: false,
        };
        Broker::start_in(port, state)
    }

    fn start_in(port: u16, state: State) -> io::Result<Broker> {
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            ..Shared::default()
        });
        let acceptor = Arc::clone(&shared);
        let listener = Listener::start(port, move |stream| acceptor.accept(stream))?;
        let keeper = Arc::clone(&shared);
        let housekeeper = thread::spawn(move || keeper.keep_house());
        Ok(Broker {
            listener: Some(listener),
            shared,
            housekeeper: Some(housekeeper),
        })
    }

    /// The port listened on.
    pub fn port(&self) -> u16 {
        self.listener.as_ref().map_or(0, Listener::port)
    }

    /// The address in the form clients take, `tcp://127.0.0.1:PORT`.
    pub fn uri(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port())
    }

    /// Waits until `count` sessions are subscribed to exactly `filter`; panics after 10 s.
    #[track_caller]
    pub fn await_subscribers(&self, filter: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut state = self.shared.state.lock();
        while state.hub.subscribers(filter) < count {
            let timeout = self.shared.changed.wait_until(&mut state, deadline);
            assert!(
                !timeout.timed_out(),
                "{} of {count} subscribers to {filter}",
                state.hub.subscribers(filter)
            );
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // First of all, so that no connection is added any more.
        self.listener = None;
        self.shared.state.lock().stopping = true;
        self.shared.due.notify_all();
        let connections = std::mem::take(&mut *self.shared.connections.lock());
        for stream in connections
            .iter()
            .filter_map(|(stream, _)| stream.upgrade())
        {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let threads = connections.into_iter().map(|(_, thread)| thread);
        for thread in threads.chain(self.housekeeper.take()) {
            let _ = thread.join();
        }
    }
}

/// What the threads of a broker share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Told of every change of the hub.
    changed: Condvar,
    /// Told when something may have become due earlier than it was.
    due: Condvar,
    /// The streams belong to the threads, so that they are closed with them.
    connections: Mutex<Vec<(Weak<TcpStream>, JoinHandle<()>)>>,
}

#[derive(Default)]
struct State {
    hub: Hub,
    /// `None`: the state ends with the broker.
    journal: Option<Journal>,
    stopping: bool,
}

impl State {
    /// Notes what the hub is going to be told at `now`; `packet` makes the packet, if it is one.
    fn record(
        &mut self,
        kind: Kind,
        now: Instant,
        id: &Bytes,
        packet: impl FnOnce() -> Option<(ProtocolVersion, Packet)>,
    ) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        let record = Record {
            kind,
            at: Some(now),
            id: id.clone(),
            packet: packet(),
        };
        if let Err(error) = journal.append(&record) {
            // Whatever it answered now, it could not keep.
            eprintln!("broker: state: {error}");
            process::exit(1);
        }
    }
}

impl Shared {
    /// Admits a client and returns its identifier.
    fn connect(&self, connect: Connect, link: &Arc<Link>) -> Bytes {
        let mut state = self.state.lock();
        let now = Instant::now();
        let id = state.hub.id_for(&connect);
        state.record(Kind::Connected, now, &id, || {
            Some((connect.version, Packet::Connect(Box::new(connect.clone()))))
        });
        state
            .hub
            .connect(id.clone(), connect, Arc::clone(link), now);
        self.tell_all();
        id
    }

    /// Hands a packet of a connected client to the hub.
    fn handle(&self, id: &Bytes, link: &Arc<Link>, packet: Packet) -> Result<(), ReasonCode> {
        let mut state = self.state.lock();
        if state.hub.session(id, link).is_none() {
            return Ok(());
        }
        let now = Instant::now();
        state.record(Kind::Packet, now, id, || {
            Some((link.version, packet.clone()))
        });
        let result = state.hub.handle(id, link, packet, now);
        self.changed.notify_all();
        result
    }

    fn end_connection(&self, id: &Bytes, link: &Arc<Link>, how: Ending) {
        let mut state = self.state.lock();
        if state.hub.session(id, link).is_none() {
            return;
        }
        let now = Instant::now();
        let kind = match how {
            Ending::Clean => Kind::Left,
            Ending::Lost => Kind::Lost,
        };
        state.record(kind, now, id, || None);
        state.hub.end_connection(id, link, how, now);
        self.tell_all();
    }

    /// Connections have come or gone, with them times at which something is due.
    fn tell_all(&self) {
        self.changed.notify_all();
        self.due.notify_all();
    }

    fn accept(self: &Arc<Self>, stream: TcpStream) {
        let stream = Arc::new(stream);
        let shared = Arc::clone(self);
        let open = Arc::downgrade(&stream);
        let thread = thread::Builder::new()
            .name("connection".into())
            .spawn(move || connection::serve(&stream, &shared));
        let mut connections = self.connections.lock();
        connections.retain(|(_, thread)| !thread.is_finished());
        if let Ok(thread) = thread {
            connections.push((open, thread));
        }
    }

    /// Publishes delayed wills and ends sessions in time.
    fn keep_house(&self) {
        let mut state = self.state.lock();
        while !state.stopping {
            let now = Instant::now();
            match state.hub.next_due() {
                Some(at) if at <= now => {
                    state.record(Kind::Due, now, &Bytes::new(), || None);
                    state.hub.handle_due(now);
                }
                Some(at) => drop(self.due.wait_until(&mut state, at)),
                None => self.due.wait(&mut state),
            }
        }
    }
}
