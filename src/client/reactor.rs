//! The workers that drive all clients with callbacks: a few threads on one epoll set, whatever the number of clients.
//!
//! A worker that wakes reads and decodes, and runs the callbacks itself if no other thread is running any. Before it
//! calls out it makes sure that another worker waits, so that acknowledgements and pings go on during a slow callback.
//! Events are edge-triggered; the timer is a descriptor in the same set, armed for the earliest deadline.

use super::Client;
use super::dispatch;
use super::drive::earlier;
use super::link::{Link, ReadTurn};
use super::state::State;
use crate::trace::Level;
use crate::transport::Transport;
use parking_lot::{Mutex, MutexGuard};
use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Event data of the timer and of the wake-up descriptor; clients come after them.
const TIMER: u64 = 0;
const WAKE: u64 = 1;
/// The smallest key of a client.
pub(super) const FIRST_CLIENT_KEY: u64 = 2;
/// Events taken from the kernel at a time.
const EVENTS: usize = 64;
/// Workers that may wait for work; more end when they have none.
const IDLE_WORKERS: usize = 2;
/// Stack of a thread that runs the application's callbacks: what the main thread usually has.
const STACK_SIZE: usize = 8 * 1024 * 1024;

struct Reactor {
    epoll: OwnedFd,
    timer: OwnedFd,
    wake: OwnedFd,
    clients: Mutex<HashMap<u64, Weak<Client>>>,
    timers: Mutex<Timers>,
    /// Clients with more to read than one turn allowed, or whose store is the application's code.
    deferred: Mutex<VecDeque<Arc<Client>>>,
    /// Workers waiting, or about to.
    idle: AtomicUsize,
    stopping: AtomicBool,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Timers {
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    armed: Option<Instant>,
}

static REACTOR: Mutex<Option<Arc<Reactor>>> = Mutex::new(None);
static GENERATION: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// How many forks lie between the process that loaded the library and this one.
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// A builder for threads that may run the application's code.
pub(super) fn thread_builder() -> thread::Builder {
    thread::Builder::new()
        .name("MQTTClient_run".to_owned())
        .stack_size(STACK_SIZE)
}

/// Puts a connection under the workers' care. Starts them if there are none.
pub(super) fn register(client: &Arc<Client>, transport: &dyn Transport) -> io::Result<()> {
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

/// The workers forget a connection.
pub(super) fn deregister(key: u64, link: &Link) {
    if !link.registered || link.is_inherited() {
        return;
    }
    if let Some(reactor) = get() {
        reactor.clients.lock().remove(&key);
        // Not in the set any more is as good as removed.
        let _ = epoll::delete(&reactor.epoll, link.transport.descriptor());
    }
}

/// Reports also when the connection takes bytes again.
pub(super) fn watch_writable(key: u64, transport: &dyn Transport) {
    if let Some(reactor) = get() {
        let flags = read_flags() | epoll::EventFlags::OUT;
        let modified = epoll::modify(
            &reactor.epoll,
            transport.descriptor(),
            epoll::EventData::new_u64(key),
            flags,
        );
        if let Err(error) = modified {
            crate::trace!(Level::Error, "Cannot watch a socket for writing: {error}");
        }
    }
}

/// Some client has something to tell; a worker is to run its callbacks.
pub(super) fn wake_for_callbacks() {
    if !IS_WORKER.get() {
        match get_or_start() {
            Ok(reactor) => reactor.signal(),
            Err(error) => crate::trace!(Level::Error, "Cannot start the callback thread: {error}"),
        }
    }
}

/// Makes sure that a worker waits for events while this one is busy with the application's code.
pub(super) fn ensure_spare_worker() {
    if IS_WORKER.get() {
        if let Some(reactor) = get() {
            reactor.ensure_spare();
        }
    }
}

/// Tells the workers to end: the last client is gone.
pub fn shut_down() -> Stopped {
    let Some(reactor) = REACTOR.lock().take() else {
        return Stopped(Vec::new());
    };
    reactor.stopping.store(true, Ordering::SeqCst);
    reactor.signal();
    Stopped(std::mem::take(&mut *reactor.workers.lock()))
}

/// Workers that were told to end.
pub struct Stopped(Vec<JoinHandle<()>>);

impl Stopped {
    /// Waits until they have ended, unless the caller is one of them.
    pub fn wait(self) {
        if !IS_WORKER.get() {
            for worker in self.0 {
                let _ = worker.join();
            }
        }
    }
}

thread_local! {
    static HELD_OVER_FORK: RefCell<Option<MutexGuard<'static, Option<Arc<Reactor>>>>> = const { RefCell::new(None) };
}

/// To be called before fork: no other thread is inside the reactor's table while the process is copied.
pub fn prepare_fork() {
    HELD_OVER_FORK.set(Some(REACTOR.lock()));
}

/// To be called after fork in the parent.
pub fn handle_fork_in_parent() {
    HELD_OVER_FORK.take();
}

/// To be called after fork in the child, which has none of the workers: clients it creates get new ones.
pub fn handle_fork_in_child() {
    if let Some(mut reactor) = HELD_OVER_FORK.take() {
        // Leaked on purpose: its parts may be in any state, and dropping must not touch what the parent uses.
        std::mem::forget(reactor.take());
    }
    GENERATION.fetch_add(1, Ordering::Relaxed);
    IS_WORKER.set(false);
    dispatch::reset_after_fork();
}

fn read_flags() -> epoll::EventFlags {
    epoll::EventFlags::IN | epoll::EventFlags::RDHUP | epoll::EventFlags::ET
}

fn get() -> Option<Arc<Reactor>> {
    REACTOR.lock().clone()
}

fn get_or_start() -> io::Result<Arc<Reactor>> {
    let mut slot = REACTOR.lock();
    if let Some(reactor) = &*slot {
        return Ok(Arc::clone(reactor));
    }
    let reactor = Arc::new(Reactor::new()?);
    reactor.spawn_worker()?;
    *slot = Some(Arc::clone(&reactor));
    Ok(reactor)
}

impl Reactor {
    fn new() -> io::Result<Reactor> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), flags)?;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE), flags)?;
        Ok(Reactor {
            epoll,
            timer,
            wake,
            clients: Mutex::default(),
            timers: Mutex::default(),
            deferred: Mutex::default(),
            idle: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            workers: Mutex::default(),
        })
    }

    /// Wakes one waiting worker. Edge-triggered: each write is an event of its own and is never read.
    fn signal(&self) {
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    fn spawn_worker(self: &Arc<Self>) -> io::Result<()> {
        let reactor = Arc::clone(self);
        self.idle.fetch_add(1, Ordering::SeqCst);
        let spawned = thread_builder().spawn(move || reactor.work());
        match spawned {
            Ok(worker) => {
                let mut workers = self.workers.lock();
                workers.retain(|worker| !worker.is_finished());
                workers.push(worker);
                Ok(())
            }
            Err(error) => {
                self.idle.fetch_sub(1, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    fn ensure_spare(self: &Arc<Self>) {
        if self.idle.load(Ordering::SeqCst) == 0 && !self.stopping.load(Ordering::SeqCst) {
            if let Err(error) = self.spawn_worker() {
                crate::trace!(Level::Error, "Cannot start another worker thread: {error}");
            }
        }
    }

    /// A worker's life.
    fn work(self: Arc<Self>) {
        IS_WORKER.set(true);
        let mut events = Vec::with_capacity(EVENTS);
        while !self.stopping.load(Ordering::SeqCst) {
            let waited = epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut events),
                None,
            );
            self.idle.fetch_sub(1, Ordering::SeqCst);
            if let Err(error) = waited {
                if error != Errno::INTR {
                    crate::trace!(Level::Severe, "epoll_wait failed: {error}");
                }
            }
            for event in events.drain(..) {
                self.handle_event(event);
            }
            self.run_deferred();
            dispatch::run_callbacks();
            crate::trace::flush();
            if self.idle.fetch_add(1, Ordering::SeqCst) >= IDLE_WORKERS {
                break;
            }
        }
        self.idle.fetch_sub(1, Ordering::SeqCst);
        // A wake-up that this worker consumed may have been meant for the next one.
        self.signal();
    }

    fn handle_event(self: &Arc<Self>, event: epoll::Event) {
        match event.data.u64() {
            TIMER => self.fire_timers(),
            WAKE => {}
            key => {
                let client = self.clients.lock().get(&key).and_then(Weak::upgrade);
                if let Some(client) = client {
                    client.handle_ready(event.flags);
                }
            }
        }
    }

    fn run_deferred(self: &Arc<Self>) {
        loop {
            let Some(client) = self.deferred.lock().pop_front() else {
                return;
            };
            client.handle_ready(epoll::EventFlags::IN);
        }
    }

    fn schedule(&self, key: u64, at: Instant) {
        let mut timers = self.timers.lock();
        timers.deadlines.push(Reverse((at, key)));
        if timers.armed.is_none_or(|armed| at < armed) {
            self.arm(&mut timers, at);
        }
    }

    fn arm(&self, timers: &mut Timers, at: Instant) {
        timers.armed = Some(at);
        let wait = at.saturating_duration_since(Instant::now());
        let wait = wait.max(std::time::Duration::from_nanos(1));
        let value = Timespec {
            tv_sec: wait.as_secs() as i64,
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        let never = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let spec = Itimerspec {
            it_interval: never,
            it_value: value,
        };
        if let Err(error) = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            crate::trace!(Level::Severe, "timerfd_settime failed: {error}");
        }
    }

    fn fire_timers(&self) {
        let mut due = Vec::new();
        {
            let now = Instant::now();
            let mut timers = self.timers.lock();
            timers.armed = None;
            while let Some(Reverse((at, key))) = timers.deadlines.peek().copied() {
                if at > now {
                    self.arm(&mut timers, at);
                    break;
                }
                timers.deadlines.pop();
                due.push(key);
            }
        }
        for key in due {
            let client = self.clients.lock().get(&key).and_then(Weak::upgrade);
            if let Some(client) = client {
                client.handle_timer();
            }
        }
    }
}

impl Client {
    /// The connection can be read or written, or has ended.
    fn handle_ready(self: &Arc<Self>, flags: epoll::EventFlags) {
        let mut state = self.lock_idle();
        let link = state.link.as_ref();
        let read_goes_on = link.is_some_and(|link| link.transport.read_awaits_output());
        let write_goes_on = link.is_some_and(|link| link.transport.write_awaits_input());
        let [input, output] = [epoll::EventFlags::IN, epoll::EventFlags::OUT];
        if flags.contains(output) || flags.contains(input) && write_goes_on {
            self.handle_writable(&mut state);
        }
        let ended = epoll::EventFlags::RDHUP | epoll::EventFlags::HUP | epoll::EventFlags::ERR;
        if flags.intersects(input | ended) || flags.contains(output) && read_goes_on {
            self.read_as_worker(&mut state, flags.intersects(ended));
        }
        self.update_timer(&mut state);
        drop(state);
        self.flush_trace();
    }

    fn read_as_worker(&self, state: &mut MutexGuard<'_, State>, to_end: bool) {
        if self.read_turn(state, to_end) == ReadTurn::More {
            if let (Some(reactor), Some(client)) = (get(), self.this.upgrade()) {
                reactor.deferred.lock().push_back(client);
                reactor.signal();
            }
        }
    }

    /// The application has taken messages: reads on if that was waited for.
    pub(super) fn resume_reading(&self, state: &mut MutexGuard<'_, State>) {
        if state
            .link
            .as_ref()
            .is_some_and(|link| link.paused && link.registered)
        {
            self.read_as_worker(state, true);
        }
    }

    fn handle_timer(&self) {
        let mut state = self.lock_idle();
        state.timer = None;
        self.handle_timers(&mut state);
        self.handle_offer_timer(&mut state);
        self.update_timer(&mut state);
        drop(state);
        self.flush_trace();
    }

    /// Makes the reactor's timer fire in time for whatever is due next.
    pub(super) fn update_timer(&self, state: &mut State) {
        let Some(next) = earlier(state.session.poll_timeout(), state.offer_again) else {
            return;
        };
        if state.timer.is_none_or(|at| next < at) {
            if let Some(reactor) = get() {
                state.timer = Some(next);
                reactor.schedule(self.key, next);
            }
        }
    }
}
