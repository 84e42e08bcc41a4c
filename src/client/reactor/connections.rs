//! Which connections the workers look after, and what of them they are told.

use super::{get, get_or_start};
use crate::client::link::Link;
use crate::client::worker::Work;
use crate::client::{Client, pump};
use crate::trace::Level;
use crate::transport::Transport;
use rustix::event::epoll;
use std::io;
use std::sync::Arc;

/// Puts a connection under the workers' care. Starts them if there are none.
pub(in crate::client) fn register(
    client: &Arc<Client>,
    transport: &dyn Transport,
) -> io::Result<()> {
    add(client, transport)?;
    tend_others();
    Ok(())
}

/// As [`register`], for this connection alone.
pub(in crate::client) fn add(client: &Arc<Client>, transport: &dyn Transport) -> io::Result<()> {
    let reactor = get_or_start()?;
    reactor
        .clients
        .lock()
        .insert(client.key, Arc::downgrade(client));
    let added = epoll::add(
        &reactor.epoll,
        transport.descriptor(),
        epoll::EventData::new_u64(client.key),
        read_flags(),
    );
    if let Err(error) = added {
        reactor.clients.lock().remove(&client.key);
        return Err(error.into());
    }
    Ok(())
}

/// Puts clients without callbacks under the workers' care, if there are connected clients with callbacks.
pub(in crate::client) fn tend_others() {
    if let Some(reactor) = get().filter(|reactor| !reactor.clients.lock().is_empty()) {
        for client in pump::take_untended() {
            reactor.push_work(client, Work::TEND);
        }
    }
}

/// The workers forget a connection.
pub(in crate::client) fn deregister(key: u64, link: &Link) {
    if !link.registered || link.is_inherited() {
        return;
    }
    if let Some(reactor) = get() {
        reactor.clients.lock().remove(&key);
        // Not in the set any more is as good as removed.
        let _ = epoll::delete(&reactor.epoll, link.transport.descriptor());
    }
}

/// Reports what comes, and also when the connection takes bytes again.
pub(in crate::client) fn watch_writable(key: u64, transport: &dyn Transport) {
    watch(key, transport, read_flags() | epoll::EventFlags::OUT);
}

/// Reports what comes, at once if something is there.
pub(in crate::client) fn watch_readable(key: u64, transport: &dyn Transport) {
    watch(key, transport, read_flags());
}

/// Reports nothing but failures: the connection is being read, or is not to be.
pub(in crate::client) fn unwatch(key: u64, transport: &dyn Transport) {
    watch(key, transport, epoll::EventFlags::ET);
}

fn watch(key: u64, transport: &dyn Transport, flags: epoll::EventFlags) {
    if let Some(reactor) = get() {
        let data = epoll::EventData::new_u64(key);
        let modified = epoll::modify(&reactor.epoll, transport.descriptor(), data, flags);
        if let Err(error) = modified {
            crate::trace!(Level::Error, "Cannot watch a socket: {error}");
        }
    }
}

fn read_flags() -> epoll::EventFlags {
    epoll::EventFlags::IN | epoll::EventFlags::RDHUP | epoll::EventFlags::ET
}
