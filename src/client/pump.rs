//! Serving all clients without callbacks from one waiting call, as the original does: their acknowledgements, messages
//! and pings go on while the program waits on one of them.

use super::Client;
use super::drive::{Watch, earlier};
use super::state::Driver;
use crate::process_lock::ProcessMutex;
use crate::transport::wait_any;
use std::sync::MutexGuard;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Connected clients without callbacks.
static CLIENTS: ProcessMutex<Vec<Entry>> = ProcessMutex::new(Vec::new());

pub(super) struct Entry {
    key: u64,
    client: Weak<Client>,
    /// [`take_untended`] has given it.
    tended: bool,
}

/// How long `MQTTClient_yield` lasts: programs use it as a pause.
const YIELD: Duration = Duration::from_millis(100);

/// Holds the list of clients without callbacks.
pub(super) type ForkGuard = MutexGuard<'static, Vec<Entry>>;

pub(super) fn lock_for_fork() -> ForkGuard {
    CLIENTS.lock()
}

pub(super) fn register(client: &Arc<Client>) {
    let mut clients = CLIENTS.lock();
    clients.retain(|entry| entry.key != client.key && entry.client.strong_count() > 0);
    clients.push(Entry {
        key: client.key,
        client: Arc::downgrade(client),
        tended: false,
    });
}

pub(super) fn deregister(key: u64) {
    CLIENTS.lock().retain(|entry| entry.key != key);
}

/// Those that have connected since this was called last. Not what a forked child inherited: that is its parent's, and may
/// be locked by a thread that the child does not have.
pub(super) fn take_untended() -> Vec<Arc<Client>> {
    let mut clients = CLIENTS.lock();
    let untended = clients.iter_mut().filter(|entry| !entry.tended);
    untended
        .filter_map(|entry| {
            entry.tended = true;
            entry.client.upgrade()
        })
        .filter(|client| !client.is_inherited())
        .collect()
}

pub(super) fn others_exist(key: u64) -> bool {
    CLIENTS.lock().iter().any(|entry| entry.key != key)
}

fn clients() -> Vec<Arc<Client>> {
    let clients = CLIENTS.lock();
    let clients = clients.iter();
    clients.filter_map(|entry| entry.client.upgrade()).collect()
}

/// Waits until something happens on any of the clients, at most until the deadline, and handles it.
pub(super) fn turn(deadline: Option<Instant>) {
    let clients = clients();
    let mut watches: Vec<(Arc<Client>, Watch)> = Vec::with_capacity(clients.len());
    // Another thread may stop driving one of them, or connect a new one: look again before long.
    let mut until = earlier(deadline, Some(Instant::now() + YIELD));
    for client in clients {
        let mut state = client.state.lock();
        if state.driver != Driver::Caller || state.busy || state.is_changing_connection() {
            continue;
        }
        if let Some(watch) = client.take_watch(&mut state) {
            until = earlier(until, watch.timer);
            drop(state);
            watches.push((client, watch));
        }
    }
    let wanted: Vec<_> = watches
        .iter()
        .map(|(_, watch)| (&*watch.transport, watch.interest))
        .collect();
    let ready = wait_any(&wanted, until);
    for ((client, watch), ready) in watches.into_iter().zip(ready) {
        let mut state = client.state.lock();
        client.finish_watch(&mut state, watch, ready, deadline);
        drop(state);
        client.flush_trace();
    }
}

/// Works on all clients without callbacks for 100 ms; with none it just lasts that long.
pub fn yield_to_clients() {
    let end = Instant::now() + YIELD;
    while Instant::now() < end {
        turn(Some(end));
    }
    for client in clients() {
        client.state.lock().read_ahead = 0;
    }
}
