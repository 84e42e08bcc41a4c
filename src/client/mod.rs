//! The client: blocking calls, timeouts, threads and callbacks around a [`Session`].
//!
//! The only room with threads, time and locks. Each client has one mutex and one condition variable; there is no lock
//! for all clients. No lock is held while calling out (callbacks, the application's store, the trace).
//!
//! Who drives the connection: a client without callbacks is driven by the thread inside an API call (`drive`), a
//! client with callbacks by the workers that all such clients share (`reactor`).
#![forbid(unsafe_code)]

mod callbacks;
mod callout;
mod connect;
mod delivery;
mod disconnect;
mod dispatch;
mod drain;
mod drive;
mod ending;
mod error;
mod fork;
mod input;
mod link;
mod lost;
mod output;
mod publish;
mod pump;
mod reactor;
mod read_buffer;
mod receive;
mod records;
mod state;
mod stream;
mod subscribe;
mod worker;

pub use callbacks::{Callback, CallbackRef, Callbacks, Completed};
pub use callout::{CalloutGuard, flush_trace};
pub use connect::{ConnectRequest, Connected, VersionChoice};
pub use error::Error;
pub use fork::{ForkGuard, prepare_fork};
pub use pump::yield_to_clients as yield_now;
pub use reactor::{Stopped, shut_down};

use crate::persistence::Store;
use crate::process_lock::{Condvar, Mutex, MutexGuard, generation};
use crate::session::Session;
use crate::transport::{Resumption, ServerAddress};
use bytes::Bytes;
use state::State;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A client as `MQTTClient_create` makes it. All methods may be called from any thread and from every callback.
pub struct Client {
    /// Unique in the process, never reused.
    key: u64,
    client_id: Bytes,
    address: ServerAddress,
    resumption: Resumption,
    state: Mutex<State>,
    /// Signalled whenever something changed that a call may wait for.
    changed: Condvar,
    /// The process that made or last connected it, in forks from the first.
    generation: AtomicU32,
    this: Weak<Client>,
}

impl Client {
    /// A client for `address`, not connected. What `store` holds from an earlier process is restored; `v5` says which
    /// records may be there. With `Err(Persistence)` the client is one [`with_unusable_store`](Client::with_unusable_store).
    pub fn new(
        address: ServerAddress,
        client_id: Bytes,
        mut store: Option<Box<dyn Store>>,
        v5: bool,
    ) -> (Arc<Client>, Result<(), Error>) {
        let mut session = Session::new(store.is_some(), Instant::now());
        if !v5 {
            session.keep_old_records();
        }
        let mut messages = Vec::new();
        if let Some(open) = &mut store {
            match records::restore(&mut session, open.as_mut(), v5) {
                Ok(restored) => messages = restored,
                Err(error) => {
                    let client = Client::with_unusable_store(address, client_id, store);
                    return (client, Err(error));
                }
            }
        }
        crate::trace!(
            crate::trace::Level::Minimum,
            "{} queued messages restored for client {}",
            messages.len(),
            String::from_utf8_lossy(&client_id)
        );
        (
            Client::build(address, client_id, State::new(session, store, messages)),
            Ok(()),
        )
    }

    /// A client whose store cannot be used: it works without persistence, and `store` is closed with it.
    pub fn with_unusable_store(
        address: ServerAddress,
        client_id: Bytes,
        store: Option<Box<dyn Store>>,
    ) -> Arc<Client> {
        let session = Session::new(false, Instant::now());
        Client::build(address, client_id, State::new(session, store, Vec::new()))
    }

    fn build(address: ServerAddress, client_id: Bytes, state: State) -> Arc<Client> {
        static NEXT_KEY: AtomicU64 = AtomicU64::new(reactor::FIRST_CLIENT_KEY);
        Arc::new_cyclic(|this| Client {
            key: NEXT_KEY.fetch_add(1, Ordering::Relaxed),
            client_id,
            address,
            resumption: Resumption::default(),
            state: Mutex::new(state),
            changed: Condvar::new(),
            generation: AtomicU32::new(generation()),
            this: this.clone(),
        })
    }

    /// The client identifier given at create.
    pub fn client_id(&self) -> &Bytes {
        &self.client_id
    }

    /// The server address given at create.
    pub fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// Whether the connection is up, as far as has been noticed.
    pub fn is_connected(&self) -> bool {
        let mut state = self.state.lock();
        if !state.session.is_connected() {
            self.wait_for_loss_told(&mut state);
        }
        state.session.is_connected()
    }

    /// How long subscribe and unsubscribe wait for their answer.
    pub fn set_command_timeout(&self, timeout: Duration) {
        self.state.lock().command_timeout = timeout;
    }

    /// Changes the callbacks, unless a connect or disconnect is in progress. Whether the client is driven by the
    /// workers is decided at the next connect.
    pub fn change_callbacks(&self, change: impl FnOnce(&mut Callbacks)) -> Result<(), Error> {
        let mut state = self.state.lock();
        if state.is_changing_connection() {
            return Err(Error::Failure);
        }
        change(Arc::make_mut(&mut state.callbacks));
        self.schedule_callbacks(&mut state);
        Ok(())
    }

    /// Ends the client: the connection is closed without DISCONNECT, so that the server publishes the will; unfinished
    /// messages stay in the store. Returns when no messageArrived, deliveryComplete or published callback of this
    /// client runs any more, and none starts later; called from inside one of them it returns at once, and a message
    /// that is being offered counts as taken. For connectionLost or disconnected, in which programs connect in a loop, it
    /// waits 0.1 s at most: their calls fail from now on.
    pub fn destroy(&self) {
        if self.is_inherited() {
            return self.destroy_inherited();
        }
        let mut state = self.lock_idle();
        state.destroyed = true;
        self.hand_over_rest(&mut state);
        self.end_link(&mut state, link::End::Destroyed);
        self.changed.notify_all();
        self.wait_for_callbacks(&mut state, None);
        self.wait_for_loss_callback(&mut state);
        // Inside messageArrived: nobody could take it from the library again.
        let taken = state.offered.take();
        state.removals.extend(taken);
        self.finish_removals(&mut state);
        if let Some(mut store) = state.store.take() {
            let _callout = CalloutGuard::enter(self.key);
            MutexGuard::unlocked(&mut state, || store.close());
        }
    }

    /// The state, when no thread is between two steps of an operation on it.
    #[inline]
    fn lock_idle(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        self.wait_idle(&mut state);
        state
    }

    #[inline]
    fn wait_idle(&self, state: &mut MutexGuard<'_, State>) {
        while state.busy {
            self.wait_as_worker(state);
        }
    }

    /// Waits for a change; meanwhile another worker takes over what this one would have done.
    #[cold]
    fn wait_as_worker(&self, state: &mut MutexGuard<'_, State>) {
        let _blocking = reactor::Blocking::begin();
        self.changed.wait(state);
    }
}
