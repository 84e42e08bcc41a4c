//! Running the application's callbacks.
//!
//! messageArrived, deliveryComplete and published of all clients never overlap: one thread at a time is the dispatcher,
//! usually the worker that read the packets. connectionLost and disconnected run on threads of their own (`lost.rs`).

use super::callbacks::{Callbacks, Completed, Notice, Telling};
use super::state::{Driver, State};
use super::{Client, reactor};
use crate::packet::PacketId;
use crate::process_lock::{MutexGuard, ProcessMutex};
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After a refusal (messageArrived returned 0) the message is offered again this much later.
const OFFER_AGAIN: Duration = Duration::from_millis(100);
/// Callbacks run for one client before the next one's turn.
const BATCH: usize = 64;
/// Place of the first of all messages and notices.
pub(super) const ANY_CALLBACK: u64 = 0;
/// How long a disconnect waits for callbacks that are under way.
pub(super) const CALLBACK_PATIENCE: Duration = Duration::from_secs(10);

/// Clients with something to tell, and whether a thread is at it.
pub(super) struct Dispatcher {
    ready: VecDeque<Arc<Client>>,
    running: bool,
}

static DISPATCHER: ProcessMutex<Dispatcher> = ProcessMutex::new(Dispatcher {
    ready: VecDeque::new(),
    running: false,
});

thread_local! {
    static IS_DISPATCHER: Cell<bool> = const { Cell::new(false) };
}

/// Which thread: no two that live have the same. The standard library's name for it would cost an allocation for each of
/// the program's own threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ThreadMark(usize);

impl ThreadMark {
    pub(super) fn current() -> ThreadMark {
        thread_local! {
            static PLACE: u8 = const { 0 };
        }
        ThreadMark(PLACE.with(|place| std::ptr::from_ref(place).addr()))
    }
}

/// Whether the calling thread is the dispatcher: inside a messageArrived, deliveryComplete or published callback of any
/// client, or between two of them. Until it goes on no other one runs.
pub(super) fn is_dispatcher() -> bool {
    IS_DISPATCHER.get()
}

/// Runs callbacks of all clients that have something to tell, unless another thread is at it. For workers.
pub(super) fn run_callbacks() {
    let mut next = {
        let mut dispatcher = DISPATCHER.lock();
        if dispatcher.running {
            return;
        }
        let next = dispatcher.ready.pop_front();
        dispatcher.running = next.is_some();
        next
    };
    if next.is_none() {
        return;
    }
    IS_DISPATCHER.set(true);
    let _blocking = reactor::Blocking::begin();
    while let Some(client) = next {
        client.run_batch();
        client.flush_trace();
        let mut dispatcher = DISPATCHER.lock();
        next = dispatcher.ready.pop_front();
        dispatcher.running = next.is_some();
    }
    IS_DISPATCHER.set(false);
}

/// Whether callbacks wait for a thread to run them.
pub(super) fn has_ready() -> bool {
    let dispatcher = DISPATCHER.lock();
    !dispatcher.running && !dispatcher.ready.is_empty()
}

/// Holds the list of clients with something to tell.
pub(super) type ForkGuard = std::sync::MutexGuard<'static, Dispatcher>;

pub(super) fn lock_for_fork() -> ForkGuard {
    DISPATCHER.lock()
}

/// A forked child has none of the threads that were at it.
pub(super) fn reset_in_child(dispatcher: &mut ForkGuard) {
    // Not dropped: what the parent's threads left may be in any state.
    std::mem::forget(std::mem::take(&mut dispatcher.ready));
    dispatcher.running = false;
}

/// A thread's turn at running one client's callbacks.
struct Turn {
    thread: ThreadMark,
    worker: reactor::CurrentWorker,
    /// Those of the last call, which are mostly those of the next one.
    callbacks: Arc<Callbacks>,
}

impl Turn {
    fn begin(state: &State) -> Turn {
        Turn {
            thread: ThreadMark::current(),
            worker: reactor::CurrentWorker::current(),
            callbacks: Arc::clone(&state.callbacks),
        }
    }

    /// Takes the callbacks of now, for use without the lock.
    #[inline]
    fn renew_callbacks(&mut self, state: &State) {
        if !Arc::ptr_eq(&self.callbacks, &state.callbacks) {
            self.callbacks = Arc::clone(&state.callbacks);
        }
    }
}

/// What comes next for the application.
enum Next {
    Message,
    Notice,
    Nothing,
}

impl Client {
    /// Makes the workers run this client's callbacks if there is something to tell.
    #[inline]
    pub(super) fn schedule_callbacks(&self, state: &mut State) {
        if !state.scheduled {
            self.schedule(state);
        }
    }

    fn schedule(&self, state: &mut State) {
        let workers = state.driver == Driver::Workers || state.is_tended();
        if state.destroyed || !workers {
            return;
        }
        if matches!(self.next(state), Next::Nothing) {
            return;
        }
        let Some(client) = self.this.upgrade() else {
            return;
        };
        state.scheduled = true;
        DISPATCHER.lock().ready.push_back(client);
        reactor::wake_for_callbacks();
    }

    /// An outbound message has ended by a packet of this type: tells who asked for it, in the original's order.
    #[inline(always)]
    pub(super) fn notice_completion(
        &self,
        state: &mut State,
        packet_type: u8,
        id: PacketId,
        completed: impl FnOnce() -> Completed,
    ) {
        const PUBREC: u8 = 5;
        let published = state.session.is_v5() && state.callbacks.published.is_some();
        if published {
            state.push_notice(Notice::Published(completed()));
        }
        // `published` may set a deliveryComplete.
        let ended_by_error = packet_type == PUBREC;
        if !ended_by_error
            && state.driver == Driver::Workers
            && (published || state.callbacks.delivery_complete.is_some())
        {
            state.push_notice(Notice::DeliveryComplete(id));
        }
        self.schedule_callbacks(state);
    }

    #[inline]
    fn next(&self, state: &State) -> Next {
        let message = state.messages.front().filter(|_| {
            state.driver == Driver::Workers
                && state.offer_again.is_none()
                && state.callbacks.message_arrived.is_some()
        });
        match (message, state.notices.front()) {
            (Some(_), None) => Next::Message,
            (Some(message), Some((order, _))) if message.order < *order => Next::Message,
            (_, Some(_)) => Next::Notice,
            (None, None) => Next::Nothing,
        }
    }

    fn run_batch(&self) {
        let mut state = self.state.lock();
        state.scheduled = false;
        let mut turn = Turn::begin(&state);
        for _ in 0..BATCH {
            if state.destroyed || !self.run_one(&mut state, &mut turn) {
                return;
            }
        }
        self.schedule_callbacks(&mut state);
    }

    /// Runs this client's callbacks in the calling thread (a client without workers). A thread that runs some already
    /// runs these too.
    pub(super) fn run_callbacks_here(&self, state: &mut MutexGuard<'_, State>) {
        if state.driver == Driver::Workers || state.notices.is_empty() || state.scheduled {
            return;
        }
        {
            let mut dispatcher = DISPATCHER.lock();
            if dispatcher.running {
                if let Some(client) = self.this.upgrade() {
                    state.scheduled = true;
                    dispatcher.ready.push_back(client);
                }
                return;
            }
            dispatcher.running = true;
        }
        IS_DISPATCHER.set(true);
        let mut turn = Turn::begin(state);
        while !state.destroyed && self.tell_next(state, &mut turn) {}
        IS_DISPATCHER.set(false);
        let waiting = {
            let mut dispatcher = DISPATCHER.lock();
            dispatcher.running = false;
            !dispatcher.ready.is_empty()
        };
        if waiting {
            reactor::wake_for_callbacks();
        }
    }

    /// Runs the next callback. `false`: there is none.
    #[inline(always)]
    fn run_one(&self, state: &mut MutexGuard<'_, State>, turn: &mut Turn) -> bool {
        match self.next(state) {
            Next::Nothing => false,
            Next::Message => {
                self.offer_message(state, turn);
                true
            }
            Next::Notice => self.tell_next(state, turn),
        }
    }

    #[inline(always)]
    fn offer_message(&self, state: &mut MutexGuard<'_, State>, turn: &mut Turn) {
        turn.renew_callbacks(state);
        let Some(arrived) = &turn.callbacks.message_arrived else {
            return;
        };
        // Not moved out: it would be copied once more.
        let taken_out = state.pop_message();
        let Some(queued) = &taken_out else {
            return;
        };
        crate::trace!(
            crate::trace::Level::Minimum,
            "Calling messageArrived for client {}, queue depth {}",
            self.name(),
            state.messages.len() + 1
        );
        state.offered = queued.record;
        let taken = self.call(state, turn, queued.order, || arrived(&queued.message));
        state.offered = None;
        if taken {
            self.remove_record(state, queued.record);
            self.resume_reading(state);
        } else if let Some(queued) = taken_out {
            state.put_message_back(queued);
            let at = Instant::now() + OFFER_AGAIN;
            state.offer_again = Some(at);
            self.update_timer(state);
        }
    }

    /// Tells of what has happened next. `false`: of nothing.
    #[inline(never)]
    fn tell_next(&self, state: &mut MutexGuard<'_, State>, turn: &mut Turn) -> bool {
        let Some((order, notice)) = state.pop_notice() else {
            return false;
        };
        turn.renew_callbacks(state);
        match notice {
            Notice::Published(completed) => {
                if let Some(published) = &turn.callbacks.published {
                    state.telling = Some(Telling::Published(completed.id));
                    self.call(state, turn, order, || published(&completed));
                    state.telling = None;
                }
            }
            Notice::DeliveryComplete(id) => {
                if let Some(complete) = &turn.callbacks.delivery_complete {
                    crate::trace!(
                        crate::trace::Level::Minimum,
                        "Calling deliveryComplete for client {}, msgid {id}",
                        self.name()
                    );
                    state.telling = Some(Telling::DeliveryComplete(id));
                    self.call(state, turn, order, || complete(id));
                    state.telling = None;
                }
            }
            Notice::ConnectionLost | Notice::ServerDisconnect(_) => self.start_loss(state, notice),
        }
        true
    }

    /// Calls out without the lock; destroy in another thread waits for the return.
    #[inline]
    fn call<T>(
        &self,
        state: &mut MutexGuard<'_, State>,
        turn: &Turn,
        order: u64,
        callback: impl FnOnce() -> T,
    ) -> T {
        state.running = Some(turn.thread);
        let result = MutexGuard::unlocked(state, || {
            self.flush_trace();
            turn.worker.in_program(callback)
        });
        state.running = None;
        if state
            .callback_awaited
            .take_if(|from| *from <= order)
            .is_some()
        {
            self.changed.notify_all();
        }
        result
    }

    /// The refused message may be offered again.
    pub(super) fn handle_offer_timer(&self, state: &mut MutexGuard<'_, State>) {
        if state.offer_again.is_some_and(|at| at <= Instant::now()) {
            state.offer_again = None;
            self.schedule_callbacks(state);
        }
    }

    /// Waits for a change, which may be the return of a callback for what has this place among all messages and notices,
    /// or a later one. For others, and where nobody waits for them, no thread is woken.
    pub(super) fn wait_for_callback(
        &self,
        state: &mut MutexGuard<'_, State>,
        from: u64,
        deadline: Option<Instant>,
    ) {
        let earliest = state.callback_awaited.map_or(from, |other| other.min(from));
        state.callback_awaited = Some(earliest);
        self.wait_changed(state, deadline);
    }

    /// Waits until no callback of this client runs in another thread, at most until the deadline.
    pub(super) fn wait_for_callbacks(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
    ) {
        let own = ThreadMark::current();
        // In a forked child the thread that ran one does not exist.
        while state.running.is_some_and(|running| running != own) && !self.is_inherited() {
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return;
            }
            self.wait_for_callback(state, ANY_CALLBACK, deadline);
        }
    }
}
