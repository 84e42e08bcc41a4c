//! Brokers for tests, all on 127.0.0.1: [`Broker`], a real one for MQTT 3.1, 3.1.1 and 5;
//! [`scripted::ScriptedBroker`], whose every byte the test decides; [`proxy::FaultProxy`], which spoils
//! the connection to another. Use with `mod broker;` in an integration test.
#![forbid(unsafe_code)]
// Every test is a crate of its own and uses its part of this.
#![allow(dead_code, unreachable_pub)]

mod connection;
mod hub;
mod link;
mod listener;
mod message;
pub mod proxy;
pub mod script;
pub mod scripted;
mod session;
mod topic;
mod wire;

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use hub::Hub;
use listener::Listener;

/// A broker in memory. Dropping it closes all connections and ends all its threads.
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
        let shared = Arc::new(Shared::default());
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
    stopping: bool,
}

impl Shared {
    /// Runs `f` on the hub and tells those who wait for a change of it.
    fn change<T>(&self, f: impl FnOnce(&mut Hub, Instant) -> T) -> T {
        let result = f(&mut self.state.lock().hub, Instant::now());
        self.changed.notify_all();
        result
    }

    /// As [`Shared::change`], for the coming and going of connections.
    fn change_connections<T>(&self, f: impl FnOnce(&mut Hub, Instant) -> T) -> T {
        let result = self.change(f);
        self.due.notify_all();
        result
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
            state.hub.handle_due(Instant::now());
            match state.hub.next_due() {
                Some(at) => drop(self.due.wait_until(&mut state, at)),
                None => self.due.wait(&mut state),
            }
        }
    }
}
