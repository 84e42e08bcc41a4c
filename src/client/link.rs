//! A connection: its transport, and how it ends.

use super::ending::Ending;
use super::read_buffer::ReadBuffer;
use super::state::{Driver, Phase, State};
use super::stream::Stream;
use super::{Client, callbacks::Notice, pump, reactor};
use crate::packet::ReasonCode;
use crate::process_lock::{MutexGuard, generation};
use crate::trace::Level;
use crate::transport::{StreamSocket, Transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

pub(super) struct Link {
    pub(super) transport: Arc<dyn Transport>,
    /// Unique in the process.
    pub(super) number: u64,
    /// Received bytes that are not a whole packet yet; `None` while a thread reads. Boxed, since it changes hands for each
    /// read.
    pub(super) input: Option<Box<ReadBuffer>>,
    /// The transport, if it is a [plain socket](Transport::as_socket).
    pub(super) socket: Option<Arc<StreamSocket>>,
    /// The transport took no more bytes; cleared when it is writable again.
    pub(super) blocked: bool,
    /// What it waits for then comes by reading.
    pub(super) awaits_input: bool,
    /// A thread that drives the connection waits for it to be writable.
    pub(super) write_watched: bool,
    /// A worker found more to read while another was reading; whether to the end of the stream.
    pub(super) wanted_again: Option<bool>,
    /// Too much waits for the application: nothing is read.
    pub(super) paused: bool,
    /// The workers have it in their epoll set.
    pub(super) registered: bool,
    /// They are not told of input: a thread reads a large packet, or what came with it waits for the application.
    pub(super) unwatched: bool,
    /// The server has ended it, and who takes messages is to notice behind the last one.
    pub(super) ending: Option<Box<Ending>>,
    pub(super) stream: Stream,
    /// When the last message came.
    pub(super) last_message: Option<Instant>,
    generation: u32,
}

impl Link {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Link {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Link {
            socket: Arc::clone(&transport).as_socket(),
            transport,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            input: Some(Box::default()),
            blocked: false,
            awaits_input: false,
            write_watched: false,
            wanted_again: None,
            paused: false,
            registered: false,
            unwatched: false,
            ending: None,
            stream: Stream::new(),
            last_message: None,
            generation: generation(),
        }
    }

    /// Lets the workers know when it takes bytes again.
    pub(super) fn watch_writable(&mut self, key: u64) {
        if self.is_inherited() {
            return;
        }
        reactor::watch_writable(key, &*self.transport);
        self.unwatched = false;
    }

    /// The thread that reads a large packet needs no help with it: others would be woken for each piece that comes.
    pub(super) fn unwatch(&mut self, key: u64) {
        let awaits_output = self.blocked || self.transport.read_awaits_output();
        if self.registered && !self.unwatched && !awaits_output && !self.is_inherited() {
            reactor::unwatch(key, &*self.transport);
            self.unwatched = true;
        }
    }

    /// Lets the workers know again what comes.
    pub(super) fn watch_again(&mut self, key: u64) {
        if std::mem::take(&mut self.unwatched) && !self.is_inherited() {
            reactor::watch_readable(key, &*self.transport);
        }
    }

    /// Whether it was made before this process was forked.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation != generation()
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// DISCONNECT was sent by the application's wish.
    Orderly,
    /// Anything else.
    Lost,
    /// The client is being destroyed: what is in flight stays in the store.
    Destroyed,
}

impl Client {
    /// Does what is due by now: pings, resends. Ends the connection if the server is silent.
    pub(super) fn handle_timers(&self, state: &mut MutexGuard<'_, State>) {
        let now = Instant::now();
        if state.session.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        self.wait_idle(state);
        match state.session.handle_timeout(now) {
            Ok(()) => {
                let _ = self.drain(state);
                self.flush(state);
            }
            Err(_) => {
                let socket = state
                    .link
                    .as_ref()
                    .map_or(-1, |link| super::connect::socket_number(&*link.transport));
                crate::trace!(
                    Level::Protocol,
                    "PINGRESP not received in keepalive interval for client {} on socket {socket}, disconnecting",
                    self.name()
                );
                self.say_why(state, ReasonCode::KEEP_ALIVE_TIMEOUT);
                self.lose_connection(
                    state,
                    "the server did not answer in the keep alive interval",
                );
            }
        }
    }

    /// Ends the connection, if there is one, and lets the session settle.
    pub(super) fn end_link(&self, state: &mut MutexGuard<'_, State>, end: End) {
        let Some(link) = state.link.take() else {
            return;
        };
        if state.driver == Driver::Caller {
            pump::deregister(self.key);
        }
        reactor::deregister(self.key, &link);
        match end {
            // The parent process may go on with the connection that a forked child inherited: it is only closed here.
            End::Lost | End::Destroyed if link.is_inherited() => {}
            End::Lost | End::Destroyed => link.transport.shutdown(),
            // What the server sends meanwhile is thrown away by the thread that disconnects.
            End::Orderly => link.transport.finish(),
        }
        state.outbox.clear();
        state.room_awaited = false;
        match end {
            End::Orderly | End::Lost => state.session.handle_closed(end == End::Orderly),
            End::Destroyed => state.session.abandon(),
        }
        self.restart_timer(state);
        let _ = self.drain(state);
        crate::trace!(
            Level::Minimum,
            "Removed socket {}",
            super::connect::socket_number(&*link.transport)
        );
        self.changed.notify_all();
    }

    /// The connection broke: ends it and tells the application.
    pub(super) fn lose_connection(&self, state: &mut MutexGuard<'_, State>, why: &str) {
        let number = state.link_number();
        self.wait_idle(state);
        // Behind a DISCONNECT the end is expected, and the thread that sent it sees to it.
        let expected = state.phase == Phase::Closing && !state.session.is_connected();
        if number.is_none() || state.link_number() != number || expected {
            return;
        }
        crate::trace!(
            Level::Minimum,
            "Connection of client {} lost: {why}",
            self.name()
        );
        let was_connected = state.session.is_connected();
        self.end_link(state, End::Lost);
        if was_connected && state.phase != Phase::Connecting {
            self.notice_loss(state, Notice::ConnectionLost);
        }
    }

    /// The client identifier for the trace.
    pub(super) fn name(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.client_id)
    }
}
